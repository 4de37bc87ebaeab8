use std::path::Path;

use domain::{Level, NewDraft, NewRegion};
use interchange::{Error, METADATA, Metadata};

use crate::support::{Desk, given, png};

const GLOBAL: &str = "UE 向 AMF 发送“注册请求” 📡\n\nIt says: \"ok\", it's \\ fine\u{2028}.\r\n";
const PARTIAL: &str = "认证阶段";
const DETAILED: &str = "1. A → B\n2. B → C";

fn load(folder: &Path) -> Metadata {
    let metadata = Metadata::load(&folder.join(METADATA));
    assert_eq!(metadata.problems(), []);
    metadata
}

fn lines(file: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(file).unwrap();
    text.split_terminator('\n')
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Drafts as (level, region's name and box, text, label).
fn drafts(drafts: &[NewDraft]) -> Vec<(Level, Option<NewRegion>, &str, &str)> {
    drafts
        .iter()
        .map(|draft| {
            (
                draft.level,
                draft.region.clone(),
                draft.text.as_str(),
                draft.label.as_str(),
            )
        })
        .collect()
}

fn region(name: &str, bbox: [u32; 4]) -> NewRegion {
    NewRegion {
        name: name.to_owned(),
        bbox: Some(bbox),
        polygon: Vec::new(),
    }
}

#[test]
fn every_approved_text_comes_back_as_a_draft() {
    let mut desk = Desk::new();
    let id = desk.import(&crate::support::Given {
        context: "One.\n\nTwo\nlines.\n\n\nThree.",
        extra: Some("{\"section\": \"5G\", \"score\": 0.1234567890123456789, \"deep\": {\n\"a\": [1]}, \"width\": 7}"),
        ..given("注册 流程.png", 1)
    });
    desk.region(&id, "阶段 \"1\"", [3, 4, 10, 20]);
    desk.region(&id, "unwritten", [0, 0, 5, 5]);
    desk.submit(
        &id,
        &[
            (Level::Detailed, None, DETAILED),
            (Level::Partial, Some("阶段 \"1\""), PARTIAL),
            (Level::Global, None, GLOBAL),
        ],
    );
    desk.approve(&id);

    let exported = desk.export_folder("out").unwrap();
    assert_eq!((exported.diagrams, exported.texts), (1, 3));
    let metadata = load(&desk.out("out"));
    let row = metadata.row(Path::new("images/注册 流程.png")).unwrap();
    let place = region("阶段 \"1\"", [3, 4, 10, 20]);
    assert_eq!(
        drafts(&row.drafts),
        [
            (Level::Global, None, GLOBAL, "专家 Li"),
            (Level::Partial, Some(place.clone()), PARTIAL, "专家 Li"),
            (Level::Detailed, None, DETAILED, "专家 Li"),
        ]
    );
    assert_eq!(row.regions, [place, region("unwritten", [0, 0, 5, 5])]);
    assert_eq!(row.caption.as_deref(), Some(GLOBAL));
    assert_eq!(row.context, "One.\n\nTwo\nlines.\n\n\nThree.");
    assert_eq!(row.source.as_deref(), Some("Book, fig. 1"));
    assert_eq!(row.license.as_deref(), Some("CC BY 4.0"));
    let extra = row.extra.as_deref().unwrap();
    assert_eq!(
        extra,
        r#"{"deep":{"a":[1]},"score":0.1234567890123456789,"section":"5G"}"#
    );
    let copy = std::fs::read(desk.out("out/images/注册 流程.png")).unwrap();
    assert_eq!(copy, png(1));
}

#[test]
fn a_line_says_who_wrote_and_who_approved() {
    let mut desk = Desk::new();
    let draft = NewDraft {
        level: Level::Global,
        region: None,
        text: "draft".to_owned(),
        label: "qwen".to_owned(),
    };
    desk.approved(
        &crate::support::Given {
            drafts: vec![draft],
            ..given("a.png", 1)
        },
        "text",
    );
    desk.export_folder("out").unwrap();
    let line = &lines(&desk.out("out/metadata.jsonl"))[0];
    assert_eq!((&line["width"], &line["height"]), (&40.into(), &30.into()));
    assert_eq!(line["sha256"].as_str().unwrap().len(), 64);
    let caption = &line["callout"]["captions"][0];
    assert_eq!(caption["annotator"], "专家 Li");
    assert_eq!(caption["draft"]["label"], "qwen");
    assert_eq!(caption["approved_by"], "lead");
    assert_eq!(caption["at"], "2023-11-14T22:13:20.005Z");
    assert!(caption["revision"].is_string());
}

#[test]
fn only_what_is_approved_leaves_in_order_of_import() {
    let mut desk = Desk::new();
    let waiting = desk.import(&given("waiting.png", 1));
    let late = desk.import(&given("first.png", 2));
    desk.approved(&given("second.png", 3), "two");
    desk.submit(&waiting, &[(Level::Global, None, "not yet")]);
    desk.submit(&late, &[(Level::Global, None, "one")]);
    desk.approve(&late);
    desk.import(&given("todo.png", 4));
    let exported = desk.export_folder("out").unwrap();
    assert_eq!((exported.diagrams, exported.texts), (2, 2));
    let lines = lines(&desk.out("out/metadata.jsonl"));
    let captions: Vec<_> = lines
        .iter()
        .map(|line| line["caption"].as_str().unwrap())
        .collect();
    assert_eq!(captions, ["one", "two"]);
}

#[test]
fn the_caption_is_the_global_text_or_else_the_detailed_or_else_the_first() {
    let mut desk = Desk::new();
    let detailed = desk.import(&given("a.png", 1));
    desk.region(&detailed, "r", [0, 0, 1, 1]);
    desk.submit(
        &detailed,
        &[
            (Level::Partial, Some("r"), "part"),
            (Level::Detailed, None, "all"),
        ],
    );
    desk.approve(&detailed);
    let partial = desk.import(&given("b.png", 2));
    desk.region(&partial, "r", [0, 0, 1, 1]);
    desk.submit(&partial, &[(Level::Partial, Some("r"), "part")]);
    desk.approve(&partial);
    desk.export_folder("out").unwrap();
    let lines = lines(&desk.out("out/metadata.jsonl"));
    assert_eq!(
        (&lines[0]["caption"], &lines[1]["caption"]),
        (&"all".into(), &"part".into())
    );
}

#[test]
fn pictures_of_one_name_stay_apart_and_each_lies_where_its_row_says() {
    let mut desk = Desk::new();
    let names = [
        "a.png",
        "a.png",
        "A.png",
        "../../a\n\"b\".png",
        "NUL.png",
        ".hidden",
    ];
    for (shade, name) in (1..).zip(names) {
        desk.approved(&given(name, shade), &format!("text {shade}"));
    }
    desk.export_folder("out").unwrap();
    let metadata = load(&desk.out("out"));
    assert_eq!(metadata.names().count(), names.len());
    for row in metadata.rows() {
        let shade = row.drafts[0]
            .text
            .strip_prefix("text ")
            .unwrap()
            .parse()
            .unwrap();
        let file = desk.out("out").join(&row.file_name);
        assert_eq!(
            std::fs::read(&file).unwrap(),
            png(shade),
            "{}",
            row.file_name
        );
        assert_eq!(file.parent().unwrap(), desk.out("out/images"));
    }
}

#[test]
fn a_damaged_or_lost_original_is_named_and_leaves_no_half_export() {
    let mut desk = Desk::new();
    desk.approved(&given("good.png", 1), "good");
    let id = desk.approved(&given("bad.png", 2), "bad");
    let original = desk.original(&id);
    let mut bytes = std::fs::read(&original).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&original, bytes).unwrap();
    let error = desk.export_folder("out").unwrap_err();
    assert!(
        matches!(&error, Error::Damaged { number: 2, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("`bad.png`") && error.help().is_some());
    std::fs::remove_file(&original).unwrap();
    let error = desk.export_folder("out").unwrap_err();
    assert!(
        matches!(&error, Error::Missing { number: 2, .. }),
        "{error}"
    );
    assert_eq!(desk.beside(), [""; 0]);
}

#[test]
fn a_folder_with_something_in_it_is_refused_and_an_empty_one_is_filled() {
    let mut desk = Desk::new();
    desk.approved(&given("a.png", 1), "text");
    std::fs::create_dir_all(desk.out("full")).unwrap();
    std::fs::write(desk.out("full/mine.txt"), "mine").unwrap();
    std::fs::write(desk.out("file"), "mine").unwrap();
    for taken in ["full", "file"] {
        let error = desk.export_folder(taken).unwrap_err();
        assert!(matches!(error, Error::NotEmpty(_)), "{error}");
        assert!(error.to_string().contains(taken) && error.help().is_some());
    }
    assert_eq!(std::fs::read_dir(desk.out("full")).unwrap().count(), 1);
    std::fs::create_dir(desk.out("empty")).unwrap();
    desk.export_folder("empty").unwrap();
    desk.export_folder("new/folder").unwrap();
    assert!(desk.out("empty/metadata.jsonl").is_file() && desk.out("new/folder/images").is_dir());
    assert_eq!(desk.beside(), ["empty", "file", "full", "new"]);
}

#[test]
fn nothing_is_written_into_the_workspace() {
    let mut desk = Desk::new();
    desk.approved(&given("a.png", 1), "text");
    for within in ["ws/export", "ws/images/deep/er", "out/../ws/x"] {
        let error = desk.export_folder(within).unwrap_err();
        assert!(
            matches!(error, Error::InsideWorkspace(_)),
            "{within}: {error}"
        );
    }
    assert!(!desk.out("ws/images/deep").exists());
    let error = desk.export_folder("ws").unwrap_err();
    assert!(matches!(error, Error::NotEmpty(_)), "{error}");
}

#[cfg(unix)]
#[test]
fn others_can_read_the_export() {
    use std::os::unix::fs::PermissionsExt;
    let mut desk = Desk::new();
    desk.approved(&given("a.png", 1), "text");
    std::fs::create_dir(desk.out("plain")).unwrap();
    std::fs::write(desk.out("plain.txt"), "").unwrap();
    desk.export_folder("out").unwrap();
    desk.export_jsonl("out.jsonl").unwrap();
    let mode = |name: &str| {
        std::fs::metadata(desk.out(name))
            .unwrap()
            .permissions()
            .mode()
    };
    assert_eq!(mode("out"), mode("plain"));
    assert_eq!(mode("out/metadata.jsonl"), mode("plain.txt"));
    assert_eq!(mode("out.jsonl"), mode("plain.txt"));
}
