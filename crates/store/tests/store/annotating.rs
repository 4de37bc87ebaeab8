//! Several annotators at once: leases, drafts accepted or hidden, two people who do not see each other's work.

use domain::{
    ActiveTime, CaptionProgress, DiagramId, DrawnRegion, Level, Policy, QueueFilter, QueueMark,
    RegionId, Role, Shape, Slot, State, SubmitNote,
};
use store::{Error, annotate, dashboard, history, people, queue, regions, review, table, work};

use crate::desk::marked;
use crate::fixture::{Desk, Fixture, MEASURES, Window, draft_of, global, now, slot};

fn policy(desk: &mut Fixture, policy: &Policy) {
    desk.write(|tx, by| people::set_policy(tx, by, policy))
        .unwrap();
}

fn for_two(desk: &mut Fixture) {
    let rule = Policy {
        second_annotation_percent: 100,
        ..Policy::default()
    };
    policy(desk, &rule);
}

fn draw(desk: &mut Desk, id: &DiagramId, name: &str) -> store::Result<domain::Region> {
    let new = DrawnRegion {
        name: Some(name.to_owned()),
        shape: Shape::Rectangle {
            x: 1,
            y: 1,
            width: 9,
            height: 9,
        },
    };
    desk.write(|tx, by| regions::draw(tx, by, id, &new))
}

fn seen(desk: &Desk, id: &DiagramId) -> Vec<String> {
    let regions = desk.view(id).regions;
    regions.into_iter().map(|region| region.name).collect()
}

fn progress(desk: &Desk, id: &DiagramId) -> Vec<CaptionProgress> {
    let captions = desk.view(id).captions;
    captions.into_iter().map(|each| each.progress).collect()
}

fn partial(id: &DiagramId, region: &RegionId) -> Slot {
    Slot {
        region_id: Some(region.clone()),
        ..slot(id, Level::Partial)
    }
}

fn found(desk: &Desk, search: &str) -> u32 {
    let filter = QueueFilter {
        search: search.to_owned(),
        ..QueueFilter::default()
    };
    let page = desk.read(|connection| desk.through(&filter).page(connection, 0, 10));
    page.total
}

#[test]
fn typing_takes_a_free_lease_and_another_only_keeps_their_own_words() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    let caption = global(&id);
    let mut lin = wei.desk_of("lin");
    let mut window = Window::open(&lin, &caption);
    Window::open(&wei, &caption).types(&mut wei, "by wei");
    assert_eq!(marked(&wei, QueueMark::Mine), [1]);
    assert!(!wei.view(&id).read_only);
    assert!(lin.view(&id).read_only);

    window.types(&mut lin, "by lin");
    window.commits(&mut lin);
    assert_eq!(
        lin.caption(&caption).text,
        "by lin",
        "nothing typed is lost"
    );
    assert_eq!(lin.chain(&caption), Vec::<String>::new());
    assert!(matches!(lin.submit(&caption), Err(Error::Claimed { .. })));
    wei.submit(&caption).unwrap();
    let view = wei.read(|connection| review_texts(connection, &id));
    assert_eq!(view, ["by wei"]);

    wei.write(|tx, by| review::reopen(tx, by, &id)).unwrap();
    assert!(!lin.view(&id).read_only);
    window.commits(&mut lin);
    assert_eq!(
        lin.chain(&caption),
        ["by lin"],
        "and goes on when it is free"
    );
}

fn review_texts(connection: &store::Connection, id: &DiagramId) -> store::Result<Vec<String>> {
    let all = table::annotation::of_diagram(connection, id)?;
    let submitted = all.into_iter().filter_map(|each| each.submitted);
    submitted
        .map(|id| Ok(table::revision::get(connection, &id)?.text))
        .collect()
}

#[test]
fn somebody_without_the_role_keeps_their_words_and_writes_nothing() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    let mut lin = wei.desk_of("lin");
    let mut window = Window::open(&lin, &global(&id));
    wei.write(|tx, by| people::set_roles(tx, by, &lin.person, &[Role::Author]))
        .unwrap();
    window.types(&mut lin, "typed in that moment");
    assert!(lin.view(&id).read_only);
    assert_eq!(lin.caption(&global(&id)).text, "typed in that moment");
    assert_eq!(wei.state(&id), State::Todo);
}

