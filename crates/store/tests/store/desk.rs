//! What annotators, authors and leads do besides writing: regions, reasons, history, claims, the plan,
//! conversations, decisions, and the numbers of it all.

use domain::{
    Anchor, BulkAction, BulkScope, DiagramId, DrawnRegion, Level, NewDecision, Pick, Picked,
    Policy, QuestionContent, QuestionKind, QueueFilter, QueueMark, QueueOrder, Reason,
    RegionChange, RegionId, Role, Shape, Slot, SpanLink, State, SubmitNote,
};
use store::annotate::{self};
use store::{
    Error, dashboard, history, people, questions, regions, review, review_view, table, threads,
    work,
};

use crate::fixture::{Desk, Fixture, MEASURES, Window, draft_of, global, no_links, now, slot};

fn rectangle(x: u32, y: u32, width: u32, height: u32) -> Shape {
    Shape::Rectangle {
        x,
        y,
        width,
        height,
    }
}

fn drawn(name: &str) -> DrawnRegion {
    DrawnRegion {
        name: Some(name.to_owned()),
        shape: rectangle(1, 1, 2, 2),
    }
}

fn names(desk: &Desk, id: &DiagramId) -> Vec<String> {
    let regions = desk.read(|connection| table::region::of_diagram(connection, id));
    regions.into_iter().map(|region| region.name).collect()
}

fn found(desk: &Desk, filter: &QueueFilter) -> Vec<u32> {
    let page = desk.read(|connection| desk.through(filter).page(connection, 0, 100));
    page.rows.iter().map(|row| row.number).collect()
}

pub fn marked(desk: &Desk, mark: QueueMark) -> Vec<u32> {
    let filter = QueueFilter {
        mark: Some(mark),
        ..QueueFilter::default()
    };
    found(desk, &filter)
}

fn roles(fixture: &mut Fixture, who: &Desk, roles: &[Role]) {
    fixture
        .write(|tx, by| people::set_roles(tx, by, &who.person, roles))
        .unwrap();
}

#[test]
fn regions_are_drawn_inside_the_picture_each_with_a_name_of_its_own() {
    let mut desk = Fixture::new();
    let id = desk.import("a", "draft");
    let draw = |desk: &mut Fixture, new: &DrawnRegion| {
        desk.write(|tx, by| regions::draw(tx, by, &id, new))
    };
    draw(&mut desk, &drawn("核心网")).unwrap();
    assert_eq!(desk.state(&id), State::InProgress);
    let numbered = draw(
        &mut desk,
        &DrawnRegion {
            name: None,
            shape: rectangle(0, 0, 9999, 9999),
        },
    )
    .unwrap();
    assert_eq!(numbered.name, "1");
    let image = desk
        .read(|connection| table::diagram::get(connection, &id))
        .image;
    assert_eq!(
        (numbered.width, numbered.height),
        (image.width, image.height)
    );
    assert!(matches!(
        draw(&mut desk, &drawn(" 核心网 ")),
        Err(Error::RegionNameTaken(_))
    ));
    assert!(matches!(
        draw(&mut desk, &drawn("  ")),
        Err(Error::BadRegion(_))
    ));
}

#[test]
fn a_region_that_was_moved_and_taken_away_comes_back_with_its_text() {
    let mut desk = Fixture::new();
    let id = desk.import("a", "draft");
    let draw = |desk: &mut Fixture, new: &DrawnRegion| {
        desk.write(|tx, by| regions::draw(tx, by, &id, new))
    };
    let core = draw(&mut desk, &drawn("核心网")).unwrap();
    let other = draw(&mut desk, &drawn("1")).unwrap();

    let moved = RegionChange {
        name: Some("Core".to_owned()),
        shape: Some(Shape::Polygon {
            points: vec![[2, 1], [6, 3], [4, 7]],
        }),
    };
    let moved = desk
        .write(|tx, by| regions::change(tx, by, &id, &core.id, &moved))
        .unwrap();
    assert_eq!(
        (moved.x, moved.y, moved.width, moved.height),
        (2, 1, 4, 6),
        "the box is the polygon's"
    );
    let order = [other.id.clone(), core.id.clone()];
    desk.write(|tx, by| regions::reorder(tx, by, &id, &order))
        .unwrap();
    assert_eq!(names(&desk, &id), ["1", "Core"]);

    let caption = Slot {
        region_id: Some(core.id.clone()),
        ..slot(&id, Level::Partial)
    };
    desk.revise(&caption, "AMF 与 SMF").unwrap();
    desk.write(|tx, by| regions::remove(tx, by, &id, &core.id))
        .unwrap();
    assert_eq!(names(&desk, &id), ["1"]);
    draw(&mut desk, &drawn("Core")).unwrap();
    let back = desk
        .write(|tx, by| regions::restore(tx, by, &id, &core.id))
        .unwrap();
    assert_eq!((back.name.as_str(), back.polygon.len()), ("Core 2", 3));
    assert_eq!(desk.caption(&caption).text, "AMF 与 SMF");

    desk.submit(&global(&id)).unwrap();
    assert!(matches!(
        draw(&mut desk, &drawn("late")),
        Err(Error::ReadOnly(_))
    ));
}

