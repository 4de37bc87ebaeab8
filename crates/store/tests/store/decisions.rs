//! Decisions: on what was read, with links, taken back; and the lead's own wording meanwhile.

use domain::{
    DiagramId, Level, NewDecision, NewRegion, Pick, Picked, Reason, RegionId, ReviewView,
    RevisionId, Role, Slot, SpanLink, State, Verdict,
};
use store::{Error, annotate, decisions, lead_text, people, review, review_view, table, work};

use crate::fixture::{Desk, Fixture, Window, global, no_links, slot};

fn decide(desk: &mut Desk, id: &DiagramId, decision: &NewDecision) -> store::Result<State> {
    desk.write(|tx, by| review::decide(tx, by, id, decision, no_links))
}

fn undo(desk: &mut Desk, id: &DiagramId) -> store::Result<State> {
    desk.write(|tx, by| decisions::undo(tx, by, id))
}

fn keep(desk: &mut Desk, slot: &Slot, text: Option<&str>) -> store::Result<()> {
    desk.write(|tx, by| lead_text::keep(tx, by, slot, text))
}

fn seen(desk: &Desk, id: &DiagramId) -> ReviewView {
    desk.read(|connection| review_view(connection, id, &desk.person))
}

/// Every revision on the lead's screen.
fn read(desk: &Desk, id: &DiagramId) -> Option<Vec<RevisionId>> {
    let captions = seen(desk, id).captions.into_iter();
    let experts = captions.flat_map(|caption| caption.experts);
    Some(experts.map(|expert| expert.revision_id).collect())
}

fn accept(picks: Vec<Pick>) -> NewDecision {
    NewDecision::Accept {
        picks,
        note: String::new(),
        read: None,
    }
}

fn fixed(slot: &Slot, text: &str) -> Pick {
    Pick {
        slot: slot.clone(),
        text: Picked::Fixed {
            text: text.to_owned(),
            over: None,
        },
    }
}

fn send_back(reasons: &[Reason], note: &str) -> NewDecision {
    NewDecision::Return {
        reasons: reasons.to_vec(),
        note: note.to_owned(),
        read: None,
    }
}

/// Everything that a decision may change, as SQL tells it.
fn standing(desk: &Desk, id: &DiagramId) -> Vec<String> {
    let rows =
        "SELECT 'diagram ' || state || ' ' || ifnull(return_reason, '-') FROM diagram WHERE id = ?1
        UNION ALL SELECT 'caption ' || id || ' ' || ifnull(submitted_revision_id, '-') || ' '
            || ifnull(submitted_at, '-') || ' ' || ifnull(approved_revision_id, '-')
            FROM annotation WHERE diagram_id = ?1 AND submitted_revision_id IS NOT NULL
        UNION ALL SELECT 'submission ' || id || ' ' || ifnull(returned_at, '-')
            FROM submission WHERE diagram_id = ?1
        UNION ALL SELECT 'wording ' || level || ' ' || text || ' ' || updated_at
            FROM lead_text WHERE diagram_id = ?1 ORDER BY 1";
    desk.read(|connection| {
        let mut statement = connection.prepare(rows)?;
        let found = statement.query_map([id.as_str()], |row| row.get(0))?;
        Ok(found.collect::<Result<_, _>>()?)
    })
}

fn approved_text(desk: &Desk, id: &DiagramId) -> Vec<(String, Vec<SpanLink>)> {
    desk.read(|connection| {
        let all = table::annotation::of_diagram(connection, id)?;
        let revisions = all.into_iter().filter_map(|one| one.approved);
        revisions
            .map(|revision| {
                let found = table::revision::get(connection, &revision)?;
                Ok((found.text, found.links))
            })
            .collect()
    })
}

#[test]
fn a_decision_is_on_what_was_read() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    wei.revise(&global(&id), "read by the lead").unwrap();
    wei.submit(&global(&id)).unwrap();
    let mut lead = wei.desk_of("lead");
    let old = read(&lead, &id);
    wei.write(|tx, by| review::reopen(tx, by, &id)).unwrap();
    wei.revise(&global(&id), "unread").unwrap();
    wei.submit(&global(&id)).unwrap();
    let stale = [
        NewDecision::Accept {
            picks: Vec::new(),
            note: String::new(),
            read: old.clone(),
        },
        NewDecision::Return {
            reasons: vec![Reason::Style],
            note: String::new(),
            read: old,
        },
    ];
    for decision in &stale {
        let refused = decide(&mut lead, &id, decision);
        assert!(matches!(refused, Err(Error::NotAsRead)), "{refused:?}");
        assert_eq!(wei.state(&id), State::Submitted, "and nothing is changed");
    }
    let now = NewDecision::Accept {
        picks: Vec::new(),
        note: String::new(),
        read: read(&lead, &id),
    };
    decide(&mut lead, &id, &now).unwrap();
    assert_eq!(approved_text(&lead, &id)[0].0, "unread");
}