#[test]
fn the_next_free_one_is_of_the_list_and_nobody_elses() {
    let mut wei = Fixture::new();
    let ids = ["a", "b", "c", "d"].map(|name| wei.import(name, "draft"));
    let mut lin = wei.desk_of("lin");
    for id in [&ids[0], &ids[2]] {
        wei.write(|tx, by| work::set_kind(tx, by, id, "sequence"))
            .unwrap();
    }
    lin.revise(&global(&ids[1]), "lin is at it").unwrap();
    let everything = QueueFilter::default();
    let take = |desk: &mut Desk, filter: &QueueFilter, after: &DiagramId| {
        desk.write(|tx, by| work::claim_next(tx, by, filter, Some(after)))
            .unwrap()
            .map(|place| place.id)
    };
    assert_eq!(take(&mut wei, &everything, &ids[0]), Some(ids[2].clone()));
    let marks = QueueFilter {
        kind: Some("sequence".to_owned()),
        mark: Some(QueueMark::HasQuestion),
        ..QueueFilter::default()
    };
    assert_eq!(
        take(&mut lin, &marks, &ids[3]),
        None,
        "the list's own mark counts"
    );
    let finished = QueueFilter {
        state: Some(State::Submitted),
        ..QueueFilter::default()
    };
    assert_eq!(take(&mut lin, &finished, &ids[1]), Some(ids[3].clone()));
    assert_eq!(take(&mut lin, &everything, &ids[1]), Some(ids[3].clone()));
    lin.submit(&global(&ids[3])).unwrap();
    assert_eq!(
        take(&mut lin, &everything, &ids[3]),
        Some(ids[0].clone()),
        "from the beginning again"
    );
}

#[test]
fn only_accepted_drafts_and_written_texts_are_handed_in() {
    use CaptionProgress::{Accepted, Draft, Empty, Written};
    let mut desk = Fixture::new();
    let drafts = vec![
        draft_of(Level::Global, None, "global draft"),
        draft_of(Level::Partial, Some("r"), "partial draft"),
        draft_of(Level::Detailed, None, "detailed draft"),
    ];
    let id = desk.import_with("a", drafts);
    assert_eq!(progress(&desk, &id), [Draft, Draft, Draft, Empty]);
    let detailed = slot(&id, Level::Detailed);
    let draft = desk.caption(&detailed).draft.unwrap().id;
    let accept =
        |desk: &mut Fixture| desk.write(|tx, by| annotate::accept(tx, by, &detailed, &draft));
    accept(&mut desk).unwrap();
    accept(&mut desk).unwrap();
    assert_eq!(progress(&desk, &id), [Draft, Draft, Accepted, Empty]);
    desk.write(|tx, by| annotate::take_back(tx, by, &detailed))
        .unwrap();
    assert_eq!(progress(&desk, &id), [Draft, Draft, Draft, Empty]);
    accept(&mut desk).unwrap();
    desk.revise(&global(&id), "own words").unwrap();
    assert_eq!(progress(&desk, &id), [Written, Draft, Accepted, Empty]);
    desk.submit_seeing(&global(&id), None).unwrap();
    let mut handed_in = desk.read(|connection| review_texts(connection, &id));
    handed_in.sort();
    assert_eq!(handed_in, ["detailed draft", "own words"]);
    assert_eq!(
        desk.count("SELECT count(*) FROM submission WHERE unchanged"),
        1
    );
}

