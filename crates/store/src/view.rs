//! One diagram as one person sees it.

use domain::{Caption, DiagramId, DiagramView, Draft, Level, PersonId, Region, Slot};
use rusqlite::Connection;

use crate::table::annotation::Annotation;
use crate::table::{annotation, conflict, diagram, draft, region, revision, working_copy};
use crate::{Result, annotate, claims, decisions, submissions, threads};

/// Everything a window shows of a diagram.
///
/// # Errors
/// [`crate::Error::NoDiagram`].
pub fn diagram_view(
    connection: &Connection,
    id: &DiagramId,
    person: &PersonId,
) -> Result<DiagramView> {
    let diagram = diagram::get(connection, id)?;
    let regions = region::of_diagram(connection, id)?;
    // A hidden draft is shown again once the texts are handed in.
    let hidden = diagram.draft_hidden && diagram.state.takes_text();
    let drafts = if hidden {
        Vec::new()
    } else {
        draft::of_diagram(connection, id)?
    };
    let waits = submissions::waits_for_second(connection, &diagram, person)?;
    let others = if diagram.state.takes_text() {
        Vec::new()
    } else {
        annotation::of_diagram(connection, id)?
    };
    let partials = regions.iter().map(|region| (Level::Partial, Some(region)));
    let captions = [(Level::Global, None)]
        .into_iter()
        .chain(partials)
        .chain([(Level::Detailed, None), (Level::Structure, None)])
        .map(|(level, region)| {
            let own = caption(connection, id, level, region, &drafts, person)?;
            handed_in(connection, own, &others)
        })
        .collect::<Result<_>>()?;
    Ok(DiagramView {
        return_reasons: decisions::return_reasons(connection, id)?,
        return_reason: diagram::return_reason(connection, id)?,
        read_only: !diagram.state.takes_text() || waits,
        claim: claims::of(connection, id)?,
        waits_for_second: waits,
        threads: threads::of_diagram(connection, id)?,
        diagram,
        regions,
        captions,
        drafts,
    })
}

/// The caption with what somebody else handed in, where the person wrote nothing: what is read after submission is
/// what was submitted, never the draft below it.
fn handed_in(
    connection: &Connection,
    mut caption: Caption,
    others: &[Annotation],
) -> Result<Caption> {
    if caption.base_revision.is_some() || caption.dirty {
        return Ok(caption);
    }
    let theirs = others
        .iter()
        .filter(|annotation| annotation.slot == caption.slot)
        .find_map(|annotation| {
            annotation
                .approved
                .as_ref()
                .or(annotation.submitted.as_ref())
        });
    if let Some(theirs) = theirs {
        let revision = revision::get(connection, theirs)?;
        caption.text = revision.text;
        caption.links = revision.links;
        caption.saved_at = Some(revision.created_at);
        caption.written_by = Some(revision.author);
        caption.base_revision = Some(revision.id);
    }
    Ok(caption)
}

fn caption(
    connection: &Connection,
    id: &DiagramId,
    level: Level,
    region: Option<&Region>,
    drafts: &[Draft],
    person: &PersonId,
) -> Result<Caption> {
    let region_id = region.map(|region| region.id.clone());
    let draft = drafts
        .iter()
        .find(|draft| draft.level == level && draft.region_id == region_id)
        .cloned();
    let slot = Slot {
        diagram_id: id.clone(),
        level,
        region_id,
    };
    let mut caption = Caption {
        region_name: region.map(|region| region.name.clone()),
        text: draft
            .as_ref()
            .map_or_else(String::new, |draft| draft.text.clone()),
        draft,
        written_by: None,
        links: Vec::new(),
        reasons: Vec::new(),
        editor_state: None,
        base_revision: None,
        version: 0,
        saved_at: None,
        dirty: false,
        conflict: None,
        slot,
    };
    let Some(annotation) = annotation::find(connection, &caption.slot, person)? else {
        return Ok(caption);
    };
    caption.reasons = annotation::reasons(connection, &annotation.id)?;
    if let Some(head) = &annotation.head {
        let head = revision::get(connection, head)?;
        caption.text = head.text;
        caption.links = head.links;
        caption.saved_at = Some(head.created_at);
        caption.base_revision = Some(head.id);
    }
    caption.conflict = conflict::open(connection, &annotation.id, annotation.head.as_ref())?;
    let Some(copy) = working_copy::get(connection, &annotation.id)? else {
        return Ok(caption);
    };
    caption.version = copy.version;
    caption.dirty = annotate::is_dirty(connection, &caption.slot, &copy)?;
    // A clean copy of an older head gives way to the head, unless it is the text that was set aside.
    if caption.dirty || copy.base_revision_id == annotation.head || caption.conflict.is_some() {
        caption.text = copy.text;
        caption.links = copy.links;
        caption.editor_state = copy.editor_state;
        caption.base_revision = copy.base_revision_id;
        caption.saved_at = Some(copy.updated_at);
    }
    Ok(caption)
}