#[test]
fn another_caption_handed_in_since_is_unread_too() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    wei.revise(&global(&id), "global").unwrap();
    wei.submit(&global(&id)).unwrap();
    let mut lead = wei.desk_of("lead");
    let old = read(&lead, &id);
    wei.write(|tx, by| review::reopen(tx, by, &id)).unwrap();
    wei.revise(&slot(&id, Level::Detailed), "more").unwrap();
    wei.submit(&global(&id)).unwrap();
    let decision = NewDecision::Accept {
        picks: Vec::new(),
        note: String::new(),
        read: old,
    };
    let refused = decide(&mut lead, &id, &decision);
    assert!(matches!(refused, Err(Error::NotAsRead)), "{refused:?}");
}

#[test]
fn only_what_was_handed_in_can_be_picked() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    wei.revise(&global(&id), "first").unwrap();
    wei.submit(&global(&id)).unwrap();
    let first = read(&wei, &id).unwrap().remove(0);
    wei.write(|tx, by| review::reopen(tx, by, &id)).unwrap();
    wei.revise(&global(&id), "second").unwrap();
    wei.submit(&global(&id)).unwrap();
    let old = Pick {
        slot: global(&id),
        text: Picked::Expert { revision_id: first },
    };
    let refused = decide(&mut wei, &id, &accept(vec![old]));
    assert!(matches!(refused, Err(Error::NoRevision(_))), "{refused:?}");
    assert_eq!(wei.state(&id), State::Submitted);
}

#[test]
fn an_empty_wording_leaves_a_caption_out_only_knowingly() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    wei.revise(&global(&id), "global").unwrap();
    wei.revise(&slot(&id, Level::Detailed), "detail").unwrap();
    wei.submit(&global(&id)).unwrap();
    let refused = decide(&mut wei, &id, &accept(vec![fixed(&global(&id), " \n")]));
    assert!(
        matches!(refused, Err(Error::EmptyFix(Level::Global))),
        "{refused:?}"
    );
    keep(&mut wei, &global(&id), Some("")).unwrap();
    assert_eq!(seen(&wei, &id).captions[0].lead_text.as_deref(), Some(""));
    let out = Pick {
        slot: global(&id),
        text: Picked::Nothing,
    };
    decide(&mut wei, &id, &accept(vec![out])).unwrap();
    assert_eq!(approved_text(&wei, &id), [("detail".to_owned(), vec![])]);
    assert_eq!(seen(&wei, &id).decisions[0].verdict, Verdict::Fix);
    assert_eq!(wei.count("SELECT count(*) FROM lead_text"), 0);
}

#[test]
fn a_leads_wording_keeps_the_links_that_are_carried() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    let region = wei
        .write(|tx, by| {
            let new = NewRegion {
                name: "core".to_owned(),
                bbox: None,
                polygon: Vec::new(),
            };
            table::region::find_or_insert(tx, &id, &new, by.person, by.at)
        })
        .unwrap();
    let link = SpanLink {
        start: 4,
        end: 7,
        region_id: region.id,
    };
    wei.write(|tx, by| {
        annotate::revise(tx, by, &global(&id), "the UPF", std::slice::from_ref(&link))
    })
    .unwrap();
    wei.submit(&global(&id)).unwrap();
    let mut lead = wei.desk_of("lead");
    let pick = accept(vec![fixed(&global(&id), "the UPF.")]);
    lead.write(|tx, by| {
        review::decide(tx, by, &id, &pick, |before, links, after| {
            assert_eq!((before, after), ("the UPF", "the UPF."));
            links.to_vec()
        })
    })
    .unwrap();
    assert_eq!(
        approved_text(&lead, &id),
        [("the UPF.".to_owned(), vec![link])]
    );
}

