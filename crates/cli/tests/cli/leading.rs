//! What leads do: people and rules, review and decisions, conversations, numbers and records.

use serde_json::{Value, json};

use crate::Desk;

/// With a region on the first diagram, whose caption bob changed for a reason and handed in.
fn handed_in(text: &str) -> Desk {
    let desk = Desk::sample();
    let core = [
        "1",
        "--rectangle",
        "0,0,9,9",
        "--name",
        "core",
        "--as",
        "bob",
    ];
    desk.ask("region draw", core);
    desk.annotate("1", "First try.", &["--as", "bob"]);
    desk.ask("reasons", ["1", "invented", "--as", "bob"]);
    desk.annotate("1", text, &["--submit", "--as", "bob"]);
    desk
}

#[test]
fn roles_say_who_may_do_what() {
    let desk = Desk::sample();
    desk.ask("list", ["--as", "bob"]);
    let bob = desk.ask("people roles", ["bob", "author"]);
    assert_eq!(bob["person"]["roles"], json!(["author"]));
    let file = desk.write("text.txt", "text");
    let told = desk.refused(
        "annotate",
        ["1", "--text", file.to_str().unwrap(), "--as", "bob"],
    );
    let expected = "this takes the role `annotator`, which bob does not have";
    assert_eq!(told["message"], expected);
    let told = desk.refused("people roles", ["bob", "lead", "--as", "bob"])["message"].clone();
    assert!(told.as_str().unwrap().contains("`lead`"), "{told}");

    assert_eq!(
        desk.ask("people roles", ["bob"])["person"]["roles"],
        json!([])
    );
    let told = desk.refused("people roles", ["alice", "author"]);
    assert_eq!(told["message"], "the last lead stays a lead");
    assert_eq!(
        desk.ask("people rename", ["bob", "王伟"])["person"]["name"],
        "王伟"
    );
    let people = desk.ask("people list", [""; 0])["people"].clone();
    let names: Vec<&Value> = people
        .as_array()
        .unwrap()
        .iter()
        .map(|info| &info["person"]["name"])
        .collect();
    assert_eq!(names, ["alice", "王伟"]);
    let told = desk.refused("people rename", ["王伟", "alice"])["message"].clone();
    assert_eq!(told, "there is a person `alice` already");
    desk.refused("people roles", ["nobody", "lead"]);
    assert!(
        desk.run("people roles", ["alice", "king"])
            .exits(2)
            .err
            .contains("annotator")
    );
}

#[test]
fn rules_are_shown_and_changed_one_by_one() {
    let desk = Desk::sample();
    let before = desk.ask("rules", [""; 0]);
    let now = desk.ask("rules", ["--hidden-drafts", "25", "--lease", "90"]);
    assert_eq!(
        (&now["hidden_draft_percent"], &now["lease_minutes"]),
        (&json!(25), &json!(90))
    );
    assert_eq!(
        now["second_annotation_percent"],
        before["second_annotation_percent"]
    );
    desk.ask("rules", ["--second", "10", "--newcomer", "author"]);
    desk.ask("list", ["--as", "bob"]);
    assert_eq!(
        desk.ask("rules", ["--no-newcomer"])["join_roles"],
        json!([])
    );
    desk.ask("list", ["--as", "carol"]);
    let people = desk.ask("people list", [""; 0])["people"].clone();
    let roles = |n: usize| people[n]["person"]["roles"].clone();
    assert_eq!((roles(1), roles(2)), (json!(["author"]), json!([])));
    let plain = desk.run("rules", [""; 0]).exits(0).out;
    assert!(plain.contains("newcomers          no role"), "{plain}");

    let told = desk.refused("rules", ["--hidden-drafts", "101"])["message"].clone();
    assert!(told.as_str().unwrap().contains("101 %"), "{told}");
    desk.refused("rules", ["--blind-examinee", "no such model"]);
    desk.refused("rules", ["--lease", "5", "--as", "bob"]);
    desk.run("rules", ["--newcomer", "lead", "--no-newcomer"])
        .exits(2);
}

#[test]
fn the_blind_examinee_is_a_model_of_the_workspace() {
    let desk = Desk::sample();
    let server = [
        "glm",
        "--server",
        "http://localhost:1/v1",
        "--server-model",
        "glm-4",
    ];
    let model = desk.ask("model add", server);
    assert_eq!(
        desk.ask("rules", ["--blind-examinee", "glm"])["blind_examinee"],
        model["id"]
    );
    assert_eq!(
        desk.ask("rules", ["--blind-examinee", ""])["blind_examinee"],
        Value::Null
    );
}

