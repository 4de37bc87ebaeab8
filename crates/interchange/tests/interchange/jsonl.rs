use domain::Level;
use interchange::Error;
use serde_json::{Value, json};

use crate::support::{Desk, Given, given};

#[test]
fn a_line_holds_a_text_and_where_it_came_from() {
    let mut desk = Desk::new();
    let id = desk.import(&Given {
        context: "Around.",
        ..given("图 1.png", 1)
    });
    desk.region(&id, "lane", [1, 2, 3, 4]);
    desk.submit(
        &id,
        &[
            (Level::Global, None, "全局\n“引号” 🙂"),
            (Level::Partial, Some("lane"), "part"),
        ],
    );
    desk.approve(&id);
    let exported = desk.export_jsonl("out.jsonl").unwrap();
    assert_eq!((exported.diagrams, exported.texts), (1, 2));

    let text = std::fs::read_to_string(desk.out("out.jsonl")).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [global, partial] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    assert_eq!(global["text"], "全局\n“引号” 🙂");
    assert_eq!(
        (&global["level"], &global["region"]),
        (&"global".into(), &Value::Null)
    );
    assert_eq!(
        partial["region"],
        json!({"name": "lane", "bbox": [1, 2, 3, 4]})
    );
    assert_eq!(global["diagram"], id.as_str());
    assert_ne!(global["id"], partial["id"]);
    assert_eq!(global["image"]["file_name"], "图 1.png");
    assert_eq!(global["image"]["format"], "png");
    assert_eq!(
        (&global["context"], &global["license"]),
        (&"Around.".into(), &"CC BY 4.0".into())
    );
    let from = &global["provenance"];
    assert_eq!(
        (&from["annotator"], &from["approved_by"]),
        (&"专家 Li".into(), &"lead".into())
    );
    assert_eq!(from["written_at"], "2023-11-14T22:13:20.003Z");
    assert_eq!(from["submitted_at"], "2023-11-14T22:13:20.004Z");
    assert_eq!(from["approved_at"], "2023-11-14T22:13:20.005Z");
    assert_eq!(from["exported_at"], "2023-11-14T22:13:20.009Z");
    assert_eq!(from["draft"], Value::Null);
    assert!(from["revision"].is_string() && from["workspace"].is_string());
}

#[test]
fn what_is_exported_is_what_was_approved_last() {
    let mut desk = Desk::new();
    let id = desk.approved(&given("a.png", 1), "first");
    let lead = desk.workspace.join("lead", crate::support::at(6)).unwrap();
    let by = store::annotate::By {
        person: &lead.id,
        at: crate::support::at(6),
    };
    desk.database
        .write(|tx| store::review::reopen(tx, by, &id))
        .unwrap();
    desk.export_jsonl("out.jsonl").unwrap();
    assert_eq!(std::fs::read_to_string(desk.out("out.jsonl")).unwrap(), "");
    desk.submit(&id, &[(Level::Global, None, "second")]);
    desk.approve(&id);
    desk.export_jsonl("out.jsonl").unwrap();
    let text = std::fs::read_to_string(desk.out("out.jsonl")).unwrap();
    assert!(
        text.contains("\"second\"") && !text.contains("first"),
        "{text}"
    );
}

#[test]
fn a_file_is_replaced_and_nothing_else_is() {
    let mut desk = Desk::new();
    desk.approved(&given("a.png", 1), "text");
    std::fs::write(desk.out("old.jsonl"), "old").unwrap();
    desk.export_jsonl("old.jsonl").unwrap();
    assert!(
        std::fs::read_to_string(desk.out("old.jsonl"))
            .unwrap()
            .contains("\"text\"")
    );
    std::fs::create_dir(desk.out("folder")).unwrap();
    let error = desk.export_jsonl("folder").unwrap_err();
    assert!(matches!(error, Error::NotAFile(_)), "{error}");
    assert!(error.to_string().contains("folder") && error.help().is_some());
    let error = desk.export_jsonl("ws/callout.db").unwrap_err();
    assert!(matches!(error, Error::InsideWorkspace(_)), "{error}");
    assert_eq!(desk.beside(), ["folder", "old.jsonl"]);
    assert_eq!(desk.database.problems().unwrap(), [""; 0]);
}
