//! The chain of one caption: typing, pausing, two windows, a command meanwhile.

use domain::{Caption, CaptionProgress, Keep, Level, State};
use store::Error;

use crate::fixture::{Desk, Fixture, Window, draft_of, global, slot};

const DRAFT: &str = "The UE registers.";

/// How many conflicts are open in the whole workspace.
fn open_conflicts(desk: &Desk) -> u32 {
    desk.count("SELECT count(*) FROM conflict WHERE resolved_at IS NULL")
}

fn check_kept(caption: &Caption, mine: &str, theirs: &str) {
    let conflict = caption.conflict.as_ref().unwrap();
    let texts = (conflict.mine_text.as_str(), conflict.theirs_text.as_str());
    assert_eq!(texts, (mine, theirs));
}

#[test]
fn typing_is_kept_at_once_and_becomes_a_revision_on_pausing() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", DRAFT));
    let mut window = Window::open(&desk, &slot);
    assert_eq!(window.entry.text, DRAFT);

    let saved = window.types(&mut desk, "UE 发起注册");
    assert_eq!((saved.version, saved.base_revision), (1, None));
    assert_eq!(saved.state, State::InProgress);
    assert_eq!(desk.chain(&slot), [""; 0]);
    let caption = desk.caption(&slot);
    assert!(caption.dirty);
    assert_eq!(
        (caption.text.as_str(), caption.saved_at),
        ("UE 发起注册", Some(saved.at))
    );

    let committed = window.commits(&mut desk);
    assert_eq!(committed.base_revision, committed.head_revision);
    assert_eq!(desk.chain(&slot), ["UE 发起注册"]);
    assert!(!desk.caption(&slot).dirty);
    assert_eq!(
        window.commits(&mut desk),
        committed,
        "nothing new, no revision"
    );
    assert_eq!(desk.chain(&slot).len(), 1);

    window.types(&mut desk, "UE 发起注册。");
    window.commits(&mut desk);
    assert_eq!(desk.chain(&slot), ["UE 发起注册", "UE 发起注册。"]);
    assert_eq!(open_conflicts(&desk), 0);
}

#[test]
fn the_editors_own_state_comes_back() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", DRAFT));
    let mut window = Window::open(&desk, &slot);
    window.entry.editor_state = Some("{\"history\":[1]}".to_owned());
    window.types(&mut desk, "typed");
    window.commits(&mut desk);
    assert_eq!(desk.caption(&slot).editor_state, window.entry.editor_state);
}

#[test]
fn undo_back_to_the_draft_is_clean() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", DRAFT));
    let mut window = Window::open(&desk, &slot);
    window.types(&mut desk, "The UE");
    window.types(&mut desk, DRAFT);
    assert!(!desk.caption(&slot).dirty);
    assert_eq!(window.commits(&mut desk).head_revision, None);
    assert_eq!(desk.chain(&slot), [""; 0]);
}

#[test]
fn a_journal_on_the_way_during_a_commit_is_no_conflict() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", DRAFT));
    let mut window = Window::open(&desk, &slot);
    window.types(&mut desk, "one");
    // The editor has not heard of the revision when it sends its next words.
    desk.commit(&slot);
    let saved = window.types(&mut desk, "one two");
    assert_eq!(saved.conflict, None);
    window.commits(&mut desk);
    assert_eq!(desk.chain(&slot), ["one", "one two"]);
}

#[test]
fn a_journal_sent_again_changes_nothing() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", DRAFT));
    let mut window = Window::open(&desk, &slot);
    let first = window.entry.clone();
    window.types(&mut desk, "typed");
    window.commits(&mut desk);
    let again = domain::JournalEntry {
        text: "typed".to_owned(),
        ..first
    };
    assert_eq!(desk.journal(&again).unwrap().conflict, None);
    assert_eq!(desk.commit(&slot).conflict, None);
    assert_eq!(desk.chain(&slot), ["typed"]);
}

#[test]
fn what_is_typed_on_submitted_and_approved_work_is_kept_beside_it() {
    let mut desk = Fixture::new();
    let id = desk.import("a.png", DRAFT);
    let slot = global(&id);
    let mut window = Window::open(&desk, &slot);
    window.types(&mut desk, "typed");
    desk.submit(&slot).unwrap();
    for (state, late) in [(State::Submitted, "late"), (State::Approved, "later")] {
        assert_eq!(desk.state(&id), state);
        assert_eq!(window.types(&mut desk, late).state, state);
        let committed = window.commits(&mut desk);
        assert_eq!(committed.state, state, "leaving does not fail");
        let error = desk.revise(&slot, "by command").unwrap_err();
        assert!(
            matches!(&error, Error::ReadOnly(found) if *found == state),
            "{error:?}"
        );
        assert!(error.help().unwrap().contains("Reopen"));
        assert_eq!(desk.chain(&slot), ["typed"], "what was handed in stands");
        assert_eq!(desk.working_text(&slot).as_deref(), Some(late));
        desk.write(|tx, by| store::review::approve(tx, by, &id))
            .ok();
    }
    desk.write(|tx, by| store::review::reopen(tx, by, &id))
        .unwrap();
    window.commits(&mut desk);
    assert_eq!(desk.head(&slot).as_deref(), Some("later"));
}

