//! The dashboard and the audit log, over a workspace in which people did whatever they may.

use domain::{
    Action, Anchor, BulkAction, BulkScope, Dashboard, Done, DraftCondition, HandedIn, Level,
    QuestionContent, QuestionEntry, QuestionFilter, QuestionKind, QuestionSource, QuestionState,
    QuestionTrial, QueueFilter, QueueMark, Reason, Span, State, SubmitNote, Timestamp,
};
use store::annotate::{self, By};
use store::{Result, dashboard, people, question_set, questions, table, threads, work};

use crate::crowd::{Crowd, FIRST_MS};
use crate::fixture::{Desk, Fixture, MEASURES, global, now};

const DAY_MS: i64 = 86_400_000;

/// Compares every number with the length of the list that it opens in the window.
struct Check<'a> {
    desk: &'a Desk,
    /// Numbers that were not 0.
    told: u32,
}

impl Check<'_> {
    fn queue(&mut self, what: &str, number: u32, filter: QueueFilter) {
        let page = self
            .desk
            .read(|connection| self.desk.through(&filter).page(connection, 0, 1_000));
        assert_eq!(number, page.total, "{what}: {filter:?}");
        assert_eq!(number as usize, page.rows.len(), "{what}");
        self.told += u32::from(number > 0);
    }

    fn questions(&mut self, what: &str, number: u32, filter: QuestionFilter) {
        let filter = QuestionFilter {
            synthetic: Some(false),
            ..filter
        };
        let page = self
            .desk
            .read(|connection| question_set::page(connection, &filter, 0, 1_000));
        assert_eq!(number, page.total, "{what}: {filter:?}");
        assert_eq!(number as usize, page.questions.len(), "{what}");
        self.told += u32::from(number > 0);
    }

    fn marked(&mut self, number: u32, mark: QueueMark) {
        let mark = Some(mark);
        self.queue(
            "a mark",
            number,
            QueueFilter {
                mark,
                ..QueueFilter::default()
            },
        );
    }

    fn ready(&mut self, what: &str, number: u32, filter: QuestionFilter) {
        let state = Some(QuestionState::Ready);
        self.questions(what, number, QuestionFilter { state, ..filter });
    }
}

fn done(action: Action, by: Option<&domain::PersonId>, within: Option<Span>) -> QueueFilter {
    QueueFilter {
        done: Some(Done {
            action,
            by: by.cloned(),
            within,
        }),
        ..QueueFilter::default()
    }
}

/// Every field is named, so that a number without a list does not compile.
fn check_all(desk: &Desk, numbers: Dashboard, whole: Span) -> u32 {
    let mut check = Check { desk, told: 0 };
    let Dashboard {
        states,
        by_kind,
        by_person,
        days,
        reasons,
        drafts,
        agreement,
        questions,
        by_difficulty,
        open_threads,
    } = numbers;
    check_progress(&mut check, (states, &by_kind, &reasons));
    check.marked(open_threads, QueueMark::OpenThread);
    check_people(&mut check, &by_person, whole);
    check_days(&mut check, days);
    check_drafts(&mut check, drafts);
    check.marked(agreement.pairs, QueueMark::Compared);
    check.marked(agreement.box_pairs, QueueMark::BoxesCompared);
    let second_answer = Some(true);
    check.ready(
        "answered",
        agreement.key_questions,
        QuestionFilter {
            second_answer,
            ..QuestionFilter::default()
        },
    );
    check_questions(&mut check, questions);
    for (difficulty, number) in by_difficulty {
        let difficulty = Some(difficulty);
        check.ready(
            "difficulty",
            number,
            QuestionFilter {
                difficulty,
                ..QuestionFilter::default()
            },
        );
    }
    check.told
}

fn check_progress(
    check: &mut Check<'_>,
    (mut states, by_kind, reasons): (
        domain::StateCounts,
        &[domain::KindProgress],
        &[domain::ReasonCount],
    ),
) {
    for state in State::ALL {
        let filter = QueueFilter {
            state: Some(state),
            ..QueueFilter::default()
        };
        check.queue("state", *states.of(state), filter.clone());
        for kind in by_kind {
            let mut counts = kind.states;
            let kind = Some(kind.kind.clone());
            check.queue(
                "kind",
                *counts.of(state),
                QueueFilter {
                    kind,
                    ..filter.clone()
                },
            );
        }
    }
    check.queue("all", states.total(), QueueFilter::default());
    for reason in Reason::ALL {
        let of_reason = reasons.iter().filter(|each| each.reason == reason);
        let filter = QueueFilter {
            reason: Some(reason),
            ..QueueFilter::default()
        };
        let all = of_reason.clone().map(|each| each.count).sum();
        check.queue("reason", all, filter.clone());
        for each in of_reason {
            let kind = Some(each.diagram_kind.clone());
            check.queue(
                "reason and kind",
                each.count,
                QueueFilter {
                    kind,
                    ..filter.clone()
                },
            );
        }
    }
}

