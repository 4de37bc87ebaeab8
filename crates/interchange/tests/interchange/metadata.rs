use std::path::Path;

use domain::Level;
use interchange::{METADATA, Metadata};

/// Loads a file of these bytes.
fn load(bytes: impl AsRef<[u8]>) -> Metadata {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join(METADATA);
    std::fs::write(&path, bytes).unwrap();
    Metadata::load(&path)
}

/// A line of `lines` is refused with a reason that contains `reason`, and its neighbours are read.
fn check_refused(line: &str, reason: &str) {
    let before = r#"{"file_name": "before.png", "caption": "b"}"#;
    let after = r#"{"file_name": "after.png", "caption": "a"}"#;
    let metadata = load(format!("{before}\n{line}\n{after}\n"));
    let names: Vec<_> = metadata.names().collect();
    assert_eq!(names, ["after.png", "before.png"], "{reason}");
    let [problem] = metadata.problems() else {
        panic!("{:?}", metadata.problems())
    };
    assert_eq!(problem.line, 2);
    assert!(problem.reason.contains(reason), "{}", problem.reason);
}

/// The row of this one line is read, with a problem for each of `reasons`.
fn check_kept(line: &str, reasons: &[&str]) -> interchange::Row {
    let metadata = load(line);
    let problems = metadata
        .problems()
        .iter()
        .map(|problem| problem.reason.as_str());
    let problems: Vec<_> = problems.collect();
    assert_eq!(problems.len(), reasons.len(), "{problems:?}");
    for (problem, reason) in problems.iter().zip(reasons) {
        assert!(problem.contains(reason), "{problem}");
    }
    metadata.rows().next().unwrap().clone()
}