#[test]
fn two_windows_on_one_caption_keep_both_texts() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", DRAFT));
    let (mut left, mut right) = (Window::open(&desk, &slot), Window::open(&desk, &slot));
    left.types(&mut desk, "left");
    let saved = right.types(&mut desk, "right");
    assert_eq!(saved.conflict.as_ref().unwrap().theirs_text, "left");
    check_kept(&desk.caption(&slot), "right", "left");
    assert_eq!(desk.chain(&slot), ["left", "right"]);

    // Both go on, not knowing of each other.
    left.types(&mut desk, "left goes on");
    right.types(&mut desk, "right goes on");
    left.types(&mut desk, "left ends");
    right.commits(&mut desk);
    assert_eq!(open_conflicts(&desk), 1);
    let chain = desk.chain(&slot);
    for text in [
        "left",
        "right",
        "left goes on",
        "right goes on",
        "left ends",
    ] {
        assert!(chain.contains(&text.to_owned()), "`{text}` in {chain:?}");
    }
    assert_eq!(desk.head(&slot).as_deref(), Some("left"));
}

#[test]
fn a_command_while_a_window_types_keeps_both() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", DRAFT));
    let mut window = Window::open(&desk, &slot);
    window.types(&mut desk, "typed");
    let committed = desk.revise(&slot, "by command").unwrap();
    assert_eq!(committed.conflict.unwrap().mine_text, "typed");
    assert_eq!(open_conflicts(&desk), 1);
    check_kept(&desk.caption(&slot), "typed", "by command");

    // The window goes on typing: still the one conflict, now over its newest text.
    for text in ["typed more", "typed more still"] {
        let saved = window.types(&mut desk, text);
        assert!(saved.conflict.is_some());
        window.commits(&mut desk);
        assert_eq!(open_conflicts(&desk), 1);
        check_kept(&desk.caption(&slot), text, "by command");
    }
    assert_eq!(desk.caption(&slot).text, "typed more still");
    // A second command does not take the window's text from under it.
    desk.revise(&slot, "by command again").unwrap();
    assert_eq!(
        desk.working_text(&slot).as_deref(),
        Some("typed more still")
    );
    assert_eq!(open_conflicts(&desk), 1);
    check_kept(&desk.caption(&slot), "typed more still", "by command again");
}

#[test]
fn a_command_that_repeats_the_head_does_not_swallow_what_is_typed() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", DRAFT));
    desk.revise(&slot, "by command").unwrap();
    Window::open(&desk, &slot).types(&mut desk, "typed");
    desk.revise(&slot, "by command").unwrap();
    assert_eq!(desk.head(&slot).as_deref(), Some("by command"));
    check_kept(&desk.caption(&slot), "typed", "by command");
}

#[test]
fn a_window_that_only_looked_shows_the_commands_text() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", DRAFT));
    let mut window = Window::open(&desk, &slot);
    window.types(&mut desk, "typed");
    window.commits(&mut desk);
    desk.revise(&slot, "by command").unwrap();
    assert_eq!(open_conflicts(&desk), 0);
    let caption = desk.caption(&slot);
    assert_eq!(
        (caption.text.as_str(), caption.dirty),
        ("by command", false)
    );
    // It had not noticed yet, and types: both are kept.
    window.types(&mut desk, "typed on");
    check_kept(&desk.caption(&slot), "typed on", "by command");
}

#[test]
fn a_window_opened_on_the_head_goes_on_from_there() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", DRAFT));
    let (mut left, mut right) = (Window::open(&desk, &slot), Window::open(&desk, &slot));
    left.types(&mut desk, "left");
    right.types(&mut desk, DRAFT);
    let mut third = Window::open(&desk, &slot);
    assert_eq!(third.entry.text, "left");
    assert_eq!(third.types(&mut desk, "left goes on").conflict, None);
    third.commits(&mut desk);
    assert_eq!(desk.head(&slot).as_deref(), Some("left goes on"));
}

#[test]
fn the_same_text_from_both_sides_is_no_conflict() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", DRAFT));
    Window::open(&desk, &slot).types(&mut desk, "the same");
    assert_eq!(desk.revise(&slot, "the same").unwrap().conflict, None);
    assert_eq!(desk.chain(&slot), ["the same"]);
    assert!(!desk.caption(&slot).dirty);
}