fn check_people(check: &mut Check<'_>, by_person: &[domain::PersonProgress], whole: Span) {
    for person in by_person {
        let mut states = person.states;
        for state in State::ALL {
            let filter = QueueFilter {
                state: Some(state),
                person: Some(person.person_id.clone()),
                ..QueueFilter::default()
            };
            check.queue(&person.name, *states.of(state), filter);
        }
        let filter = done(Action::Submit, Some(&person.person_id), Some(whole));
        check.queue(&person.name, person.submitted, filter);
        for (state, number) in [
            (QuestionState::Ready, person.questions),
            (QuestionState::Draft, person.question_drafts),
        ] {
            let filter = QuestionFilter {
                state: Some(state),
                author: Some(person.name.clone()),
                ..QuestionFilter::default()
            };
            check.questions(&person.name, number, filter);
        }
    }
    for info in check.desk.read(people::list) {
        let filter = done(Action::Submit, Some(&info.person.id), None);
        check.queue(&info.person.name, info.submitted, filter);
        let filter = QuestionFilter {
            author: Some(info.person.name.clone()),
            ..QuestionFilter::default()
        };
        check.ready(&info.person.name, info.questions, filter);
    }
}

fn check_days(check: &mut Check<'_>, days: Vec<domain::Day>) {
    for day in days {
        let domain::Day {
            date,
            span,
            submitted,
            approved,
            returned,
            questions,
        } = day;
        check.queue(&date, submitted, done(Action::Submit, None, Some(span)));
        check.queue(&date, approved, done(Action::Approve, None, Some(span)));
        check.queue(&date, returned, done(Action::Return, None, Some(span)));
        let made_ready = Some(span);
        check.questions(
            &date,
            questions,
            QuestionFilter {
                made_ready,
                ..QuestionFilter::default()
            },
        );
    }
}

fn check_drafts(check: &mut Check<'_>, drafts: domain::DraftUse) {
    let groups = [
        (DraftCondition::Shown, drafts.shown),
        (DraftCondition::Hidden, drafts.hidden),
        (DraftCondition::None, drafts.none),
    ];
    for (draft, group) in groups {
        for (returned, number) in [(false, group.diagrams), (true, group.returned)] {
            let handed_in = Some(HandedIn { draft, returned });
            check.queue(
                "drafts",
                number,
                QueueFilter {
                    handed_in,
                    ..QueueFilter::default()
                },
            );
        }
        if draft == DraftCondition::Shown {
            check.marked(group.unchanged, QueueMark::DraftUnchanged);
        }
    }
}

fn check_questions(check: &mut Check<'_>, coverage: domain::QuestionCoverage) {
    let domain::QuestionCoverage {
        ready,
        proposed,
        drafts,
        diagrams,
        by_kind,
        by_level,
        by_category,
        key_positions,
    } = coverage;
    let all = QuestionFilter::default;
    for (state, number) in [
        (QuestionState::Ready, ready),
        (QuestionState::Proposed, proposed),
        (QuestionState::Draft, drafts),
    ] {
        let state = Some(state);
        check.questions("state", number, QuestionFilter { state, ..all() });
    }
    check.marked(diagrams, QueueMark::HasQuestion);
    for (kind, number) in by_kind {
        let kind = Some(kind);
        check.ready("kind", number, QuestionFilter { kind, ..all() });
    }
    for (level, number) in by_level {
        let level = Some(level);
        check.ready("level", number, QuestionFilter { level, ..all() });
    }
    for (category, number) in by_category {
        let category = Some(category);
        check.ready("category", number, QuestionFilter { category, ..all() });
    }
    for (place, number) in key_positions.into_iter().enumerate() {
        let filter = QuestionFilter {
            kind: Some(QuestionKind::SingleChoice),
            key_position: u32::try_from(place).ok(),
            ..all()
        };
        check.ready("key position", number, filter);
    }
}

#[test]
fn every_number_is_the_length_of_its_list() {
    let mut crowd = Crowd::new(40);
    crowd.live(1_000);
    let days = crowd.days();
    assert!(
        days[0].1.from.millis() > FIRST_MS,
        "something lies before the first day"
    );
    let whole = Span {
        from: days[0].1.from,
        until: days[days.len() - 1].1.until,
    };
    let numbers = crowd.numbers();
    let agreement = numbers.agreement.clone();
    assert!(
        agreement.box_pairs > 1 && agreement.pairs > 1 && agreement.key_questions > 1,
        "{agreement:?}"
    );
    assert!(numbers.drafts.shown.unchanged > 1, "some drafts were good");
    for mean in [agreement.text, agreement.boxes, agreement.keys] {
        assert!(
            mean.is_some_and(|mean| (0.0..=1.0).contains(&mean)),
            "{agreement:?}"
        );
    }
    let told = check_all(&crowd.desk, numbers, whole);
    assert!(told > 80, "only {told} numbers are not 0");
    assert_eq!(
        crowd
            .desk
            .count("SELECT count(*) FROM pragma_foreign_key_check"),
        0
    );
}