#[test]
fn a_shape_that_is_none_is_refused() {
    let mut desk = Fixture::new();
    let id = desk.import("a", "draft");
    let polygon = |points: &[[u32; 2]]| Shape::Polygon {
        points: points.to_vec(),
    };
    let bad = [
        rectangle(1, 1, 0, 4),
        rectangle(9_999, 0, 4, 4),
        polygon(&[[1, 1], [2, 2]]),
        polygon(&[[1, 1], [1, 1], [3, 3]]),
        polygon(&[[1, 1], [1, 5], [1, 9]]),
    ];
    for shape in bad {
        let new = DrawnRegion { name: None, shape };
        let refused = desk.write(|tx, by| regions::draw(tx, by, &id, &new));
        assert!(matches!(refused, Err(Error::BadRegion(_))), "{new:?}");
    }
    assert_eq!(names(&desk, &id), Vec::<String>::new());
}

#[test]
fn words_link_to_regions_of_their_own_diagram_only() {
    let mut desk = Fixture::new();
    let (here, elsewhere) = (desk.import("a", "draft"), desk.import("b", "draft"));
    let mut draw = |id: &DiagramId| {
        let region = desk.write(|tx, by| regions::draw(tx, by, id, &drawn("r")));
        region.unwrap().id
    };
    let (own, foreign) = (draw(&here), draw(&elsewhere));
    let caption = global(&here);
    let link = |region_id: &RegionId| SpanLink {
        start: 0,
        end: 2,
        region_id: region_id.clone(),
    };
    let mut window = Window::open(&desk, &caption);
    window.entry.links = vec![link(&foreign), link(&own)];
    window.types(&mut desk, "words");
    assert_eq!(desk.caption(&caption).links, [link(&own)]);
    window.commits(&mut desk);
    let links = [link(&foreign)];
    desk.write(|tx, by| annotate::revise(tx, by, &caption, "other words", &links))
        .unwrap();
    assert_eq!(desk.caption(&caption).links, []);

    // A region that was taken away may come back, and its links with it.
    let mut window = Window::open(&desk, &caption);
    window.entry.links = vec![link(&own)];
    window.types(&mut desk, "words again");
    desk.write(|tx, by| regions::remove(tx, by, &here, &own))
        .unwrap();
    window.types(&mut desk, "words again and more");
    assert_eq!(desk.caption(&caption).links, [link(&own)]);
}

#[test]
fn links_stay_with_the_words_through_every_step() {
    let mut desk = Fixture::new();
    let id = desk.import("a", "draft");
    let region = desk
        .write(|tx, by| regions::draw(tx, by, &id, &drawn("r")))
        .unwrap();
    let caption = global(&id);
    let mut window = Window::open(&desk, &caption);
    let link = |start, end| SpanLink {
        start,
        end,
        region_id: region.id.clone(),
    };
    // 𝄞 is one code point and two UTF-16 units; what lies outside the text is dropped.
    window.entry.links = vec![link(3, 5), link(0, 1), link(4, 99), link(2, 2)];
    window.types(&mut desk, "𝄞 网元连接");
    window.commits(&mut desk);
    assert_eq!(desk.caption(&caption).links, [link(0, 1), link(3, 5)]);
    window.entry.links = vec![link(0, 1)];
    window.types(&mut desk, "𝄞 网元连接");
    assert!(desk.caption(&caption).dirty, "fewer links are a change");
    window.commits(&mut desk);
    assert_eq!(desk.chain(&caption).len(), 2);

    let first = desk
        .read(|connection| history::list(connection, &caption, None, &desk.person))
        .pop()
        .unwrap();
    window.types(&mut desk, "typed, not yet a revision");
    desk.write(|tx, by| history::restore(tx, by, &caption, &first.id))
        .unwrap();
    let restored = desk.caption(&caption);
    assert_eq!(restored.text, "𝄞 网元连接");
    assert_eq!(restored.links, [link(0, 1), link(3, 5)]);
    assert!(
        desk.chain(&caption)
            .contains(&"typed, not yet a revision".to_owned()),
        "what was being typed is kept"
    );
    let entries = desk
        .read(|connection| history::list(connection, &caption, Some(&desk.person), &desk.person));
    assert!(entries[0].is_head && !entries[1].is_head);

    let other = desk.import("b", "draft");
    let foreign = desk.write(|tx, by| history::restore(tx, by, &global(&other), &first.id));
    assert!(matches!(foreign, Err(Error::NoRevision(_))));
}