#[test]
fn either_text_of_a_conflict_can_be_kept() {
    for (keep, kept) in [(Keep::Mine, "typed on"), (Keep::Theirs, "by command")] {
        let mut desk = Fixture::new();
        let slot = global(&desk.import("a.png", DRAFT));
        let mut window = Window::open(&desk, &slot);
        window.types(&mut desk, "typed");
        desk.revise(&slot, "by command").unwrap();
        window.types(&mut desk, "typed on");

        let settled = desk.resolve(&slot, keep).unwrap();
        assert_eq!((settled.conflict, open_conflicts(&desk)), (None, 0));
        assert_eq!(desk.head(&slot).as_deref(), Some(kept));
        let caption = desk.caption(&slot);
        assert_eq!((caption.text.as_str(), caption.dirty), (kept, false));
        for text in ["typed", "by command", "typed on"] {
            assert!(
                desk.chain(&slot).contains(&text.to_owned()),
                "{keep:?}: {text}"
            );
        }
        assert!(matches!(desk.resolve(&slot, keep), Err(Error::NoConflict)));

        // The window goes on with what it was answered.
        window.entry.version = settled.version;
        window.entry.base_revision = settled.base_revision;
        assert_eq!(window.types(&mut desk, "settled").conflict, None);
        window.commits(&mut desk);
        assert_eq!(desk.head(&slot).as_deref(), Some("settled"));
    }
}

#[test]
fn keeping_mine_shows_mine_even_after_typing_the_other() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", DRAFT));
    let mut window = Window::open(&desk, &slot);
    window.types(&mut desk, "mine");
    desk.revise(&slot, "theirs").unwrap();
    window.types(&mut desk, "theirs");
    window.commits(&mut desk);
    desk.resolve(&slot, Keep::Mine).unwrap();
    let caption = desk.caption(&slot);
    assert_eq!((caption.text.as_str(), caption.dirty), ("mine", false));
    assert_eq!(desk.head(&slot).as_deref(), Some("mine"));
}

#[test]
fn a_caption_of_a_region_needs_one_that_exists() {
    let mut desk = Fixture::new();
    let drafts = vec![draft_of(Level::Partial, Some("core"), "The core.")];
    let id = desk.import_with("a.png", drafts);
    let other = desk.import_with("b.png", vec![draft_of(Level::Partial, Some("core"), "")]);
    let region = |desk: &Desk, id| {
        desk.read(|connection| store::table::region::find(connection, id, "core"))
            .id
    };
    let mut core = slot(&id, Level::Partial);
    assert!(matches!(desk.revise(&core, "x"), Err(Error::SlotRegion(_))));
    core.region_id = Some(region(&desk, &other));
    assert!(matches!(
        desk.revise(&core, "x"),
        Err(Error::NoRegion { .. })
    ));
    assert_eq!(
        desk.state(&id),
        State::Todo,
        "a refused text begins nothing"
    );
    core.region_id = Some(region(&desk, &id));
    desk.revise(&core, "x").unwrap();
    assert_eq!(desk.caption(&core).text, "x");
    core.level = Level::Global;
    assert!(matches!(desk.revise(&core, "x"), Err(Error::SlotRegion(_))));
}

#[test]
fn everybody_writes_a_chain_of_their_own() {
    let mut wei = Fixture::new();
    let slot = global(&wei.import("a.png", DRAFT));
    let mut lin = wei.desk_of("lin");
    wei.revise(&slot, "by wei").unwrap();
    wei.lapse(&slot.diagram_id);
    Window::open(&lin, &slot).types(&mut lin, "by lin");
    lin.commit(&slot);
    assert_eq!(
        (wei.chain(&slot), lin.chain(&slot)),
        (vec!["by wei".to_owned()], vec!["by lin".to_owned()])
    );
    assert_eq!(open_conflicts(&wei), 0);
}

#[test]
fn what_was_handed_in_is_what_others_read_never_the_draft_below_it() {
    let mut wei = Fixture::new();
    let id = wei.import("a.png", DRAFT);
    let mut lead = wei.desk_of("lead");
    let slot = global(&id);
    wei.revise(&slot, "The UE registers with the AMF.").unwrap();
    let seen = |desk: &Desk| {
        let caption = desk.caption(&slot);
        (caption.text, caption.written_by)
    };
    assert_eq!(seen(&lead), (DRAFT.to_owned(), None));
    wei.submit(&slot).unwrap();
    let theirs = (
        "The UE registers with the AMF.".to_owned(),
        Some("wei".to_owned()),
    );
    assert_eq!(seen(&lead), theirs);
    assert_eq!(lead.caption(&slot).progress, CaptionProgress::Written);
    assert_eq!(seen(&wei).1, None);
    lead.write(|tx, by| store::review::approve(tx, by, &id))
        .unwrap();
    assert_eq!(seen(&lead), theirs);
    lead.write(|tx, by| store::review::reopen(tx, by, &id))
        .unwrap();
    assert_eq!(seen(&lead), (DRAFT.to_owned(), None));
}
