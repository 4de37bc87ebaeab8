//! What a lead reads before deciding.

use domain::{
    DiagramId, Draft, ExpertText, Level, PersonId, Region, ReviewCaption, ReviewView, RevisionId,
    Slot, Timestamp,
};
use rusqlite::Connection;

use crate::table::annotation::{self, Annotation};
use crate::table::{Millis, diagram, draft, region, revision};
use crate::{Result, decisions, lead_text, people, threads};

/// All that a lead sees of one diagram. What an expert has not handed in is not here.
///
/// # Errors
/// [`crate::Error::NoDiagram`].
pub fn review_view(connection: &Connection, id: &DiagramId, lead: &PersonId) -> Result<ReviewView> {
    let diagram = diagram::get(connection, id)?;
    let regions = region::of_diagram(connection, id)?;
    let annotations = annotation::of_diagram(connection, id)?;
    let partials = regions.iter().map(|region| (Level::Partial, Some(region)));
    let slots = [(Level::Global, None)]
        .into_iter()
        .chain(partials)
        .chain([(Level::Detailed, None), (Level::Structure, None)]);
    let mut captions = Vec::new();
    for (level, region) in slots {
        let slot = Slot {
            diagram_id: id.clone(),
            level,
            region_id: region.map(|region| region.id.clone()),
        };
        let caption = caption(connection, (slot, region), &annotations, lead)?;
        if caption.draft.is_some() || !caption.experts.is_empty() || caption.lead_text.is_some() {
            captions.push(caption);
        }
    }
    Ok(ReviewView {
        threads: threads::of_diagram(connection, id)?,
        decisions: decisions::of_diagram(connection, id)?,
        diagram,
        regions,
        captions,
    })
}

fn caption(
    connection: &Connection,
    (slot, region): (Slot, Option<&Region>),
    annotations: &[Annotation],
    lead: &PersonId,
) -> Result<ReviewCaption> {
    let mut experts = Vec::new();
    for annotation in annotations.iter().filter(|one| one.slot == slot) {
        let shown = annotation
            .approved
            .as_ref()
            .or(annotation.submitted.as_ref());
        let Some(shown) = shown else {
            continue;
        };
        let text = revision::get(connection, shown)?;
        experts.push(ExpertText {
            annotator_id: annotation.annotator_id.clone(),
            annotator: people::get(connection, &annotation.annotator_id)?.name,
            revision_id: shown.clone(),
            text: text.text,
            links: text.links,
            reasons: annotation::reasons(connection, &annotation.id)?,
            draft: seen_draft(connection, &slot, shown)?,
            submitted_at: submitted_at(connection, annotation)?.unwrap_or(text.created_at),
            is_approved: annotation.approved.is_some(),
        });
    }
    let drafts = experts.iter().find_map(|expert| expert.draft.clone());
    let kept = lead_text::of(connection, &slot, lead)?;
    let newest = experts.iter().map(|expert| expert.submitted_at).max();
    Ok(ReviewCaption {
        draft: match drafts {
            Some(seen) => Some(seen),
            None => draft::newest(connection, &slot)?,
        },
        region_name: region.map(|region| region.name.clone()),
        slot,
        experts,
        lead_text_is_older: kept
            .as_ref()
            .is_some_and(|kept| newest.is_some_and(|newest| kept.at < newest)),
        lead_text: kept.map(|kept| kept.text),
    })
}

fn submitted_at(connection: &Connection, annotation: &Annotation) -> Result<Option<Timestamp>> {
    let sql = "SELECT submitted_at FROM annotation WHERE id = ?1";
    let at = connection.query_row(sql, [annotation.id.as_str()], |row| {
        row.get::<_, Option<Millis>>(0)
    })?;
    Ok(at.map(|millis| millis.0))
}

/// The draft that stood beside the editor when a text was written.
fn seen_draft(
    connection: &Connection,
    slot: &Slot,
    revision: &RevisionId,
) -> Result<Option<Draft>> {
    match revision::draft_id(connection, revision)? {
        Some(draft) => draft::of_slot(connection, slot, &draft),
        None => Ok(None),
    }
}
