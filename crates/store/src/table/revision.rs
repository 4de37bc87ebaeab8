//! Revisions: immutable.

use domain::{AnnotationId, DraftId, PersonId, Revision, RevisionId, SpanLink, Timestamp};
use rusqlite::{Connection, Row, Transaction};

use super::{Millis, link};
use crate::Result;

/// A revision that has no row yet.
pub(crate) struct NewRevision<'a> {
    pub annotation_id: &'a AnnotationId,
    pub parent_id: Option<&'a RevisionId>,
    pub draft_id: Option<&'a DraftId>,
    pub text: &'a str,
    pub links: &'a [SpanLink],
    pub author_id: &'a PersonId,
    pub at: Timestamp,
}

pub(crate) fn insert(tx: &Transaction<'_>, new: &NewRevision<'_>) -> Result<RevisionId> {
    let id = RevisionId::new();
    tx.prepare_cached(
        "INSERT INTO revision (id, annotation_id, parent_id, draft_id, text, author_id, created_at, links)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute((
        id.as_str(),
        new.annotation_id.as_str(),
        new.parent_id.map(RevisionId::as_str),
        new.draft_id.map(DraftId::as_str),
        new.text,
        new.author_id.as_str(),
        new.at.millis(),
        link::json(new.links)?,
    ))?;
    Ok(id)
}

/// One revision.
///
/// # Errors
/// When there is none of this id.
pub fn get(connection: &Connection, id: &RevisionId) -> Result<Revision> {
    Ok(connection
        .prepare_cached(
            "SELECT revision.id, annotation_id, parent_id, text, person.name, revision.created_at, links
             FROM revision JOIN person ON person.id = revision.author_id WHERE revision.id = ?1",
        )?
        .query_row([id.as_str()], read)?)
}

/// A caption's whole chain, oldest first, with what was set aside.
///
/// # Errors
/// When the database cannot be read.
pub fn of_annotation(connection: &Connection, annotation: &AnnotationId) -> Result<Vec<Revision>> {
    let mut statement = connection.prepare_cached(
        "SELECT revision.id, annotation_id, parent_id, text, person.name, revision.created_at, links
         FROM revision JOIN person ON person.id = revision.author_id
         WHERE annotation_id = ?1 ORDER BY revision.rowid",
    )?;
    let rows = statement.query_map([annotation.as_str()], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The draft that stood beside the editor when a revision was written.
///
/// # Errors
/// When the database cannot be read.
pub fn draft_id(connection: &Connection, id: &RevisionId) -> Result<Option<DraftId>> {
    let sql = "SELECT draft_id FROM revision WHERE id = ?1";
    let id: Option<String> = connection.query_row(sql, [id.as_str()], |row| row.get(0))?;
    Ok(id.map(DraftId::from_text))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Revision> {
    Ok(Revision {
        id: RevisionId::from_text(row.get::<_, String>(0)?),
        annotation_id: AnnotationId::from_text(row.get::<_, String>(1)?),
        parent_id: row.get::<_, Option<String>>(2)?.map(RevisionId::from_text),
        text: row.get(3)?,
        author: row.get(4)?,
        created_at: row.get::<_, Millis>(5)?.0,
        links: link::read(row, 6)?,
    })
}
