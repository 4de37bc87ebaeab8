//! The real corpus, where `CALLOUT_CORPUS` says that it is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::Desk;

const DIAGRAMS: u64 = 115;

#[test]
fn all_of_the_corpus_comes_in_with_its_captions() {
    let Some(corpus) = corpus() else { return };
    let desk = Desk::empty();
    let report = desk.ask("import", [&corpus]);
    assert_eq!(report["imported"], DIAGRAMS);
    assert_eq!(report["rejected"], json!([]));
    desk.is_sound_with(DIAGRAMS);

    let metadata = std::fs::read_to_string(corpus.join("metadata.jsonl")).unwrap();
    let captions: BTreeMap<String, Value> = metadata
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|row| {
            (
                row["file_name"].as_str().unwrap().replace("images/", ""),
                row["caption"].clone(),
            )
        })
        .collect();
    for diagram in desk.ask("list", [""; 0])["diagrams"].as_array().unwrap() {
        let shown = desk.ask("show", [diagram["id"].as_str().unwrap()]);
        let drafts: Vec<_> = shown["drafts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|draft| &draft["text"])
            .collect();
        assert_eq!(drafts, [&captions[diagram["name"].as_str().unwrap()]]);
    }
}

fn corpus() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("CALLOUT_CORPUS") else {
        eprintln!("skipped: CALLOUT_CORPUS names no folder with the real corpus");
        return None;
    };
    let corpus = PathBuf::from(folder).join("computer-networks");
    if !corpus.is_dir() {
        eprintln!("skipped: there is no corpus in `{}`", corpus.display());
        return None;
    }
    Some(corpus)
}
