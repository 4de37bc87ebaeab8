//! The revisions of a caption.

use domain::{Action, Committed, HistoryEntry, PersonId, Revision, RevisionId, Slot};
use rusqlite::{Connection, Row, Transaction};

use crate::annotate::{self, By};
use crate::table::{Millis, annotation, audit, diagram, revision};
use crate::{Error, Result, access};

/// Every revision of a caption, newest first: one person's, or everybody's. While two people caption the
/// diagram without seeing each other, `reader` sees only their own.
///
/// # Errors
/// When the database cannot be read.
pub fn list(
    connection: &Connection,
    slot: &Slot,
    annotator: Option<&PersonId>,
    reader: &PersonId,
) -> Result<Vec<HistoryEntry>> {
    let blind = access::is_blind(&diagram::get(connection, &slot.diagram_id)?);
    if blind && annotator.is_some_and(|annotator| annotator != reader) {
        return Ok(Vec::new());
    }
    let annotator = if blind { Some(reader) } else { annotator };
    let mut statement = connection.prepare_cached(
        "SELECT revision.id, revision.parent_id, annotator.id, annotator.name, author.name,
            revision.created_at, length(revision.text), substr(revision.text, 1, 120),
            revision.id IS annotation.head_revision_id,
            revision.id IS annotation.submitted_revision_id,
            revision.id IS annotation.approved_revision_id,
            EXISTS (SELECT 1 FROM conflict WHERE mine_revision_id = revision.id)
         FROM annotation
         JOIN revision ON revision.annotation_id = annotation.id
         JOIN person AS annotator ON annotator.id = annotation.annotator_id
         JOIN person AS author ON author.id = revision.author_id
         WHERE annotation.diagram_id = ?1 AND annotation.level = ?2 AND annotation.region_id IS ?3
            AND (?4 IS NULL OR annotation.annotator_id = ?4)
         ORDER BY revision.rowid DESC",
    )?;
    let rows = statement.query_map(
        (
            slot.diagram_id.as_str(),
            slot.level.as_str(),
            slot.region_id.as_ref().map(|id| id.as_str()),
            annotator.map(PersonId::as_str),
        ),
        read,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One revision with its text.
///
/// # Errors
/// [`Error::NoRevision`] when there is none that `reader` may see now.
pub fn revision(connection: &Connection, id: &RevisionId, reader: &PersonId) -> Result<Revision> {
    let unknown = || Error::NoRevision(id.to_string());
    let (diagram, annotator) = access::owner_of_revision(connection, id)?.ok_or_else(unknown)?;
    if !access::reads_captions_of(connection, &diagram, &annotator, reader)? {
        return Err(unknown());
    }
    revision::get(connection, id)
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
    id: &RevisionId,
) -> Result<Committed> {
    annotate::begin(tx, by, &slot.diagram_id)?;
    let unknown = || Error::NoRevision(id.to_string());
    let mine = annotation::find(tx, slot, by.person)?.ok_or_else(unknown)?;
    let chain = revision::of_annotation(tx, &mine.id)?;
    let wanted = chain
        .into_iter()
        .find(|revision| revision.id == *id)
        .ok_or_else(unknown)?;
    annotate::commit(tx, by, slot)?;
    let event = Action::Restore
        .on(slot.diagram_id.as_str())
        .before(mine.head.as_ref().map(RevisionId::as_str))
        .after(id.as_str());
    audit::append(tx, by.at, by.person, &event)?;
    annotate::put_on_top(tx, by, slot, &wanted.text, &wanted.links)
}

fn read(row: &Row<'_>) -> rusqlite::Result<HistoryEntry> {
    let parent: Option<String> = row.get(1)?;
    Ok(HistoryEntry {
        id: RevisionId::from_text(row.get::<_, String>(0)?),
        parent_id: parent.map(RevisionId::from_text),
        annotator_id: PersonId::from_text(row.get::<_, String>(2)?),
        annotator: row.get(3)?,
        author: row.get(4)?,
        created_at: row.get::<_, Millis>(5)?.0,
        length: row.get(6)?,
        excerpt: row.get(7)?,
        is_head: row.get(8)?,
        is_submitted: row.get(9)?,
        is_approved: row.get(10)?,
        is_aside: row.get(11)?,
    })
}