#[test]
fn reasons_say_why_and_open_the_list_behind_the_number() {
    let mut desk = Fixture::new();
    let ids = ["a", "b"].map(|name| desk.import(name, "draft"));
    let set = |desk: &mut Fixture, reasons: &[Reason]| {
        desk.write(|tx, by| annotate::set_reasons(tx, by, &global(&ids[1]), reasons))
            .unwrap()
    };
    set(&mut desk, &[Reason::Style, Reason::Invented]);
    assert_eq!(set(&mut desk, &[Reason::Invented]), [Reason::Invented]);
    assert_eq!(desk.caption(&global(&ids[1])).reasons, [Reason::Invented]);
    let numbers =
        desk.read(|connection| dashboard::numbers(connection, &dashboard::utc_days(now(), 7)));
    assert_eq!(numbers.reasons.len(), 1);
    let behind = QueueFilter {
        reason: Some(Reason::Invented),
        ..QueueFilter::default()
    };
    assert_eq!(found(&desk, &behind), [2]);
    assert_eq!(numbers.reasons[0].count, 1);
}

#[test]
fn one_person_holds_a_diagram_until_the_lease_ends() {
    let mut wei = Fixture::new();
    let ids = ["a", "b"].map(|name| wei.import(name, "draft"));
    let mut lin = wei.desk_of("lin");
    wei.write(|tx, by| work::claim(tx, by, &ids[0])).unwrap();
    assert_eq!(marked(&wei, QueueMark::Mine), [1]);
    assert_eq!(marked(&lin, QueueMark::Taken), [1]);
    assert_eq!(marked(&lin, QueueMark::Free), [2]);
    assert!(matches!(
        lin.revise(&global(&ids[0]), "mine"),
        Err(Error::Claimed { .. })
    ));
    let refused = lin.write(|tx, by| work::claim(tx, by, &ids[0]));
    assert!(matches!(refused, Err(Error::Claimed { .. })));
    let next = lin
        .write(|tx, by| work::claim_next(tx, by, &QueueFilter::default(), None))
        .unwrap()
        .unwrap();
    assert_eq!(next.id, ids[1]);
    let none = lin.write(|tx, by| work::claim_next(tx, by, &QueueFilter::default(), None));
    assert_eq!(none.unwrap().map(|place| place.id), Some(ids[1].clone()));

    wei.lapse(&ids[0]);
    assert_eq!(
        lin.view(&ids[0]).claim,
        None,
        "a lease that ran out is nobody's"
    );
    lin.revise(&global(&ids[0]), "now it is free").unwrap();
    let refused = wei.write(|tx, by| work::claim(tx, by, &ids[0]));
    assert!(matches!(refused, Err(Error::Claimed { .. })));
    lin.write(|tx, by| work::release(tx, by, &ids[0])).unwrap();
    assert_eq!(
        marked(&wei, QueueMark::Free),
        [1],
        "what was begun and given up"
    );
    wei.write(|tx, by| work::claim(tx, by, &ids[0])).unwrap();
    lin.write(|tx, by| work::release(tx, by, &ids[0])).unwrap();
    assert_eq!(marked(&wei, QueueMark::Mine), Vec::<u32>::new());
}

