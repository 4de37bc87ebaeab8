//! What may happen to jobs: queued by people, taken by an engine, asked to stop, taken up again.
//!
//! A job writes drafts, suggestions of questions and answers, nothing else: it never touches an expert's
//! revision or working copy. An item and what came of it are finished in one transaction, so an engine that is killed loses what it was writing and
//! nothing that it had finished.

use std::collections::BTreeMap;

use domain::{
    Action, DraftId, DraftOrigin, DraftParameters, Drafted, ItemState, Job, JobId, JobItem,
    JobParameters, JobRequest, JobState, Level, PersonId, Role, Timestamp,
};
use rusqlite::{Connection, Transaction};

use crate::annotate::By;
use crate::table::draft::Written;
use crate::table::{audit, diagram, draft, job, job_item};
use crate::{EngineLock, Error, Result, people};

pub use crate::enqueue::queue;

/// Longest draft that is kept, in bytes.
pub const MAX_DRAFT_BYTES: usize = 1_000_000;
/// Longest reason that is kept, in characters.
const MAX_REASON_CHARS: usize = 2_000;

/// Version of the prompt at each level; a level that is missing has none.
pub type PromptVersions = BTreeMap<Level, String>;

/// Which engine acts, and when.
#[derive(Debug, Clone, Copy)]
pub struct Worker<'a> {
    /// Its name, unlike that of any other engine that ever ran: a host and a process, say.
    pub name: &'a str,
    /// The moment.
    pub at: Timestamp,
}

/// Items that an engine has taken, all of one job.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The job.
    pub job: Job,
    /// The items, at least one.
    pub items: Vec<JobItem>,
}

/// Takes up to `n` items of the job that comes first: the highest priority, then what runs already, then
/// the oldest; in it, the diagram that somebody looks at. A job of which something is asked is left
/// out until [`obey`]. `None` when nothing waits.
///
/// # Errors
/// What SQLite says.
pub fn claim(tx: &Transaction<'_>, worker: Worker<'_>, n: u32) -> Result<Option<Claim>> {
    for found in job::open(tx)? {
        let ours = found.worker.as_deref() == Some(worker.name);
        let free = found.state == JobState::Queued || (found.state == JobState::Running && ours);
        if !free || found.request.is_some() {
            continue;
        }
        let mut items = job_item::next(tx, found.number, n.max(1))?;
        let Some(first) = items.first() else {
            if found.state == JobState::Queued {
                begin(tx, worker, &found)?;
                settle(tx, &job::get(tx, &found.id)?, worker.at)?;
            }
            continue;
        };
        job::set_current(tx, found.number, &first.diagram_id)?;
        if found.state == JobState::Queued {
            begin(tx, worker, &found)?;
        }
        for item in &mut items {
            job_item::set_state(tx, item.id, ItemState::Running, (None, None))?;
            item.state = ItemState::Running;
        }
        let job = job::get(tx, &found.id)?;
        return Ok(Some(Claim { job, items }));
    }
    Ok(None)
}

/// Says that the engine is alive and at its jobs. A few times a minute is enough.
///
/// # Errors
/// What SQLite says.
pub fn heartbeat(tx: &Transaction<'_>, worker: Worker<'_>) -> Result<()> {
    job::set_heartbeat(tx, worker.name, worker.at)
}

