//! The revisions of a caption.

use domain::{HistoryEntry, PersonId, RevisionId, Slot};
use rusqlite::{Connection, Transaction};

use crate::annotate::By;
use crate::{Error, Result};

/// Every revision of a caption, newest first: one person's, or everybody's.
///
/// # Errors
/// When the database cannot be read.
pub fn list(
    connection: &Connection,
    slot: &Slot,
    annotator: Option<&PersonId>,
) -> Result<Vec<HistoryEntry>> {
    let _ = (connection, slot, annotator);
    Err(Error::NotBuilt)
}

/// Makes an earlier text of the acting person's caption, its links included, the head again: as a new
/// revision. What is being typed is made a revision first.
///
/// # Errors
/// [`Error::ReadOnly`], [`Error::NoRevision`] when it is not a revision of this caption.
pub fn restore(
    tx: &Transaction<'_>,
    by: By<'_>,
    slot: &Slot,
    revision: &RevisionId,
) -> Result<domain::Committed> {
    let _ = (tx, by, slot, revision);
    Err(Error::NotBuilt)
}
