//! Conversations anchored in a diagram.

use domain::{Anchor, DiagramId, Thread, ThreadId};
use rusqlite::{Connection, Transaction};

use crate::annotate::By;
use crate::{Error, Result};

/// A diagram's conversations, oldest first.
///
/// # Errors
/// When the database cannot be read.
pub fn of_diagram(connection: &Connection, diagram: &DiagramId) -> Result<Vec<Thread>> {
    let _ = (connection, diagram);
    Ok(Vec::new())
}

/// Begins one.
///
/// # Errors
/// [`Error::NoDiagram`], [`Error::EmptyComment`], [`Error::BadAnchor`].
pub fn start(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    anchor: &Anchor,
    text: &str,
) -> Result<Thread> {
    let _ = (tx, by, diagram, anchor, text);
    Err(Error::NotBuilt)
}

/// Says something in one; it is open again.
///
/// # Errors
/// [`Error::NoThread`], [`Error::EmptyComment`].
pub fn answer(tx: &Transaction<'_>, by: By<'_>, id: &ThreadId, text: &str) -> Result<Thread> {
    let _ = (tx, by, id, text);
    Err(Error::NotBuilt)
}

/// Settles one, or opens it again.
///
/// # Errors
/// [`Error::NoThread`].
pub fn settle(tx: &Transaction<'_>, by: By<'_>, id: &ThreadId, settled: bool) -> Result<Thread> {
    let _ = (tx, by, id, settled);
    Err(Error::NotBuilt)
}