/// Keeps a draft and finishes its item. `None`, and nothing kept, when the item is not this
/// engine's any more: its job was cancelled or taken over.
///
/// # Errors
/// [`Error::DraftSize`] when there is no text, or far too much.
pub fn finish_item(
    tx: &Transaction<'_>,
    worker: Worker<'_>,
    item: u32,
    drafted: &Drafted,
) -> Result<Option<DraftId>> {
    let size = drafted.text.len();
    if size > MAX_DRAFT_BYTES || drafted.text.trim().is_empty() {
        return Err(Error::DraftSize(size));
    }
    let Some((item, job)) = claimed(tx, worker, item)? else {
        return Ok(None);
    };
    let JobParameters::Draft(parameters) = &job.parameters else {
        return Ok(None);
    };
    let origin = origin(&job.id, parameters, drafted);
    let text = drafted.text.replace("\r\n", "\n").replace('\r', "\n");
    let written = Written {
        level: item.level,
        region: item.region_id.as_ref(),
        text: &text,
        label: &parameters.model.name,
        origin: Some(&origin),
    };
    let id = draft::insert(tx, &item.diagram_id, &written, worker.at)?;
    diagram::set_certainty(tx, &item.diagram_id)?;
    diagram::index_words(tx, &item.diagram_id)?;
    let event = Action::Draft
        .on(item.diagram_id.as_str())
        .after(id.as_str())
        .note(job.id.as_str());
    audit::append(tx, worker.at, &job::creator(tx, job.number)?, &event)?;
    job_item::set_state(tx, item.id, ItemState::Done, (Some(&id), None))?;
    end_item(tx, worker, &job, ItemState::Done)?;
    Ok(Some(id))
}

/// Ends an item of which no draft came, and says what may be done about it. False when the item is not this
/// engine's any more.
///
/// # Errors
/// What SQLite says.
pub fn fail_item(
    tx: &Transaction<'_>,
    worker: Worker<'_>,
    item: u32,
    (why, help): (&str, Option<&str>),
) -> Result<bool> {
    end_without_draft(tx, worker, item, (ItemState::Failed, why, help))
}

/// Leaves an item out, such as one whose draft is there already. False as in [`fail_item`].
///
/// # Errors
/// What SQLite says.
pub fn skip_item(tx: &Transaction<'_>, worker: Worker<'_>, item: u32, why: &str) -> Result<bool> {
    end_without_draft(tx, worker, item, (ItemState::Skipped, why, None))
}

/// Carries out what was asked of a running job. The engine calls it once it has let go of the job's
/// items: a cancelled one's are lost, a paused one's wait again.
///
/// # Errors
/// [`Error::NoJob`].
pub fn obey(tx: &Transaction<'_>, worker: Worker<'_>, id: &JobId) -> Result<Job> {
    let found = job::get(tx, id)?;
    if found.state == JobState::Running && found.worker.as_deref() == Some(worker.name) {
        match found.request {
            Some(JobRequest::Cancel) => cancel(tx, &found, None, worker.at)?,
            Some(JobRequest::Pause) => pause(tx, &found, None, worker.at)?,
            Some(JobRequest::Resume) | None => job::set_request(tx, found.number, None)?,
        }
    }
    job::get(tx, id)
}

/// Ends a job that cannot go on: its model cannot be read, say. What it has not drafted waits, should
/// somebody resume it.
///
/// # Errors
/// [`Error::NoJob`], [`Error::WrongJobState`].
pub fn fail(
    tx: &Transaction<'_>,
    worker: Worker<'_>,
    id: &JobId,
    (error, help): (&str, Option<&str>),
) -> Result<Job> {
    let found = job::get(tx, id)?;
    if found.state == JobState::Running && found.worker.as_deref() != Some(worker.name) {
        return Ok(found);
    }
    job_item::move_all(tx, found.number, ItemState::Running, ItemState::Queued)?;
    let reason = clipped(error);
    job::set_failure(tx, found.number, Some(&reason), help)?;
    job::step(
        tx,
        &found,
        JobState::Failed,
        (None, worker.at),
        Some(&reason),
    )?;
    job::get(tx, id)
}

/// Gives back whatever the engine holds, before it ends of its own will.
///
/// # Errors
/// What SQLite says.
pub fn release(tx: &Transaction<'_>, worker: Worker<'_>) -> Result<()> {
    let ours = |job: &Job| job.worker.as_deref() == Some(worker.name);
    take_back(tx, worker.at, "released", ours).map(drop)
}

