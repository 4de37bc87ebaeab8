//! The diagram that each person looks at, so that jobs draft it first.

use domain::DiagramId;
use rusqlite::{Connection, Transaction};

use crate::Result;
use crate::annotate::By;
use crate::table::diagram;

/// Remembers what somebody looks at now.
///
/// # Errors
/// [`crate::Error::NoDiagram`].
pub fn put(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId) -> Result<()> {
    let number = diagram::get(tx, id)?.number;
    tx.prepare_cached(
        "INSERT INTO focus (person_id, diagram, at) VALUES (?1, ?2, ?3)
         ON CONFLICT (person_id) DO UPDATE SET diagram = excluded.diagram, at = excluded.at",
    )?
    .execute((by.person.as_str(), number, by.at.millis()))?;
    Ok(())
}

/// Whether any job waits or runs, so that it matters what somebody looks at.
///
/// # Errors
/// When the database cannot be read.
pub fn matters(connection: &Connection) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM job WHERE state IN ('queued', 'running'))";
    Ok(connection
        .prepare_cached(sql)?
        .query_row((), |row| row.get(0))?)
}
