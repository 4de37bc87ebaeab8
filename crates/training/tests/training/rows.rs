//! Data sets as others write them.

use std::fs;
use std::path::{Path, PathBuf};

use qwen::chat::{Content, Message, Part, Role};
use tempfile::TempDir;
use training::rows::{Options, Row, Rows, RowsError, read};

/// A folder with these files and pictures `a.png` and `b.png`, which are looked for and not opened.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.png", "b.png"] {
        fs::write(folder.path().join(name), "a picture").unwrap();
    }
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn rows(name: &str, text: &str) -> (TempDir, Rows) {
    let folder = folder(&[(name, text)]);
    let rows = read(&folder.path().join(name), &Options::default()).unwrap();
    (folder, rows)
}

fn said(row: &Row) -> Vec<(Role, String)> {
    let shown = |content: &Content| match content {
        Content::Text(text) => text.clone(),
        Content::Parts(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Text { text } => text.as_str(),
                Part::Image => "▣",
            })
            .collect(),
    };
    let turn = |message: &Message| (message.role, shown(&message.content));
    row.messages.iter().map(turn).collect()
}

fn names(row: &Row, folder: &Path) -> Vec<PathBuf> {
    let name = |path: &PathBuf| path.strip_prefix(folder).unwrap().to_owned();
    row.images.iter().map(name).collect()
}

fn turns(asked: &str, answered: &str) -> Vec<(Role, String)> {
    vec![
        (Role::User, asked.to_owned()),
        (Role::Assistant, answered.to_owned()),
    ]
}

#[test]
fn every_format_gives_the_same_conversation() {
    for (name, text) in [
        (
            "factory.jsonl",
            r#"{"messages":[{"role":"user","content":"<image>What is it?"},{"role":"assistant","content":"环网"}],"images":["a.png"]}"#,
        ),
        (
            "swift.jsonl",
            "\u{feff}{\"id\":7,\"messages\":[{\"role\":\"user\",\"content\":\"What is it?\"},{\"role\":\"assistant\",\"content\":\"环网\"}],\"images\":[{\"path\":\"a.png\"}]}\r\n",
        ),
        (
            "parts.jsonl",
            r#"{"messages":[{"role":"user","content":[{"type":"image","image":"a.png"},{"type":"text","text":"What is it?"}]},{"role":"assistant","content":"环网"}]}"#,
        ),
        (
            "llava.json",
            r#" [{"id":"x","image":"a.png","conversations":[{"from":"human","value":"<image>What is it?"},{"from":"gpt","value":"环网"}]}]"#,
        ),
        (
            "lines.jsonl",
            r#"{"image":"a.png","conversations":[{"from":"human","value":"<image>What is it?"},{"from":"gpt","value":"环网"}]}"#,
        ),
    ] {
        let (folder, found) = rows(name, text);
        assert_eq!(found.refused, [], "{name}");
        assert_eq!(
            said(&found.rows[0]),
            turns("▣What is it?", "环网"),
            "{name}"
        );
        assert_eq!(
            names(&found.rows[0], folder.path()),
            [Path::new("a.png")],
            "{name}"
        );
    }
}

#[test]
fn an_imagefolder_asks_what_one_says() {
    let folder = folder(&[(
        "metadata.jsonl",
        "{\"file_name\":\"b.png\",\"text\":\"A ring.\"}\n",
    )]);
    let options = Options {
        prompt: "请描述此图。".to_owned(),
        ..Options::default()
    };
    let found = read(folder.path(), &options).unwrap();
    assert_eq!(said(&found.rows[0]), turns("▣请描述此图。", "A ring."));
}

#[test]
fn images_keep_their_places_over_several_turns() {
    let (folder, found) = rows(
        "turns.jsonl",
        r#"{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"One <image> and <image>"},{"role":"assistant","content":"Yes."},{"role":"user","content":"And?"},{"role":"assistant","content":"No."}],"images":["b.png","a.png"]}"#,
    );
    let row = &found.rows[0];
    assert_eq!(said(row)[1].1, "One ▣ and ▣");
    assert_eq!(row.messages.len(), 5);
    assert_eq!(
        names(row, folder.path()),
        [Path::new("b.png"), Path::new("a.png")]
    );
}

#[test]
fn what_cannot_be_learned_from_is_named_and_stops_nothing() {
    let good =
        r#"{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}]}"#;
    let row = |asked: &str, images: &str| {
        format!(
            r#"{{"messages":[{{"role":"user","content":"{asked}"}},{{"role":"assistant","content":"x"}}],"images":{images}}}"#
        )
    };
    let bad = [
        ("{", "EOF"),
        ("{}", "neither `messages`"),
        (
            &row("<image><image>", r#"["a.png"]"#),
            "more `<image>` than images",
        ),
        (
            &row("<image>", r#"["a.png","b.png"]"#),
            "1 images have no `<image>`",
        ),
        (&row("<image>", r#"["c.png"]"#), "there is no image"),
        (&row("<image>", r#"["../a.png"]"#), "leads out"),
        (&row("<image>", r#"["/etc/passwd"]"#), "leads out"),
        (
            r#"{"messages":[{"role":"user","content":"Hi"}]}"#,
            "the assistant says nothing",
        ),
        (
            r#"{"messages":[{"role":"assistant","content":" "}]}"#,
            "the assistant says nothing",
        ),
        (
            r#"{"messages":[{"role":"robot","content":"Hi"}]}"#,
            "`robot` is nobody",
        ),
        (
            r#"{"messages":[{"role":"user","content":3}]}"#,
            "neither a text nor",
        ),
        (
            r#"{"messages":[{"role":"user","content":[{"type":"video"}]}]}"#,
            "type `video`",
        ),
    ];
    let lines: Vec<&str> = bad.iter().map(|(line, _)| *line).chain([good]).collect();
    let (_folder, found) = rows("mixed.jsonl", &lines.join("\n"));
    assert_eq!(found.rows.len(), 1);
    assert_eq!(found.rows[0].id, format!("line {}", lines.len()));
    for (refused, (line, reason)) in found.refused.iter().zip(bad) {
        assert!(
            refused.reason.contains(reason),
            "{line}: {}",
            refused.reason
        );
    }
    assert_eq!(found.refused[0].id, "line 1");
}

#[test]
fn nothing_to_learn_from_is_an_error_of_its_own() {
    let at = |name: &str, text: &str| {
        let folder = folder(&[(name, text)]);
        read(&folder.path().join(name), &Options::default()).unwrap_err()
    };
    assert!(matches!(at("empty.jsonl", ""), RowsError::Empty { .. }));
    assert!(matches!(at("empty.json", "[]"), RowsError::Empty { .. }));
    assert!(matches!(at("half.json", "[{"), RowsError::Format { .. }));
    let RowsError::Empty { refused, .. } = at("bad.jsonl", "{}") else {
        panic!("it holds no row");
    };
    assert_eq!(refused.len(), 1);
    let gone = read(Path::new("/nowhere.jsonl"), &Options::default());
    assert!(matches!(gone, Err(RowsError::Io { .. })));
}

#[test]
fn a_row_of_any_length_is_read_in_bounded_memory() {
    let long = "x".repeat(17 << 20);
    let good =
        r#"{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}]}"#;
    let (_folder, found) = rows(
        "long.jsonl",
        &format!("{{\"messages\":\"{long}\"}}\n{good}\n"),
    );
    assert_eq!(found.rows.len(), 1);
    assert_eq!(found.refused[0].reason, "it is longer than 16 MiB");
}