#[test]
fn a_synthetic_question_is_nobodys() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    let source = QuestionSource::Synthetic {
        label: "synth 1".to_owned(),
    };
    let content = QuestionContent::empty(QuestionKind::TrueFalse, Level::Global);
    let question = wei
        .write(|tx, by| questions::propose(tx, by, &id, &content, &source))
        .unwrap();
    wei.write(|tx, by| questions::take_up(tx, by, &question.id))
        .unwrap();
    wei.write(|tx, by| questions::make_ready(tx, by, &question.id))
        .unwrap();
    let mut lin = wei.desk_of("lin");
    let trial = QuestionTrial {
        examinee: String::new(),
        is_model: false,
        blind: false,
        answer: "true".to_owned(),
        picked: Vec::new(),
        rule: String::new(),
        correct: Some(true),
        at: now(),
    };
    lin.write(|tx, by| questions::answer(tx, by, &question.id, &trial))
        .unwrap();
    let days = dashboard::utc_days(now(), 3);
    let numbers = wei.read(|connection| dashboard::numbers(connection, &days));
    assert_eq!(numbers.days.iter().map(|day| day.questions).sum::<u32>(), 0);
    assert_eq!(numbers.agreement.key_questions, 0);
    assert_eq!(numbers.by_person, []);
    assert_eq!(wei.read(people::list)[0].questions, 0);
    assert_eq!(
        crate::desk::marked(&wei, QueueMark::HasQuestion),
        Vec::<u32>::new()
    );
    assert_eq!(crate::desk::marked(&wei, QueueMark::NoQuestion), [1]);
}

#[test]
fn only_the_first_answer_to_the_question_as_it_stands_counts() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    let content = QuestionContent::empty(QuestionKind::TrueFalse, Level::Global);
    let question = wei
        .write(|tx, by| questions::add(tx, by, &id, &content))
        .unwrap();
    wei.write(|tx, by| questions::make_ready(tx, by, &question.id))
        .unwrap();
    let mut lin = wei.desk_of("lin");
    let mut answers = |correct: bool| {
        let trial = QuestionTrial {
            examinee: String::new(),
            is_model: false,
            blind: false,
            answer: String::new(),
            picked: Vec::new(),
            rule: String::new(),
            correct: Some(correct),
            at: now(),
        };
        lin.write(|tx, by| questions::answer(tx, by, &question.id, &trial))
            .unwrap();
    };
    let keys = |desk: &Desk| {
        let days = dashboard::utc_days(now(), 1);
        let agreement = desk
            .read(|connection| dashboard::numbers(connection, &days))
            .agreement;
        (agreement.key_questions, agreement.keys)
    };
    answers(false);
    answers(true);
    assert_eq!(keys(&wei), (1, Some(0.0)), "who tries again knows the key");
    wei.write(|tx, by| questions::take_up(tx, by, &question.id))
        .unwrap();
    let mut better = content.clone();
    better.stem = "Is it?".to_owned();
    let entry = QuestionEntry {
        id: question.id.clone(),
        content: better,
        version: wei
            .read(|connection| questions::get(connection, &question.id))
            .version,
    };
    wei.write(|tx, by| questions::save(tx, by, &entry)).unwrap();
    wei.write(|tx, by| questions::make_ready(tx, by, &question.id))
        .unwrap();
    assert_eq!(keys(&wei), (0, None), "that was another question");
    answers(true);
    assert_eq!(keys(&wei), (1, Some(1.0)));
}

#[test]
fn the_log_is_read_whole_and_in_order_while_others_write() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    wei.revise(&global(&id), "one").unwrap();
    let mut lin = wei.desk_of("lin");
    let before = wei.count("SELECT count(*) FROM audit");
    let mut read = Vec::new();
    let result: Result<()> = wei.read(|connection| {
        Ok(table::audit::each(connection, |entry| {
            if read.is_empty() {
                lin.write(|tx, by| threads::start(tx, by, &id, &Anchor::Diagram, "now"))?;
            }
            read.push(entry);
            Ok(())
        }))
    });
    result.unwrap();
    assert_eq!(
        read.len(),
        before as usize,
        "what came meanwhile is not in it"
    );
    assert_eq!(
        (read[0].action.as_str(), read[1].action.as_str()),
        ("join", "create")
    );
    assert!(read.is_sorted_by_key(|entry| entry.at));
    assert!(wei.count("SELECT count(*) FROM audit") > before);
}

