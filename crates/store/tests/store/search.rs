//! Search over the workspace; how words are cut is tested beside `words`.

use domain::{Level, QueueFilter};
use store::{annotate, intake};

use crate::fixture::{Desk, Fixture, Window, draft_of, global, new_diagram, slot};

/// Names of the diagrams that a search finds.
fn found(desk: &Desk, search: &str) -> Vec<String> {
    let filter = QueueFilter {
        state: None,
        search: search.to_owned(),
        ..QueueFilter::default()
    };
    let page = desk.read(|connection| desk.through(&filter).page(connection, 0, 100));
    assert_eq!(page.total as usize, page.rows.len());
    page.rows.into_iter().map(|row| row.name).collect()
}

fn check(desk: &Desk, search: &str, expected: &[&str]) {
    assert_eq!(found(desk, search), expected, "`{search}`");
}

#[test]
fn chinese_english_and_both_find_the_captions_that_hold_them() {
    let mut desk = Fixture::new();
    desk.import("zh", "SMF 负责PDU会话管理");
    desk.import("en", "Session Management over N4/PFCP");
    desk.import("meeting", "会议");
    for typed in [
        "会话",
        "会话管理",
        "PDU会话",
        "pdu会",
        "ＰＤＵ",
        "smf 会话",
        "管理 PDU",
    ] {
        check(&desk, typed, &["zh"]);
    }
    for typed in ["Session Manag", "N4/PFCP", "pfcp session"] {
        check(&desk, typed, &["en"]);
    }
    check(&desk, "会", &["zh", "meeting"]);
    check(&desk, "", &["zh", "en", "meeting"]);
    for typed in ["\"", "*", "。", "--", ":", "'; DROP TABLE diagram"] {
        check(&desk, typed, &[]);
    }
}

#[test]
fn names_contexts_sources_and_every_level_are_searched() {
    let mut desk = Fixture::new();
    let mut new = new_diagram("fig-12_handover.png");
    new.context = "As shown in 图 3, the gNB decides.".to_owned();
    new.source = Some("TS 23.502".to_owned());
    let drafts = [
        draft_of(Level::Partial, Some("core"), "the anchor"),
        draft_of(Level::Detailed, None, "every arrow"),
    ];
    desk.write(|tx, by| intake::import(tx, by, &new, &drafts))
        .unwrap()
        .unwrap();
    for typed in [
        "handover",
        "fig-12",
        "gnb",
        "图3",
        "23.502",
        "anchor",
        "arrow",
        "anchor 图 handover",
    ] {
        check(&desk, typed, &["fig-12_handover.png"]);
    }
}

#[test]
fn the_index_follows_the_head() {
    let mut desk = Fixture::new();
    let id = desk.import("a", "draft");
    let slot_of_it = global(&id);
    let mut window = Window::open(&desk, &slot_of_it);
    window.types(&mut desk, "typed");
    check(&desk, "typed", &[]);
    window.commits(&mut desk);
    check(&desk, "typed", &["a"]);
    window.types(&mut desk, "replaced 会话");
    window.commits(&mut desk);
    check(&desk, "typed", &[]);
    check(&desk, "replaced 会话 draft", &["a"]);
    desk.revise(&slot(&id, Level::Detailed), "in detail")
        .unwrap();
    check(&desk, "replaced detail", &["a"]);
    let mut lin = desk.desk_of("lin");
    desk.lapse(&id);
    lin.revise(&slot_of_it, "by another").unwrap();
    check(&desk, "replaced another", &["a"]);
}

#[test]
fn a_write_that_fails_leaves_the_index_alone() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a", "draft"));
    let failed: store::Result<()> = desk.write(|tx, by| {
        annotate::revise(tx, by, &slot, "never", &[])?;
        Err(store::Error::NoConflict)
    });
    failed.unwrap_err();
    check(&desk, "never", &[]);
    check(&desk, "draft", &["a"]);
}
