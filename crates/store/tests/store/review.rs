//! Handing in, approving, sending back, opening again; and the log of it.

use domain::{DiagramId, Level, State};
use store::table::{annotation, audit, diagram, revision};
use store::{Error, review};

use crate::fixture::{Desk, Fixture, Window, draft_of, global, slot};

fn approve(desk: &mut Desk, id: &DiagramId) -> store::Result<State> {
    desk.write(|tx, by| review::approve(tx, by, id))
}

fn give_back(desk: &mut Desk, id: &DiagramId, reason: &str) -> store::Result<State> {
    desk.write(|tx, by| review::give_back(tx, by, id, reason))
}

fn reopen(desk: &mut Desk, id: &DiagramId) -> store::Result<State> {
    desk.write(|tx, by| review::reopen(tx, by, id))
}

fn reason(desk: &Desk, id: &DiagramId) -> Option<String> {
    desk.read(|connection| diagram::return_reason(connection, id))
}

/// Approved texts with their levels, in the order of levels.
fn approved(desk: &Desk, id: &DiagramId) -> Vec<(Level, String)> {
    let mut texts = desk.read(|connection| {
        let mut texts = Vec::new();
        for found in annotation::of_diagram(connection, id)? {
            if let Some(approved) = found.approved {
                texts.push((found.slot.level, revision::get(connection, &approved)?.text));
            }
        }
        Ok(texts)
    });
    texts.sort();
    texts
}

#[test]
fn an_untouched_draft_can_be_handed_in_as_it_is() {
    let mut desk = Fixture::new();
    let id = desk.import("a.png", "The draft.");
    desk.submit(&global(&id)).unwrap();
    assert_eq!(desk.state(&id), State::Submitted);
    assert_eq!(desk.chain(&global(&id)), ["The draft."]);
    approve(&mut desk, &id).unwrap();
    assert_eq!(
        approved(&desk, &id),
        [(Level::Global, "The draft.".to_owned())]
    );
}

#[test]
fn a_draft_that_was_edited_and_restored_is_handed_in() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", "The draft."));
    let mut window = Window::open(&desk, &slot);
    window.types(&mut desk, "The");
    window.types(&mut desk, "The draft.");
    desk.submit(&slot).unwrap();
    let caption = desk.caption(&slot);
    assert_eq!(
        (caption.text.as_str(), caption.dirty),
        ("The draft.", false)
    );
}

#[test]
fn nothing_cannot_be_handed_in() {
    let mut desk = Fixture::new();
    for draft in ["", " \n"] {
        let slot = global(&desk.import("a.png", draft));
        assert!(matches!(desk.submit(&slot), Err(Error::NothingToSubmit)));
        assert_eq!(desk.state(&slot.diagram_id), State::Todo);
    }
    let slot = global(&desk.import("a.png", "A draft."));
    Window::open(&desk, &slot).types(&mut desk, " ");
    assert!(matches!(desk.submit(&slot), Err(Error::NothingToSubmit)));
    assert_eq!(
        desk.working_text(&slot).as_deref(),
        Some(" "),
        "what was typed stays"
    );
}

#[test]
fn two_texts_are_settled_before_handing_in() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", "A draft."));
    Window::open(&desk, &slot).types(&mut desk, "typed");
    desk.revise(&slot, "by command").unwrap();
    let error = desk.submit(&slot).unwrap_err();
    assert!(
        matches!(error, Error::OpenConflict(Level::Global)),
        "{error:?}"
    );
    assert_eq!(desk.state(&slot.diagram_id), State::InProgress);
    desk.resolve(&slot, domain::Keep::Theirs).unwrap();
    desk.submit(&slot).unwrap();
}

#[test]
fn every_level_that_was_written_is_handed_in() {
    let mut desk = Fixture::new();
    let drafts = vec![
        draft_of(Level::Global, None, "All."),
        draft_of(Level::Detailed, None, "Untouched detail."),
        draft_of(Level::Partial, Some("core"), "The core."),
    ];
    let id = desk.import_with("a.png", drafts);
    let core = desk.read(|connection| store::table::region::find(connection, &id, "core"));
    let mut partial = slot(&id, Level::Partial);
    partial.region_id = Some(core.id);
    Window::open(&desk, &partial).types(&mut desk, "核心网");
    desk.submit(&global(&id)).unwrap();
    approve(&mut desk, &id).unwrap();
    let expected = [
        (Level::Global, "All.".to_owned()),
        (Level::Partial, "核心网".to_owned()),
    ];
    assert_eq!(
        approved(&desk, &id),
        expected,
        "a draft nobody stood on is not accepted"
    );
}

