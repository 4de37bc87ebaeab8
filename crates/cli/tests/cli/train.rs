//! `callout train` and `callout runs` on a reference checkpoint.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::generate::{fixtures, variants};
use crate::{Run, callout};

/// Rows beside a picture; the last is broken.
fn rows() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(
        fixtures().join("images/diagram.png"),
        folder.path().join("diagram.png"),
    )
    .unwrap();
    let row = |n: usize, image: &str| {
        json!({
            "id": format!("row {n}"),
            "messages": [
                {"role": "user", "content": "<image>Where does it go?"},
                {"role": "assistant", "content": format!("To node {}.", n % 3)},
            ],
            "images": [image],
        })
    };
    let mut lines: Vec<String> = (0..6).map(|n| row(n, "diagram.png").to_string()).collect();
    lines.push(row(6, "gone.png").to_string());
    fs::write(folder.path().join("rows.jsonl"), lines.join("\n")).unwrap();
    folder
}

fn train(folder: &Path, more: &[&str]) -> Run {
    let model = variants()[0].join("model");
    let (data, out) = (folder.join("rows.jsonl"), folder.join("run"));
    let paths = [
        "train",
        "--data",
        data.to_str().unwrap(),
        "--model",
        model.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
        "--json",
    ];
    callout(paths.iter().chain(more))
}

#[test]
fn a_model_is_trained_on_rows_and_the_run_is_listed() {
    let folder = rows();
    let told = train(folder.path(), &[]).exits(1);
    assert!(
        told.err.contains("row 6: there is no image"),
        "{}",
        told.err
    );
    assert!(told.err.contains("--skip-bad-rows"), "{}", told.err);
    let told = train(folder.path(), &["--skip-bad-rows", "--max-tokens", "20"]).exits(1);
    assert!(told.err.contains("row 0: it has"), "{}", told.err);
    train(folder.path(), &["--test-share", "1.5"]).exits(2);
    assert!(!folder.path().join("run").exists(), "nothing was begun");
    let flags = [
        "--skip-bad-rows",
        "--epochs",
        "2",
        "--rank",
        "2",
        "--lr",
        "0.01",
        "--stage",
        "2",
    ];
    let done = train(folder.path(), &flags).exits(0).json();
    assert_eq!(
        (&done["state"], &done["step"], &done["stage"]),
        (&"finished".into(), &6.into(), &2.into())
    );
    let run = folder.path().join("run");
    assert!(run.join("last/adapter_model.safetensors").is_file());

    let again = train(folder.path(), &flags).exits(1);
    assert!(
        again.err.contains("holds something already"),
        "{}",
        again.err
    );
    let listed = callout(["runs", folder.path().to_str().unwrap(), "--json"])
        .exits(0)
        .json();
    let runs: &Vec<Value> = listed["runs"].as_array().unwrap();
    assert_eq!((runs.len(), &runs[0]["state"]), (1, &"finished".into()));
    begins_from(folder.path(), &run);
}

/// The next stage begins from what was learned.
fn begins_from(folder: &Path, run: &Path) {
    let next = folder.join("next");
    let (data, model) = (folder.join("rows.jsonl"), variants()[0].join("model"));
    let args = [
        "train",
        "--skip-bad-rows",
        "--json",
        "--data",
        data.to_str().unwrap(),
        "--model",
        model.to_str().unwrap(),
    ];
    let more = [
        "--out",
        next.to_str().unwrap(),
        "--from",
        run.to_str().unwrap(),
        "--rank",
        "2",
    ];
    callout(args.iter().chain(&more)).exits(0);
    let config: Value =
        serde_json::from_slice(&fs::read(next.join("config.json")).unwrap()).unwrap();
    assert!(
        config["from"].as_str().unwrap().ends_with("last"),
        "{config}"
    );
}

#[test]
fn what_is_no_run_is_not_resumed() {
    let folder = rows();
    let told = callout([
        "train",
        "--resume",
        folder.path().to_str().unwrap(),
        "--json",
    ])
    .exits(1);
    assert!(told.err.contains("holds no run"), "{}", told.err);
    callout(["train", "--json"]).exits(2);
}
