//! `callout term`: the glossary, and what it finds in texts.

use std::io::Write;
use std::process::Stdio;

use serde_json::json;

use crate::{Desk, program};

const UPF: [&str; 8] = [
    "--en",
    "UPF",
    "--zh",
    "用户面功能",
    "--expansion",
    "User Plane Function",
    "--forbidden",
    "UP function",
];

#[test]
fn a_term_is_added_changed_taken_out_and_brought_back() {
    let desk = Desk::sample();
    let added = desk.ask("term add", UPF);
    assert_eq!(added["zh"], "用户面功能");
    assert_eq!(added["forbidden"], json!(["UP function"]));

    let args = [
        "用户面功能",
        "--definition",
        "Forwards packets",
        "--forbidden",
        "upf box",
    ];
    let changed = desk.ask("term change", args);
    assert_eq!(
        (&changed["id"], &changed["en"]),
        (&added["id"], &json!("UPF"))
    );
    assert_eq!(changed["definition"], "Forwards packets");
    assert_eq!(changed["forbidden"], json!(["upf box"]));
    let changed = desk.ask("term change", ["UPF", "--no-forbidden"]);
    assert_eq!(changed["forbidden"], json!([]));
    assert_eq!(changed["definition"], "Forwards packets");

    desk.ask("term remove", ["UPF"]);
    assert_eq!(desk.ask("term list", [""; 0])["terms"], json!([]));
    let back = desk.ask("term restore", [added["id"].as_str().unwrap()]);
    assert_eq!(back["definition"], "Forwards packets");
    let plain = desk.run("term list", [""; 0]).exits(0).out;
    assert!(
        plain.contains("UPF") && plain.contains("User Plane Function"),
        "{plain}"
    );
}

#[test]
fn terms_that_cannot_be_are_refused() {
    let desk = Desk::sample();
    desk.ask("term add", UPF);
    let check = |command: &str, args: &[&str], says: &str| {
        let told = desk.refused(command, args)["message"].clone();
        assert!(told.as_str().unwrap().contains(says), "{told}");
    };
    check("term add", &["--en", "UPF"], "`UPF` already");
    check("term add", &[], "an English or a Chinese term");
    check(
        "term change",
        &["SMF", "--zh", "x"],
        "no term is called `SMF`",
    );
    check("term remove", &["SMF"], "no term is called `SMF`");
    check("term restore", &["none"], "no term `none`");
    check("term import", &["nowhere.csv"], "nowhere.csv");
    desk.run("term change", ["UPF", "--forbidden", "x", "--no-forbidden"])
        .exits(2);
}

#[test]
fn a_glossary_goes_out_and_comes_in_whole() {
    let desk = Desk::sample();
    desk.ask("term add", UPF);
    desk.ask("term add", ["--zh", "接入网"]);
    for name in ["terms.csv", "terms.tsv", "terms.json"] {
        let file = desk.path(name);
        let written = desk.ask("term export", [&file]);
        assert_eq!(written["terms"], 2, "{name}");
        let other = Desk::empty();
        let taken = other.ask("term import", [&file]);
        assert_eq!(
            (&taken["added"], &taken["same"]),
            (&json!(2), &json!(0)),
            "{name}"
        );
        let terms = other.ask("term list", [""; 0]).to_string();
        assert!(
            terms.contains("UP function") && terms.contains("接入网"),
            "{name}: {terms}"
        );
        assert_eq!(desk.ask("term import", [&file])["same"], 2, "{name}");
    }
}

#[test]
fn a_text_is_searched_for_terms() {
    let desk = Desk::sample();
    desk.ask("term add", UPF);
    let text = desk.write("text.txt", "图中 UP function 转发，UPF 也转发。");
    let args = ["--text", text.to_str().unwrap()];
    let hits = desk.ask("term check", args)["hits"].clone();
    let to_avoid = &hits[0];
    assert_eq!(
        (&to_avoid["start"], &to_avoid["preferred"]),
        (&json!(3), &json!("UPF"))
    );
    assert!(hits[1]["preferred"].is_null(), "{hits}");

    let mut child = program()
        .args([
            "term",
            "check",
            desk.workspace().to_str().unwrap(),
            "--text",
            "-",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all("The UPF.".as_bytes())
        .unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(out.stdout).unwrap(), "nothing to avoid\n");
}
