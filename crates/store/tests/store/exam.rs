//! Questions and the glossary: written, kept, taken up, turned down.

use domain::{
    Level, NewTerm, QuestionContent, QuestionEntry, QuestionFilter, QuestionKind, QuestionSource,
    QuestionState, QueueMark,
};
use store::{Error, glossary, question_set, questions};

use crate::desk::marked;
use crate::fixture::{Desk, Fixture};

/// A question that can stand.
fn single(stem: &str) -> QuestionContent {
    let mut content = QuestionContent::empty(QuestionKind::SingleChoice, Level::Detailed);
    content.stem = stem.to_owned();
    content.choices[1].right = true;
    content
}

#[test]
fn a_question_is_written_kept_and_put_into_the_set() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    let question = wei
        .write(|tx, by| questions::add(tx, by, &id, &single("")))
        .unwrap();
    let save = |desk: &mut Desk, version: u32, stem: &str| {
        let entry = QuestionEntry {
            id: question.id.clone(),
            content: single(stem),
            version,
        };
        desk.write(|tx, by| questions::save(tx, by, &entry))
            .unwrap()
    };
    let saved = save(&mut wei, 1, "Which element selects the SMF?");
    assert_eq!((saved.version, saved.theirs), (2, None));
    let mut lin = wei.desk_of("lin");
    let late = save(&mut lin, 1, "哪个网元选择 SMF？");
    assert_eq!(
        late.theirs.unwrap().content.stem,
        "Which element selects the SMF?"
    );
    let texts = wei.read(|connection| questions::revisions(connection, &question.id));
    assert_eq!(
        texts[0].content.stem, "哪个网元选择 SMF？",
        "nothing typed is lost"
    );

    wei.write(|tx, by| questions::make_ready(tx, by, &question.id))
        .unwrap();
    let closed = save(&mut wei, 4, "changed behind the set's back");
    assert_eq!(closed.theirs.unwrap().state, QuestionState::Ready);
    let coverage = wei.read(question_set::coverage);
    assert_eq!((coverage.ready, coverage.diagrams), (1, 1));
    assert_eq!(coverage.key_positions, [0, 1]);
    assert_eq!(marked(&wei, QueueMark::HasQuestion), [1]);
    wei.write(|tx, by| questions::reject(tx, by, &question.id, "ambiguous"))
        .unwrap();
    assert_eq!(wei.read(question_set::coverage).ready, 0);
    let chinese = QuestionFilter {
        search: "select".to_owned(),
        state: Some(QuestionState::Rejected),
        ..QuestionFilter::default()
    };
    let page = wei.read(|connection| question_set::page(connection, &chinese, 0, 10));
    assert_eq!(page.total, 1);
}

#[test]
fn nothing_enters_the_set_without_an_expert() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    let source = QuestionSource::Synthetic {
        label: "synth 1".to_owned(),
    };
    let proposed = wei
        .write(|tx, by| questions::propose(tx, by, &id, &single("How many?"), &source))
        .unwrap();
    assert_eq!(
        (proposed.state, &proposed.author),
        (QuestionState::Proposed, &None)
    );
    let straight = wei.write(|tx, by| questions::make_ready(tx, by, &proposed.id));
    assert!(matches!(straight, Err(Error::QuestionState(_))));
    let past_the_rules = wei.write(|tx, _| {
        tx.execute("UPDATE question SET state = 'ready', ready_at = 1", ())?;
        Ok(())
    });
    assert!(past_the_rules.is_err(), "the schema refuses it as well");
    wei.write(|tx, by| questions::take_up(tx, by, &proposed.id))
        .unwrap();
    let ready = wei
        .write(|tx, by| questions::make_ready(tx, by, &proposed.id))
        .unwrap();
    assert_eq!(
        (ready.author.as_deref(), ready.source),
        (Some("wei"), source)
    );
    assert_eq!(
        wei.read(question_set::coverage).ready,
        0,
        "a synthetic question never counts as an expert's"
    );
    let own =
        wei.write(|tx, by| questions::propose(tx, by, &id, &single("x"), &QuestionSource::Expert));
    assert!(matches!(own, Err(Error::NotAProposal)));
}

#[test]
fn the_glossary_has_each_term_once_and_forgets_nothing() {
    let mut desk = Fixture::new();
    let term = |en: &str, zh: &str| NewTerm {
        en: en.to_owned(),
        zh: zh.to_owned(),
        ..NewTerm::default()
    };
    let before = desk.read(glossary::version);
    let amf = desk
        .write(|tx, by| glossary::add(tx, by, &term(" AMF ", "")))
        .unwrap();
    assert!(desk.read(glossary::version) > before);
    let twice = desk.write(|tx, by| glossary::add(tx, by, &term("amf", "x")));
    assert!(matches!(twice, Err(Error::TermTaken(_))));
    let empty = desk.write(|tx, by| glossary::add(tx, by, &term(" ", "")));
    assert!(matches!(empty, Err(Error::EmptyTerm)));
    let taken = desk
        .write(|tx, by| glossary::take(tx, by, &[term("AMF", "接入"), term("", "切片")]))
        .unwrap();
    assert_eq!((taken.added, taken.changed, taken.same), (1, 1, 0));
    desk.write(|tx, by| glossary::remove(tx, by, &amf.id))
        .unwrap();
    assert_eq!(desk.read(glossary::list).len(), 1);
    let back = desk
        .write(|tx, by| glossary::restore(tx, by, &amf.id))
        .unwrap();
    assert_eq!(back.zh, "接入");
}
