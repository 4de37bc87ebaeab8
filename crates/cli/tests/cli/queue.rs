//! Who works on which diagram, many of them at once, and filters under names.

use serde_json::{Value, json};

use crate::Desk;

fn numbers(listed: &Value) -> Vec<u64> {
    let rows = listed["diagrams"].as_array().unwrap().iter();
    rows.map(|row| row["number"].as_u64().unwrap()).collect()
}

#[test]
fn two_people_never_get_the_same_diagram() {
    let desk = Desk::sample();
    let first = desk.ask("next", [""; 0]);
    assert_eq!(first["diagram"]["number"], 1);
    assert_eq!(first["claim"]["person"], "alice");
    assert_eq!(desk.ask("next", ["--as", "bob"])["diagram"]["number"], 2);
    let told = desk.refused("claim", ["1", "--as", "bob"]);
    assert!(
        told["message"]
            .as_str()
            .unwrap()
            .starts_with("alice holds this diagram until"),
        "{told}"
    );
    assert!(
        told["help"].as_str().unwrap().contains("another diagram"),
        "{told}"
    );
    let file = desk.write("text.txt", "text");
    desk.refused(
        "annotate",
        ["1", "--text", file.to_str().unwrap(), "--as", "bob"],
    );

    assert!(desk.ask("release", ["1"])["diagram"].is_string());
    let claim = desk.ask("claim", ["1", "--as", "bob"]);
    assert_eq!(claim["person"], "bob");
    assert_eq!(
        numbers(&desk.ask("list", ["--mark", "mine", "--as", "bob"])),
        [1, 2]
    );
    let none = desk.ask("next", ["--search", "no such words"]);
    assert_eq!(none, json!({ "diagram": null }));
}

#[test]
fn a_diagram_is_left_out_with_a_reason_and_taken_up() {
    let desk = Desk::sample();
    assert_eq!(
        desk.ask("skip", ["3", "--reason", "unreadable scan"])["state"],
        "skipped"
    );
    assert_eq!(numbers(&desk.ask("list", ["--state", "skipped"])), [3]);
    assert_eq!(desk.ask("unskip", ["3"])["state"], "todo");
    assert_eq!(desk.refused("unskip", ["3"])["code"], "wrong_state");
    let told = desk.refused("skip", ["3", "--reason", " "])["message"].clone();
    assert!(told.as_str().unwrap().contains("takes a reason"), "{told}");
    desk.run("skip", ["3"]).exits(2);
}

#[test]
fn a_diagram_has_a_kind() {
    let desk = Desk::sample();
    let said = desk.ask("kind", ["1", "sequence"]);
    assert_eq!(said["kind"], "sequence");
    assert_eq!(numbers(&desk.ask("list", ["--kind", "sequence"])), [1]);
    assert_eq!(desk.ask("kind", ["1", ""])["kind"], "");
    assert_eq!(
        numbers(&desk.ask("list", ["--kind", "sequence"])),
        [0_u64; 0]
    );
    assert_eq!(
        desk.refused("kind", ["99", "sequence"])["code"],
        "not_found"
    );
}

#[test]
fn many_are_changed_at_once_and_that_is_taken_back() {
    let desk = Desk::sample();
    let done = desk.ask("bulk kind", ["--id", "1", "--id", "2", "--to", "flow"]);
    assert_eq!(
        (&done["changed"], &done["unchanged"]),
        (&json!(2), &json!(0))
    );
    desk.ask("kind", ["1", "sequence"]);
    let undone = desk.ask("bulk undo", [done["id"].as_str().unwrap()]);
    assert_eq!(
        (&undone["changed"], &undone["unchanged"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(numbers(&desk.ask("list", ["--kind", "sequence"])), [1]);
    assert_eq!(numbers(&desk.ask("list", ["--kind", "flow"])), [0_u64; 0]);

    let told = desk.refused("bulk undo", [done["id"].as_str().unwrap()]);
    assert_eq!(told["message"], "there is nothing to undo");
    desk.run("bulk kind", ["--to", "flow"]).exits(2);
    desk.run("bulk kind", ["--id", "1", "--all", "--to", "flow"])
        .exits(2);
    desk.run(
        "bulk kind",
        ["--id", "1", "--state", "todo", "--to", "flow"],
    )
    .exits(2);
}

#[test]
fn many_are_planned_left_out_and_given_to_a_second_person() {
    let desk = Desk::sample();
    desk.ask("bulk plan", ["--id", "5", "--place", "0"]);
    let planned = desk.ask("list", ["--order", "plan"]);
    assert_eq!(numbers(&planned)[0], 5);
    desk.ask("bulk plan", ["--id", "5"]);
    assert_eq!(numbers(&desk.ask("list", ["--order", "plan"]))[0], 1);

    let args = ["--search", "BGP", "--because", "not ours"];
    let left_out = desk.ask("bulk skip", args)["changed"].as_u64().unwrap();
    assert!(left_out >= 1);
    assert_eq!(desk.ask("status", [""; 0])["states"]["skipped"], left_out);
    assert_eq!(
        desk.ask("bulk unskip", ["--state", "skipped"])["changed"],
        left_out
    );
    assert_eq!(desk.ask("status", [""; 0])["states"]["todo"], 12);

    assert_eq!(desk.ask("bulk second", ["--all"])["changed"], 12);
    assert_eq!(desk.ask("bulk second", ["--all", "--no"])["changed"], 12);
}

#[test]
fn filters_are_kept_under_names() {
    let desk = Desk::sample();
    let kept = desk.ask(
        "filter save",
        ["会话", "--search", "会话", "--order", "plan"],
    );
    assert_eq!(kept["filter"]["order"], "plan");
    let again = desk.ask("filter save", ["会话", "--state", "todo"]);
    assert_eq!(again["filter"]["search"], "");
    let listed = desk.ask("filter list", [""; 0])["filters"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["filter"]["state"], "todo");
    assert_eq!(
        desk.ask("filter list", ["--as", "bob"])["filters"],
        json!([])
    );
    desk.ask("filter remove", ["会话"]);
    assert_eq!(desk.ask("filter list", [""; 0])["filters"], json!([]));
    let told = desk.refused("filter remove", ["会话"])["message"].clone();
    assert_eq!(told, "no filter is called `会话`");
    assert_eq!(
        desk.refused("filter save", [" "])["message"],
        "a filter needs a name"
    );
}