#[test]
fn a_lead_accepts_what_was_handed_in() {
    let desk = handed_in("The UE registers.");
    let view = desk.ask("review", ["1"]);
    assert_eq!(view["captions"][0]["experts"][0]["annotator"], "bob");
    assert!(view["captions"][0]["draft"]["text"].is_string());
    let plain = desk.run("review", ["1"]).exits(0).out;
    assert!(
        plain.contains("bob (") && plain.contains("draft by"),
        "{plain}"
    );
    let decided = desk.ask(
        "decide accept",
        ["1", "--take", "global=bob", "--note", "good"],
    );
    assert_eq!(decided["state"], "approved");
    assert_eq!(desk.ask("review", ["1"])["decisions"][0]["note"], "good");
    assert_eq!(desk.refused("decide accept", ["1"])["code"], "wrong_state");
}

#[test]
fn a_lead_fixes_and_accepts() {
    let desk = handed_in("The UE registers.");
    let fixed = desk.write("fixed.txt", "终端注册。\n");
    let kept = desk.ask("decide keep", ["1", "--text", fixed.to_str().unwrap()]);
    assert_eq!(kept["level"], "global");
    assert_eq!(
        desk.ask("review", ["1"])["captions"][0]["lead_text"],
        "终端注册。"
    );
    let fix = format!("global={}", fixed.display());
    assert_eq!(
        desk.ask("decide accept", ["1", "--fix", &fix])["state"],
        "approved"
    );
    let view = desk.ask("review", ["1"]).to_string();
    assert!(view.contains("终端注册。"), "{view}");
}

#[test]
fn a_lead_sends_back_with_reasons() {
    let desk = handed_in("The UE registers.");
    let told = desk.refused("decide accept", ["1", "--take", "global=alice"])["message"].clone();
    assert_eq!(told, "`alice` handed in no such caption");
    desk.refused("decide accept", ["1", "--take", "global"]);
    desk.refused("decide accept", ["1", "--fix", "global=nowhere.txt"]);
    let args = [
        "1",
        "--reason",
        "wrong_relation",
        "--note",
        "See the arrow.",
    ];
    desk.ask("list", ["--as", "bob"]);
    desk.ask("people roles", ["bob", "annotator"]);
    let told = desk.refused("decide return", args.iter().chain(&["--as", "bob"]));
    assert!(
        told["message"].as_str().unwrap().contains("`lead`"),
        "{told}"
    );
    assert_eq!(desk.ask("decide return", args)["state"], "returned");
    let decision = desk.ask("review", ["1"])["decisions"][0].clone();
    assert_eq!(decision["reasons"], json!(["wrong_relation"]));
    assert_eq!(decision["note"], "See the arrow.");
}

#[test]
fn conversations_have_a_place_and_an_end() {
    let desk = handed_in("第一：the router sends 😀 frames.");
    let about_all = desk.ask("thread start", ["1", "Which release?"]);
    assert_eq!(about_all["anchor"], json!({ "kind": "diagram" }));
    let about_region = desk.ask("thread start", ["1", "Too small", "--about-region", "core"]);
    assert!(about_region["anchor"]["region_id"].is_string());

    let args = ["1", "Switch?", "--words", "frames", "--of", "bob"];
    let span = desk.ask("thread start", args)["anchor"].clone();
    assert_eq!(
        (&span["start"], &span["end"], &span["quote"]),
        (&json!(22), &json!(28), &json!("frames"))
    );
    let args = ["1", "Why?", "--change", "frames", "--of", "bob"];
    let hunk = desk.ask("thread start", args)["anchor"].clone();
    assert!(hunk["after"].as_str().unwrap().contains("frames"), "{hunk}");
    assert!(hunk["start"].is_u64(), "{hunk}");

    let id = about_all["id"].as_str().unwrap();
    let answered = desk.ask("thread answer", [id, "Release 17", "--as", "bob"]);
    assert_eq!(answered["comments"][1]["author"], "bob");
    assert_eq!(desk.ask("thread settle", [id])["resolved"]["by"], "alice");
    assert_eq!(desk.ask("list", ["--mark", "open_thread"])["total"], 1);
    assert_eq!(desk.ask("thread reopen", [id])["resolved"], Value::Null);
    let threads = desk.ask("thread list", ["1"])["threads"].clone();
    assert_eq!(threads.as_array().unwrap().len(), 4);
    assert_eq!(desk.run("thread list", ["2"]).exits(0).out, "no comments\n");
}

