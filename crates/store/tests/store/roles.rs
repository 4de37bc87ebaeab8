//! What takes which role: the table in `store::people`, row by row.

use domain::{
    Anchor, AnswerRequest, BulkAction, BulkScope, DiagramId, DraftRequest, DraftScope, DrawnRegion,
    Job, JobRequest, Keep, Level, LocalOptions, Model, ModelSource, NewDecision, NewModel, NewTerm,
    Policy, ProposeRequest, QuestionContent, QuestionEntry, QuestionId, QuestionKind,
    QuestionScope, QuestionSource, QuestionTrial, QueueFilter, Role, Shape, Slot, SubmitNote, Term,
    Thread,
};
use store::annotate::{self, By};
use store::table::model;
use store::{
    Error, Result, Transaction, examine, glossary, history, intake, jobs, people, questions,
    regions, review, threads, work,
};

use crate::fixture::{Desk, Fixture, MEASURES, global, new_diagram, no_links, now, slot};
use crate::jobs::{one, prompts, request};

use Role::{Annotator, Author, Lead};

/// What there is to act on.
struct Scene {
    todo: DiagramId,
    submitted: DiagramId,
    region: domain::Region,
    question: QuestionId,
    term: Term,
    thread: Thread,
    model: Model,
    job: Job,
    founder: domain::PersonId,
}

type Act = Box<dyn Fn(&Transaction<'_>, By<'_>, &Scene) -> Result<()>>;

/// One action and the roles that may do it.
struct Row {
    name: &'static str,
    roles: &'static [Role],
    act: Act,
}

fn row<T>(
    name: &'static str,
    roles: &'static [Role],
    act: impl Fn(&Transaction<'_>, By<'_>, &Scene) -> Result<T> + 'static,
) -> Row {
    let act: Act = Box::new(move |tx, by, scene| act(tx, by, scene).map(|_| ()));
    Row { name, roles, act }
}

fn scene(desk: &mut Fixture) -> Scene {
    let todo = desk.import("todo", "draft");
    let submitted = desk.import("submitted", "draft");
    desk.submit(&global(&submitted)).unwrap();
    let drawn = DrawnRegion {
        name: Some("core".to_owned()),
        shape: Shape::Rectangle {
            x: 1,
            y: 1,
            width: 9,
            height: 9,
        },
    };
    let region = desk
        .write(|tx, by| regions::draw(tx, by, &todo, &drawn))
        .unwrap();
    let question = desk
        .write(|tx, by| questions::add(tx, by, &todo, &content("one?")))
        .unwrap();
    desk.write(|tx, by| questions::commit(tx, by, &question.id))
        .unwrap();
    let term = desk
        .write(|tx, by| glossary::add(tx, by, &word("AMF")))
        .unwrap();
    let thread = desk
        .write(|tx, by| threads::start(tx, by, &todo, &Anchor::Diagram, "why?"))
        .unwrap();
    let model = desk.add_model("m");
    let job = desk
        .queue(&request(&model, &[Level::Detailed], one(&submitted)))
        .unwrap();
    Scene {
        todo,
        submitted,
        region,
        question: question.id,
        term,
        thread,
        model,
        job,
        founder: desk.person.clone(),
    }
}

fn content(stem: &str) -> QuestionContent {
    QuestionContent {
        stem: stem.to_owned(),
        ..QuestionContent::empty(QuestionKind::TrueFalse, Level::Global)
    }
}

fn word(en: &str) -> NewTerm {
    NewTerm {
        en: en.to_owned(),
        ..NewTerm::default()
    }
}

fn trial() -> QuestionTrial {
    QuestionTrial {
        examinee: String::new(),
        is_model: false,
        blind: false,
        answer: "true".to_owned(),
        picked: Vec::new(),
        rule: String::new(),
        correct: Some(true),
        at: now(),
    }
}

fn entry(scene: &Scene) -> QuestionEntry {
    QuestionEntry {
        id: scene.question.clone(),
        content: content("two?"),
        version: 1,
    }
}

