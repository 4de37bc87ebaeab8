//! Questions and the glossary: written, kept, taken up, turned down.

use domain::{
    DrawnRegion, Level, NewTerm, QuestionContent, QuestionEntry, QuestionFilter, QuestionKind,
    QuestionSource, QuestionState, QueueMark, RegionChange, Role, Shape, State,
};
use store::{Error, glossary, question_set, questions, regions};

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
    let kept = |desk: &Desk| -> Vec<(String, String)> {
        let texts = desk.read(|connection| questions::revisions(connection, &question.id));
        let text = |text: domain::QuestionRevision| (text.author, text.content.stem);
        texts.into_iter().map(text).collect()
    };
    let both = [
        ("lin".to_owned(), "哪个网元选择 SMF？".to_owned()),
        (
            "wei".to_owned(),
            "Which element selects the SMF?".to_owned(),
        ),
    ];
    assert_eq!(
        kept(&wei),
        both,
        "nothing typed is lost, each under its writer's name"
    );
    save(&mut lin, 1, "哪个网元选择 SMF？");
    assert_eq!(kept(&wei), both, "and the same words once");

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
fn what_somebody_else_typed_is_kept_before_it_is_written_over() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    let mut lin = wei.desk_of("lin");
    let question = wei
        .write(|tx, by| questions::add(tx, by, &id, &single("by wei")))
        .unwrap();
    // Lin saw all of it, so that nothing meets; Wei's words were no revision yet.
    let entry = QuestionEntry {
        id: question.id.clone(),
        content: single("by lin"),
        version: 1,
    };
    let saved = lin.write(|tx, by| questions::save(tx, by, &entry)).unwrap();
    assert_eq!(saved.theirs, None);
    let committed = wei
        .write(|tx, by| questions::commit(tx, by, &question.id))
        .unwrap();
    assert_eq!(committed.writer.as_deref(), Some("lin"));
    let texts = wei.read(|connection| questions::revisions(connection, &question.id));
    let kept: Vec<(&str, &str)> = texts
        .iter()
        .map(|text| (text.author.as_str(), text.content.stem.as_str()))
        .collect();
    assert_eq!(kept, [("lin", "by lin"), ("wei", "by wei")]);
}

#[test]
fn a_search_looks_at_the_words_of_a_question_only() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    let mut content = single("Which element selects the SMF?");
    content.choices[0].text = "ＡＭＦ-7".to_owned();
    content.choices[1].text = "用户面功能".to_owned();
    content.rationale = "The arrow ends there.".to_owned();
    content.category = "Routing".to_owned();
    wei.write(|tx, by| questions::add(tx, by, &id, &content))
        .unwrap();
    let mut gap = QuestionContent::empty(QuestionKind::FillIn, Level::Global);
    gap.accepted = vec!["N4".to_owned(), "PFCP".to_owned()];
    wei.write(|tx, by| questions::add(tx, by, &id, &gap))
        .unwrap();
    let found = |search: &str| {
        let filter = QuestionFilter {
            search: search.to_owned(),
            ..QuestionFilter::default()
        };
        wei.read(|connection| question_set::page(connection, &filter, 0, 10))
            .total
    };
    for words in [
        "smf",
        "用户面",
        "arrow",
        "routing",
        "pfcp",
        "n4",
        "smf  arrow",
        "ＳＭＦ",
        "ＡＭＦ",
    ] {
        assert_eq!(found(words), 1, "{words}");
    }
    for words in [
        "text",
        "level",
        "right",
        "kind",
        "single_choice",
        "detailed",
        "\"",
        "smf pfcp",
    ] {
        assert_eq!(found(words), 0, "{words}");
    }
    assert_eq!(found(" "), 2);
}

