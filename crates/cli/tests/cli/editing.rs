//! From a draft to an approved caption, and what is refused on the way.

use std::io::Write;
use std::process::Stdio;

use app::Session;
use app::domain::{JournalEntry, Level, Slot};
use serde_json::{Value, json};

use crate::{Desk, callout, program};

const CHINESE: &str = "第一行：AMF 选择 SMF。\n\n\"quoted\"\t行末空格 \n";

#[test]
fn a_text_becomes_a_revision_and_keeps_every_character() {
    let desk = Desk::sample();
    let written = desk.annotate("1", &format!("{CHINESE}\n"), &[]);
    assert_eq!(written["level"], "global");
    assert_eq!(written["region"], Value::Null);
    assert_eq!(written["state"], "in_progress");
    assert_eq!(written["conflict"], Value::Null);
    let shown = desk.ask("show", ["1"]);
    assert_eq!(written["diagram"], shown["diagram"]["id"]);
    assert_eq!(shown["captions"][0]["text"], CHINESE);
    assert_eq!(shown["texts"][0]["text"], CHINESE);
    assert_eq!(shown["texts"][0]["revision"], written["revision"]);
    assert_eq!(shown["texts"][0]["annotator"], "alice");
    assert!(
        shown["drafts"][0]["text"]
            .as_str()
            .unwrap()
            .starts_with("Sequence diagram")
    );
    let actions: Vec<_> = shown["audit"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["action"])
        .collect();
    assert_eq!(actions, ["import", "draft", "begin", "revise"]);
    // The same again is no change.
    assert_eq!(
        desk.annotate("1", &format!("{CHINESE}\n"), &[])["revision"],
        written["revision"]
    );
}

