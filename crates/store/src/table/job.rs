//! Jobs: their rows. What may happen to them is in [`crate::jobs`].

use domain::{
    Action, DiagramId, ItemState, Job, JobId, JobParameters, JobRequest, JobState, PersonId,
    Timestamp,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::model::json;
use super::{Millis, audit, parsed};
use crate::annotate::By;
use crate::{Error, Result};

const SELECT: &str =
    "SELECT job.id, job.number, job.parameters, job.state, job.priority, job.total,
    job.done, job.failed, job.skipped,
    (SELECT id FROM diagram WHERE diagram.number = job.current_diagram),
    job.request, job.worker, job.heartbeat_at, job.error, job.help, person.name, job.created_at,
    job.started_at, job.finished_at
    FROM job JOIN person ON person.id = job.created_by";

/// The job with this id.
///
/// # Errors
/// [`Error::NoJob`].
pub fn get(connection: &Connection, id: &JobId) -> Result<Job> {
    connection
        .prepare_cached(&format!("{SELECT} WHERE job.id = ?1"))?
        .query_row([id.as_str()], read)
        .optional()?
        .ok_or_else(|| Error::NoJob(id.to_string()))
}

/// The job that `typed` names: its id, or its number (`3`, `#3`).
///
/// # Errors
/// [`Error::NoJob`].
pub fn find(connection: &Connection, typed: &str) -> Result<Job> {
    let number = typed.strip_prefix('#').unwrap_or(typed);
    let Ok(number) = number.parse::<u32>() else {
        return get(connection, &JobId::from_text(typed));
    };
    connection
        .prepare_cached(&format!("{SELECT} WHERE job.number = ?1"))?
        .query_row([number], read)
        .optional()?
        .ok_or_else(|| Error::NoJob(typed.to_owned()))
}

/// Jobs, the newest first.
///
/// # Errors
/// When the database cannot be read.
pub fn list(connection: &Connection, limit: u32) -> Result<Vec<Job>> {
    let sql = format!("{SELECT} ORDER BY job.number DESC LIMIT ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Jobs that are queued, running or paused, in the order in which they are taken.
///
/// # Errors
/// When the database cannot be read.
pub fn open(connection: &Connection) -> Result<Vec<Job>> {
    let sql = format!(
        "{SELECT} WHERE job.state IN ('queued', 'running', 'paused')
         ORDER BY job.priority DESC, job.state = 'running' DESC, job.number"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What was asked of a job and has not happened yet. Cheap enough to be asked between two tokens.
///
/// # Errors
/// When the database cannot be read.
pub fn pending(connection: &Connection, id: &JobId) -> Result<Option<JobRequest>> {
    let request = connection
        .prepare_cached("SELECT request FROM job WHERE id = ?1 AND request IS NOT NULL")?
        .query_row([id.as_str()], |row| parsed(row, 0));
    Ok(request.optional()?)
}

pub(crate) fn insert(
    tx: &Transaction<'_>,
    by: By<'_>,
    parameters: &JobParameters,
    priority: u32,
) -> Result<(JobId, u32)> {
    let id = JobId::new();
    let json = serde_json::to_string(parameters).map_err(|source| Error::Json {
        column: "job.parameters",
        source,
    })?;
    let number = tx.query_row(
        "INSERT INTO job (id, kind, parameters, priority, created_by, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING number",
        (
            id.as_str(),
            parameters.kind(),
            json,
            priority,
            by.person.as_str(),
            by.at.millis(),
        ),
        |row| row.get(0),
    )?;
    Ok((id, number))
}

pub(crate) fn set_total(tx: &Transaction<'_>, number: u32, total: u32) -> Result<()> {
    let sql = "UPDATE job SET total = ?2 WHERE number = ?1";
    tx.execute(sql, (number, total))?;
    Ok(())
}

/// Takes the job one step further, and says so in the audit log, in the name of whoever queued it
/// where nobody else acts.
pub(crate) fn step(
    tx: &Transaction<'_>,
    job: &Job,
    to: JobState,
    (who, at): (Option<&PersonId>, Timestamp),
    note: Option<&str>,
) -> Result<()> {
    let to = job.state.step(to)?;
    let ended = !to.is_open();
    tx.prepare_cached(
        "UPDATE job SET state = ?2, request = NULL,
            worker = CASE WHEN ?2 = 'running' THEN worker END,
            started_at = CASE WHEN ?2 = 'running' THEN ifnull(started_at, ?3) ELSE started_at END,
            finished_at = CASE WHEN ?4 THEN ?3 END
         WHERE number = ?1",
    )?
    .execute((job.number, to.as_str(), at.millis(), ended))?;
    let who = match who {
        Some(who) => who.clone(),
        None => creator(tx, job.number)?,
    };
    let event = Action::Job
        .on(job.id.as_str())
        .before(Some(job.state.as_str()))
        .after(to.as_str());
    let event = match note {
        Some(note) => event.note(note),
        None => event,
    };
    audit::append(tx, at, &who, &event)
}

pub(crate) fn set_worker(
    tx: &Transaction<'_>,
    number: u32,
    worker: &str,
    at: Timestamp,
) -> Result<()> {
    let sql = "UPDATE job SET worker = ?2, heartbeat_at = ?3 WHERE number = ?1";
    tx.prepare_cached(sql)?
        .execute((number, worker, at.millis()))?;
    Ok(())
}

pub(crate) fn set_current(tx: &Transaction<'_>, number: u32, diagram: &DiagramId) -> Result<()> {
    tx.prepare_cached(
        "UPDATE job SET current_diagram = (SELECT number FROM diagram WHERE id = ?2) WHERE number = ?1",
    )?
    .execute((number, diagram.as_str()))?;
    Ok(())
}

/// Says of every job that `worker` runs that it is alive.
pub(crate) fn set_heartbeat(tx: &Transaction<'_>, worker: &str, at: Timestamp) -> Result<()> {
    let sql = "UPDATE job SET heartbeat_at = ?2 WHERE worker = ?1 AND state = 'running'";
    tx.prepare_cached(sql)?.execute((worker, at.millis()))?;
    Ok(())
}

pub(crate) fn set_request(
    tx: &Transaction<'_>,
    number: u32,
    request: Option<JobRequest>,
) -> Result<()> {
    let sql = "UPDATE job SET request = ?2 WHERE number = ?1";
    tx.execute(sql, (number, request.map(JobRequest::as_str)))?;
    Ok(())
}

pub(crate) fn set_failure(
    tx: &Transaction<'_>,
    number: u32,
    error: Option<&str>,
    help: Option<&str>,
) -> Result<()> {
    let sql = "UPDATE job SET error = ?2, help = ?3 WHERE number = ?1";
    tx.execute(sql, (number, error, help))?;
    Ok(())
}

/// Counts one more item that ended.
pub(crate) fn count_one(tx: &Transaction<'_>, number: u32, state: ItemState) -> Result<()> {
    tx.prepare_cached(
        "UPDATE job SET done = done + (?2 = 'done'), failed = failed + (?2 = 'failed'),
            skipped = skipped + (?2 = 'skipped') WHERE number = ?1",
    )?
    .execute((number, state.as_str()))?;
    Ok(())
}

/// Counts the items again after some of them were queued anew.
pub(crate) fn recount(tx: &Transaction<'_>, number: u32) -> Result<()> {
    tx.execute(
        "UPDATE job SET
            done = (SELECT count(*) FROM job_item WHERE job = ?1 AND state = 'done'),
            failed = (SELECT count(*) FROM job_item WHERE job = ?1 AND state = 'failed'),
            skipped = (SELECT count(*) FROM job_item WHERE job = ?1 AND state = 'skipped')
         WHERE number = ?1",
        [number],
    )?;
    Ok(())
}

/// Who queued it.
pub(crate) fn creator(connection: &Connection, number: u32) -> Result<PersonId> {
    let id: String = connection
        .prepare_cached("SELECT created_by FROM job WHERE number = ?1")?
        .query_row([number], |row| row.get(0))?;
    Ok(PersonId::from_text(id))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Job> {
    let moment = |index| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row.get::<_, Option<Millis>>(index)?.map(|millis| millis.0))
    };
    let request: Option<String> = row.get(10)?;
    Ok(Job {
        id: JobId::from_text(row.get::<_, String>(0)?),
        number: row.get(1)?,
        parameters: json(row, 2)?,
        state: parsed(row, 3)?,
        priority: row.get(4)?,
        total: row.get(5)?,
        done: row.get(6)?,
        failed: row.get(7)?,
        skipped: row.get(8)?,
        current: row.get::<_, Option<String>>(9)?.map(DiagramId::from_text),
        request: request.map(|_| parsed(row, 10)).transpose()?,
        worker: row.get(11)?,
        heartbeat_at: moment(12)?,
        error: row.get(13)?,
        help: row.get(14)?,
        created_by: row.get(15)?,
        created_at: row.get::<_, Millis>(16)?.0,
        started_at: moment(17)?,
        finished_at: moment(18)?,
    })
}
