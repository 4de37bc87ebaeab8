//! Wrong use: exit code 2, a sentence on standard error, nothing changed.

use crate::{Desk, callout};

#[test]
fn wrong_use_exits_with_2() {
    let desk = Desk::sample();
    let text = desk.write("text.txt", "text");
    let text = text.to_str().unwrap();
    let check = |subcommand: &str, args: &[&str], says: &str| {
        let run = desk.run(subcommand, args).exits(2);
        assert_eq!(run.out, "", "{run:?}");
        assert!(run.err.contains(says), "{run:?}");
    };
    check("annotate", &["1"], "--text");
    check(
        "annotate",
        &["1", "--text", text, "--level", "partial"],
        "--region",
    );
    check(
        "annotate",
        &["1", "--text", text, "--region", "core"],
        "--level partial",
    );
    check(
        "annotate",
        &["1", "--text", text, "--level", "partial", "--region", " "],
        "name",
    );
    check(
        "annotate",
        &["1", "--text", text, "--level", "global", "--region", "core"],
        "partial",
    );
    check(
        "annotate",
        &["1", "--text", text, "--level", "whole"],
        "global, partial, detailed",
    );
    check(
        "submit",
        &["1", "--level", "detailed", "--region", "core"],
        "--level partial",
    );
    check("return", &["1"], "--reason");
    check("resolve", &["1"], "--keep");
    check("list", &["--state", "done"], "in_progress");
    check("list", &["--limit", "few"], "--limit");
    check("export", &["--format", "csv", "out"], "imagefolder");
    check("import", &[], "PATH");
    check("import", &["x", "--timeout-secs", "0"], "--timeout-secs");
    check("unknown", &[], "unknown");
    assert_eq!(desk.ask("status", [""; 0])["states"]["todo"], 12);
}

#[test]
fn wrong_use_is_a_document_too_when_asked() {
    let run = callout(["list", "--json"]).exits(2);
    assert_eq!(run.json()["error"]["code"], "usage");
    assert!(run.err.contains("WORKSPACE"));
}

#[test]
fn without_arguments_the_help_is_shown() {
    let run = callout([""; 0]).exits(2);
    for subcommand in ["init", "import", "annotate", "export"] {
        assert!(run.err.contains(subcommand), "{run:?}");
    }
    let help = callout(["help", "import"]).exits(0);
    assert!(help.out.contains("metadata.jsonl") && help.err.is_empty());
}
