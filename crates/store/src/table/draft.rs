//! Drafts: immutable.

use domain::{
    DiagramId, Draft, DraftId, DraftOrigin, JobId, Level, ModelId, RegionId, Slot, Timestamp,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::model::json;
use super::{Millis, parsed};
use crate::{Error, Result};

const COLUMNS: &str = "id, level, region_id, text, label, created_at, job_id, model_id, location,
    revision, adapter, prompt_version, language, seconds, new_tokens, mean_logprob, sampling";

/// A draft about to be written.
pub(crate) struct Written<'a> {
    pub level: Level,
    pub region: Option<&'a RegionId>,
    pub text: &'a str,
    pub label: &'a str,
    pub origin: Option<&'a DraftOrigin>,
}

/// The diagram's drafts, newest first.
///
/// # Errors
/// When the database cannot be read.
pub fn of_diagram(connection: &Connection, diagram: &DiagramId) -> Result<Vec<Draft>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM draft WHERE diagram_id = ?1 ORDER BY created_at DESC, id DESC"
    ))?;
    let rows = statement.query_map([diagram.as_str()], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The draft with this id, if it is one of this caption.
///
/// # Errors
/// When the database cannot be read.
pub fn of_slot(connection: &Connection, slot: &Slot, id: &DraftId) -> Result<Option<Draft>> {
    let draft = connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM draft
             WHERE id = ?1 AND diagram_id = ?2 AND level = ?3 AND region_id IS ?4"
        ))?
        .query_row(
            (
                id.as_str(),
                slot.diagram_id.as_str(),
                slot.level.as_str(),
                slot.region_id.as_ref().map(RegionId::as_str),
            ),
            read,
        );
    Ok(draft.optional()?)
}

/// The newest draft of one caption.
///
/// # Errors
/// When the database cannot be read.
pub fn newest(connection: &Connection, slot: &Slot) -> Result<Option<Draft>> {
    let draft = connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM draft
             WHERE diagram_id = ?1 AND level = ?2 AND region_id IS ?3
             ORDER BY created_at DESC, id DESC LIMIT 1"
        ))?
        .query_row(
            (
                slot.diagram_id.as_str(),
                slot.level.as_str(),
                slot.region_id.as_ref().map(RegionId::as_str),
            ),
            read,
        );
    Ok(draft.optional()?)
}

/// Writes a draft.
pub(crate) fn insert(
    tx: &Transaction<'_>,
    diagram: &DiagramId,
    new: &Written<'_>,
    at: Timestamp,
) -> Result<DraftId> {
    let id = DraftId::new();
    let origin = new.origin;
    let sampling = origin
        .map(|origin| serde_json::to_string(&origin.sampling))
        .transpose()
        .map_err(|source| Error::Json {
            column: "draft.sampling",
            source,
        })?;
    tx.prepare_cached(&format!(
        "INSERT INTO draft (diagram_id, {COLUMNS})
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
    ))?
    .execute(params![
        diagram.as_str(),
        id.as_str(),
        new.level.as_str(),
        new.region.map(RegionId::as_str),
        new.text,
        new.label,
        at.millis(),
        origin.map(|origin| origin.job_id.as_str()),
        origin.map(|origin| origin.model_id.as_str()),
        origin.map(|origin| &origin.location),
        origin.and_then(|origin| origin.revision.as_ref()),
        origin.and_then(|origin| origin.adapter.as_ref()),
        origin.map(|origin| &origin.prompt_version),
        origin.map(|origin| origin.language.as_str()),
        origin.and_then(|origin| origin.seconds),
        origin.and_then(|origin| origin.new_tokens),
        origin.and_then(|origin| origin.mean_logprob),
        sampling,
    ])?;
    Ok(id)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Draft> {
    Ok(Draft {
        id: DraftId::from_text(row.get::<_, String>(0)?),
        level: parsed(row, 1)?,
        region_id: row.get::<_, Option<String>>(2)?.map(RegionId::from_text),
        text: row.get(3)?,
        label: row.get(4)?,
        created_at: row.get::<_, Millis>(5)?.0,
        origin: read_origin(row)?,
    })
}

fn read_origin(row: &Row<'_>) -> rusqlite::Result<Option<DraftOrigin>> {
    let Some(job_id) = row.get::<_, Option<String>>(6)? else {
        return Ok(None);
    };
    Ok(Some(DraftOrigin {
        job_id: JobId::from_text(job_id),
        model_id: ModelId::from_text(row.get::<_, String>(7)?),
        location: row.get(8)?,
        revision: row.get(9)?,
        adapter: row.get(10)?,
        prompt_version: row.get(11)?,
        language: parsed(row, 12)?,
        seconds: row.get(13)?,
        new_tokens: row.get(14)?,
        mean_logprob: row.get(15)?,
        sampling: json(row, 16)?,
    }))
}