fn all() -> BulkScope {
    BulkScope::Filtered {
        filter: QueueFilter::default(),
    }
}

fn drafts(scene: &Scene) -> DraftRequest {
    request(
        &scene.model,
        &[Level::Global],
        DraftScope::One {
            id: scene.todo.clone(),
        },
    )
}

fn proposals(scene: &Scene) -> ProposeRequest {
    ProposeRequest {
        model_id: scene.model.id.clone(),
        scope: DraftScope::One {
            id: scene.todo.clone(),
        },
        kinds: vec![QuestionKind::TrueFalse],
        per_diagram: 1,
        language: domain::PromptLanguage::En,
        sampling: domain::Sampling::default(),
        allow_untrained: false,
    }
}

fn answers(scene: &Scene) -> AnswerRequest {
    AnswerRequest {
        model_id: scene.model.id.clone(),
        scope: QuestionScope::Ids {
            ids: vec![scene.question.clone()],
        },
        blind: false,
        again: true,
        allow_untrained: false,
    }
}

fn another_model() -> NewModel {
    NewModel {
        name: "another".to_owned(),
        source: ModelSource::Qwen25Vl {
            path: "/models/another".to_owned(),
            options: LocalOptions::default(),
        },
    }
}

const ANY: &[Role] = &Role::ALL;
const TEXTS: &[Role] = &[Annotator];
const QUESTIONS: &[Role] = &[Author];
const LEADS: &[Role] = &[Lead];

fn rows_of_annotators() -> Vec<Row> {
    let caption = |scene: &Scene| global(&scene.todo);
    vec![
        row("revise", TEXTS, move |tx, by, s| {
            annotate::revise(tx, by, &caption(s), "text", &[])
        }),
        row("submit", TEXTS, move |tx, by, s| {
            annotate::submit(tx, by, &caption(s), &SubmitNote::default(), MEASURES)
        }),
        row("resolve", TEXTS, move |tx, by, s| {
            annotate::resolve(tx, by, &caption(s), Keep::Mine)
        }),
        row("set_reasons", TEXTS, move |tx, by, s| {
            annotate::set_reasons(tx, by, &caption(s), &[])
        }),
        row("restore a text", TEXTS, move |tx, by, s| {
            history::restore(tx, by, &caption(s), &domain::RevisionId::from_text("none"))
        }),
        row("draw", TEXTS, |tx, by, s| {
            let drawn = DrawnRegion {
                name: None,
                shape: Shape::Rectangle {
                    x: 1,
                    y: 1,
                    width: 9,
                    height: 9,
                },
            };
            regions::draw(tx, by, &s.todo, &drawn)
        }),
        row("name a region", TEXTS, |tx, by, s| {
            regions::named(tx, by, &s.todo, "new")
        }),
        row("remove a region", TEXTS, |tx, by, s| {
            regions::remove(tx, by, &s.todo, &s.region.id)
        }),
        row("reorder", TEXTS, |tx, by, s| {
            regions::reorder(tx, by, &s.todo, &[])
        }),
        row("claim", TEXTS, |tx, by, s| work::claim(tx, by, &s.todo)),
        row("next", TEXTS, |tx, by, _| {
            work::claim_next(tx, by, &QueueFilter::default(), None)
        }),
        row("skip", TEXTS, |tx, by, s| {
            work::skip(tx, by, &s.todo, "blurred")
        }),
        row("unskip", TEXTS, |tx, by, s| work::unskip(tx, by, &s.todo)),
        row("skip many", TEXTS, |tx, by, _| {
            let skip = BulkAction::Skip {
                reason: "blurred".to_owned(),
                only_todo: false,
            };
            work::bulk(tx, by, &all(), &skip)
        }),
        row("kind", &[Annotator, Lead], |tx, by, s| {
            work::set_kind(tx, by, &s.todo, "sequence")
        }),
        row("queue drafts", &[Annotator, Lead], |tx, by, s| {
            jobs::queue(tx, by, &drafts(s), &prompts())
        }),
    ]
}