#[test]
fn what_a_lead_writes_is_kept_whatever_others_decide() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    wei.submit(&global(&id)).unwrap();
    let mut lead = wei.desk_of("lead");
    keep(&mut lead, &global(&id), Some("half a sen")).unwrap();
    decide(&mut wei, &id, &send_back(&[Reason::Style], "")).unwrap();
    keep(&mut lead, &global(&id), Some("half a sentence")).unwrap();
    wei.revise(&global(&id), "written anew").unwrap();
    wei.submit(&global(&id)).unwrap();
    let caption = seen(&lead, &id).captions.remove(0);
    assert_eq!(caption.lead_text.as_deref(), Some("half a sentence"));
    assert!(caption.lead_text_is_older, "it is not about this text");
    keep(&mut lead, &global(&id), Some("half a sentence")).unwrap();
    assert!(!seen(&lead, &id).captions[0].lead_text_is_older);
    // Somebody else's acceptance takes nothing from this lead.
    decide(&mut wei, &id, &accept(Vec::new())).unwrap();
    assert_eq!(lead.count("SELECT count(*) FROM lead_text"), 1);
    keep(&mut lead, &global(&id), None).unwrap();
    assert_eq!(lead.count("SELECT count(*) FROM lead_text"), 0);
    let mut author = wei.desk_of("author");
    wei.write(|tx, by| people::set_roles(tx, by, &author.person, &[Role::Author]))
        .unwrap();
    let refused = keep(&mut author, &global(&id), Some("x"));
    assert!(
        matches!(refused, Err(Error::NotAllowed { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_decision_that_is_taken_back_leaves_everything_as_it_was() {
    let kinds = [
        accept(Vec::new()),
        send_back(&[Reason::WrongTerm, Reason::Style], "术语不对"),
    ];
    for second in [false, true] {
        for decision in &kinds {
            let mut wei = Fixture::new();
            let id = wei.import("a", "draft");
            let mut lin = wei.desk_of("lin");
            if second {
                let action = domain::BulkAction::Second { wanted: true };
                let scope = domain::BulkScope::Picked {
                    ids: vec![id.clone()],
                };
                wei.write(|tx, by| work::bulk(tx, by, &scope, &action))
                    .unwrap();
                lin.revise(&global(&id), "lin's").unwrap();
                lin.submit(&global(&id)).unwrap();
            }
            wei.revise(&global(&id), "wei's").unwrap();
            wei.submit(&global(&id)).unwrap();
            assert_eq!(wei.state(&id), State::Submitted);
            keep(&mut wei, &slot(&id, Level::Detailed), Some("kept")).unwrap();
            let before = standing(&wei, &id);
            decide(&mut wei, &id, decision).unwrap();
            assert_ne!(standing(&wei, &id), before);
            assert_eq!(undo(&mut lin, &id).unwrap(), State::Submitted);
            assert_eq!(
                standing(&wei, &id),
                before,
                "{decision:?} for two: {second}"
            );
            assert!(seen(&wei, &id).decisions[0].undone);
            let log = wei.read(|connection| table::audit::about(connection, id.as_str()));
            let last = log.last().unwrap();
            assert_eq!((last.action.as_str(), last.who.as_str()), ("undo", "lin"));
            // Nothing more is left to take back, and it can be decided anew.
            assert!(matches!(undo(&mut wei, &id), Err(Error::NoDecision)));
            decide(&mut wei, &id, decision).unwrap();
        }
    }
}

#[test]
fn a_wording_that_became_the_accepted_text_comes_back_to_its_lead() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    wei.submit(&global(&id)).unwrap();
    keep(&mut wei, &global(&id), Some("better")).unwrap();
    let before = standing(&wei, &id);
    decide(&mut wei, &id, &accept(vec![fixed(&global(&id), "better")])).unwrap();
    assert_eq!(wei.count("SELECT count(*) FROM lead_text"), 0);
    undo(&mut wei, &id).unwrap();
    assert_eq!(standing(&wei, &id), before);
    assert_eq!(approved_text(&wei, &id), []);
    decide(&mut wei, &id, &accept(vec![fixed(&global(&id), "better")])).unwrap();
    assert_eq!(approved_text(&wei, &id)[0].0, "better");
}

#[test]
fn returning_accepted_work_is_taken_back_to_accepted() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    wei.submit(&global(&id)).unwrap();
    decide(&mut wei, &id, &accept(Vec::new())).unwrap();
    let before = standing(&wei, &id);
    decide(&mut wei, &id, &send_back(&[Reason::Style], "")).unwrap();
    assert_eq!(undo(&mut wei, &id).unwrap(), State::Approved);
    assert_eq!(standing(&wei, &id), before);
    assert_eq!(approved_text(&wei, &id)[0].0, "draft");
    // The one before it is not the last: it stands.
    assert!(matches!(undo(&mut wei, &id), Err(Error::NoDecision)));
}

#[test]
fn work_that_went_on_after_a_decision_is_left_alone() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    wei.submit(&global(&id)).unwrap();
    let mut lead = wei.desk_of("lead");
    decide(&mut lead, &id, &send_back(&[], "more, please")).unwrap();
    Window::open(&wei, &global(&id)).types(&mut wei, "more");
    let refused = undo(&mut lead, &id);
    assert!(matches!(refused, Err(Error::NoDecision)), "{refused:?}");
    assert_eq!(wei.state(&id), State::InProgress);
    assert_eq!(wei.working_text(&global(&id)).as_deref(), Some("more"));
}

#[test]
fn reasons_are_told_apart_from_words() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    wei.submit(&global(&id)).unwrap();
    decide(&mut wei, &id, &send_back(&[Reason::Invented], " ")).unwrap();
    let told = |desk: &Desk| {
        let view = desk.view(&id);
        (view.return_reason, view.return_reasons)
    };
    assert_eq!(told(&wei), (Some(String::new()), vec![Reason::Invented]));
    wei.submit(&global(&id)).unwrap();
    assert_eq!(told(&wei), (None, vec![]), "handed in again");
    wei.write(|tx, by| review::give_back(tx, by, &id, "plain words"))
        .unwrap();
    assert_eq!(told(&wei), (Some("plain words".to_owned()), vec![]));
}