/// Queues again what was running when its engine died: the caller holds the workspace's engine lock,
/// so no other engine can be alive. Says which jobs.
///
/// # Errors
/// What SQLite says.
pub fn adopt(tx: &Transaction<'_>, _lock: &EngineLock, at: Timestamp) -> Result<Vec<JobId>> {
    take_back(tx, at, "its engine died", |_| true)
}

/// Queues again what was running and whose engine has not been heard of since `heard_before`, for
/// engines on several machines.
///
/// # Errors
/// What SQLite says.
pub fn adopt_stale(
    tx: &Transaction<'_>,
    heard_before: Timestamp,
    at: Timestamp,
) -> Result<Vec<JobId>> {
    take_back(tx, at, "its engine was silent", |job| {
        job.heartbeat_at.is_none_or(|heard| heard < heard_before)
    })
}

/// Asks something of a job. It happens at once unless an engine is at it; then the engine is told.
///
/// # Errors
/// [`Error::NotAllowed`] unless whoever queued it or a lead acts; [`Error::NoJob`]; [`Error::WrongJobState`] when the
/// job is past it.
pub fn request(tx: &Transaction<'_>, by: By<'_>, id: &JobId, request: JobRequest) -> Result<Job> {
    let found = job::get(tx, id)?;
    if job::creator(tx, found.number)? != *by.person {
        people::require(tx, by.person, Role::Lead)?;
    }
    let running = found.state == JobState::Running;
    if running {
        if request == JobRequest::Resume && found.request.is_none() {
            return Ok(found);
        }
        // A cancellation stands: what was asked last may already be under way.
        if found.request != Some(JobRequest::Cancel) {
            let asked = Some(request).filter(|request| *request != JobRequest::Resume);
            job::set_request(tx, found.number, asked)?;
        }
    } else {
        found.state.step(request.leads_to())?;
        match request {
            JobRequest::Cancel => cancel(tx, &found, Some(by.person), by.at)?,
            JobRequest::Pause => pause(tx, &found, Some(by.person), by.at)?,
            JobRequest::Resume => resume(tx, &found, by)?,
        }
        return job::get(tx, id);
    }
    let event = Action::Request.on(id.as_str()).after(request.as_str());
    audit::append(tx, by.at, by.person, &event)?;
    job::get(tx, id)
}

/// Whether an engine is needed: something is queued, or was running.
///
/// # Errors
/// When the database cannot be read.
pub fn any_wait(connection: &Connection) -> Result<bool> {
    crate::table::focus::matters(connection)
}

fn begin(tx: &Transaction<'_>, worker: Worker<'_>, found: &Job) -> Result<()> {
    job::set_worker(tx, found.number, worker.name, worker.at)?;
    job::set_failure(tx, found.number, None, None)?;
    let note = Some(worker.name);
    job::step(tx, found, JobState::Running, (None, worker.at), note)
}

/// The item and its job, if this engine has them.
pub(crate) fn claimed(
    tx: &Transaction<'_>,
    worker: Worker<'_>,
    item: u32,
) -> Result<Option<(JobItem, Job)>> {
    let Some(item) = job_item::get(tx, item)? else {
        return Ok(None);
    };
    let job = job::get(tx, &item.job_id)?;
    let ours = item.state == ItemState::Running
        && job.state == JobState::Running
        && job.worker.as_deref() == Some(worker.name);
    Ok(ours.then_some((item, job)))
}

fn origin(job_id: &JobId, parameters: &DraftParameters, drafted: &Drafted) -> DraftOrigin {
    let source = &parameters.model.source;
    DraftOrigin {
        job_id: job_id.clone(),
        model_id: parameters.model.id.clone(),
        location: source.location().to_owned(),
        revision: drafted.revision.clone(),
        adapter: source.adapter().map(str::to_owned),
        prompt_version: drafted.prompt_version.clone(),
        language: parameters.language,
        seconds: drafted
            .seconds
            .filter(|seconds| seconds.is_finite())
            .map(|seconds| seconds.max(0.0)),
        new_tokens: drafted.new_tokens,
        mean_logprob: drafted
            .mean_logprob
            .filter(|mean| mean.is_finite())
            .map(|mean| mean.min(0.0)),
        sampling: parameters.sampling.clone(),
    }
}

