//! What leaves a workspace for bug reports tells nobody's words, names or places.

use std::io::Read;

use app::domain::{Level, NewTerm, QuestionContent, QuestionKind, Slot};
use app::{Problem, Session};

use crate::{Bench, bmp};

const PERSON: &str = "Zhang Weiwei";
const CAPTION: &str = "The quiescent router forwards 量子密钥 packets.";
const QUESTION: &str = "Which element distils entanglement?";
const FILE: &str = "secret-topology.bmp";

/// Everything in the bundle, by file.
fn bundle(session: &Session, folder: &std::path::Path) -> Vec<(String, String)> {
    let out = folder.join("bundle.zip");
    session.save_diagnostics(&out).unwrap();
    let mut archive = zip::ZipArchive::new(std::fs::File::open(out).unwrap()).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut file = archive.by_index(index).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            (file.name().unwrap().into_owned(), text)
        })
        .collect()
}

fn write_a_caption_and_a_question(session: &Session) {
    let id = session.find("1").unwrap();
    let slot = Slot {
        diagram_id: id.clone(),
        level: Level::Global,
        region_id: None,
    };
    session.revise(&slot, CAPTION, &[], false).unwrap();
    let content = QuestionContent {
        stem: QUESTION.to_owned(),
        ..QuestionContent::empty(QuestionKind::TrueFalse, Level::Global)
    };
    session.add_question(&id, &content).unwrap();
}

#[test]
fn a_bundle_holds_logs_and_nothing_that_anybody_wrote_or_named() {
    let bench = Bench::new();
    bench.write(FILE, &bmp(5, 5, 1));
    bench.import(&bench.input());
    let root = bench.session.workspace().root().to_owned();
    let session = Session::open(&root, PERSON).unwrap();
    write_a_caption_and_a_question(&session);
    let term = NewTerm {
        en: "entanglement".to_owned(),
        ..NewTerm::default()
    };
    session.add_term(&term).unwrap();
    app::log_problems_in(session.workspace());
    // Problems that name a person, a term, a path and what was typed.
    for failed in [
        session.add_person(PERSON, &[]).unwrap_err(),
        session.add_term(&term).unwrap_err(),
        session.find(CAPTION).unwrap_err(),
        Session::open(&root.join("nowhere"), PERSON).unwrap_err(),
    ] {
        drop(Problem::from(failed));
    }
    let said = format!(
        "engine: loading {root}/models/{PERSON}\nengine: diagram {FILE} of {PERSON}: out of memory\nengine: answer was \"{CAPTION}\"\n",
        root = root.display(),
    );
    std::fs::write(root.join("runs/engine.log"), said).unwrap();

    let files = bundle(&session, bench.folder.path());
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["about.json", "schema.sql", "engine.log", "desk.log"]
    );
    let root = root.display().to_string();
    for (name, text) in &files {
        for hidden in [
            PERSON,
            CAPTION,
            "quiescent",
            "量子密钥",
            QUESTION,
            "entanglement",
            FILE,
            &root,
        ] {
            assert!(!text.contains(hidden), "{hidden} is in {name}:\n{text}");
        }
    }
    assert!(files[2].1.contains("out of memory"), "{}", files[2].1);
    assert_eq!(files[3].1.lines().count(), 4, "{}", files[3].1);
    assert!(
        files[3].1.contains("not_found no diagram"),
        "{}",
        files[3].1
    );
}

#[test]
fn the_log_is_written_out_oldest_first() {
    let bench = Bench::new();
    bench.write(FILE, &bmp(5, 5, 1));
    bench.import(&bench.input());
    let out = bench.folder.path().join("audit.jsonl");
    let lines = bench.session.export_audit(&out).unwrap();
    let written = std::fs::read_to_string(out).unwrap();
    let actions: Vec<String> = written
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["action"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(actions, ["join", "create", "import"]);
    assert_eq!(lines, 3);
}

#[test]
fn who_is_known_by_id_keeps_their_texts_under_another_name() {
    let bench = Bench::new();
    let root = bench.session.workspace().root().to_owned();
    let me = bench.session.person().id.clone();
    let workspace = bench.session.workspace_id().unwrap().to_string();
    bench.session.rename_person(&me, "梅").unwrap();
    let known = [(workspace.clone(), me.clone())].into();
    let again = Session::open_known(&root, "Mei", &known).unwrap();
    assert_eq!(
        (&again.person().id, again.person().name.as_str()),
        (&me, "梅")
    );
    assert_eq!(again.people().unwrap().len(), 1);
    let elsewhere = [(workspace, app::domain::PersonId::new())].into();
    let new = Session::open_known(&root, "Mei", &elsewhere).unwrap();
    assert_ne!(
        new.person().id,
        me,
        "an id that nobody has here says nothing"
    );
}
