//! What leads write in place of submitted texts before they decide. Theirs alone, in any state of the
//! diagram: nothing that was typed is refused because somebody else decided meanwhile.

use domain::{DiagramId, Pick, Picked, RegionId, Role, Slot, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::annotate::By;
use crate::table::{Millis, diagram, region};
use crate::{Error, Result, people};

/// A kept wording.
#[derive(Debug, PartialEq)]
pub(crate) struct LeadText {
    /// What it says; empty where the caption is to be left out.
    pub text: String,
    /// When it was written.
    pub at: Timestamp,
}

/// Keeps what a lead writes in place of a submitted text, until the decision. An empty text leaves the
/// caption out; without a text, what was written is forgotten.
///
/// # Errors
/// [`Error::NotAllowed`] unless a lead acts, [`Error::NoDiagram`], [`Error::NoRegion`],
/// [`Error::SlotRegion`].
pub fn keep(tx: &Transaction<'_>, by: By<'_>, slot: &Slot, text: Option<&str>) -> Result<()> {
    people::require(tx, by.person, Role::Lead)?;
    diagram::get(tx, &slot.diagram_id)?;
    let Some(text) = text else {
        return forget(tx, by, slot);
    };
    if (slot.level == domain::Level::Partial) != slot.region_id.is_some() {
        return Err(Error::SlotRegion(slot.clone()));
    }
    if let Some(wanted) = &slot.region_id {
        region::find(tx, &slot.diagram_id, wanted.as_str())?;
    }
    tx.prepare_cached(
        "INSERT INTO lead_text (diagram_id, person_id, level, region_id, text, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (diagram_id, person_id, level, ifnull(region_id, ''))
            DO UPDATE SET text = excluded.text, updated_at = excluded.updated_at",
    )?
    .execute((
        slot.diagram_id.as_str(),
        by.person.as_str(),
        slot.level.as_str(),
        slot.region_id.as_ref().map(RegionId::as_str),
        text,
        by.at.millis(),
    ))?;
    Ok(())
}

/// What a lead has written of a caption.
pub(crate) fn of(
    connection: &Connection,
    slot: &Slot,
    lead: &domain::PersonId,
) -> Result<Option<LeadText>> {
    Ok(connection
        .prepare_cached(
            "SELECT text, updated_at FROM lead_text
             WHERE diagram_id = ?1 AND person_id = ?2 AND level = ?3 AND region_id IS ?4",
        )?
        .query_row(
            (
                slot.diagram_id.as_str(),
                lead.as_str(),
                slot.level.as_str(),
                slot.region_id.as_ref().map(RegionId::as_str),
            ),
            |row| {
                Ok(LeadText {
                    text: row.get(0)?,
                    at: row.get::<_, Millis>(1)?.0,
                })
            },
        )
        .optional()?)
}

/// Forgets the wordings that a decision took up. One that it did not take up stays: it exists nowhere else.
pub(crate) fn settle(
    tx: &Transaction<'_>,
    by: By<'_>,
    id: &DiagramId,
    picks: &[Pick],
) -> Result<()> {
    for pick in picks {
        let slot = Slot {
            diagram_id: id.clone(),
            ..pick.slot.clone()
        };
        let kept = of(tx, &slot, by.person)?;
        let taken_up = match (&pick.text, kept) {
            (Picked::Fixed { text, .. }, Some(kept)) => kept.text == *text,
            (Picked::Nothing, Some(kept)) => kept.text.trim().is_empty(),
            _ => false,
        };
        if taken_up {
            forget(tx, by, &slot)?;
        }
    }
    Ok(())
}

fn forget(tx: &Transaction<'_>, by: By<'_>, slot: &Slot) -> Result<()> {
    tx.execute(
        "DELETE FROM lead_text WHERE diagram_id = ?1 AND person_id = ?2 AND level = ?3 AND region_id IS ?4",
        (
            slot.diagram_id.as_str(),
            by.person.as_str(),
            slot.level.as_str(),
            slot.region_id.as_ref().map(RegionId::as_str),
        ),
    )?;
    Ok(())
}
