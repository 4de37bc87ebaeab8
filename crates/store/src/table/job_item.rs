//! The captions, diagrams or questions that a job works at, one row each.

use domain::{DiagramId, DraftId, ItemState, JobId, JobItem, QuestionId, RegionId};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::parsed;
use crate::Result;

const SELECT: &str = "SELECT job_item.id, job.id, diagram.id, job_item.level, job_item.region_id,
    job_item.question_id, job_item.state, job_item.draft_id, job_item.error
    FROM job_item JOIN job ON job.number = job_item.job
    JOIN diagram ON diagram.number = job_item.diagram";

/// At most so many rows are handed out at once.
pub const MAX_ROWS: u32 = 1_000;

/// Items of a job in their order, all or those in one state; `limit` is cut to [`MAX_ROWS`].
///
/// # Errors
/// When the database cannot be read.
pub fn of_job(
    connection: &Connection,
    job: u32,
    state: Option<ItemState>,
    (offset, limit): (u32, u32),
) -> Result<Vec<JobItem>> {
    // Written out for each case: with an OR, SQLite would walk past all that is done.
    let in_state = match state {
        Some(_) => "job_item.state = ?2",
        None => "?2 IS NULL",
    };
    let sql = format!(
        "{SELECT} WHERE job_item.job = ?1 AND {in_state} ORDER BY job_item.id LIMIT ?3 OFFSET ?4"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let state = state.map(ItemState::as_str);
    let rows = statement.query_map((job, state, limit.min(MAX_ROWS), offset), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One item.
///
/// # Errors
/// When the database cannot be read.
pub fn get(connection: &Connection, id: u32) -> Result<Option<JobItem>> {
    let item = connection
        .prepare_cached(&format!("{SELECT} WHERE job_item.id = ?1"))?
        .query_row([id], read);
    Ok(item.optional()?)
}

/// The items that come next: those of the diagram that somebody looks at, then in their order.
pub(crate) fn next(connection: &Connection, job: u32, n: u32) -> Result<Vec<JobItem>> {
    let mut statement = connection.prepare_cached(&format!(
        "{SELECT} WHERE job_item.id IN (
            SELECT job_item.id FROM focus CROSS JOIN job_item INDEXED BY job_item_slot
                ON job_item.job = ?1 AND job_item.diagram = focus.diagram
            WHERE job_item.state = 'queued' ORDER BY focus.at DESC, job_item.id LIMIT ?2)
         ORDER BY (SELECT max(at) FROM focus WHERE focus.diagram = job_item.diagram) DESC, job_item.id"
    ))?;
    let rows = statement.query_map((job, n), read)?;
    let mut items = rows.collect::<Result<Vec<_>, _>>()?;
    if items.len() < n as usize {
        let rest = of_job(connection, job, Some(ItemState::Queued), (0, n))?;
        let known: Vec<u32> = items.iter().map(|item| item.id).collect();
        items.extend(rest.into_iter().filter(|item| !known.contains(&item.id)));
        items.truncate(n as usize);
    }
    Ok(items)
}

/// Whether any item of the job waits or runs.
pub(crate) fn any_open(connection: &Connection, job: u32) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM job_item WHERE job = ?1 AND state IN ('queued', 'running'))",
        )?
        .query_row([job], |row| row.get(0))?)
}

pub(crate) fn set_state(
    tx: &Transaction<'_>,
    id: u32,
    state: ItemState,
    (draft, error): (Option<&DraftId>, Option<&str>),
) -> Result<()> {
    let sql = "UPDATE job_item SET state = ?2, draft_id = ?3, error = ?4 WHERE id = ?1";
    tx.prepare_cached(sql)?
        .execute((id, state.as_str(), draft.map(DraftId::as_str), error))?;
    Ok(())
}

/// Moves all items of a job from one state to another.
pub(crate) fn move_all(
    tx: &Transaction<'_>,
    job: u32,
    from: ItemState,
    to: ItemState,
) -> Result<()> {
    let sql = "UPDATE job_item SET state = ?3, error = NULL WHERE job = ?1 AND state = ?2";
    tx.prepare_cached(sql)?
        .execute((job, from.as_str(), to.as_str()))?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<JobItem> {
    Ok(JobItem {
        id: row.get(0)?,
        job_id: JobId::from_text(row.get::<_, String>(1)?),
        diagram_id: DiagramId::from_text(row.get::<_, String>(2)?),
        level: parsed(row, 3)?,
        region_id: row.get::<_, Option<String>>(4)?.map(RegionId::from_text),
        question_id: row.get::<_, Option<String>>(5)?.map(QuestionId::from_text),
        state: parsed(row, 6)?,
        draft_id: row.get::<_, Option<String>>(7)?.map(DraftId::from_text),
        error: row.get(8)?,
    })
}