#[test]
fn synthetic_questions_count_nowhere_in_the_set() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    let source = QuestionSource::Synthetic {
        label: "synth 1".to_owned(),
    };
    let mut made = Vec::new();
    for stem in ["one", "two", "three"] {
        let content = single(stem);
        let question = wei
            .write(|tx, by| questions::propose(tx, by, &id, &content, &source))
            .unwrap();
        made.push(question.id);
    }
    wei.write(|tx, by| questions::take_up(tx, by, &made[0]))
        .unwrap();
    wei.write(|tx, by| {
        questions::take_up(tx, by, &made[1])?;
        questions::make_ready(tx, by, &made[1])
    })
    .unwrap();
    let coverage = wei.read(question_set::coverage);
    assert_eq!(
        (coverage.ready, coverage.drafts, coverage.proposed),
        (0, 0, 0)
    );
    assert!(coverage.key_positions.is_empty() && coverage.by_category.is_empty());
    let own = wei
        .write(|tx, by| {
            let own = questions::add(tx, by, &id, &single("four"))?;
            questions::make_ready(tx, by, &own.id)
        })
        .unwrap();
    let positions = |except| wei.read(|connection| question_set::key_positions(connection, except));
    assert_eq!(positions(&made[0]), [0, 1], "the expert's alone");
    assert_eq!(
        positions(&own.id),
        [0; 0],
        "without the one that is looked at"
    );
    let listed = |synthetic| {
        let filter = QuestionFilter {
            synthetic,
            ..QuestionFilter::default()
        };
        wei.read(|connection| question_set::page(connection, &filter, 0, 10))
            .total
    };
    assert_eq!(
        (listed(None), listed(Some(true)), listed(Some(false))),
        (4, 3, 1)
    );
}

fn set_only_role(desk: &mut Desk, role: Role) {
    desk.write(|tx, by| {
        tx.execute(
            "UPDATE person SET roles = ?1 WHERE id = ?2",
            [role.as_str(), by.person.as_str()],
        )?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn an_author_points_at_evidence_in_any_state_and_leaves_the_captions_their_regions() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    let mut lin = wei.desk_of("lin");
    set_only_role(&mut lin, Role::Author);
    let new = |name: &str| DrawnRegion {
        name: Some(name.to_owned()),
        shape: Shape::Rectangle {
            x: 0,
            y: 0,
            width: 4,
            height: 4,
        },
    };
    let own = lin
        .write(|tx, by| regions::draw_evidence(tx, by, &id, &new("evidence")))
        .unwrap();
    assert_eq!(wei.state(&id), State::Todo, "nobody's work has begun");
    let told = wei
        .write(|tx, by| regions::draw(tx, by, &id, &new("told")))
        .unwrap();
    let spoken = wei
        .write(|tx, by| regions::draw_evidence(tx, by, &id, &new("spoken of")))
        .unwrap();
    let slot = domain::Slot {
        diagram_id: id.clone(),
        level: Level::Partial,
        region_id: Some(spoken.id.clone()),
    };
    wei.revise(&slot, "the core").unwrap();
    wei.submit(&slot).unwrap();
    let moved = RegionChange {
        name: Some("moved".to_owned()),
        shape: None,
    };
    lin.write(|tx, by| regions::change(tx, by, &id, &own.id, &moved))
        .unwrap();
    lin.write(|tx, by| {
        regions::remove(tx, by, &id, &own.id)?;
        regions::restore(tx, by, &id, &own.id)
    })
    .unwrap();
    lin.write(|tx, by| regions::draw_evidence(tx, by, &id, &new("late")))
        .unwrap();
    let others = lin.write(|tx, by| regions::remove(tx, by, &id, &told.id));
    assert!(
        matches!(others, Err(Error::NotAllowed { .. })),
        "{others:?}"
    );
    let captioned = wei.write(|tx, by| regions::remove(tx, by, &id, &spoken.id));
    assert!(
        matches!(captioned, Err(Error::ReadOnly(_))),
        "{captioned:?}"
    );
    set_only_role(&mut wei, Role::Annotator);
    let annotator = wei.write(|tx, by| regions::draw_evidence(tx, by, &id, &new("no")));
    assert!(matches!(annotator, Err(Error::NotAllowed { .. })));
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