#[test]
fn what_is_left_out_needs_a_reason_and_comes_back() {
    let mut desk = Fixture::new();
    let id = desk.import("a", "draft");
    let skip =
        |desk: &mut Fixture, reason: &str| desk.write(|tx, by| work::skip(tx, by, &id, reason));
    assert!(matches!(skip(&mut desk, " "), Err(Error::EmptyReason)));
    skip(&mut desk, "unreadable scan").unwrap();
    assert_eq!(desk.state(&id), State::Skipped);
    assert!(desk.revise(&global(&id), "text").is_err());
    assert_eq!(
        desk.write(|tx, by| work::unskip(tx, by, &id)).unwrap(),
        State::Todo
    );
    desk.revise(&global(&id), "text").unwrap();
    skip(&mut desk, "twice").unwrap();
    assert_eq!(
        desk.write(|tx, by| work::unskip(tx, by, &id)).unwrap(),
        State::InProgress
    );
    assert_eq!(desk.head(&global(&id)).as_deref(), Some("text"));
}

#[test]
fn many_are_changed_at_once_and_undone_where_nobody_changed_them_since() {
    let mut desk = Fixture::new();
    let ids = ["a", "b", "c"].map(|name| desk.import(name, "draft"));
    let all = BulkScope::Filtered {
        filter: QueueFilter::default(),
    };
    let plan = BulkAction::Plan { place: Some(4) };
    let done = desk
        .write(|tx, by| work::bulk(tx, by, &all, &plan))
        .unwrap();
    assert_eq!((done.changed, done.unchanged), (3, 0));
    let one = BulkScope::Picked {
        ids: vec![ids[2].clone()],
    };
    let first = BulkAction::Plan { place: Some(0) };
    desk.write(|tx, by| work::bulk(tx, by, &one, &first))
        .unwrap();
    let by_plan = QueueFilter {
        order: QueueOrder::Plan,
        ..QueueFilter::default()
    };
    assert_eq!(found(&desk, &by_plan), [3, 1, 2]);
    let undone = desk
        .write(|tx, by| work::undo_bulk(tx, by, &done.id))
        .unwrap();
    assert_eq!((undone.changed, undone.unchanged), (2, 1));
    assert_eq!(marked(&desk, QueueMark::Planned), [3]);
    let twice = desk.write(|tx, by| work::undo_bulk(tx, by, &done.id));
    assert!(matches!(twice, Err(Error::NoBulk)));
}

#[test]
fn an_import_is_taken_back_but_for_what_somebody_began() {
    let mut wei = Fixture::new();
    let ids = ["a", "b", "c"].map(|name| wei.import(name, "draft"));
    wei.revise(&global(&ids[1]), "begun").unwrap();
    let back = BulkAction::Skip {
        reason: "wrong folder".to_owned(),
        only_todo: true,
    };
    let came_in = BulkScope::Picked { ids: ids.to_vec() };
    let done = wei
        .write(|tx, by| work::bulk(tx, by, &came_in, &back))
        .unwrap();
    assert_eq!((done.changed, done.unchanged), (2, 1));
    let states = ids.map(|id| wei.state(&id));
    assert_eq!(states, [State::Skipped, State::InProgress, State::Skipped]);
}

#[test]
fn roles_are_kept_by_the_store() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    let mut lin = wei.desk_of("lin");
    roles(&mut wei, &lin, &[Role::Author]);
    let not_allowed = |result: Result<(), Error>| {
        assert!(
            matches!(result, Err(Error::NotAllowed { .. })),
            "{result:?}"
        );
    };
    not_allowed(lin.revise(&global(&id), "x").map(|_| ()));
    not_allowed(
        lin.write(|tx, by| regions::draw(tx, by, &id, &drawn("r")))
            .map(|_| ()),
    );
    not_allowed(
        lin.write(|tx, by| people::set_policy(tx, by, &Policy::default()))
            .map(|_| ()),
    );
    wei.submit(&global(&id)).unwrap();
    not_allowed(lin.write(|tx, by| review::approve(tx, by, &id)).map(|_| ()));
    roles(&mut wei, &lin, &[Role::Annotator]);
    let content = QuestionContent::empty(QuestionKind::SingleChoice, Level::Global);
    not_allowed(
        lin.write(|tx, by| questions::add(tx, by, &id, &content))
            .map(|_| ()),
    );
    let me = wei.person.clone();
    let alone = wei.write(|tx, by| people::set_roles(tx, by, &me, &[]));
    assert!(matches!(alone, Err(Error::LastLead)));
    let taken = wei.write(|tx, by| people::rename(tx, by, &lin.person, "wei"));
    assert!(matches!(taken, Err(Error::PersonNameTaken(_))));
}

