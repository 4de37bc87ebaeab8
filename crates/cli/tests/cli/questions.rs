//! `callout question`: written, checked, tried and settled by people; suggested and answered by models.

use serde_json::{Value, json};

use crate::Desk;
use crate::draft::server;

/// A question about the first diagram that could enter the set.
fn sound() -> Value {
    json!({
        "kind": "single_choice",
        "stem": "Which function selects the session manager in this figure?",
        "choices": [
            { "text": "AMF", "right": true }, { "text": "UPF", "right": false },
            { "text": "NRF", "right": false }, { "text": "PCF", "right": false },
        ],
        "level": "global",
        "difficulty": "easy",
        "category": "5G core",
        "rationale": "The arrow starts there.",
    })
}

#[track_caller]
fn add(desk: &Desk, content: &Value) -> Value {
    let file = desk.write("question.json", content.to_string());
    desk.ask("question add", ["1", "--content", file.to_str().unwrap()])
}

fn id(question: &Value) -> &str {
    question["id"].as_str().unwrap()
}

#[test]
fn a_question_is_written_checked_and_put_into_the_set() {
    let desk = Desk::sample();
    let mut unfinished = sound();
    unfinished["choices"][0]["right"] = json!(false);
    let begun = add(&desk, &unfinished);
    assert_eq!(
        (&begun["state"], &begun["author"]),
        (&json!("draft"), &json!("alice"))
    );
    let one = id(&begun);
    let findings = desk.ask("question check", [one])["findings"].clone();
    let errors = |findings: &Value| -> Vec<String> {
        let all = findings.as_array().unwrap().iter();
        let errors = all.filter(|finding| finding["severity"] == "error");
        errors
            .map(|finding| finding["check"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(errors(&findings), ["no_key"]);
    let refused = desk.refused("question ready", [one]);
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("the question is not ready"),
        "{refused}"
    );
    assert!(!refused["help"].as_str().unwrap().is_empty());

    let change = json!({ "choices": sound()["choices"], "evidence": [] });
    let file = desk.write("change.json", change.to_string());
    let written = desk.ask("question write", [one, "--content", file.to_str().unwrap()]);
    assert_eq!(written["content"]["category"], "5G core");
    let shown = desk.ask("question show", [one]);
    assert!(errors(&shown["findings"]).is_empty(), "{shown}");
    assert_eq!(shown["revisions"].as_array().unwrap().len(), 2);
    let plain = desk.run("question show", [one]).exits(0).out;
    assert!(
        plain.contains("* A  AMF") && plain.contains("  B  UPF"),
        "{plain}"
    );

    overrule(&desk, one);
    assert_eq!(desk.ask("question ready", [one])["state"], "ready");
    let coverage = desk.ask("question coverage", [""; 0]);
    assert_eq!(
        (&coverage["ready"], &coverage["drafts"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(coverage["key_positions"][0], 1);
}

/// Says why each warning does not matter.
fn overrule(desk: &Desk, one: &str) {
    let findings = desk.ask("question check", [one])["findings"].clone();
    let warnings = findings.as_array().unwrap().iter();
    let warnings = warnings.filter(|finding| finding["severity"] == "warning");
    let notes: Vec<Value> = warnings
        .map(|finding| json!({ "check": finding["check"], "note": "seen" }))
        .collect();
    let file = desk.write("overruled.json", json!({ "overruled": notes }).to_string());
    desk.ask("question write", [one, "--content", file.to_str().unwrap()]);
}

#[test]
fn a_question_is_turned_down_taken_up_and_restored() {
    let desk = Desk::sample();
    let question = add(&desk, &sound());
    let one = id(&question);
    let rejected = desk.ask("question reject", [one, "--reason", "too easy"]);
    assert_eq!(rejected["state"], "rejected");
    assert_eq!(
        desk.ask("question list", ["--state", "rejected"])["questions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let file = desk.write("change.json", r#"{"stem":"换一个问题？"}"#);
    let file = file.to_str().unwrap();
    let refused = desk.refused("question write", [one, "--content", file]);
    assert!(
        refused["message"].as_str().unwrap().contains("take-up"),
        "{refused}"
    );
    assert_eq!(desk.ask("question take-up", [one])["state"], "draft");
    desk.ask("question write", [one, "--content", file]);
    let first = desk.ask("question show", [one])["revisions"].clone();
    let first = first.as_array().unwrap().last().unwrap()["id"].clone();
    let back = desk.ask(
        "question restore",
        [one, "--revision", first.as_str().unwrap()],
    );
    assert_eq!(back["content"]["stem"], sound()["stem"]);
    let found = |args: &[&str]| {
        desk.ask("question list", args)["questions"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(
        found(&[
            "--diagram",
            "1",
            "--category",
            "5G core",
            "--author",
            "alice"
        ]),
        1
    );
    assert_eq!(
        found(&["--kind", "fill_in"]) + found(&["--diagram", "2"]) + found(&["--search", "zzz"]),
        0
    );
}

#[test]
fn an_examinee_is_told_right_or_wrong() {
    let desk = Desk::sample();
    let question = add(&desk, &sound());
    let answered =
        |answer: &str| desk.ask("question answer", [id(&question), answer])["correct"].clone();
    assert_eq!(answered("A"), true);
    assert_eq!(answered("B"), false);
    assert_eq!(answered("no idea"), Value::Null);
    let trials = desk.ask("question show", [id(&question)])["trials"].clone();
    assert_eq!(trials.as_array().unwrap().len(), 3);
    assert_eq!(trials[0]["examinee"], "alice");
}

#[test]
fn questions_that_cannot_be_are_refused() {
    let desk = Desk::sample();
    let check = |content: &str, says: &str| {
        let file = desk.write("question.json", content);
        let told = desk.refused("question add", ["1", "--content", file.to_str().unwrap()]);
        assert!(told["message"].as_str().unwrap().contains(says), "{told}");
    };
    check("{}", "no `kind`");
    check(r#"{"kind":"essay"}"#, "essay");
    check(r#"{"kind":"fill_in","answer":"x"}"#, "no `answer`");
    check("[1]", "no `kind`");
    check("nonsense", "question.json");
    for command in [
        "question show",
        "question check",
        "question ready",
        "question take-up",
    ] {
        assert!(
            desk.refused(command, ["none"])["message"]
                .as_str()
                .unwrap()
                .contains("no question")
        );
    }
    desk.ask("list", ["--as", "bob"]);
    desk.ask("people roles", ["bob", "annotator"]);
    let file = desk.write("question.json", sound().to_string());
    let told = desk.refused(
        "question add",
        ["1", "--content", file.to_str().unwrap(), "--as", "bob"],
    );
    assert!(
        told["message"].as_str().unwrap().contains("`author`"),
        "{told}"
    );
    assert_eq!(desk.ask("question list", [""; 0])["questions"], json!([]));
}

/// A server's answer that says `words`, as it streams them.
fn saying(words: &str) -> &'static str {
    let delta = json!({ "choices": [{ "index": 0, "delta": { "content": words } }] });
    let end = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    let answer = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n\
         data: {delta}\n\ndata: {end}\n\ndata: [DONE]\n\n"
    );
    answer.leak()
}

#[test]
fn a_models_suggestions_wait_for_an_expert() {
    let desk = Desk::sample();
    let url = server(saying(
        r#"[{"kind":"true_false","question":"The UE starts the registration.","answer":true,"rationale":"First arrow."}]"#,
    ));
    let args = [
        "--server",
        &url,
        "--server-model",
        "served",
        "--ids",
        "1",
        "--count",
        "1",
    ];
    let told = desk.ask("question propose", args);
    assert_eq!(
        (&told["suggested"], &told["state"]),
        (&json!(1), &json!("done")),
        "{told}"
    );
    let suggested = desk.ask("question list", ["--state", "proposed"])["questions"][0].clone();
    assert_eq!(suggested["content"]["truth"], true);
    assert_eq!(
        desk.ask("question take-up", [id(&suggested)])["state"],
        "draft"
    );
    desk.run("question propose", ["--count", "many"]).exits(2);
    let none = Desk::sample().refused("question propose", [""; 0]);
    assert!(
        none["message"].as_str().unwrap().contains("--model"),
        "{none}"
    );
}

#[test]
fn a_model_answers_blind_where_the_rules_name_it() {
    let desk = Desk::sample();
    let question = add(&desk, &sound());
    let url = server(saying("A"));
    desk.ask(
        "model add",
        ["examinee", "--server", &url, "--server-model", "served"],
    );
    desk.ask(
        "model add",
        [
            "other",
            "--server",
            "http://localhost:1/v1",
            "--server-model",
            "x",
        ],
    );
    // Two models are known, so one has to be named where it sees the picture.
    let none = desk.refused("question ask", [""; 0]);
    assert!(
        none["message"].as_str().unwrap().contains("several models"),
        "{none}"
    );
    desk.ask("rules", ["--blind-examinee", "examinee"]);
    let told = desk.ask("question ask", ["--blind"]);
    assert_eq!(
        (&told["answered"], &told["state"]),
        (&json!(1), &json!("done")),
        "{told}"
    );
    assert_eq!(told["answers"][0]["trial"]["blind"], true);
    let seen = desk.ask("question ask", [id(&question), "--model", "examinee"]);
    assert_eq!(
        (&seen["answered"], &seen["right"]),
        (&json!(1), &json!(1)),
        "{seen}"
    );
}