fn rows_of_authors() -> Vec<Row> {
    vec![
        row("add a question", QUESTIONS, |tx, by, s| {
            questions::add(tx, by, &s.todo, &content("new?"))
        }),
        row("suggest one", QUESTIONS, |tx, by, s| {
            let source = QuestionSource::Imported {
                label: "a file".to_owned(),
            };
            questions::propose(tx, by, &s.todo, &content("new?"), &source)
        }),
        row("save one", QUESTIONS, |tx, by, s| {
            questions::save(tx, by, &entry(s))
        }),
        row("commit one", QUESTIONS, |tx, by, s| {
            questions::commit(tx, by, &s.question)
        }),
        row("take one up", QUESTIONS, |tx, by, s| {
            questions::take_up(tx, by, &s.question)
        }),
        row("make one ready", QUESTIONS, |tx, by, s| {
            questions::make_ready(tx, by, &s.question)
        }),
        row("reject one", QUESTIONS, |tx, by, s| {
            questions::reject(tx, by, &s.question, "no")
        }),
        row("restore one", QUESTIONS, |tx, by, s| {
            let head = questions::get(tx, &s.question)?.head.unwrap();
            questions::restore(tx, by, &s.question, &head)
        }),
        row("queue suggestions", QUESTIONS, |tx, by, s| {
            examine::queue_proposals(tx, by, &proposals(s))
        }),
        row("queue answers", QUESTIONS, |tx, by, s| {
            examine::queue_answers(tx, by, &answers(s))
        }),
    ]
}

fn rows_of_anybody() -> Vec<Row> {
    vec![
        row("answer one", ANY, |tx, by, s| {
            questions::answer(tx, by, &s.question, &trial())
        }),
        row("start a thread", ANY, |tx, by, s| {
            threads::start(tx, by, &s.todo, &Anchor::Diagram, "x")
        }),
        row("answer a thread", ANY, |tx, by, s| {
            threads::answer(tx, by, &s.thread.id, "x")
        }),
        row("settle a thread", ANY, |tx, by, s| {
            threads::settle(tx, by, &s.thread.id, true)
        }),
        row("add a term", ANY, |tx, by, _| {
            glossary::add(tx, by, &word("SMF"))
        }),
        row("change a term", ANY, |tx, by, s| {
            glossary::change(tx, by, &s.term.id, &word("UPF"))
        }),
        row("remove a term", ANY, |tx, by, s| {
            glossary::remove(tx, by, &s.term.id)
        }),
        row("restore a term", ANY, |tx, by, s| {
            glossary::restore(tx, by, &s.term.id)
        }),
        row("take terms", ANY, |tx, by, _| {
            glossary::take(tx, by, &[word("UPF")])
        }),
    ]
}

fn rows_of_leads() -> Vec<Row> {
    vec![
        row("cancel somebody's job", LEADS, |tx, by, s| {
            jobs::request(tx, by, &s.job.id, JobRequest::Cancel)
        }),
        row("approve", LEADS, |tx, by, s| {
            review::approve(tx, by, &s.submitted)
        }),
        row("give back", LEADS, |tx, by, s| {
            review::give_back(tx, by, &s.submitted, "again")
        }),
        row("decide", LEADS, |tx, by, s| {
            let decision = NewDecision::Accept {
                picks: Vec::new(),
                note: String::new(),
                read: None,
            };
            review::decide(tx, by, &s.submitted, &decision, no_links)
        }),
        row("write in a review", LEADS, |tx, by, s| {
            let slot: Slot = slot(&s.submitted, Level::Global);
            store::lead_text::keep(tx, by, &slot, Some("better"))
        }),
        row("plan many", LEADS, |tx, by, _| {
            work::bulk(tx, by, &all(), &BulkAction::Plan { place: Some(1) })
        }),
        row("import", LEADS, |tx, by, _| {
            intake::import(tx, by, &new_diagram("new"), &[])
        }),
        row("add a model", LEADS, |tx, by, _| {
            model::insert(tx, by, &another_model())
        }),
        row("remove a model", LEADS, |tx, by, s| {
            model::remove(tx, by, &s.model.id)
        }),
        row("set rules", LEADS, |tx, by, _| {
            let policy = Policy {
                lease_minutes: 7,
                ..Policy::default()
            };
            people::set_policy(tx, by, &policy)
        }),
        row("set roles", LEADS, |tx, by, s| {
            people::set_roles(tx, by, &s.founder, ANY)
        }),
        row("set a role", LEADS, |tx, by, s| {
            people::set_role(tx, by, &s.founder, Author, false)
        }),
        row("add a person", LEADS, |tx, by, _| {
            people::add(tx, by, "new", &[Author])
        }),
        row("rename another", LEADS, |tx, by, s| {
            people::rename(tx, by, &s.founder, "older")
        }),
    ]
}