#[test]
fn accepted_work_is_opened_by_leads_and_handed_in_work_also_by_who_wrote_it() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    let (mut ann, mut eve) = (wei.desk_of("ann"), wei.desk_of("eve"));
    for desk in [&ann, &eve] {
        wei.desk
            .write(|tx, by| people::set_roles(tx, by, &desk.person, &[Role::Annotator]))
            .unwrap();
    }
    let reopen = |desk: &mut Desk| desk.write(|tx, by| review::reopen(tx, by, &id));
    ann.revise(&global(&id), "ann's").unwrap();
    ann.submit(&global(&id)).unwrap();
    assert!(matches!(reopen(&mut eve), Err(Error::NotAllowed { .. })));
    assert_eq!(reopen(&mut ann).unwrap(), State::InProgress);
    ann.submit(&global(&id)).unwrap();
    decide(&mut wei, &id, &accept(Vec::new())).unwrap();
    for desk in [&mut ann, &mut eve] {
        assert!(matches!(reopen(desk), Err(Error::NotAllowed { .. })));
    }
    assert_eq!(wei.state(&id), State::Approved);
    assert_eq!(reopen(&mut wei).unwrap(), State::InProgress);
}

#[test]
fn of_a_diagram_for_two_each_takes_back_their_own_part() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    let action = domain::BulkAction::Second { wanted: true };
    let scope = domain::BulkScope::Picked {
        ids: vec![id.clone()],
    };
    wei.write(|tx, by| work::bulk(tx, by, &scope, &action))
        .unwrap();
    let mut lin = wei.desk_of("lin");
    lin.revise(&global(&id), "lin's").unwrap();
    lin.submit(&global(&id)).unwrap();
    lin.write(|tx, by| review::reopen(tx, by, &id)).unwrap();
    lin.revise(&global(&id), "lin's, better").unwrap();
    lin.submit(&global(&id)).unwrap();
    wei.revise(&global(&id), "wei's").unwrap();
    wei.submit(&global(&id)).unwrap();
    assert_eq!(wei.state(&id), State::Submitted);
    wei.write(|tx, by| review::reopen(tx, by, &id)).unwrap();
    wei.submit(&global(&id)).unwrap();
    assert_eq!(wei.state(&id), State::Submitted, "lin's part was still in");
}

#[test]
fn a_lead_sees_the_draft_that_the_expert_saw() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "the draft that was seen");
    wei.revise(&global(&id), "the text").unwrap();
    wei.submit(&global(&id)).unwrap();
    wei.write(|tx, by| {
        let sql = "INSERT INTO draft (id, diagram_id, level, text, label, created_at)
            VALUES ('later', ?1, 'global', 'a draft that came later', 'test', ?2)";
        Ok(tx.execute(sql, (id.as_str(), by.at.millis()))?)
    })
    .unwrap();
    let caption = seen(&wei, &id).captions.remove(0);
    let texts = [caption.draft, caption.experts[0].draft.clone()].map(|draft| draft.unwrap().text);
    assert_eq!(texts, ["the draft that was seen"; 2]);
}

/// Ids that name no region of the diagram are refused, so that no wording is kept where nobody sees it.
#[test]
fn a_wording_is_of_a_caption_that_is_there() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    let mut nowhere = slot(&id, Level::Partial);
    assert!(matches!(
        keep(&mut wei, &nowhere, Some("x")),
        Err(Error::SlotRegion(_))
    ));
    nowhere.region_id = Some(RegionId::new());
    assert!(matches!(
        keep(&mut wei, &nowhere, Some("x")),
        Err(Error::NoRegion { .. })
    ));
}
