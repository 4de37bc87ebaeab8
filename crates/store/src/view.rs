//! One diagram as one person sees it.

use domain::{
    Caption, CaptionProgress, DiagramId, DiagramView, Draft, Level, PersonId, Region, Slot,
};
use rusqlite::Connection;

use crate::annotate::By;
use crate::table::annotation::Annotation;
use crate::table::{annotation, conflict, diagram, draft, revision, working_copy};
use crate::{Result, access, annotate, claims, decisions, submissions, threads};

/// Everything a window shows of a diagram to a person at a moment.
///
/// # Errors
/// [`crate::Error::NoDiagram`].
pub fn diagram_view(connection: &Connection, id: &DiagramId, by: By<'_>) -> Result<DiagramView> {
    let person = by.person;
    let diagram = diagram::get(connection, id)?;
    let regions = access::regions_of(connection, id, person)?;
    let drafts_hidden = access::hides_drafts(connection, &diagram)?;
    let mut drafts = if drafts_hidden {
        Vec::new()
    } else {
        draft::of_diagram(connection, id)?
    };
    if access::is_blind(&diagram) {
        let is_seen = |draft: &Draft| {
            let of = draft.region_id.as_ref();
            of.is_none_or(|id| regions.iter().any(|region| region.id == *id))
        };
        drafts.retain(is_seen);
    }
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
        read_only: access::refusal(connection, by, &diagram)?.is_some(),
        claim: claims::live(connection, id, by.at)?,
        drafts_hidden,
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
        caption.progress = CaptionProgress::Written;
        caption.base_revision = Some(revision.id);
    }
    Ok(caption)
}

/// A caption that nobody wrote: its draft, or nothing.
fn untouched(id: &DiagramId, level: Level, region: Option<&Region>, drafts: &[Draft]) -> Caption {
    let region_id = region.map(|region| region.id.clone());
    let draft = drafts
        .iter()
        .find(|draft| draft.level == level && draft.region_id == region_id)
        .cloned();
    let progress = match &draft {
        Some(_) => CaptionProgress::Draft,
        None => CaptionProgress::Empty,
    };
    let slot = Slot {
        diagram_id: id.clone(),
        level,
        region_id,
    };
    Caption {
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
        progress,
        conflict: None,
        slot,
    }
}

fn caption(
    connection: &Connection,
    id: &DiagramId,
    level: Level,
    region: Option<&Region>,
    drafts: &[Draft],
    person: &PersonId,
) -> Result<Caption> {
    let mut caption = untouched(id, level, region, drafts);
    let Some(annotation) = annotation::find(connection, &caption.slot, person)? else {
        return Ok(caption);
    };
    caption.reasons = annotation::reasons(connection, &annotation.id)?;
    if let Some(head) = &annotation.head {
        let head = revision::get(connection, head)?;
        caption.progress = if head.text.trim().is_empty() {
            CaptionProgress::Empty
        } else if annotate::accepts_draft(connection, &caption.slot, &head)? {
            CaptionProgress::Accepted
        } else {
            CaptionProgress::Written
        };
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
    if caption.dirty {
        caption.progress = match copy.text.trim() {
            "" => CaptionProgress::Empty,
            _ => CaptionProgress::Written,
        };
    }
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