#[test]
fn conversations_about_nothing_are_refused() {
    let desk = handed_in("The UE registers.");
    let check = |command: &str, args: &[&str], says: &str| {
        let told = desk.refused(command, args)["message"].clone();
        assert!(told.as_str().unwrap().contains(says), "{told}");
    };
    check("thread start", &["1", " "], "a comment needs words");
    check(
        "thread start",
        &["1", "x", "--about-region", "fog"],
        "no region `fog`",
    );
    check(
        "thread start",
        &["1", "x", "--words", "fog", "--of", "bob"],
        "does not hold `fog`",
    );
    check(
        "thread start",
        &["1", "x", "--change", "fog", "--of", "bob"],
        "no change",
    );
    check(
        "thread start",
        &["1", "x", "--words", "UE", "--of", "alice"],
        "handed in this caption",
    );
    check(
        "thread start",
        &["1", "x", "--about-question", "none"],
        "no question `none`",
    );
    check("thread answer", &["none", "x"], "no conversation `none`");
    check("thread settle", &["none"], "no conversation `none`");
    desk.run("thread start", ["1", "x", "--words", "UE"])
        .exits(2);
    desk.run(
        "thread start",
        [
            "1",
            "x",
            "--words",
            "UE",
            "--of",
            "bob",
            "--about-region",
            "a",
        ],
    )
    .exits(2);
}

#[test]
fn numbers_and_records_are_told() {
    let desk = handed_in("The UE registers.");
    let numbers = desk.ask("dashboard", ["--days", "7"]);
    assert_eq!(numbers["states"]["submitted"], 1);
    assert_eq!(numbers["reasons"][0]["reason"], "invented");
    assert_eq!(numbers["by_person"][0]["name"], "bob");
    let plain = desk.run("dashboard", [""; 0]).exits(0).out;
    assert!(
        plain.contains("submitted    1") && plain.contains("handed in"),
        "{plain}"
    );

    let page = desk.ask("audit", ["--who", "bob", "--action", "submit"]);
    assert_eq!(page["entries"].as_array().unwrap().len(), 1);
    assert_eq!(
        desk.ask("audit", ["--limit", "1"])["entries"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let out = desk.path("audit.jsonl");
    let written = desk.ask("audit", ["--export", out.to_str().unwrap()]);
    let lines = std::fs::read_to_string(&out).unwrap().lines().count();
    assert!(
        lines > 1 && written["lines"].as_u64() >= Some(lines as u64 - 1),
        "{written}"
    );
    desk.run("audit", ["--export", "x", "--who", "bob"])
        .exits(2);
    desk.refused("audit", ["--export", "/nowhere/audit.jsonl"]);

    let bundle = desk.path("bundle.zip");
    desk.ask("diagnose", [&bundle]);
    let bytes = std::fs::read(&bundle).unwrap();
    assert!(bytes.starts_with(b"PK"));
    desk.refused("diagnose", ["/nowhere/bundle.zip"]);
}

#[test]
fn a_decision_is_taken_back() {
    let desk = handed_in("The UE registers.");
    let told = desk.refused("decide undo", ["1"]);
    assert!(
        told["message"]
            .as_str()
            .unwrap()
            .contains("no decision to take back"),
        "{told}"
    );
    assert_eq!(
        desk.ask("decide return", ["1", "--note", "x"])["state"],
        "returned"
    );
    assert_eq!(desk.ask("decide undo", ["1"])["state"], "submitted");
}

#[test]
fn a_leads_wording_is_forgotten() {
    let desk = handed_in("The UE registers.");
    let own = desk.write("own.txt", "Mine.");
    desk.ask("decide keep", ["1", "--text", own.to_str().unwrap()]);
    desk.ask("decide keep", ["1", "--forget"]);
    let kept = desk.ask("review", ["1"])["captions"][0]["lead_text"].clone();
    assert_eq!(kept, Value::Null);
    desk.run("decide keep", ["1"]).exits(2);
}

#[test]
fn a_lead_lets_somebody_in() {
    let desk = Desk::sample();
    let added = desk.ask("people add", ["王伟", "annotator"]);
    assert_eq!(added["person"]["roles"], json!(["annotator"]));
    let told = desk.refused("people add", ["王伟"])["message"].clone();
    assert_eq!(told, "there is a person `王伟` already");
}