#[test]
fn an_acceptance_is_not_taken_back_from_under_words() {
    let mut desk = Fixture::new();
    let caption = global(&desk.import("a", "draft"));
    let draft = desk.caption(&caption).draft.unwrap().id;
    let accept =
        |desk: &mut Fixture| desk.write(|tx, by| annotate::accept(tx, by, &caption, &draft));
    let take_back = |desk: &mut Fixture| desk.write(|tx, by| annotate::take_back(tx, by, &caption));
    accept(&mut desk).unwrap();
    let mut window = Window::open(&desk, &caption);
    window.types(&mut desk, "draft, changed");
    assert!(matches!(take_back(&mut desk), Err(Error::CaptionWritten)));
    window.types(&mut desk, "draft");
    take_back(&mut desk).unwrap();
    assert_eq!(desk.caption(&caption).version, 0);
    // Another window still shows the acceptance, and goes on from there.
    window.types(&mut desk, "draft, changed again");
    window.commits(&mut desk);
    assert_eq!(desk.head(&caption).as_deref(), Some("draft, changed again"));
    assert!(matches!(accept(&mut desk), Err(Error::CaptionWritten)));
}

#[test]
fn a_draft_that_came_unseen_is_not_handed_in() {
    let mut desk = Fixture::new();
    let caption = global(&desk.import("a", "came in that moment"));
    let refused = desk.submit_seeing(&caption, None);
    assert!(matches!(refused, Err(Error::NothingToSubmit)));
    assert_eq!(desk.state(&caption.diagram_id), State::Todo);
}

#[test]
fn time_is_kept_for_each_caption_and_added_up_for_a_person() {
    let mut desk = Fixture::new();
    let id = desk.import("a", "draft");
    desk.revise(&global(&id), "one").unwrap();
    desk.revise(&slot(&id, Level::Detailed), "two").unwrap();
    desk.revise(&slot(&id, Level::Structure), "graph TD")
        .unwrap();
    let time = |level, seconds| ActiveTime {
        level,
        region_id: None,
        seconds,
    };
    let note = SubmitNote {
        draft_id: None,
        active: vec![time(Level::Global, 20.0), time(Level::Detailed, 300.0)],
    };
    desk.write(|tx, by| annotate::submit(tx, by, &global(&id), &note, MEASURES))
        .unwrap();
    let counted = "SELECT count(*) FROM submission WHERE active_seconds IN (20.0, 300.0)";
    assert_eq!(desk.count(counted), 2);
    assert_eq!(desk.count("SELECT count(*) FROM submission"), 3);
    let numbers =
        desk.read(|connection| dashboard::numbers(connection, &dashboard::utc_days(now(), 7)));
    assert_eq!(numbers.by_person[0].median_seconds, Some(320.0));
}

#[test]
fn a_hidden_draft_is_not_found_by_its_words() {
    let mut wei = Fixture::new();
    let id = wei.import("a.png", "zebra");
    assert_eq!(found(&wei, "zebra"), 1);
    let hiding = |percent| Policy {
        hidden_draft_percent: percent,
        ..Policy::default()
    };
    policy(&mut wei, &hiding(100));
    assert_eq!(found(&wei, "zebra"), 0, "hidden from now on");
    policy(&mut wei, &hiding(0));
    assert_eq!(found(&wei, "zebra"), 1, "shown again");
    policy(&mut wei, &hiding(100));
    wei.revise(&global(&id), "okapi").unwrap();
    assert_eq!((found(&wei, "zebra"), found(&wei, "okapi")), (0, 1));
    wei.submit(&global(&id)).unwrap();
    assert_eq!(found(&wei, "zebra"), 1, "handed in");
}

#[test]
fn a_hidden_draft_counts_as_hidden_until_it_was_shown() {
    let mut desk = Fixture::new();
    let rule = Policy {
        hidden_draft_percent: 100,
        ..Policy::default()
    };
    policy(&mut desk, &rule);
    let id = desk.import("a", "the model's words");
    let draft = desk
        .read(|connection| table::draft::of_diagram(connection, &id))
        .remove(0)
        .id;
    assert_eq!(desk.view(&id).drafts, []);
    let refused = desk.write(|tx, by| annotate::accept(tx, by, &global(&id), &draft));
    assert!(matches!(refused, Err(Error::NoDraft)));
    desk.revise(&global(&id), "from the picture").unwrap();
    desk.submit(&global(&id)).unwrap();
    assert_eq!(desk.view(&id).drafts.len(), 1);
    desk.write(|tx, by| review::reopen(tx, by, &id)).unwrap();
    let view = desk.view(&id);
    assert!(
        !view.drafts_hidden && view.drafts.len() == 1,
        "seen is seen"
    );
    desk.revise(&global(&id), "the model's words").unwrap();
    desk.submit(&global(&id)).unwrap();
    let by_condition = |condition: &str| {
        desk.count(&format!(
            "SELECT count(*) FROM submission WHERE condition = '{condition}'"
        ))
    };
    assert_eq!((by_condition("hidden"), by_condition("shown")), (1, 1));
}

