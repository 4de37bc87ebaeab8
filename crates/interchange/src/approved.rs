//! Everything approved, one diagram at a time, with where each text came from.

use domain::{
    Action, AnnotationId, AuditEntry, Diagram, DiagramId, DraftId, Level, NewRegion, Region,
    Revision, RevisionId, State, Timestamp,
};
use serde::Serialize;
use store::table::{annotation, audit, diagram, draft, region, revision};
use store::{Connection, queue};

use crate::{Result, callout};

/// An approved diagram.
#[derive(Debug, Clone, PartialEq)]
pub struct Approved {
    /// The diagram and its picture.
    pub diagram: Diagram,
    /// All its regions, in order of making.
    pub regions: Vec<Region>,
    /// Fields that came along at import and that Callout does not read: a JSON object.
    pub extra: Option<String>,
    /// Who approved it, and when.
    pub approved: Option<Decision>,
    /// The approved texts: global, partial in order of the regions, detailed, structure.
    pub texts: Vec<ApprovedText>,
}

/// One approved text.
#[derive(Debug, Clone, PartialEq)]
pub struct ApprovedText {
    /// The caption, whose revisions this text is one of.
    pub annotation: AnnotationId,
    /// How much of the diagram it speaks of.
    pub level: Level,
    /// The region it speaks of; only at [`Level::Partial`].
    pub region: Option<Region>,
    /// What it says.
    pub text: String,
    /// Stretches of it that speak of regions, in order.
    pub grounding: Vec<Grounded>,
    /// Name of who wrote it.
    pub annotator: String,
    /// The approved revision.
    pub revision: RevisionId,
    /// When it was written.
    pub written_at: Timestamp,
    /// When it was handed in.
    pub submitted_at: Option<Timestamp>,
    /// Id and label of the draft that it was written beside.
    pub draft: Option<(DraftId, String)>,
}

/// A stretch of a text that speaks of a region of the picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Grounded {
    /// First code point, from 0, as in the `TextPositionSelector` of the W3C Web Annotation Data Model.
    pub start: u32,
    /// The code point after the last.
    pub end: u32,
    /// The words there.
    pub quote: String,
    /// The region, in pixels of the upright picture.
    pub region: NewRegion,
}

/// A step of a diagram, as the audit log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Name of who took it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Every approved diagram in order of import; only ids are held, so 100,000 take a few megabytes.
///
/// Give it a connection from [`store::Database::read`], so that all are of one moment.
///
/// # Errors
/// When the database cannot be read.
pub fn approved(
    connection: &Connection,
) -> Result<impl ExactSizeIterator<Item = Result<Approved>>> {
    let ids = queue::ids_in_state(connection, State::Approved)?;
    Ok(ids.into_iter().map(|id| read(connection, &id)))
}

fn read(connection: &Connection, id: &DiagramId) -> Result<Approved> {
    let regions = region::of_diagram(connection, id)?;
    let log = audit::about(connection, id.as_str())?;
    Ok(Approved {
        diagram: diagram::get(connection, id)?,
        extra: diagram::extra(connection, id)?,
        approved: last(&log, Action::Approve, |_| true),
        texts: texts(connection, id, &regions, &log)?,
        regions,
    })
}

fn texts(
    connection: &Connection,
    id: &DiagramId,
    regions: &[Region],
    log: &[AuditEntry],
) -> Result<Vec<ApprovedText>> {
    let drafts = draft::of_diagram(connection, id)?;
    let mut texts = Vec::new();
    for annotation in annotation::of_diagram(connection, id)? {
        let Some(approved) = annotation.approved else {
            continue;
        };
        let revision = revision::get(connection, &approved)?;
        let draft_id = revision::draft_id(connection, &approved)?;
        let draft = drafts
            .iter()
            .find(|draft| Some(&draft.id) == draft_id.as_ref());
        let grounding = grounded(&revision, regions);
        let place = regions
            .iter()
            .position(|region| Some(&region.id) == annotation.slot.region_id.as_ref());
        let text = ApprovedText {
            annotation: annotation.id,
            level: annotation.slot.level,
            region: place.map(|index| regions[index].clone()),
            text: revision.text,
            grounding,
            annotator: revision.author,
            written_at: revision.created_at,
            submitted_at: last(log, Action::Submit, |revisions| {
                revisions.split(' ').any(|id| id == approved.as_str())
            })
            .map(|decision| decision.at),
            revision: approved,
            draft: draft.map(|draft| (draft.id.clone(), draft.label.clone())),
        };
        texts.push(((text.level, place), text));
    }
    texts.sort_by_key(|(place, _)| *place);
    Ok(texts.into_iter().map(|(_, text)| text).collect())
}

/// The links of a revision to regions that are still there.
fn grounded(revision: &Revision, regions: &[Region]) -> Vec<Grounded> {
    let links = revision.links.iter().filter_map(|link| {
        let region = regions.iter().find(|region| region.id == link.region_id)?;
        let length = link.end.saturating_sub(link.start) as usize;
        let from = revision.text.chars().skip(link.start as usize);
        Some(Grounded {
            start: link.start,
            end: link.end,
            quote: from.take(length).collect(),
            region: callout::region(region),
        })
    });
    links.collect()
}

fn last(log: &[AuditEntry], action: Action, on: impl Fn(&str) -> bool) -> Option<Decision> {
    log.iter()
        .rev()
        .find(|line| line.action == action.as_str() && on(line.note.as_deref().unwrap_or_default()))
        .map(|line| Decision {
            by: line.who.clone(),
            at: line.at,
        })
}
