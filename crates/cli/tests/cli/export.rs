//! Approved work going out, and coming back in.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Desk, files_below};

/// Texts at each level of one diagram, an accepted draft of another; a third that is not approved.
fn approved() -> Desk {
    let desk = Desk::sample();
    desk.annotate("1", "全局：AMF 与 SMF。\n\n\"quoted\" \\ text ", &[]);
    desk.annotate(
        "1",
        "core 网络",
        &["--level", "partial", "--region", "核心 \"网\""],
    );
    desk.annotate("1", "every\telement", &["--level", "detailed", "--submit"]);
    desk.ask("submit", ["12"]);
    for diagram in ["1", "12"] {
        desk.ask("approve", [diagram, "--as", "lead"]);
    }
    desk.annotate("2", "not approved", &["--submit"]);
    desk
}

#[test]
fn a_folder_comes_back_with_the_same_texts_and_pictures() {
    let desk = approved();
    let out = desk.path("out");
    let exported = desk.ask(
        "export",
        ["--format".as_ref(), "imagefolder".as_ref(), out.as_os_str()],
    );
    assert_eq!(exported, json!({"path": out, "diagrams": 2, "texts": 4}));
    let pictures = files_below(&out).len() - 1;
    assert_eq!(pictures, 2);

    let other = Desk::empty();
    let report = other.ask("import", [&out]);
    assert_eq!(
        (&report["imported"], &report["rejected"]),
        (&json!(2), &json!([]))
    );
    for (before, after) in [("1", "1"), ("12", "2")] {
        let (before, after) = (desk.ask("show", [before]), other.ask("show", [after]));
        let hash = after["diagram"]["image"]["hash"].as_str().unwrap();
        assert_eq!(before["diagram"]["image"]["hash"], hash);
        for key in ["source", "license", "context"] {
            assert_eq!(before["diagram"][key], after["diagram"][key]);
        }
        assert_eq!(texts(&before, "texts"), texts(&after, "drafts"));
        let original = other.workspace().join("images").join(&hash[..2]);
        let original = files_below(&original).remove(0);
        let bytes = Sha256::digest(std::fs::read(original).unwrap());
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, hash);
    }
    assert_eq!(texts(&other.ask("show", ["1"]), "drafts").len(), 3);
}

/// Level, region and text of each.
fn texts(shown: &Value, key: &str) -> BTreeSet<(String, String, String)> {
    let regions = shown["regions"].as_array().unwrap();
    let texts = shown[key].as_array().unwrap().iter();
    texts
        .map(|text| {
            let region = regions
                .iter()
                .find(|region| region["id"] == text["region_id"]);
            let region = region.map_or(&text["region"], |region| &region["name"]);
            let part = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (part(&text["level"]), part(region), part(&text["text"]))
        })
        .collect()
}

#[test]
fn lines_tell_text_picture_and_provenance() {
    let desk = approved();
    let out = desk.path("out.jsonl");
    for _ in 0..2 {
        let exported = desk.ask(
            "export",
            ["--format".as_ref(), "jsonl".as_ref(), out.as_os_str()],
        );
        assert_eq!(exported, json!({"path": out, "diagrams": 2, "texts": 4}));
    }
    let content = std::fs::read_to_string(&out).unwrap();
    let lines: Vec<Value> = content
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let levels: Vec<_> = lines.iter().map(|line| &line["level"]).collect();
    assert_eq!(levels, ["global", "partial", "detailed", "global"]);
    let shown = desk.ask("show", ["1"]);
    let first = &lines[0];
    assert_eq!(first["text"], "全局：AMF 与 SMF。\n\n\"quoted\" \\ text ");
    assert_eq!(first["diagram"], shown["diagram"]["id"]);
    assert_eq!(first["image"]["sha256"], shown["diagram"]["image"]["hash"]);
    assert_eq!(first["provenance"]["annotator"], "alice");
    assert_eq!(first["provenance"]["approved_by"], "lead");
    assert_eq!(
        first["provenance"]["revision"],
        shown["texts"][0]["revision"]
    );
    assert_eq!(first["provenance"]["draft"]["label"], "metadata.jsonl");
    assert_eq!(lines[1]["region"]["name"], "核心 \"网\"");
}

#[test]
fn an_export_never_overwrites_a_folder_nor_the_workspace() {
    let desk = approved();
    let precious = desk.write("out/precious.txt", "mine");
    let check = |format: &str, out: &std::path::Path| {
        let run = desk
            .run(
                "export",
                ["--format".as_ref(), format.as_ref(), out.as_os_str()],
            )
            .exits(1);
        assert!(run.err.contains("help: "), "{run:?}");
    };
    check("imagefolder", &desk.path("out"));
    check("jsonl", &desk.path("out"));
    check("jsonl", &desk.workspace().join("callout.db"));
    check("imagefolder", &desk.workspace().join("export"));
    assert_eq!(std::fs::read_to_string(precious).unwrap(), "mine");
    desk.is_sound_with(12);
}

#[test]
fn nothing_approved_is_said() {
    let desk = Desk::sample();
    let out = desk.path("out.jsonl");
    let run = desk
        .run(
            "export",
            ["--format".as_ref(), "jsonl".as_ref(), out.as_os_str()],
        )
        .exits(0);
    assert!(run.err.contains("nothing is approved yet"), "{run:?}");
    assert_eq!(std::fs::read_to_string(out).unwrap(), "");
}
