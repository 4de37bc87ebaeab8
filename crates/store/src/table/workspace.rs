//! The workspace's own row.

use domain::{Timestamp, WorkspaceId};
use rusqlite::{Connection, Transaction};

use crate::Result;

/// Writes the one row of a fresh workspace.
pub(crate) fn insert(tx: &Transaction<'_>, at: Timestamp) -> Result<WorkspaceId> {
    let id = WorkspaceId::new();
    tx.execute(
        "INSERT INTO workspace (id, created_at) VALUES (?1, ?2)",
        (id.as_str(), at.millis()),
    )?;
    Ok(id)
}

/// The workspace's id.
///
/// # Errors
/// When the database cannot be read.
pub fn id(connection: &Connection) -> Result<WorkspaceId> {
    let id: String = connection.query_row("SELECT id FROM workspace", (), |row| row.get(0))?;
    Ok(WorkspaceId::from_text(id))
}