#[test]
fn the_second_person_sees_nothing_of_the_firsts_work() {
    let mut wei = Fixture::new();
    for_two(&mut wei);
    let drafts = vec![draft_of(Level::Partial, Some("came along"), "draft")];
    let id = wei.import_with("a", drafts);
    let mut lin = wei.desk_of("lin");
    let core = draw(&mut wei, &id, "core").unwrap();
    wei.revise(&partial(&id, &core.id), "zugspitze").unwrap();
    let mine = wei
        .read(|connection| history::list(connection, &partial(&id, &core.id), None, &wei.person));
    wei.submit(&global(&id)).unwrap();

    assert_eq!(seen(&wei, &id), ["came along", "core"]);
    assert_eq!(seen(&lin, &id), ["came along"]);
    assert_eq!(found(&lin, "zugspitze"), 0);
    let listed = lin
        .read(|connection| history::list(connection, &partial(&id, &core.id), None, &lin.person));
    assert_eq!(listed, []);
    let read = |desk: &Desk| {
        desk.database
            .read(|connection| history::revision(connection, &mine[0].id, &desk.person))
    };
    assert!(matches!(read(&lin), Err(Error::NoRevision(_))));
    let removed = lin.write(|tx, by| regions::remove(tx, by, &id, &core.id));
    assert!(matches!(removed, Err(Error::NoRegion { .. })));
    assert_eq!(draw(&mut lin, &id, "core").unwrap().name, "core 2");
    lin.revise(&global(&id), "second text").unwrap();
    lin.submit(&global(&id)).unwrap();

    assert_eq!(seen(&lin, &id), ["came along", "core", "core 2"]);
    assert_eq!(found(&lin, "zugspitze"), 1, "both are in");
    assert_eq!(read(&lin).unwrap().text, "zugspitze");
}

#[test]
fn a_third_person_is_not_offered_what_two_caption() {
    let mut wei = Fixture::new();
    for_two(&mut wei);
    let id = wei.import("a", "draft");
    let (mut lin, mei) = (wei.desk_of("lin"), wei.desk_of("mei"));
    wei.revise(&global(&id), "one").unwrap();
    wei.submit(&global(&id)).unwrap();
    assert_eq!(marked(&mei, QueueMark::Free), [1]);
    lin.revise(&global(&id), "two").unwrap();
    lin.lapse(&id);
    assert_eq!(marked(&mei, QueueMark::Free), Vec::<u32>::new());
    assert_eq!(marked(&lin, QueueMark::Free), [1]);
}

#[test]
fn the_caption_of_a_region_that_was_taken_away_stays_behind() {
    let mut desk = Fixture::new();
    let id = desk.import("a", "draft");
    let core = draw(&mut desk, &id, "core").unwrap();
    let caption = partial(&id, &core.id);
    let mut window = Window::open(&desk, &caption);
    let mut other = Window::open(&desk, &caption);
    window.types(&mut desk, "one");
    window.commits(&mut desk);
    other.types(&mut desk, "other");
    assert!(desk.caption(&caption).conflict.is_some());
    desk.write(|tx, by| regions::remove(tx, by, &id, &core.id))
        .unwrap();
    window.types(&mut desk, "typed while it was taken away");
    desk.submit(&global(&id)).unwrap();
    assert_eq!(
        desk.read(|connection| review_texts(connection, &id)),
        ["draft"]
    );
    let ids = desk.read(|connection| queue::ids_in_state(connection, State::Submitted));
    assert_eq!(ids, [id]);
}