#[test]
fn a_hidden_draft_is_neither_shown_nor_accepted_until_the_text_is_in() {
    let mut desk = Fixture::new();
    let begun = desk.import("begun", "draft");
    desk.revise(&global(&begun), "text").unwrap();
    let policy = Policy {
        hidden_draft_percent: 100,
        ..Policy::default()
    };
    desk.write(|tx, by| people::set_policy(tx, by, &policy))
        .unwrap();
    let hidden = desk.import("hidden", "draft");
    assert_eq!(desk.caption(&global(&begun)).draft.unwrap().text, "draft");
    let caption = desk.caption(&global(&hidden));
    assert_eq!((caption.draft, caption.text.as_str()), (None, ""));
    assert!(matches!(
        desk.submit(&global(&hidden)),
        Err(Error::NothingToSubmit)
    ));
    assert_eq!(marked(&desk, QueueMark::DraftHidden), [2]);
    assert!(
        !found_excerpt(&desk, 2).contains("draft"),
        "the queue tells nothing either"
    );
    desk.revise(&global(&hidden), "draft").unwrap();
    desk.submit(&global(&hidden)).unwrap();
    desk.submit(&global(&begun)).unwrap();
    assert!(desk.caption(&global(&hidden)).draft.is_some());
    let numbers =
        desk.read(|connection| dashboard::numbers(connection, &dashboard::utc_days(now(), 7)));
    assert_eq!(
        (
            numbers.drafts.hidden.captions,
            numbers.drafts.shown.captions
        ),
        (1, 1)
    );
}

fn found_excerpt(desk: &Desk, number: u32) -> String {
    let page = desk.read(|connection| {
        desk.through(&QueueFilter::default())
            .page(connection, 0, 100)
    });
    let mut rows = page.rows.into_iter();
    rows.find(|row| row.number == number).unwrap().excerpt
}

#[test]
fn only_the_draft_that_was_seen_is_accepted() {
    let mut desk = Fixture::new();
    let id = desk.import_with(
        "a",
        vec![
            draft_of(Level::Global, None, "seen"),
            draft_of(Level::Global, None, "came later"),
        ],
    );
    let drafts = desk.read(|connection| table::draft::of_diagram(connection, &id));
    let seen = drafts.iter().find(|draft| draft.text == "seen").unwrap();
    let note = SubmitNote {
        draft_id: Some(seen.id.clone()),
        active: Vec::new(),
    };
    desk.write(|tx, by| annotate::submit(tx, by, &global(&id), &note, MEASURES))
        .unwrap();
    assert_eq!(desk.head(&global(&id)).as_deref(), Some("seen"));
}

#[test]
fn two_people_write_without_seeing_each_other_and_both_hand_in() {
    let mut wei = Fixture::new();
    let policy = Policy {
        second_annotation_percent: 100,
        ..Policy::default()
    };
    wei.write(|tx, by| people::set_policy(tx, by, &policy))
        .unwrap();
    let id = wei.import("a", "");
    let mut lin = wei.desk_of("lin");
    wei.revise(&global(&id), "one").unwrap();
    wei.submit(&global(&id)).unwrap();
    assert_eq!(wei.state(&id), State::InProgress, "half of it is in");
    assert!(matches!(
        wei.revise(&global(&id), "more"),
        Err(Error::WaitsForSecond)
    ));
    assert_eq!(found_excerpt(&lin, 1), "");
    assert_eq!(marked(&lin, QueueMark::Free), [1]);
    assert_eq!(marked(&wei, QueueMark::Free), Vec::<u32>::new());
    lin.revise(&global(&id), "other").unwrap();
    lin.submit(&global(&id)).unwrap();
    assert_eq!(wei.state(&id), State::Submitted);
    let view = wei.read(|connection| review_view(connection, &id, &wei.person));
    assert_eq!(view.captions[0].experts.len(), 2);
    let numbers =
        wei.read(|connection| dashboard::numbers(connection, &dashboard::utc_days(now(), 7)));
    assert_eq!(
        (numbers.agreement.pairs, numbers.agreement.text),
        (1, Some(0.0))
    );
    wei.write(|tx, by| review::give_back(tx, by, &id, "again"))
        .unwrap();
    wei.revise(&global(&id), "both may write again").unwrap();
}

