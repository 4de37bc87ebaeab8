//! `callout region` and `callout structure`: parts of the picture, and Mermaid sources.

use serde_json::{Value, json};

use crate::Desk;

fn names(listed: &Value) -> Vec<String> {
    let regions = listed["regions"].as_array().unwrap().iter();
    regions
        .map(|region| region["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn regions_are_drawn_changed_ordered_taken_away_and_brought_back() {
    let desk = Desk::sample();
    let core = desk.ask(
        "region draw",
        ["1", "--rectangle", "10,20,200,100", "--name", "核心网"],
    );
    assert_eq!(core["name"], "核心网");
    assert_eq!(
        (&core["x"], &core["width"], &core["polygon"]),
        (&json!(10), &json!(200), &json!([]))
    );
    let unnamed = desk.ask(
        "region draw",
        ["1", "--polygon", "10,10", "100,10", "50,90"],
    );
    assert_eq!(unnamed["polygon"], json!([[10, 10], [100, 10], [50, 90]]));
    assert_eq!(
        (&unnamed["width"], &unnamed["height"]),
        (&json!(90), &json!(80))
    );
    let edge = unnamed["id"].as_str().unwrap();

    let args = ["1", edge, "--name", "edge", "--rectangle", "0,0,5,6"];
    let changed = desk.ask("region change", args);
    assert_eq!(
        (&changed["id"], &changed["name"]),
        (&unnamed["id"], &json!("edge"))
    );
    assert_eq!(
        (&changed["height"], &changed["polygon"]),
        (&json!(6), &json!([]))
    );
    let ordered = desk.ask("region order", ["1", "edge", "核心网"]);
    assert_eq!(names(&ordered), ["edge", "核心网"]);
    assert_eq!(names(&desk.ask("region list", ["1"])), ["edge", "核心网"]);

    desk.annotate(
        "1",
        "The core.",
        &["--level", "partial", "--region", "核心网"],
    );
    let removed = desk.ask("region remove", ["1", "核心网"]);
    assert_eq!(removed, json!({ "region": core["id"] }));
    assert_eq!(names(&desk.ask("region list", ["1"])), ["edge"]);
    desk.ask("region restore", ["1", core["id"].as_str().unwrap()]);
    let shown = desk.ask("show", ["1"]).to_string();
    assert!(shown.contains("The core."), "{shown}");

    let plain = desk.run("region list", ["1"]).exits(0).out;
    assert!(plain.contains("`edge`: 5 × 6 px at 0, 0"), "{plain}");
    let none = desk.run("region list", ["2"]).exits(0).out;
    assert_eq!(none, "no regions\n");
}

#[test]
fn regions_that_cannot_be_are_refused() {
    let desk = Desk::sample();
    desk.ask(
        "region draw",
        ["1", "--rectangle", "0,0,9,9", "--name", "core"],
    );
    let check = |command: &str, args: &[&str], says: &str| {
        let told = desk.refused(command, args)["message"].clone();
        assert!(told.as_str().unwrap().contains(says), "{told}");
    };
    check(
        "region draw",
        &["1", "--rectangle", "0,0,5,5", "--name", "core"],
        "`core` already",
    );
    check(
        "region draw",
        &["1", "--rectangle", "0,0,0,5"],
        "a region needs",
    );
    check(
        "region change",
        &["1", "fog", "--name", "x"],
        "no region `fog`",
    );
    check("region remove", &["1", "fog"], "no region `fog`");
    check("region restore", &["1", "fog"], "no region `fog`");
    desk.run("region draw", ["1"]).exits(2);
    desk.run("region draw", ["1", "--rectangle", "1,2,3"])
        .exits(2);
    desk.run("region draw", ["1", "--rectangle", "1,2,3,-4"])
        .exits(2);
    desk.run("region change", ["1", "core"]).exits(2);
    assert_eq!(names(&desk.ask("region list", ["1"])), ["core"]);
}

#[test]
fn a_structure_is_read_with_what_a_text_leaves_out() {
    let desk = Desk::sample();
    let source = desk.write("a.mmd", "flowchart LR\nA[UPF]-->|N4|B[SMF]\n");
    let text = desk.write("text.txt", "The UPF forwards.");
    let read = desk.ask(
        "structure",
        [source.as_os_str(), "--text".as_ref(), text.as_os_str()],
    );
    assert_eq!(read["problem"], Value::Null);
    let mentioned = |n: usize| {
        (
            read["nodes"][n]["label"].clone(),
            read["nodes"][n]["mentioned"].clone(),
        )
    };
    assert_eq!(mentioned(0), (json!("UPF"), json!(true)));
    assert_eq!(mentioned(1), (json!("SMF"), json!(false)));
    assert_eq!(read["edges"][0]["label"], "N4");

    let turned = desk.write("b.mmd", "flowchart LR\nB[SMF]-->|N4|A[UPF]\nB-->C[AMF]\n");
    let against = [source.as_os_str(), "--against".as_ref(), turned.as_os_str()];
    let diff = desk.ask("structure", against);
    assert_eq!(diff["invented_nodes"], json!(["AMF"]));
    assert_eq!(diff["reversed_edges"].as_array().unwrap().len(), 1);
    let plain = desk.run("structure", against).exits(0).out;
    assert!(plain.contains("reversed edge: UPF → SMF"), "{plain}");
}

#[test]
fn a_broken_structure_says_where() {
    let desk = Desk::sample();
    let whole = desk.write("whole.mmd", "flowchart LR\nA-->B\n");
    let broken = desk.write("broken.mmd", "flowchart LR\nA-->B\nB[\n");
    let run = desk
        .run("structure", [broken.as_os_str(), "--json".as_ref()])
        .exits(1);
    assert_eq!(run.json()["problem"]["line"], 3);
    let against = [whole.as_os_str(), "--against".as_ref(), broken.as_os_str()];
    let told = desk.refused("structure", against)["message"].clone();
    let told = told.as_str().unwrap();
    assert!(
        told.contains("line 3") && told.contains("broken.mmd"),
        "{told}"
    );
}