#[test]
fn every_action_takes_its_role() {
    let mut desk = Fixture::new();
    let scene = scene(&mut desk);
    let mut who = desk.desk_of("lin");
    let only: [&[Role]; 4] = [&[], TEXTS, QUESTIONS, LEADS];
    for roles in only {
        desk.write(|tx, by| people::set_roles(tx, by, &who.person, roles))
            .unwrap();
        for row in rows_of_annotators()
            .into_iter()
            .chain(rows_of_authors())
            .chain(rows_of_anybody())
            .chain(rows_of_leads())
        {
            let refused = matches!(
                attempt(&mut who, &row, &scene),
                Err(Error::NotAllowed { .. })
            );
            let allowed = roles.iter().any(|role| row.roles.contains(role));
            assert_eq!(refused, !allowed, "{} as {roles:?}", row.name);
        }
    }
}

/// Does it and takes it back.
fn attempt(who: &mut Desk, row: &Row, scene: &Scene) -> Result<()> {
    let mut outcome = Ok(());
    let undone = who.write(|tx, by| {
        outcome = (row.act)(tx, by, scene);
        Err::<(), _>(Error::NoBulk)
    });
    assert!(matches!(undone, Err(Error::NoBulk)));
    outcome
}

#[test]
fn ones_own_name_and_job_take_no_lead() {
    let mut desk = Fixture::new();
    let scene = scene(&mut desk);
    let mut lin = desk.desk_of("lin");
    desk.write(|tx, by| people::set_roles(tx, by, &lin.person, TEXTS))
        .unwrap();
    let job = lin.queue(&drafts(&scene)).unwrap();
    lin.ask(&job, JobRequest::Cancel).unwrap();
    let me = lin.person.clone();
    lin.write(|tx, by| people::rename(tx, by, &me, "林"))
        .unwrap();
}

#[test]
fn two_leads_who_change_roles_at_once_both_have_their_way() {
    let mut wei = Fixture::new();
    let lin = wei.desk_of("lin");
    let mut omar = wei.desk_of("omar");
    wei.write(|tx, by| people::set_role(tx, by, &lin.person, Author, false))
        .unwrap();
    let now = omar
        .write(|tx, by| people::set_role(tx, by, &lin.person, Lead, false))
        .unwrap();
    assert_eq!(now.person.roles, [Annotator]);
    let twice = omar
        .write(|tx, by| people::set_role(tx, by, &lin.person, Lead, false))
        .unwrap();
    assert_eq!(twice.person.roles, [Annotator], "said twice, done once");
}

#[test]
fn a_lead_lets_people_in_with_the_roles_they_are_to_have() {
    let mut wei = Fixture::new();
    let added = wei
        .write(|tx, by| people::add(tx, by, " 李雷 ", &[Author]))
        .unwrap();
    assert_eq!((added.person.name.as_str(), added.last_at), ("李雷", None));
    assert_eq!(
        wei.desk_of("李雷").person,
        added.person.id,
        "who comes under that name is that person"
    );
    let twice = wei.write(|tx, by| people::add(tx, by, "李雷", &[]));
    assert!(matches!(twice, Err(Error::PersonNameTaken(_))));
    let empty = wei.write(|tx, by| people::add(tx, by, " ", &[]));
    assert!(matches!(empty, Err(Error::EmptyName(_))));
}
