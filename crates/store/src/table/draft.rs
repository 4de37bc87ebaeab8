//! Drafts: immutable.

use domain::{DiagramId, Draft, DraftId, Level, RegionId, Slot, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::{Millis, parsed};
use crate::Result;

/// The diagram's drafts, newest first.
///
/// # Errors
/// When the database cannot be read.
pub fn of_diagram(connection: &Connection, diagram: &DiagramId) -> Result<Vec<Draft>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, level, region_id, text, label, created_at FROM draft
         WHERE diagram_id = ?1 ORDER BY created_at DESC, id DESC",
    )?;
    let rows = statement.query_map([diagram.as_str()], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The newest draft of one caption.
///
/// # Errors
/// When the database cannot be read.
pub fn newest(connection: &Connection, slot: &Slot) -> Result<Option<Draft>> {
    let draft = connection
        .prepare_cached(
            "SELECT id, level, region_id, text, label, created_at FROM draft
             WHERE diagram_id = ?1 AND level = ?2 AND region_id IS ?3
             ORDER BY created_at DESC, id DESC LIMIT 1",
        )?
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
    (level, region): (Level, Option<&RegionId>),
    (text, label): (&str, &str),
    at: Timestamp,
) -> Result<DraftId> {
    let id = DraftId::new();
    tx.prepare_cached(
        "INSERT INTO draft (id, diagram_id, level, region_id, text, label, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        id.as_str(),
        diagram.as_str(),
        level.as_str(),
        region.map(RegionId::as_str),
        text,
        label,
        at.millis(),
    ))?;
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
    })
}
