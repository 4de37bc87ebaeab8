//! Making, opening, listing and checking workspaces.

use std::io::{Read, Seek, SeekFrom, Write};
use std::process::Stdio;

use serde_json::json;

use crate::{Desk, callout, program};

#[test]
fn init_makes_an_empty_workspace_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new/figures");
    let path = path.to_str().unwrap();
    let made = callout(["init", path, "--json"]).exits(0).json();
    assert_eq!(made["path"], path);
    assert_eq!(made["id"].as_str().unwrap().len(), 36);
    let listed = callout(["list", path, "--json"]).exits(0).json();
    assert_eq!(listed, json!({"total": 0, "diagrams": []}));

    let again = callout(["init", path, "--json"]).exits(1);
    assert!(
        again
            .err
            .starts_with("error: there is a workspace already in"),
        "{again:?}"
    );
    assert!(again.err.contains("\nhelp: "), "{again:?}");
    assert_eq!(again.json()["error"]["code"], "other");
}

#[test]
fn a_folder_that_is_no_workspace_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refused = callout(["list", dir.path().to_str().unwrap()]).exits(1);
    assert_eq!(refused.out, "");
    assert!(refused.err.contains("callout init"), "{refused:?}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_newer_database_is_refused_and_left_alone() {
    let desk = Desk::empty();
    let path = desk.workspace().join("callout.db");
    // The user version of an SQLite file, big-endian.
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(60)).unwrap();
    file.write_all(&999_u32.to_be_bytes()).unwrap();
    drop(file);
    let before = std::fs::read(&path).unwrap();

    let refused = desk.run("list", ["--json"]).exits(1);
    assert!(
        refused.err.contains("newer Callout (schema 999"),
        "{refused:?}"
    );
    let error = &refused.json()["error"];
    assert_eq!(error["code"], "newer_database");
    assert!(error["help"].as_str().unwrap().contains("Update Callout"));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn status_counts_and_finds_damage() {
    let desk = Desk::sample();
    desk.annotate("1", "text", &[]);
    let status = desk.ask("status", [""; 0]);
    assert_eq!(status["diagrams"], 12);
    assert_eq!(status["states"]["todo"], 11);
    assert_eq!(status["states"]["in_progress"], 1);
    assert_eq!(status["path"], desk.workspace().to_str().unwrap());
    assert!(
        desk.run("status", [""; 0])
            .exits(0)
            .out
            .contains("database     sound")
    );

    let path = desk.workspace().join("callout.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    assert!(
        !desk
            .run("status", ["--json"])
            .exits(1)
            .out
            .contains("\"problems\":[]")
    );
}

#[test]
fn list_finds_by_state_and_by_words_in_english_and_chinese() {
    let desk = Desk::sample();
    let names = |args: &[&str]| -> Vec<String> {
        let rows = desk.ask("list", args)["diagrams"]
            .as_array()
            .unwrap()
            .clone();
        rows.iter()
            .map(|row| row["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&[]).len(), 12);
    for search in ["会", "会话", "会话管理", "PDU会话"] {
        let found = names(&["--search", search]);
        assert!(
            found.contains(&"pdu-session-establishment.png".to_owned()),
            "{search}: {found:?}"
        );
    }
    assert_eq!(
        names(&["--search", "leaf spine firewall"]),
        ["leaf-spine-data-centre.png"]
    );
    assert_eq!(names(&["--search", "\"); DROP TABLE diagram; --"]).len(), 0);
    desk.annotate("3", "quiescent 骨干网", &[]);
    assert_eq!(
        names(&["--state", "in-progress"]),
        names(&["--search", "骨干"])
    );
    assert_eq!(names(&["--state", "approved"]).len(), 0);
}

#[test]
fn list_pages_and_tells_the_total() {
    let desk = Desk::sample();
    let page = desk.ask("list", ["--limit", "2", "--offset", "3"]);
    assert_eq!(page["total"], 12);
    let rows = page["diagrams"].as_array().unwrap();
    let numbers: Vec<_> = rows
        .iter()
        .map(|row| row["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [4, 5]);
    for key in ["id", "name", "state", "excerpt", "conflict"] {
        assert!(!rows[0][key].is_null(), "{key}");
    }
    assert_eq!(desk.ask("list", ["--limit", "0"])["diagrams"], json!([]));
}

#[test]
fn the_columns_of_a_list_meet_in_chinese_too() {
    use unicode_width::UnicodeWidthStr;
    let desk = Desk::sample();
    let out = desk.run("list", [""; 0]).exits(0).out;
    let lines: Vec<&str> = out.lines().collect();
    let column = lines[0].split("caption").next().unwrap().width();
    for line in &lines[1..=12] {
        let mut width = 0;
        let start = line.char_indices().find(|(_, character)| {
            let here = width == column;
            width += character.to_string().width();
            here
        });
        let (start, _) = start.unwrap_or_else(|| panic!("no cell begins at {column}: {line}"));
        assert!(
            line[..start].ends_with("  ") && !line[start..].starts_with(' '),
            "{line}"
        );
    }
}

#[test]
fn a_diagram_is_found_by_number_id_and_the_beginning_of_its_id() {
    let desk = Desk::sample();
    let whole = desk.ask("show", ["2"]);
    let id = whole["diagram"]["id"].as_str().unwrap();
    assert_eq!(desk.ask("show", [id]), whole);
    assert_eq!(desk.ask("show", ["#2"]), whole);
    // All twelve were made within the same minute; more than half of the id tells them apart.
    assert_eq!(desk.ask("show", [&id[..30]]), whole);
    let ambiguous = desk.run("show", ["0", "--json"]).exits(1);
    assert!(
        ambiguous.err.contains("more than one diagram"),
        "{ambiguous:?}"
    );
    let missing = desk.run("show", ["99", "--json"]).exits(1);
    assert_eq!(missing.json()["error"]["code"], "not_found");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let desk = Desk::sample();
    let mut child = program()
        .args(["list".as_ref(), desk.workspace().as_os_str()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}
