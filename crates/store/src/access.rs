//! What a diagram lets somebody do and see now: who may write on it, whose drafts are hidden, and what two
//! people who caption it without seeing each other do not see.

use domain::{Diagram, DiagramId, PersonId, Region, RegionId, Role};
use rusqlite::{Connection, OptionalExtension};

use crate::annotate::By;
use crate::table::{diagram, region};
use crate::{Error, Result, claims, people, submissions};

/// Why the person may not write on the diagram now; `None` where they may.
pub(crate) fn refusal(
    connection: &Connection,
    by: By<'_>,
    diagram: &Diagram,
) -> Result<Option<Error>> {
    match people::require(connection, by.person, Role::Annotator) {
        Err(refused @ Error::NotAllowed { .. }) => return Ok(Some(refused)),
        allowed => allowed?,
    }
    if !diagram.state.takes_text() {
        return Ok(Some(Error::ReadOnly(diagram.state)));
    }
    if !diagram.second
        && let Some(claim) = claims::live(connection, &diagram.id, by.at)?
        && claim.person_id != *by.person
    {
        return Ok(Some(Error::Claimed {
            person: claim.person,
            until: claim.until,
        }));
    }
    let waits = submissions::waits_for_second(connection, diagram, by.person)?;
    Ok(waits.then_some(Error::WaitsForSecond))
}

/// Whether the diagram's drafts are held back: until it was handed in once, since everybody sees them then.
pub(crate) fn hides_drafts(connection: &Connection, diagram: &Diagram) -> Result<bool> {
    if !diagram.draft_hidden || !diagram.state.takes_text() {
        return Ok(false);
    }
    Ok(!submissions::was_complete(connection, diagram)?)
}

/// Whether two people caption the diagram now, neither seeing what the other makes.
pub(crate) fn is_blind(diagram: &Diagram) -> bool {
    diagram.second && diagram.state.takes_text()
}

/// The diagram's regions that the person sees. While two people work blind, those that came with the
/// diagram, and their own.
///
/// # Errors
/// When the database cannot be read.
pub fn regions_of(
    connection: &Connection,
    id: &DiagramId,
    person: &PersonId,
) -> Result<Vec<Region>> {
    let mut regions = region::of_diagram(connection, id)?;
    if is_blind(&diagram::get(connection, id)?) {
        let others = region::drawn_by_others(connection, id, person)?;
        regions.retain(|region| !others.contains(&region.id));
    }
    Ok(regions)
}

/// The region with this id, where the person sees it.
pub(crate) fn region_of(
    connection: &Connection,
    id: &DiagramId,
    person: &PersonId,
    wanted: &RegionId,
) -> Result<Region> {
    let mut seen = regions_of(connection, id, person)?.into_iter();
    seen.find(|region| region.id == *wanted)
        .ok_or_else(|| Error::NoRegion {
            diagram: id.clone(),
            region: wanted.to_string(),
        })
}

/// Whether a caption of this person may be read by `reader` now.
pub(crate) fn reads_captions_of(
    connection: &Connection,
    id: &DiagramId,
    annotator: &PersonId,
    reader: &PersonId,
) -> Result<bool> {
    Ok(annotator == reader || !is_blind(&diagram::get(connection, id)?))
}

/// The diagram and the annotator of a revision's caption.
pub(crate) fn owner_of_revision(
    connection: &Connection,
    revision: &domain::RevisionId,
) -> Result<Option<(DiagramId, PersonId)>> {
    let owner = connection
        .prepare_cached(
            "SELECT diagram_id, annotator_id FROM annotation
             JOIN revision ON revision.annotation_id = annotation.id WHERE revision.id = ?1",
        )?
        .query_row([revision.as_str()], |row| {
            Ok((
                DiagramId::from_text(row.get::<_, String>(0)?),
                PersonId::from_text(row.get::<_, String>(1)?),
            ))
        });
    Ok(owner.optional()?)
}
