//! Captions: who writes what, and the pointers into each chain of revisions.

use domain::{
    AnnotationId, DiagramId, Level, PersonId, Reason, RegionId, RevisionId, Slot, Timestamp,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::parsed;
use crate::{Error, Result};

const COLUMNS: &str = "id, diagram_id, annotator_id, level, region_id, head_revision_id,
    submitted_revision_id, approved_revision_id";

/// One person's caption of one diagram at one level.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// Its name.
    pub id: AnnotationId,
    /// What it speaks of.
    pub slot: Slot,
    /// Who writes it.
    pub annotator_id: PersonId,
    /// The text that counts.
    pub head: Option<RevisionId>,
    /// What was last submitted.
    pub submitted: Option<RevisionId>,
    /// What was approved, while it is.
    pub approved: Option<RevisionId>,
}

/// The person's caption in `slot`.
///
/// # Errors
/// When the database cannot be read.
pub fn find(connection: &Connection, slot: &Slot, person: &PersonId) -> Result<Option<Annotation>> {
    let annotation = connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM annotation
             WHERE diagram_id = ?1 AND annotator_id = ?2 AND level = ?3 AND ifnull(region_id, '') = ?4"
        ))?
        .query_row(
            (
                slot.diagram_id.as_str(),
                person.as_str(),
                slot.level.as_str(),
                slot.region_id.as_ref().map_or("", RegionId::as_str),
            ),
            read,
        );
    Ok(annotation.optional()?)
}

/// The person's caption in `slot`, begun now if it was not.
pub(crate) fn find_or_insert(
    tx: &Transaction<'_>,
    slot: &Slot,
    person: &PersonId,
) -> Result<Annotation> {
    if (slot.level == Level::Partial) != slot.region_id.is_some() {
        return Err(Error::SlotRegion(slot.clone()));
    }
    if let Some(annotation) = find(tx, slot, person)? {
        return Ok(annotation);
    }
    // What was typed into the caption of a region that somebody took away meanwhile is kept.
    if let Some(region) = &slot.region_id
        && !super::region::ids_ever(tx, &slot.diagram_id)?.contains(region)
    {
        return Err(Error::NoRegion {
            diagram: slot.diagram_id.clone(),
            region: region.to_string(),
        });
    }
    let id = AnnotationId::new();
    tx.execute(
        "INSERT INTO annotation (id, diagram_id, annotator_id, level, region_id)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        (
            id.as_str(),
            slot.diagram_id.as_str(),
            person.as_str(),
            slot.level.as_str(),
            slot.region_id.as_ref().map(RegionId::as_str),
        ),
    )?;
    Ok(Annotation {
        id,
        slot: slot.clone(),
        annotator_id: person.clone(),
        head: None,
        submitted: None,
        approved: None,
    })
}

/// Why the draft of a caption was changed, in the order of [`Reason::ALL`].
///
/// # Errors
/// When the database cannot be read.
pub fn reasons(connection: &Connection, id: &AnnotationId) -> Result<Vec<Reason>> {
    let mut statement = connection
        .prepare_cached("SELECT reason FROM annotation_reason WHERE annotation_id = ?1")?;
    let mut reasons: Vec<Reason> = statement
        .query_map([id.as_str()], |row| parsed(row, 0))?
        .collect::<Result<_, _>>()?;
    reasons.sort();
    Ok(reasons)
}

/// Everybody's captions of a diagram, last submitted first.
///
/// # Errors
/// When the database cannot be read.
pub fn of_diagram(connection: &Connection, diagram: &DiagramId) -> Result<Vec<Annotation>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM annotation WHERE diagram_id = ?1
         ORDER BY submitted_at DESC NULLS LAST, submitted_revision_id DESC, id"
    ))?;
    let rows = statement.query_map([diagram.as_str()], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn set_head(tx: &Transaction<'_>, id: &AnnotationId, head: &RevisionId) -> Result<()> {
    tx.prepare_cached("UPDATE annotation SET head_revision_id = ?2 WHERE id = ?1")?
        .execute((id.as_str(), head.as_str()))?;
    Ok(())
}

/// A caption whose first revision only accepted a draft goes back to being untouched.
pub(crate) fn forget_head(tx: &Transaction<'_>, id: &AnnotationId) -> Result<()> {
    tx.execute(
        "UPDATE annotation SET head_revision_id = NULL WHERE id = ?1",
        [id.as_str()],
    )?;
    tx.execute(
        "DELETE FROM working_copy WHERE annotation_id = ?1",
        [id.as_str()],
    )?;
    Ok(())
}

pub(crate) fn set_submitted(
    tx: &Transaction<'_>,
    id: &AnnotationId,
    handed_in: Option<(&RevisionId, Timestamp)>,
) -> Result<()> {
    tx.execute(
        "UPDATE annotation SET submitted_revision_id = ?2, submitted_at = ?3 WHERE id = ?1",
        (
            id.as_str(),
            handed_in.map(|(revision, _)| revision.as_str()),
            handed_in.map(|(_, at)| at.millis()),
        ),
    )?;
    Ok(())
}

pub(crate) fn set_approved(
    tx: &Transaction<'_>,
    id: &AnnotationId,
    revision: Option<&RevisionId>,
) -> Result<()> {
    tx.execute(
        "UPDATE annotation SET approved_revision_id = ?2 WHERE id = ?1",
        (id.as_str(), revision.map(RevisionId::as_str)),
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Annotation> {
    let revision = |index| -> rusqlite::Result<Option<RevisionId>> {
        Ok(row
            .get::<_, Option<String>>(index)?
            .map(RevisionId::from_text))
    };
    Ok(Annotation {
        id: AnnotationId::from_text(row.get::<_, String>(0)?),
        slot: Slot {
            diagram_id: DiagramId::from_text(row.get::<_, String>(1)?),
            level: parsed(row, 3)?,
            region_id: row.get::<_, Option<String>>(4)?.map(RegionId::from_text),
        },
        annotator_id: PersonId::from_text(row.get::<_, String>(2)?),
        head: revision(5)?,
        submitted: revision(6)?,
        approved: revision(7)?,
    })
}
