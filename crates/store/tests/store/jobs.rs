//! Jobs as people and engines use them.

use domain::{
    DiagramId, Draft, DraftRequest, DraftScope, Drafted, ItemState, Job, JobRequest, JobState,
    Level, LocalOptions, Model, ModelSource, NewModel, PromptLanguage, QueueFilter, Redraft,
    Sampling,
};
use store::annotate::By;
use store::jobs::{self, Claim, PromptVersions, Worker};
use store::table::{draft, focus, job, job_item, model};
use store::{Error, Result};

use crate::fixture::{Desk, Fixture, Window, draft_of, global, new_diagram, now};

pub const ENGINE: &str = "host:1";

impl Desk {
    pub fn add_model(&mut self, name: &str) -> Model {
        let new = NewModel {
            name: name.to_owned(),
            source: ModelSource::Qwen25Vl {
                path: format!("/models/{name}"),
                options: LocalOptions::default(),
            },
        };
        self.write(|tx, by| model::insert(tx, by, &new)).unwrap()
    }

    pub fn queue(&mut self, request: &DraftRequest) -> Result<Job> {
        self.write(|tx, by| jobs::queue(tx, by, request, &prompts()))
    }

    pub fn claim(&mut self, worker: &str, n: u32) -> Option<Claim> {
        let worker = Worker {
            name: worker,
            at: now(),
        };
        self.write(|tx, _| jobs::claim(tx, worker, n)).unwrap()
    }

    pub fn finish(&mut self, worker: &str, item: u32, text: &str) -> bool {
        let worker = Worker {
            name: worker,
            at: now(),
        };
        let drafted = drafted(text, Some(-0.5));
        self.write(|tx, _| jobs::finish_item(tx, worker, item, &drafted))
            .unwrap()
            .is_some()
    }

    pub fn fail_item(&mut self, item: u32, why: &str) -> bool {
        self.write(|tx, by| {
            let help = Some("look at it");
            jobs::fail_item(tx, engine(by), item, (why, help))
        })
        .unwrap()
    }

    pub fn ask(&mut self, job: &Job, request: JobRequest) -> Result<Job> {
        self.write(|tx, by| jobs::request(tx, by, &job.id, request))
    }

    fn obey(&mut self, job: &Job) -> Job {
        self.write(|tx, by| jobs::obey(tx, engine(by), &job.id))
            .unwrap()
    }

    pub fn job(&self, job: &Job) -> Job {
        self.read(|connection| job::get(connection, &job.id))
    }

    fn states(&self, job: &Job) -> Vec<ItemState> {
        self.read(|connection| job_item::of_job(connection, job.number, None, (0, 1_000)))
            .into_iter()
            .map(|item| item.state)
            .collect()
    }

    pub fn drafts(&self, id: &DiagramId) -> Vec<Draft> {
        self.read(|connection| draft::of_diagram(connection, id))
    }

    /// Drafts everything that waits, as a patient engine does.
    pub fn work(&mut self) {
        while let Some(claim) = self.claim(ENGINE, 1) {
            assert!(self.finish(ENGINE, claim.items[0].id, "A model's text."));
        }
    }
}

