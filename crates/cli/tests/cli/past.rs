//! `callout history`, `restore` and `reasons`: what happened to a caption, and why.

use serde_json::{Value, json};

use crate::Desk;

#[test]
fn an_earlier_text_comes_back_as_a_new_revision() {
    let desk = Desk::sample();
    let first = desk.annotate("1", "第一版。", &[])["revision"].clone();
    desk.annotate("1", "Second.", &[]);
    let restored = desk.ask("restore", ["1", "--revision", first.as_str().unwrap()]);
    assert_ne!(restored["revision"], first);
    assert_eq!(restored["state"], "in_progress");
    let history = desk.ask("history", ["1"])["revisions"].clone();
    let texts: Vec<&Value> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|revision| &revision["excerpt"])
        .collect();
    assert_eq!(texts, ["第一版。", "Second.", "第一版。"]);
    assert_eq!(
        (&history[0]["is_head"], &history[0]["author"]),
        (&json!(true), &json!("alice"))
    );
    assert_eq!(history[1]["is_head"], false);

    let whole = desk.ask("history", ["1", "--revision", first.as_str().unwrap()]);
    assert_eq!(whole["text"], "第一版。");
    let plain = desk.run("history", ["1"]).exits(0).out;
    assert!(
        plain.contains("newest") && plain.contains("Second."),
        "{plain}"
    );
    assert_eq!(
        desk.ask("history", ["1", "--level", "detailed"])["revisions"],
        json!([])
    );
    desk.ask("status", ["--as", "bob"]);
    assert_eq!(
        desk.ask("history", ["1", "--by", "bob"])["revisions"],
        json!([])
    );
}

#[test]
fn what_is_not_there_is_not_restored() {
    let desk = Desk::sample();
    let other = desk.annotate("2", "Elsewhere.", &[])["revision"].clone();
    desk.annotate("1", "Here.", &[]);
    let told = desk.refused("restore", ["1", "--revision", other.as_str().unwrap()]);
    assert!(
        told["message"].as_str().unwrap().starts_with("no revision"),
        "{told}"
    );
    desk.refused("history", ["1", "--revision", "none"]);
    let told = desk.refused("history", ["1", "--by", "nobody"])["message"].clone();
    assert!(told.as_str().unwrap().contains("`nobody`"), "{told}");
    desk.run("restore", ["1"]).exits(2);
}

#[test]
fn reasons_are_said_and_taken_back() {
    let desk = Desk::sample();
    desk.annotate("1", "Changed.", &[]);
    let said = desk.ask("reasons", ["1", "wrong_direction", "wrong-term"]);
    assert_eq!(said["reasons"], json!(["wrong_direction", "wrong_term"]));
    let listed = desk.ask("list", ["--reason", "wrong_term"]);
    assert_eq!(listed["diagrams"][0]["number"], 1);
    assert_eq!(desk.ask("reasons", ["1"])["reasons"], json!([]));
    assert_eq!(desk.ask("list", ["--reason", "wrong_term"])["total"], 0);
    let run = desk.run("reasons", ["1", "boredom"]).exits(2);
    assert!(run.err.contains("missing_element"), "{run:?}");
    assert_eq!(
        desk.refused("reasons", ["99", "style"])["code"],
        "not_found"
    );
}

#[test]
fn a_draft_is_taken_word_for_word_and_given_up() {
    let desk = Desk::sample();
    let draft = desk.ask("show", ["1"])["drafts"][0].clone();
    let taken = desk.ask(
        "take-draft",
        ["1", "--draft", draft["id"].as_str().unwrap()],
    );
    assert_eq!(taken["level"], "global");
    assert_eq!(
        desk.ask("show", ["1"])["captions"][0]["text"],
        draft["text"]
    );
    desk.ask("take-draft", ["1", "--back"]);
    assert_eq!(desk.ask("history", ["1"])["revisions"][0]["is_head"], false);
    desk.refused("take-draft", ["1", "--back"]);

    desk.annotate("2", "My own.", &[]);
    let told = desk.refused("take-draft", ["2"]);
    assert!(
        told["message"]
            .as_str()
            .unwrap()
            .contains("text of its own"),
        "{told}"
    );
    let told = desk.refused("take-draft", ["1", "--level", "detailed"]);
    assert!(
        told["message"].as_str().unwrap().contains("no such draft"),
        "{told}"
    );
}
