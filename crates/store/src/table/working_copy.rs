//! What is being typed.

use domain::{AnnotationId, RevisionId, SpanLink, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::{Millis, link};
use crate::Result;

/// The text in front of a caption's chain.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkingCopy {
    /// All of it.
    pub text: String,
    /// Stretches of it that speak of regions.
    pub links: Vec<SpanLink>,
    /// The editor's own state.
    pub editor_state: Option<String>,
    /// The head when it was begun.
    pub base_revision_id: Option<RevisionId>,
    /// Counts its writes, from 1.
    pub version: u32,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// The working copy of a caption.
///
/// # Errors
/// When the database cannot be read.
pub fn get(connection: &Connection, annotation: &AnnotationId) -> Result<Option<WorkingCopy>> {
    let copy = connection
        .prepare_cached(
            "SELECT text, editor_state, base_revision_id, version, updated_at, links
             FROM working_copy WHERE annotation_id = ?1",
        )?
        .query_row([annotation.as_str()], |row| {
            Ok(WorkingCopy {
                text: row.get(0)?,
                editor_state: row.get(1)?,
                base_revision_id: row.get::<_, Option<String>>(2)?.map(RevisionId::from_text),
                version: row.get(3)?,
                updated_at: row.get::<_, Millis>(4)?.0,
                links: link::read(row, 5)?,
            })
        });
    Ok(copy.optional()?)
}

/// Writes the working copy over what was there.
pub(crate) fn put(
    tx: &Transaction<'_>,
    annotation: &AnnotationId,
    copy: &WorkingCopy,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO working_copy (annotation_id, text, editor_state, base_revision_id, version, updated_at, links)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (annotation_id) DO UPDATE SET text = excluded.text,
            editor_state = excluded.editor_state, base_revision_id = excluded.base_revision_id,
            version = excluded.version, updated_at = excluded.updated_at, links = excluded.links",
    )?
    .execute((
        annotation.as_str(),
        &copy.text,
        &copy.editor_state,
        copy.base_revision_id.as_ref().map(RevisionId::as_str),
        copy.version,
        copy.updated_at.millis(),
        link::json(&copy.links)?,
    ))?;
    Ok(())
}
