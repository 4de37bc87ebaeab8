//! What a lead reads before deciding.

use domain::{
    Decision, Diagram, DiagramId, ExpertText, Level, PersonId, Region, RegionId, ReviewCaption,
    ReviewView, Slot, Timestamp,
};
use rusqlite::{Connection, OptionalExtension};

use crate::table::annotation::{self, Annotation};
use crate::table::model::json;
use crate::table::{Millis, diagram, draft, parsed, region, revision};
use crate::{Result, people, threads};

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
        let caption = caption(connection, &diagram, (slot, region), &annotations, lead)?;
        if caption.draft.is_some() || !caption.experts.is_empty() || caption.lead_text.is_some() {
            captions.push(caption);
        }
    }
    Ok(ReviewView {
        threads: threads::of_diagram(connection, id)?,
        decisions: decisions(connection, id)?,
        diagram,
        regions,
        captions,
    })
}

fn caption(
    connection: &Connection,
    diagram: &Diagram,
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
            saw_draft: !diagram.draft_hidden && revision::draft_id(connection, shown)?.is_some(),
            submitted_at: submitted_at(connection, annotation)?.unwrap_or(text.created_at),
            is_approved: annotation.approved.is_some(),
        });
    }
    let lead_text = connection
        .prepare_cached(
            "SELECT text FROM lead_text
             WHERE diagram_id = ?1 AND person_id = ?2 AND level = ?3 AND region_id IS ?4",
        )?
        .query_row(
            (
                slot.diagram_id.as_str(),
                lead.as_str(),
                slot.level.as_str(),
                slot.region_id.as_ref().map(RegionId::as_str),
            ),
            |row| row.get(0),
        )
        .optional()?;
    Ok(ReviewCaption {
        draft: draft::newest(connection, &slot)?,
        region_name: region.map(|region| region.name.clone()),
        slot,
        experts,
        lead_text,
    })
}

fn submitted_at(connection: &Connection, annotation: &Annotation) -> Result<Option<Timestamp>> {
    let sql = "SELECT submitted_at FROM annotation WHERE id = ?1";
    let at = connection.query_row(sql, [annotation.id.as_str()], |row| {
        row.get::<_, Option<Millis>>(0)
    })?;
    Ok(at.map(|millis| millis.0))
}

fn decisions(connection: &Connection, id: &DiagramId) -> Result<Vec<Decision>> {
    let mut statement = connection.prepare_cached(
        "SELECT verdict, person.name, decision.at, reasons, note FROM decision
         JOIN person ON person.id = decision.person_id WHERE diagram_id = ?1 ORDER BY decision.id",
    )?;
    let rows = statement.query_map([id.as_str()], |row| {
        Ok(Decision {
            verdict: parsed(row, 0)?,
            by: row.get(1)?,
            at: row.get::<_, Millis>(2)?.0,
            reasons: json(row, 3)?,
            note: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