#[test]
fn of_several_people_the_last_text_at_each_level_is_approved() {
    let mut wei = Fixture::new();
    let id = wei.import("a.png", "A draft.");
    let mut lin = wei.desk_of("lin");
    wei.revise(&global(&id), "wei, global").unwrap();
    wei.revise(&slot(&id, Level::Detailed), "wei, detailed")
        .unwrap();
    wei.submit(&global(&id)).unwrap();
    give_back(&mut wei, &id, "").unwrap();
    lin.revise(&global(&id), "lin, global").unwrap();
    lin.submit(&global(&id)).unwrap();
    approve(&mut wei, &id).unwrap();
    let expected = [
        (Level::Global, "lin, global".to_owned()),
        (Level::Detailed, "wei, detailed".to_owned()),
    ];
    assert_eq!(approved(&wei, &id), expected);

    // Work that comes back and is handed in again counts anew.
    reopen(&mut wei, &id).unwrap();
    assert_eq!(approved(&wei, &id), []);
    wei.submit(&global(&id)).unwrap();
    approve(&mut wei, &id).unwrap();
    assert_eq!(approved(&wei, &id)[0].1, "wei, global");
}

#[test]
fn a_caption_that_was_emptied_is_not_approved_from_before() {
    let mut desk = Fixture::new();
    let id = desk.import("a.png", "A draft.");
    let detailed = slot(&id, Level::Detailed);
    desk.revise(&detailed, "wrong").unwrap();
    desk.submit(&global(&id)).unwrap();
    give_back(&mut desk, &id, "the detail is wrong").unwrap();
    desk.revise(&detailed, "").unwrap();
    desk.submit(&global(&id)).unwrap();
    approve(&mut desk, &id).unwrap();
    assert_eq!(
        approved(&desk, &id),
        [(Level::Global, "A draft.".to_owned())]
    );
}

#[test]
fn returned_work_says_why_until_it_is_handed_in_again() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", "A draft."));
    let id = slot.diagram_id.clone();
    desk.submit(&slot).unwrap();
    assert_eq!(
        give_back(&mut desk, &id, " 缺少 SMF \n").unwrap(),
        State::Returned
    );
    assert_eq!(reason(&desk, &id).as_deref(), Some("缺少 SMF"));
    let saved = Window::open(&desk, &slot).types(&mut desk, "With the SMF.");
    assert_eq!(saved.state, State::InProgress);
    assert_eq!(
        reason(&desk, &id).as_deref(),
        Some("缺少 SMF"),
        "its author still needs it"
    );
    desk.submit(&slot).unwrap();
    assert_eq!(reason(&desk, &id), None);
}

#[test]
fn reopened_work_takes_text_again() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", "A draft."));
    let id = slot.diagram_id.clone();
    desk.submit(&slot).unwrap();
    approve(&mut desk, &id).unwrap();
    assert_eq!(reopen(&mut desk, &id).unwrap(), State::InProgress);
    assert_eq!(approved(&desk, &id), []);
    Window::open(&desk, &slot).types(&mut desk, "Better.");
}

#[test]
fn steps_that_do_not_exist_are_refused() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", "A draft."));
    let id = slot.diagram_id.clone();
    for result in [
        approve(&mut desk, &id),
        give_back(&mut desk, &id, "x"),
        reopen(&mut desk, &id),
    ] {
        assert!(matches!(result, Err(Error::WrongState(_))), "{result:?}");
    }
    desk.submit(&slot).unwrap();
    assert!(matches!(desk.submit(&slot), Err(Error::WrongState(_))));
    assert_eq!(desk.state(&id), State::Submitted);
}

#[test]
fn the_log_names_every_change_and_repeats_no_text() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", "secret draft"));
    let id = slot.diagram_id.clone();
    let mut window = Window::open(&desk, &slot);
    window.types(&mut desk, "secret one");
    window.commits(&mut desk);
    window.types(&mut desk, "secret two");
    desk.revise(&slot, "secret three").unwrap();
    desk.resolve(&slot, domain::Keep::Mine).unwrap();
    desk.submit(&slot).unwrap();
    give_back(&mut desk, &id, "too short").unwrap();
    desk.submit(&slot).unwrap();
    approve(&mut desk, &id).unwrap();
    reopen(&mut desk, &id).unwrap();

    let log = desk.read(|connection| audit::about(connection, id.as_str()));
    let actions: Vec<&str> = log.iter().map(|line| line.action.as_str()).collect();
    let expected = [
        "import", "draft", "begin", "revise", "revise", "conflict", "revise", "resolve", "submit",
        "return", "decide", "submit", "approve", "decide", "reopen",
    ];
    assert_eq!(actions, expected);
    assert!(log.iter().all(|line| line.who == "wei"));
    assert_eq!(log[9].note.as_deref(), Some("too short"));
    let (before, after) = (log[12].before.as_deref(), log[12].after.as_deref());
    assert_eq!((before, after), (Some("submitted"), Some("approved")));
    let all = format!("{log:?}");
    assert!(!all.contains("secret"), "{all}");
    // A revision's line names what was the head and what is.
    let first = log[3].after.clone();
    assert_eq!((&log[3].before, &log[4].before), (&None, &first));
    let chain = desk.read(|connection| {
        let found = annotation::find(connection, &slot, &desk.person)?.unwrap();
        revision::of_annotation(connection, &found.id)
    });
    assert_eq!(first.as_deref(), Some(chain[0].id.as_str()));
}