pub fn engine(by: By<'_>) -> Worker<'static> {
    Worker {
        name: ENGINE,
        at: by.at,
    }
}

pub fn prompts() -> PromptVersions {
    Level::ALL
        .map(|level| (level, "1+0a0b0c0d".to_owned()))
        .into()
}

pub fn drafted(text: &str, mean_logprob: Option<f64>) -> Drafted {
    Drafted {
        text: text.to_owned(),
        revision: Some("abc123".to_owned()),
        prompt_version: "1+0a0b0c0d".to_owned(),
        seconds: Some(2.5),
        new_tokens: Some(42),
        mean_logprob,
    }
}

pub fn request(model: &Model, levels: &[Level], scope: DraftScope) -> DraftRequest {
    DraftRequest {
        model_id: model.id.clone(),
        levels: levels.to_vec(),
        language: PromptLanguage::En,
        scope,
        redraft: Redraft::Missing,
        sampling: Sampling::default(),
        allow_untrained: false,
    }
}

pub fn all() -> DraftScope {
    DraftScope::Filter {
        filter: QueueFilter::default(),
        limit: None,
    }
}

pub fn one(id: &DiagramId) -> DraftScope {
    DraftScope::One { id: id.clone() }
}

/// Diagrams without drafts, and a model.
pub fn workspace(n: usize) -> (Fixture, Vec<DiagramId>, Model) {
    let mut desk = Fixture::new();
    let ids = (0..n)
        .map(|n| desk.import_with(&format!("d{n}.png"), Vec::new()))
        .collect();
    let model = desk.add_model("qwen");
    (desk, ids, model)
}

#[test]
fn a_draft_says_how_it_was_made() {
    let (mut desk, ids, model) = workspace(1);
    let sampling = Sampling {
        temperature: 0.7,
        top_p: Some(0.9),
        seed: 7,
        ..Sampling::default()
    };
    let mut wanted = request(&model, &[Level::Detailed], one(&ids[0]));
    wanted.sampling = sampling.clone();
    let job = desk.queue(&wanted).unwrap();
    desk.work();
    let drafts = desk.drafts(&ids[0]);
    let draft = &drafts[0];
    let origin = draft.origin.as_ref().unwrap();
    assert_eq!(
        (draft.label.as_str(), draft.level),
        ("qwen", Level::Detailed)
    );
    assert_eq!((&origin.job_id, &origin.model_id), (&job.id, &model.id));
    assert_eq!(origin.location, "/models/qwen");
    assert_eq!(origin.revision.as_deref(), Some("abc123"));
    assert_eq!(origin.prompt_version, "1+0a0b0c0d");
    assert_eq!(
        (origin.new_tokens, origin.mean_logprob),
        (Some(42), Some(-0.5))
    );
    assert_eq!(origin.sampling, sampling);
    let done = desk.job(&job);
    assert_eq!((done.state, done.done, done.total), (JobState::Done, 1, 1));
    assert!(done.finished_at.is_some() && done.worker.is_none());
    assert!(
        desk.count("SELECT count(*) FROM diagram_words WHERE diagram_words MATCH 'model'") == 1
    );
}

#[test]
fn odd_numbers_of_a_model_are_not_kept() {
    let (mut desk, ids, model) = workspace(3);
    desk.queue(&request(&model, &[Level::Global], all()))
        .unwrap();
    for odd in [f64::NAN, f64::NEG_INFINITY, 0.25] {
        let item = desk.claim(ENGINE, 1).unwrap().items.remove(0);
        let mut drafted = drafted("text", Some(odd));
        drafted.seconds = Some(-odd);
        desk.write(|tx, by| jobs::finish_item(tx, engine(by), item.id, &drafted))
            .unwrap()
            .unwrap();
    }
    let means = ids.iter().map(|id| {
        let origin = desk.drafts(id).remove(0).origin.unwrap();
        (origin.mean_logprob, origin.seconds)
    });
    let expected = [(None, None), (None, None), (Some(0.0), Some(0.0))];
    assert_eq!(means.collect::<Vec<_>>(), expected);
}

#[test]
fn empty_and_monstrous_drafts_are_refused() {
    let (mut desk, ids, model) = workspace(1);
    desk.queue(&request(&model, &[Level::Global], one(&ids[0])))
        .unwrap();
    let item = desk.claim(ENGINE, 1).unwrap().items[0].id;
    for text in ["", " \n", &"x".repeat(jobs::MAX_DRAFT_BYTES + 1)] {
        let drafted = drafted(text, None);
        let kept = desk.write(|tx, by| jobs::finish_item(tx, engine(by), item, &drafted));
        assert!(matches!(kept, Err(Error::DraftSize(_))));
    }
    assert!(desk.drafts(&ids[0]).is_empty());
}

#[test]
fn a_partial_level_is_drafted_for_each_region_and_a_diagram_is_finished_before_the_next() {
    let mut desk = Fixture::new();
    let regions = ["left", "right"].map(|name| draft_of(Level::Partial, Some(name), "imported"));
    let first = desk.import_with("a.png", regions.to_vec());
    let second = desk.import_with("b.png", Vec::new());
    let model = desk.add_model("qwen");
    let levels = [
        Level::Structure,
        Level::Partial,
        Level::Global,
        Level::Global,
    ];
    let job = desk.queue(&request(&model, &levels, all())).unwrap();
    assert_eq!(job.total, 6);
    let items = desk.claim(ENGINE, 100).unwrap().items;
    let slots: Vec<_> = items
        .iter()
        .map(|item| (&item.diagram_id, item.level))
        .collect();
    let expected = [
        (&first, Level::Global),
        (&first, Level::Partial),
        (&first, Level::Partial),
        (&first, Level::Structure),
        (&second, Level::Global),
        (&second, Level::Structure),
    ];
    assert_eq!(slots, expected);
    assert_ne!(items[1].region_id, items[2].region_id);
}

#[test]
fn only_what_is_missing_is_drafted_unless_asked_again() {
    let (mut desk, ids, model) = workspace(2);
    let wanted = request(&model, &[Level::Global], all());
    desk.queue(&request(&model, &[Level::Global], one(&ids[0])))
        .unwrap();
    let rest = desk.queue(&wanted).unwrap();
    assert_eq!(rest.total, 1, "the first waits already");
    desk.work();
    assert!(matches!(desk.queue(&wanted), Err(Error::NothingToDraft)));
    let chinese = DraftRequest {
        language: PromptLanguage::Zh,
        ..wanted.clone()
    };
    assert_eq!(desk.queue(&chinese).unwrap().total, 2);
    let other = desk.add_model("other");
    assert_eq!(
        desk.queue(&request(&other, &[Level::Global], all()))
            .unwrap()
            .total,
        2
    );
    let edited = PromptVersions::from([(Level::Global, "1+ffffffff".to_owned())]);
    let again = desk.write(|tx, by| jobs::queue(tx, by, &wanted, &edited));
    assert_eq!(again.unwrap().total, 2, "the prompt was edited");
    let always = DraftRequest {
        redraft: Redraft::Always,
        ..wanted
    };
    assert_eq!(desk.queue(&always).unwrap().total, 2);
    assert_eq!(
        desk.count("SELECT count(*) FROM job"),
        6,
        "a refused request leaves nothing"
    );
}

#[test]
fn requests_that_cannot_be_are_refused() {
    let (mut desk, ids, model) = workspace(1);
    let check = |desk: &mut Fixture, change: &dyn Fn(&mut DraftRequest), says: &str| {
        let mut wanted = request(&model, &[Level::Global], one(&ids[0]));
        change(&mut wanted);
        let error = desk.queue(&wanted).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    };
    check(
        &mut desk,
        &|wanted| wanted.levels.clear(),
        "at least one level",
    );
    check(
        &mut desk,
        &|wanted| wanted.sampling.temperature = f32::NAN,
        "`temperature`",
    );
    check(
        &mut desk,
        &|wanted| wanted.sampling.max_new_tokens = 0,
        "`max_new_tokens`",
    );
    let nobody = DiagramId::new();
    let unknown = [ids[0].clone(), nobody.clone()].to_vec();
    check(
        &mut desk,
        &|wanted| {
            wanted.scope = DraftScope::Ids {
                ids: unknown.clone(),
            }
        },
        nobody.as_str(),
    );
    check(
        &mut desk,
        &|wanted| wanted.scope = DraftScope::Ids { ids: Vec::new() },
        "1–100000 diagrams",
    );
    desk.write(|tx, by| model::remove(tx, by, &model.id))
        .unwrap();
    check(&mut desk, &|_| {}, "no model");
    assert_eq!(desk.count("SELECT count(*) FROM job"), 0);
}

#[test]
fn a_selection_and_a_filter_keep_their_order_and_limit() {
    let (mut desk, ids, model) = workspace(4);
    let picked = [3, 0, 3, 1].map(|index: usize| ids[index].clone());
    let scope = DraftScope::Ids {
        ids: picked.to_vec(),
    };
    desk.queue(&request(&model, &[Level::Global], scope))
        .unwrap();
    let items = desk.claim(ENGINE, 9).unwrap().items;
    let order: Vec<_> = items.into_iter().map(|item| item.diagram_id).collect();
    assert_eq!(order, [ids[3].clone(), ids[0].clone(), ids[1].clone()]);
    let limited = DraftScope::Filter {
        filter: QueueFilter {
            search: "d2".to_owned(),
            ..QueueFilter::default()
        },
        limit: Some(1),
    };
    let job = desk
        .queue(&request(&model, &[Level::Global], limited))
        .unwrap();
    assert_eq!(job.total, 1);
}

#[test]
fn what_somebody_looks_at_comes_first_and_what_somebody_waits_for_before_that() {
    let (mut desk, ids, model) = workspace(5);
    let batch = desk
        .queue(&request(&model, &[Level::Global], all()))
        .unwrap();
    let next = |desk: &mut Fixture| {
        let claim = desk.claim(ENGINE, 1).unwrap();
        assert!(desk.finish(ENGINE, claim.items[0].id, "text"));
        (claim.job.number, claim.items[0].diagram_id.clone())
    };
    assert_eq!(next(&mut desk), (batch.number, ids[0].clone()));
    desk.write(|tx, by| focus::put(tx, by, &ids[3])).unwrap();
    let mut lin = desk.desk_of("lin");
    lin.write(|tx, by| focus::put(tx, by, &ids[4])).unwrap();
    assert_eq!(next(&mut desk), (batch.number, ids[4].clone()));
    let urgent = request(&model, &[Level::Detailed], one(&ids[2]));
    let urgent = desk.queue(&urgent).unwrap();
    assert_eq!(next(&mut desk), (urgent.number, ids[2].clone()));
    assert_eq!(next(&mut desk), (batch.number, ids[3].clone()));
    assert_eq!(next(&mut desk), (batch.number, ids[1].clone()));
    assert_eq!(next(&mut desk), (batch.number, ids[2].clone()));
    assert_eq!(desk.claim(ENGINE, 1), None);
    assert!(!desk.read(focus::matters));
}

#[test]
fn a_job_is_cancelled_while_it_runs_and_keeps_what_it_finished() {
    let (mut desk, ids, model) = workspace(3);
    let job = desk
        .queue(&request(&model, &[Level::Global], all()))
        .unwrap();
    let items = desk.claim(ENGINE, 2).unwrap().items;
    assert!(desk.finish(ENGINE, items[0].id, "kept"));
    let asked = desk.ask(&job, JobRequest::Cancel).unwrap();
    assert_eq!(
        (asked.state, asked.request),
        (JobState::Running, Some(JobRequest::Cancel))
    );
    let pending = desk.read(|connection| job::pending(connection, &job.id));
    assert_eq!(pending, Some(JobRequest::Cancel));
    assert_eq!(desk.claim(ENGINE, 1), None, "nothing more is begun");
    assert_eq!(
        desk.ask(&job, JobRequest::Pause).unwrap().request,
        asked.request
    );
    let ended = desk.obey(&job);
    assert_eq!(
        (ended.state, ended.request, ended.done),
        (JobState::Cancelled, None, 1)
    );
    let cancelled = ItemState::Cancelled;
    assert_eq!(desk.states(&job), [ItemState::Done, cancelled, cancelled]);
    assert!(!desk.finish(ENGINE, items[1].id, "too late"));
    assert!(desk.drafts(&ids[1]).is_empty());
    let refused = desk.ask(&job, JobRequest::Resume).unwrap_err();
    assert!(matches!(refused, Error::WrongJobState(_)) && refused.help().is_some());
}

#[test]
fn a_paused_job_goes_on_where_it_was() {
    let (mut desk, _, model) = workspace(2);
    let job = desk
        .queue(&request(&model, &[Level::Global], all()))
        .unwrap();
    assert_eq!(
        desk.ask(&job, JobRequest::Pause).unwrap().state,
        JobState::Paused
    );
    assert_eq!(desk.claim(ENGINE, 1), None);
    assert_eq!(
        desk.ask(&job, JobRequest::Resume).unwrap().state,
        JobState::Queued
    );
    let item = desk.claim(ENGINE, 1).unwrap().items[0].id;
    desk.ask(&job, JobRequest::Pause).unwrap();
    assert_eq!(
        desk.ask(&job, JobRequest::Resume).unwrap().request,
        None,
        "thought better of it"
    );
    desk.ask(&job, JobRequest::Pause).unwrap();
    assert_eq!(desk.obey(&job).state, JobState::Paused);
    assert!(!desk.finish(ENGINE, item, "too late"));
    desk.ask(&job, JobRequest::Resume).unwrap();
    desk.work();
    assert_eq!(
        (desk.job(&job).state, desk.job(&job).done),
        (JobState::Done, 2)
    );
}

#[test]
fn failures_are_told_and_can_be_tried_again() {
    let (mut desk, _, model) = workspace(2);
    let job = desk
        .queue(&request(&model, &[Level::Global], all()))
        .unwrap();
    for item in desk.claim(ENGINE, 2).unwrap().items {
        assert!(desk.fail_item(item.id, "the picture is broken"));
    }
    let failed = desk.job(&job);
    assert_eq!((failed.state, failed.failed), (JobState::Failed, 2));
    assert_eq!(failed.error.as_deref(), Some("the picture is broken"));
    let again = desk.ask(&job, JobRequest::Resume).unwrap();
    assert_eq!(
        (again.state, again.failed, again.error),
        (JobState::Queued, 0, None)
    );
    let claim = desk.claim(ENGINE, 2).unwrap();
    desk.fail_item(claim.items[0].id, "again");
    assert!(desk.finish(ENGINE, claim.items[1].id, "text"));
    let done = desk.job(&job);
    assert_eq!((done.state, done.done, done.failed), (JobState::Done, 1, 1));

    let job = desk
        .queue(&request(&model, &[Level::Detailed], all()))
        .unwrap();
    desk.claim(ENGINE, 1).unwrap();
    let why = ("no such folder", Some("Add the model again."));
    let failed = desk
        .write(|tx, by| jobs::fail(tx, engine(by), &job.id, why))
        .unwrap();
    assert_eq!(failed.state, JobState::Failed);
    assert_eq!(failed.help.as_deref(), why.1);
    assert_eq!(desk.states(&job), [ItemState::Queued; 2]);
    assert_eq!(desk.claim(ENGINE, 1), None);
}

#[test]
fn a_job_never_changes_an_experts_text() {
    let (mut desk, ids, model) = workspace(2);
    let slot = global(&ids[0]);
    let mut window = Window::open(&desk, &slot);
    window.types(&mut desk, "What an expert writes.");
    desk.revise(&global(&ids[1]), "Another text.").unwrap();
    desk.submit(&global(&ids[1])).unwrap();
    let dump = |desk: &Fixture| {
        let of =
            |table| format!("SELECT count(*) || ' ' || group_concat(quote(text)) FROM {table}");
        let sql = [of("revision"), of("working_copy")];
        desk.read(|connection| {
            let texts = sql
                .iter()
                .map(|sql| connection.query_row(sql, (), |row| row.get(0)));
            Ok(texts.collect::<Result<Vec<String>, _>>()?)
        })
    };
    let before = dump(&desk);
    desk.queue(&request(&model, &Level::ALL, all())).unwrap();
    desk.work();
    assert_eq!(dump(&desk), before);
    assert_eq!(desk.caption(&slot).text, "What an expert writes.");
    assert_eq!(
        desk.head(&global(&ids[1])).as_deref(),
        Some("Another text.")
    );
    assert_eq!(desk.state(&ids[1]), domain::State::Submitted);
    let view = desk.view(&ids[0]);
    let structure = view.captions.last().unwrap();
    assert_eq!(structure.slot.level, Level::Structure);
    assert_eq!(structure.text, "A model's text.");
}

#[test]
fn every_step_of_a_job_is_in_the_log() {
    let (mut desk, _, model) = workspace(2);
    let job = desk
        .queue(&request(&model, &[Level::Global], all()))
        .unwrap();
    desk.claim(ENGINE, 1).unwrap();
    desk.ask(&job, JobRequest::Pause).unwrap();
    desk.obey(&job);
    desk.ask(&job, JobRequest::Cancel).unwrap();
    let log = desk.read(|connection| store::table::audit::about(connection, job.id.as_str()));
    let steps: Vec<_> = log
        .iter()
        .map(|line| {
            (
                line.who.as_str(),
                line.action.as_str(),
                line.after.as_deref().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("wei", "job", "queued"),
        ("wei", "job", "running"),
        ("wei", "request", "pause"),
        ("wei", "job", "paused"),
        ("wei", "job", "cancelled"),
    ];
    assert_eq!(steps, expected);
}

#[test]
fn models_are_named_once_and_hold_no_key() {
    let mut desk = Fixture::new();
    let model = desk.add_model("qwen");
    let twice = desk.write(|tx, by| {
        let new = NewModel {
            name: " qwen ".to_owned(),
            source: model.source.clone(),
        };
        model::insert(tx, by, &new)
    });
    assert!(matches!(twice, Err(Error::ModelNameTaken(_))));
    desk.write(|tx, by| model::remove(tx, by, &model.id))
        .unwrap();
    assert!(desk.read(model::all).is_empty());
    let again = desk.add_model("qwen");
    assert_eq!(desk.read(model::all), [again]);
}

/// How long it takes to queue a draft of everything; by hand, with `CALLOUT_THOROUGH=1 … --nocapture`.
#[test]
fn many_drafts_are_queued_at_once() {
    let n = if crate::fixture::thorough() {
        100_000
    } else {
        2_000
    };
    let mut desk = Fixture::new();
    let numbers: Vec<u32> = (1..=n).collect();
    for batch in numbers.chunks(2_000) {
        desk.write(|tx, by| {
            for number in batch {
                let new = new_diagram(&format!("n{number}"));
                store::intake::import(tx, by, &new, &[])?;
            }
            Ok(())
        })
        .unwrap();
    }
    let model = desk.add_model("qwen");
    let started = std::time::Instant::now();
    let job = desk
        .queue(&request(&model, &[Level::Global, Level::Detailed], all()))
        .unwrap();
    let queued = started.elapsed();
    assert_eq!(job.total, 2 * n);
    let started = std::time::Instant::now();
    let item = desk.claim(ENGINE, 1).unwrap().items[0].id;
    let claimed = started.elapsed();
    desk.write(|tx, by| focus::put(tx, by, &store::table::diagram::find(tx, &n.to_string())?))
        .unwrap();
    let started = std::time::Instant::now();
    let focused = desk.claim(ENGINE, 1).unwrap().items[0].id;
    let focus_claimed = started.elapsed();
    assert!(focused > item + 1);
    let started = std::time::Instant::now();
    assert!(desk.finish(ENGINE, item, "text"));
    let finished = started.elapsed();
    // As after hours of work.
    desk.write(|tx, _| {
        let sql = "UPDATE job_item SET state = 'skipped' WHERE state = 'queued' AND id < ?1 - 1";
        Ok(tx.execute(sql, [2 * n])?)
    })
    .unwrap();
    let started = std::time::Instant::now();
    desk.claim(ENGINE, 1).unwrap();
    let claimed_late = started.elapsed();
    let started = std::time::Instant::now();
    desk.ask(&job, JobRequest::Cancel).unwrap();
    desk.obey(&job);
    println!(
        "{} items: queued in {queued:?}, claimed in {claimed:?}, last ones in {claimed_late:?}, focused in {focus_claimed:?}, \
         finished in {finished:?}, cancelled in {:?}",
        job.total,
        started.elapsed()
    );
}