#[test]
fn a_change_of_many_and_its_undoing_are_told_of_each_diagram() {
    let mut wei = Fixture::new();
    let ids = ["a", "b"].map(|name| wei.import(name, "draft"));
    let all = BulkScope::Filtered {
        filter: QueueFilter::default(),
    };
    let actions = [
        BulkAction::Plan { place: Some(3) },
        BulkAction::DiagramKind {
            diagram_kind: "sequence".to_owned(),
        },
        BulkAction::Second { wanted: true },
        BulkAction::Skip {
            reason: "blurred".to_owned(),
            only_todo: false,
        },
    ];
    let done: Vec<_> = actions
        .iter()
        .map(|action| {
            wei.write(|tx, by| work::bulk(tx, by, &all, action))
                .unwrap()
        })
        .collect();
    for done in done.iter().rev() {
        assert_eq!(done.changed, 2);
        wei.write(|tx, by| work::undo_bulk(tx, by, &done.id))
            .unwrap();
    }
    for id in &ids {
        let lines = wei.read(|connection| table::audit::about(connection, id.as_str()));
        let told: Vec<String> = lines
            .iter()
            .filter(|line| ["plan", "skip"].contains(&line.action.as_str()))
            .map(|line| {
                let [before, after, note] = [&line.before, &line.after, &line.note]
                    .map(|part| part.clone().unwrap_or_default());
                format!("{note}:{before}>{after}")
            })
            .collect();
        assert_eq!(
            told,
            [
                "plan:>3",
                "kind:>sequence",
                "second:false>true",
                "blurred:todo>skipped",
                ":skipped>todo",
                "second:true>false",
                "kind:sequence>",
                "plan:3>",
            ]
        );
    }
}

#[test]
fn a_page_of_the_log_says_what_its_ids_stand_for() {
    let mut wei = Fixture::new();
    let id = wei.import("5g-core.png", "draft");
    wei.write(|tx, by| work::claim(tx, by, &id)).unwrap();
    let content = QuestionContent {
        stem: "Which?".to_owned(),
        ..QuestionContent::empty(QuestionKind::TrueFalse, Level::Global)
    };
    wei.write(|tx, by| questions::add(tx, by, &id, &content))
        .unwrap();
    let filter = domain::AuditFilter::default();
    let page = wei.read(|connection| table::audit::page(connection, &filter, 0, 2));
    let [asked, claimed] = [0, 1].map(|index| page.entries[index].about.clone().unwrap());
    assert_eq!(
        (asked.number, asked.name.as_deref()),
        (Some(1), Some("Which?"))
    );
    assert_eq!(claimed.diagram_id, Some(id));
    assert_eq!(claimed.name.as_deref(), Some("5g-core.png"));
    assert_eq!(
        (claimed.before, claimed.after.as_deref()),
        (None, Some("wei"))
    );
    let only = domain::AuditFilter {
        diagram: Some(1),
        action: Some(Action::Claim),
        ..filter
    };
    let page = wei.read(|connection| table::audit::page(connection, &only, 0, 9));
    assert_eq!(page.total, 1);
}

#[test]
fn days_are_cut_where_they_are_told_to() {
    let mut wei = Fixture::new();
    let id = wei.import("a", "draft");
    wei.revise(&global(&id), "text").unwrap();
    let at = FIRST_MS + 10 * DAY_MS - 1;
    let person = wei.person.clone();
    let by = By {
        person: &person,
        at: Timestamp::from_millis(at),
    };
    let note = SubmitNote::default();
    wei.database
        .write(|tx| annotate::submit(tx, by, &global(&id), &note, MEASURES))
        .unwrap();
    let days = |hours: i64| -> Vec<u32> {
        let shift = |(date, span): (String, Span)| {
            let [from, until] = [span.from, span.until]
                .map(|at| Timestamp::from_millis(at.millis() + hours * 3_600_000));
            (date, Span { from, until })
        };
        let days = dashboard::utc_days(Timestamp::from_millis(at), 2);
        let days: Vec<_> = days.into_iter().map(shift).collect();
        let numbers = wei.read(|connection| dashboard::numbers(connection, &days));
        numbers.days.iter().map(|day| day.submitted).collect()
    };
    assert_eq!(days(0), [0, 1]);
    assert_eq!(days(1), [0, 1]);
    assert_eq!(days(24), [1, 0]);
    assert_eq!(days(-1), [0, 0], "past the last midnight it is tomorrow");
}