#[test]
fn a_lead_accepts_one_text_fixes_another_and_keeps_the_experts_words() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    let detailed = slot(&id, Level::Detailed);
    wei.revise(&global(&id), "global text").unwrap();
    wei.revise(&detailed, "detailed text").unwrap();
    wei.submit(&global(&id)).unwrap();
    let mut lead = wei.desk_of("lead");
    lead.write(|tx, by| store::lead_text::keep(tx, by, &detailed, Some("better text")))
        .unwrap();
    let view = lead.read(|connection| review_view(connection, &id, &lead.person));
    let kept = view
        .captions
        .iter()
        .find(|caption| caption.slot == detailed);
    assert_eq!(kept.unwrap().lead_text.as_deref(), Some("better text"));
    let decision = NewDecision::Accept {
        picks: vec![Pick {
            slot: detailed.clone(),
            text: Picked::Fixed {
                text: "better text".to_owned(),
                over: None,
            },
        }],
        note: String::new(),
        read: None,
    };
    lead.write(|tx, by| review::decide(tx, by, &id, &decision, no_links))
        .unwrap();
    assert_eq!(wei.state(&id), State::Approved);
    assert_eq!(wei.head(&detailed).as_deref(), Some("detailed text"));
    let approved = wei.read(|connection| {
        let all = table::annotation::of_diagram(connection, &id)?;
        let revisions = all.into_iter().filter_map(|one| one.approved);
        revisions
            .map(|revision| Ok(table::revision::get(connection, &revision)?.text))
            .collect::<store::Result<Vec<_>>>()
    });
    let mut approved = approved;
    approved.sort();
    assert_eq!(approved, ["better text", "global text"]);
    assert_eq!(lead.count("SELECT count(*) FROM lead_text"), 0);
}

#[test]
fn returned_work_comes_back_with_its_reasons_and_conversations() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    wei.revise(&global(&id), "the router forwards").unwrap();
    wei.submit(&global(&id)).unwrap();
    let mut lead = wei.desk_of("lead");
    let revision = lead
        .read(|connection| review_view(connection, &id, &lead.person))
        .captions[0]
        .experts[0]
        .revision_id
        .clone();
    let anchor = Anchor::Span {
        slot: global(&id),
        annotator_id: wei.person.clone(),
        revision_id: revision,
        start: 4,
        end: 10,
        quote: "router".to_owned(),
    };
    let thread = lead
        .write(|tx, by| threads::start(tx, by, &id, &anchor, "是交换机"))
        .unwrap();
    let decision = NewDecision::Return {
        reasons: vec![Reason::WrongTerm],
        note: "see my comment".to_owned(),
        read: None,
    };
    lead.write(|tx, by| review::decide(tx, by, &id, &decision, no_links))
        .unwrap();
    let view = wei.view(&id);
    assert_eq!(view.return_reason.as_deref(), Some("see my comment"));
    assert_eq!(view.return_reasons, [Reason::WrongTerm]);
    assert_eq!(view.threads[0].anchor, anchor);
    assert_eq!(marked(&wei, QueueMark::ReturnedToMe), [1]);
    assert_eq!(marked(&lead, QueueMark::ReturnedToMe), Vec::<u32>::new());
    wei.write(|tx, by| threads::settle(tx, by, &thread.id, true))
        .unwrap();
    assert_eq!(marked(&wei, QueueMark::OpenThread), Vec::<u32>::new());
    let again = lead
        .write(|tx, by| threads::answer(tx, by, &thread.id, "really"))
        .unwrap();
    assert_eq!((again.comments.len(), again.resolved), (2, None));
    let empty = wei.write(|tx, by| threads::answer(tx, by, &thread.id, " \n"));
    assert!(matches!(empty, Err(Error::EmptyComment)));
    let other = wei.import("b", "draft");
    let astray = wei.write(|tx, by| threads::start(tx, by, &other, &anchor, "x"));
    assert!(matches!(astray, Err(Error::BadAnchor(_))));
}

#[test]
fn the_audit_log_is_read_in_pages_and_by_person() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    let mut lin = wei.desk_of("lin");
    lin.revise(&global(&id), "text").unwrap();
    let filter = domain::AuditFilter {
        who: Some("lin".to_owned()),
        ..domain::AuditFilter::default()
    };
    let page = wei.read(|connection| table::audit::page(connection, &filter, 0, 2));
    assert_eq!((page.total, page.entries.len()), (3, 2));
    assert_eq!(page.entries[0].action, "revise");
}