fn end_without_draft(
    tx: &Transaction<'_>,
    worker: Worker<'_>,
    item: u32,
    (state, why, help): (ItemState, &str, Option<&str>),
) -> Result<bool> {
    let Some((item, job)) = claimed(tx, worker, item)? else {
        return Ok(false);
    };
    let why = clipped(why);
    job_item::set_state(tx, item.id, state, (None, Some(&why)))?;
    if state == ItemState::Failed {
        job::set_failure(tx, job.number, Some(&why), help)?;
    }
    end_item(tx, worker, &job, state)?;
    Ok(true)
}

pub(crate) fn end_item(
    tx: &Transaction<'_>,
    worker: Worker<'_>,
    job: &Job,
    state: ItemState,
) -> Result<()> {
    job::count_one(tx, job.number, state)?;
    job::set_heartbeat(tx, worker.name, worker.at)?;
    settle(tx, &job::get(tx, &job.id)?, worker.at)
}

/// Ends a running job of which nothing is left: failed when nothing but failures came of it.
fn settle(tx: &Transaction<'_>, job: &Job, at: Timestamp) -> Result<()> {
    if job_item::any_open(tx, job.number)? {
        return Ok(());
    }
    let to = if job.done == 0 && job.failed > 0 {
        JobState::Failed
    } else {
        job::set_failure(tx, job.number, None, None)?;
        JobState::Done
    };
    job::step(tx, job, to, (None, at), None)
}

fn cancel(tx: &Transaction<'_>, job: &Job, who: Option<&PersonId>, at: Timestamp) -> Result<()> {
    for open in [ItemState::Running, ItemState::Queued] {
        job_item::move_all(tx, job.number, open, ItemState::Cancelled)?;
    }
    job::step(tx, job, JobState::Cancelled, (who, at), None)
}

fn pause(tx: &Transaction<'_>, job: &Job, who: Option<&PersonId>, at: Timestamp) -> Result<()> {
    job_item::move_all(tx, job.number, ItemState::Running, ItemState::Queued)?;
    job::step(tx, job, JobState::Paused, (who, at), None)
}

/// A failed job tries its failures again.
fn resume(tx: &Transaction<'_>, found: &Job, by: By<'_>) -> Result<()> {
    if found.state == JobState::Failed {
        job_item::move_all(tx, found.number, ItemState::Failed, ItemState::Queued)?;
        job::set_failure(tx, found.number, None, None)?;
        job::recount(tx, found.number)?;
    }
    let who = (Some(by.person), by.at);
    job::step(tx, found, JobState::Queued, who, None)
}

fn take_back(
    tx: &Transaction<'_>,
    at: Timestamp,
    why: &str,
    which: impl Fn(&Job) -> bool,
) -> Result<Vec<JobId>> {
    let mut taken = Vec::new();
    for found in job::open(tx)? {
        if found.state != JobState::Running || !which(&found) {
            continue;
        }
        match found.request {
            Some(JobRequest::Cancel) => cancel(tx, &found, None, at)?,
            Some(JobRequest::Pause) => pause(tx, &found, None, at)?,
            Some(JobRequest::Resume) | None => {
                job_item::move_all(tx, found.number, ItemState::Running, ItemState::Queued)?;
                job::step(tx, &found, JobState::Queued, (None, at), Some(why))?;
            }
        }
        taken.push(found.id);
    }
    Ok(taken)
}

fn clipped(reason: &str) -> String {
    reason.chars().take(MAX_REASON_CHARS).collect()
}