#[test]
fn a_text_comes_from_standard_input() {
    let desk = Desk::sample();
    let mut child = program()
        .arg("annotate")
        .arg(desk.workspace())
        .args(["1", "--text", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all("来自管道".as_bytes())
        .unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(desk.ask("show", ["1"])["texts"][0]["text"], "来自管道");
}

#[test]
fn a_text_that_is_none_is_refused() {
    let desk = Desk::sample();
    let check = |content: &[u8], says: &str| {
        let file = desk.write("text.txt", content);
        let run = desk
            .run(
                "annotate",
                ["1", "--text", file.to_str().unwrap(), "--json"],
            )
            .exits(1);
        assert!(
            run.json()["error"]["message"]
                .as_str()
                .unwrap()
                .contains(says),
            "{run:?}"
        );
    };
    check(b" \n\n", "empty");
    check(b"caf\xe9", "not UTF-8");
    check(&vec![b'x'; (16 << 20) + 1], "larger than 16 MiB");
    desk.run("annotate", ["1", "--text", "nowhere.txt"])
        .exits(1);
    assert_eq!(desk.ask("show", ["1"])["texts"], json!([]));
}

#[test]
fn a_region_is_made_once_and_found_by_name_and_id() {
    let desk = Desk::sample();
    let file = desk.write("text.txt", "用户面");
    let partial = |region: &str| {
        let text = file.to_str().unwrap();
        desk.run(
            "annotate",
            [
                "1", "--text", text, "--level", "partial", "--region", region, "--json",
            ],
        )
        .exits(0)
    };
    let first = partial("核心网");
    assert!(first.err.contains("made the region `核心网`"), "{first:?}");
    let region = first.json()["region"].clone();
    assert_eq!((&region["x"], &region["y"]), (&json!(0), &json!(0)));
    for typed in ["核心网", region["id"].as_str().unwrap()] {
        let again = partial(typed);
        assert_eq!(again.err, "");
        assert_eq!(again.json()["region"], region);
    }
    let shown = desk.ask("show", ["1"]);
    assert_eq!(shown["regions"], json!([region]));
    assert_eq!(shown["texts"][0]["region"], "核心网");

    let unknown = ["1", "--level", "partial", "--region", "无"];
    let refused = desk.run("submit", unknown).exits(1);
    assert!(refused.err.contains("no region `无`"), "{refused:?}");
}

/// A decision is taken back, and a caption left out knowingly.
fn return_undo_and_leave_out(desk: &Desk) {
    let path = desk.workspace().display().to_string();
    let decide = |arguments: &[&str]| {
        let which = [&["decide", arguments[0], &path], &arguments[1..]].concat();
        let all = which.iter().chain(&["--as", "lead", "--json"]);
        callout(all).exits(0).json()["state"].clone()
    };
    assert_eq!(decide(&["return", "1", "--reason", "style"]), "returned");
    assert_eq!(desk.ask("show", ["1"])["return_reasons"], json!(["style"]));
    assert_eq!(decide(&["undo", "1"]), "submitted");
    assert_eq!(
        decide(&["accept", "1", "--leave-out", "global"]),
        "approved"
    );
    assert_eq!(desk.ask("show", ["1"])["texts"][0]["approved"], false);
}

#[test]
fn a_diagram_goes_its_way() {
    let desk = Desk::sample();
    let state = |subcommand: &str, args: &[&str]| desk.ask(subcommand, args)["state"].clone();
    let refused = |subcommand: &str, args: &[&str]| {
        let run = desk
            .run(subcommand, args.iter().chain(&["--json"]))
            .exits(1);
        assert_eq!(run.json()["error"]["code"], "wrong_state", "{run:?}");
        assert!(run.err.contains("help: "), "{run:?}");
    };
    refused("approve", &["1"]);
    refused("reopen", &["1"]);
    assert_eq!(
        desk.annotate("1", "first", &["--submit"])["state"],
        "submitted"
    );
    let file = desk.write("text.txt", "late");
    refused("annotate", &["1", "--text", file.to_str().unwrap()]);
    refused(
        "annotate",
        &[
            "1",
            "--text",
            file.to_str().unwrap(),
            "--level",
            "partial",
            "--region",
            "new",
        ],
    );
    assert_eq!(desk.ask("show", ["1"])["regions"], json!([]));

    assert_eq!(
        state("return", &["1", "--as", "lead", "--reason", "name the AMF"]),
        "returned"
    );
    assert_eq!(desk.ask("show", ["1"])["return_reason"], "name the AMF");
    desk.annotate("1", "second", &[]);
    assert_eq!(state("submit", &["1"]), "submitted");
    assert_eq!(state("approve", &["1", "--as", "lead"]), "approved");
    let shown = desk.ask("show", ["1"]);
    assert_eq!(shown["texts"][0]["text"], "second");
    assert_eq!(shown["texts"][0]["approved"], true);
    assert_eq!(shown["read_only"], true);
    let audit = shown["audit"].as_array().unwrap();
    let last: Vec<&str> = audit[audit.len() - 2..]
        .iter()
        .map(|line| {
            assert_eq!(line["who"], "lead");
            line["action"].as_str().unwrap()
        })
        .collect();
    assert_eq!(last, ["approve", "decide"]);
    assert_eq!(state("reopen", &["1"]), "in_progress");

    assert_eq!(state("submit", &["1"]), "submitted");
    return_undo_and_leave_out(&desk);

    // Submitting an untouched diagram accepts its draft.
    assert_eq!(state("submit", &["2"]), "submitted");
    let shown = desk.ask("show", ["2"]);
    assert_eq!(shown["texts"][0]["text"], shown["drafts"][0]["text"]);
}

#[test]
fn as_says_who_acts() {
    let desk = Desk::sample();
    desk.annotate("1", "alice's", &[]);
    let file = desk.write("held.txt", "王芳的");
    let held = desk.refused(
        "annotate",
        ["1", "--text", file.to_str().unwrap(), "--as", "王芳"],
    );
    assert!(
        held["message"].as_str().unwrap().contains("alice holds"),
        "{held}"
    );
    desk.ask("release", ["1"]);
    desk.annotate("1", "王芳的", &["--as", "王芳"]);
    let shown = desk.ask("show", ["1", "--as", "王芳"]);
    assert_eq!(shown["captions"][0]["text"], "王芳的");
    let texts = shown["texts"].as_array().unwrap();
    let mut authors: Vec<_> = texts
        .iter()
        .map(|text| text["annotator"].as_str().unwrap())
        .collect();
    authors.sort_unstable();
    assert_eq!(authors, ["alice", "王芳"]);
    assert_eq!(desk.ask("show", ["1"])["captions"][0]["text"], "alice's");
    let human = desk.run("show", ["1"]).exits(0).out;
    assert!(
        human.contains("by 王芳") && human.contains("by alice"),
        "{human}"
    );
    let nobody = desk.run("list", ["--as", " "]).exits(1);
    assert!(nobody.err.contains("needs a name"), "{nobody:?}");
}

#[test]
fn what_a_window_types_meanwhile_is_kept_and_the_choice_is_offered() {
    let check = |keep: &str, expected: &str| {
        let desk = Desk::sample();
        let first = desk.annotate("1", "base", &[]);
        type_in_a_window(&desk, "typed in a window");
        let file = desk.write("text.txt", "written by command");
        let run = desk
            .run(
                "annotate",
                ["1", "--text", file.to_str().unwrap(), "--json"],
            )
            .exits(0);
        assert!(
            run.err.contains("two texts") && run.err.contains("callout resolve"),
            "{run:?}"
        );
        let conflict = &run.json()["conflict"];
        assert_eq!(conflict["mine_text"], "typed in a window");
        assert_eq!(conflict["theirs_text"], "written by command");
        assert_ne!(conflict["theirs"], first["revision"]);
        assert_eq!(desk.ask("list", [""; 0])["diagrams"][0]["conflict"], true);
        let shown = desk.run("show", ["1"]).exits(0).out;
        assert!(
            shown.contains("typed in a window") && shown.contains("written by command"),
            "{shown}"
        );
        let submit = desk.run("submit", ["1", "--json"]).exits(1);
        assert_eq!(submit.json()["error"]["code"], "conflict");
        assert!(submit.err.contains("callout resolve"), "{submit:?}");

        let settled = desk.ask("resolve", ["1", "--keep", keep]);
        assert_eq!(settled["conflict"], Value::Null);
        assert_eq!(desk.ask("show", ["1"])["captions"][0]["text"], expected);
        assert_eq!(desk.ask("submit", ["1"])["state"], "submitted");
        desk.run("resolve", ["1", "--keep", keep]).exits(1);
    };
    check("mine", "typed in a window");
    check("theirs", "written by command");
}

fn type_in_a_window(desk: &Desk, text: &str) {
    let session = Session::open(&desk.workspace(), "alice").unwrap();
    let diagram_id = session.find("1").unwrap();
    let slot = Slot {
        diagram_id: diagram_id.clone(),
        level: Level::Global,
        region_id: None,
    };
    let caption = session.diagram(&diagram_id).unwrap().captions.remove(0);
    let entry = JournalEntry {
        slot,
        text: text.to_owned(),
        links: Vec::new(),
        editor_state: None,
        base_revision: caption.base_revision,
        version: caption.version,
    };
    session.journal(entry).unwrap();
}