#[test]
fn a_caption_becomes_a_draft_that_names_its_file() {
    let row = check_kept(
        r#"{"file_name": "./images//a.png", "caption": "图", "context": ["p1", "p2"], "source": "s", "license": null, "section": "x/y"}"#,
        &[],
    );
    assert_eq!(row.file_name, "images/a.png");
    assert_eq!(row.context, "p1\n\np2");
    assert_eq!((row.source.as_deref(), row.license), (Some("s"), None));
    assert_eq!(row.extra.as_deref(), Some(r#"{"section":"x/y"}"#));
    let [draft] = row.drafts.as_slice() else {
        panic!("{:?}", row.drafts)
    };
    assert_eq!((draft.level, draft.text.as_str()), (Level::Global, "图"));
    assert_eq!(draft.label, "metadata.jsonl");
}

#[test]
fn text_stands_in_for_a_caption() {
    let row = check_kept(
        r#"{"file_name": "a.png", "caption": null, "text": "t", "context": "c"}"#,
        &[],
    );
    assert_eq!(
        (row.caption.as_deref(), row.context.as_str()),
        (Some("t"), "c")
    );
    let row = check_kept(
        r#"{"file_name": "a.png", "caption": "c", "text": "t"}"#,
        &[],
    );
    assert_eq!(row.caption.as_deref(), Some("c"));
    assert_eq!(row.extra.as_deref(), Some(r#"{"text":"t"}"#));
    let row = check_kept(r#"{"file_name": "a.png", "caption": "  \n"}"#, &[]);
    assert_eq!(row.drafts, []);
}

#[test]
fn marks_and_line_ends_of_windows_are_taken() {
    let metadata =
        load("\u{feff}{\"file_name\": \"dir\\\\a.png\"}\r\n\r\n{\"file_name\": \"b.png\"}");
    assert_eq!(metadata.problems(), []);
    assert_eq!(metadata.names().collect::<Vec<_>>(), ["b.png", "dir/a.png"]);
    assert!(metadata.row(Path::new("dir/a.png")).is_some());
    assert!(metadata.row(Path::new("a.png")).is_none());
}

#[test]
fn a_name_that_leads_out_of_its_folder_is_refused() {
    for name in [
        "../a.png",
        "/etc/passwd",
        "a/../../b.png",
        "..\\\\b.png",
        "C:\\\\b.png",
        "\\\\\\\\host\\\\b.png",
    ] {
        check_refused(
            &format!(r#"{{"file_name": "{name}"}}"#),
            "leads out of its folder",
        );
    }
    check_refused(r#"{"file_name": ""}"#, "empty");
    check_refused(r#"{"file_name": "."}"#, "empty");
    check_refused(r#"{"file_name": "a\u0000.png"}"#, "null character");
    check_refused(
        &format!(r#"{{"file_name": "{}"}}"#, "x".repeat(5000)),
        "longer",
    );
}

#[test]
fn a_bad_line_spoils_no_other() {
    check_refused(
        "{\"file_name\": \"a.png\"",
        "not valid JSON: EOF while parsing an object, column 21",
    );
    check_refused("[1]", "not a JSON object");
    check_refused("null", "not a JSON object");
    check_refused("{}", "no `file_name`");
    check_refused(r#"{"file_name": null}"#, "`file_name` is not text");
    check_refused(r#"{"file_name": 7}"#, "`file_name` is not text");
    check_refused(
        r#"{"file_name": "before.png", "caption": "again"}"#,
        "earlier line",
    );
    check_refused(r#"{"file_name": "./before.png"}"#, "earlier line");
    check_refused(
        &format!(r#"{{"file_name": {}"#, "[".repeat(100_000)),
        "not valid JSON",
    );
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let metadata = load(b"{\"file_name\": \"\xff.png\"}\n{\"file_name\": \"a.png\"}\n");
    assert_eq!(metadata.names().collect::<Vec<_>>(), ["a.png"]);
    assert_eq!(metadata.problems()[0].reason, "not UTF-8 text");
}

#[test]
fn a_line_of_10_mb_is_skipped() {
    let line = format!(
        r#"{{"file_name": "big.png", "caption": "{}"}}"#,
        "x".repeat(10_000_000)
    );
    check_refused(&line, "longer than 4 MiB");
    let metadata = load(&line);
    assert_eq!(
        (metadata.names().count(), metadata.problems().len()),
        (0, 1)
    );
    let fits = format!(
        r#"{{"file_name": "big.png", "caption": "{}"}}"#,
        "x".repeat((4 << 20) - 50)
    );
    assert_eq!(load(fits).problems(), []);
}

#[test]
fn a_field_of_another_shape_is_reported_and_kept() {
    let row = check_kept(
        r#"{"file_name": "a.png", "caption": 5, "text": "t", "context": [["x"]], "license": ["MIT"]}"#,
        &[
            "`caption` is not text",
            "`context` is not text",
            "`license` is not text",
        ],
    );
    assert_eq!(row.drafts[0].text, "t");
    assert_eq!(
        row.extra.as_deref(),
        Some(r#"{"caption":5,"context":[["x"]],"license":["MIT"]}"#)
    );
}

#[test]
fn a_field_nested_too_deeply_is_left_out() {
    let bomb = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let row = check_kept(
        &format!(r#"{{"file_name": "a.png", "caption": "c", "bomb": {bomb}, "callout": {bomb}}}"#),
        &[
            "`callout` is not",
            "`bomb` is left out: recursion limit",
            "`callout` is left out",
        ],
    );
    assert_eq!((row.drafts.len(), row.extra), (1, None));
}

#[test]
fn numbers_are_kept_as_they_are_written() {
    let row = check_kept(
        r#"{"file_name": "a.png", "n": 123456789012345678901234567890, "e": 1.10}"#,
        &[],
    );
    assert_eq!(
        row.extra.as_deref(),
        Some(r#"{"e":1.10,"n":123456789012345678901234567890}"#)
    );
}

#[test]
fn a_caption_changed_after_an_export_is_a_draft_of_its_own() {
    let row = check_kept(
        r#"{"file_name": "a.png", "caption": "by hand", "sha256": "0", "width": 1,
        "callout": {"captions": [{"level": "global", "region": null, "text": "ours", "annotator": "Li"}]}}"#
            .replace('\n', " ")
            .as_str(),
        &[],
    );
    let texts: Vec<_> = row
        .drafts
        .iter()
        .map(|draft| (&*draft.text, &*draft.label))
        .collect();
    assert_eq!(texts, [("ours", "Li"), ("by hand", "metadata.jsonl")]);
    assert_eq!(row.extra, None);
}

#[test]
fn a_callout_object_that_breaks_the_rules_is_reported_and_the_caption_stands() {
    for captions in [
        r#"[{"level": "partial", "region": null, "text": "t"}]"#,
        r#"[{"level": "global", "region": {"name": "r", "bbox": null}, "text": "t"}]"#,
        r#"[{"level": "partial", "region": {"name": " ", "bbox": null}, "text": "t"}]"#,
        r#"[{"level": "partial", "region": {"name": "\u0000", "bbox": null}, "text": "t"}]"#,
        r#"[{"level": "partial", "region": {"name": "r", "bbox": [-1, 0, 1e9, 4]}, "text": "t"}]"#,
        r#"[{"level": "whole", "text": "t"}]"#,
        r#""a note""#,
    ] {
        let line = format!(
            r#"{{"file_name": "a.png", "caption": "c", "callout": {{"captions": {captions}}}}}"#
        );
        let row = check_kept(&line, &["`callout`"]);
        assert_eq!(
            (row.drafts.len(), &*row.drafts[0].text),
            (1, "c"),
            "{captions}"
        );
    }
}

#[test]
fn a_flood_of_bad_lines_is_counted() {
    let metadata = load("x\n".repeat(5_000));
    assert_eq!(metadata.problems().len(), 1_001);
    assert_eq!(
        metadata.problems()[1_000].reason,
        "4000 more problems are not listed"
    );
}

#[test]
fn what_is_no_file_is_a_problem_of_its_own() {
    let temp = tempfile::tempdir().unwrap();
    for path in [temp.path().to_path_buf(), temp.path().join("absent")] {
        let metadata = Metadata::load(&path);
        assert_eq!(
            (metadata.names().count(), metadata.problems()[0].line),
            (0, 0)
        );
    }
}
