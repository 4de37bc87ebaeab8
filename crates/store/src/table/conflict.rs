//! Texts that were set aside because the head had moved.

use domain::{AnnotationId, Conflict, RevisionId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::revision;
use crate::Result;

/// The open conflict of a caption whose head is `head`.
///
/// # Errors
/// When the database cannot be read.
pub fn open(
    connection: &Connection,
    annotation: &AnnotationId,
    head: Option<&RevisionId>,
) -> Result<Option<Conflict>> {
    let mine: Option<String> = connection
        .prepare_cached(
            "SELECT mine_revision_id FROM conflict WHERE annotation_id = ?1 AND resolved_at IS NULL
             ORDER BY rowid DESC LIMIT 1",
        )?
        .query_row([annotation.as_str()], |row| row.get(0))
        .optional()?;
    let (Some(mine), Some(theirs)) = (mine.map(RevisionId::from_text), head) else {
        return Ok(None);
    };
    let theirs = revision::get(connection, theirs)?;
    Ok(Some(Conflict {
        mine_text: revision::get(connection, &mine)?.text,
        mine,
        theirs: theirs.id,
        theirs_text: theirs.text,
        theirs_by: theirs.author,
        theirs_at: theirs.created_at,
    }))
}

/// Opens a conflict over `mine`, closing the one it continues.
pub(crate) fn insert(
    tx: &Transaction<'_>,
    annotation: &AnnotationId,
    mine: &RevisionId,
    at: Timestamp,
) -> Result<()> {
    resolve(tx, annotation, at)?;
    tx.execute(
        "INSERT INTO conflict (annotation_id, mine_revision_id, created_at) VALUES (?1, ?2, ?3)",
        (annotation.as_str(), mine.as_str(), at.millis()),
    )?;
    Ok(())
}

/// Closes whatever conflict is open on a caption.
pub(crate) fn resolve(
    tx: &Transaction<'_>,
    annotation: &AnnotationId,
    at: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE conflict SET resolved_at = ?2 WHERE annotation_id = ?1 AND resolved_at IS NULL",
        (annotation.as_str(), at.millis()),
    )?;
    Ok(())
}
