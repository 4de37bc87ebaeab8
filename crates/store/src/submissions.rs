//! What was handed in: what it had to do with its draft, and how far two people agree.

use domain::{ActiveTime, Diagram, DiagramId, PersonId, RevisionId, State, SubmitNote};
use rusqlite::{Connection, Transaction, params};

use crate::Result;
use crate::annotate::{By, Measure};
use crate::table::annotation::{self, Annotation};
use crate::table::{draft, revision};

/// Writes a row for one caption that is handed in now.
pub(crate) fn record(
    tx: &Transaction<'_>,
    by: By<'_>,
    draft_hidden: bool,
    (annotation, head): (&Annotation, &RevisionId),
    note: &SubmitNote,
    kept: Measure<'_>,
) -> Result<()> {
    let text = revision::get(tx, head)?.text;
    let draft = match revision::draft_id(tx, head)? {
        Some(id) => draft::of_slot(tx, &annotation.slot, &id)?,
        None => None,
    };
    let condition = match &draft {
        _ if draft_hidden => "hidden",
        Some(_) => "shown",
        None => "none",
    };
    tx.prepare_cached(
        "INSERT INTO submission (diagram_id, annotation_id, revision_id, person_id, draft_id, condition,
            kept, unchanged, active_seconds, length, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        annotation.slot.diagram_id.as_str(),
        annotation.id.as_str(),
        head.as_str(),
        by.person.as_str(),
        draft.as_ref().map(|draft| draft.id.as_str()),
        condition,
        draft.as_ref().map(|draft| kept(&draft.text, &text).clamp(0.0, 1.0)),
        draft.as_ref().is_some_and(|draft| draft.text == text),
        active_seconds(note, annotation),
        u32::try_from(text.chars().count()).unwrap_or(u32::MAX),
        by.at.millis(),
    ])?;
    Ok(())
}

/// How long the person worked on this caption, where the window counted.
fn active_seconds(note: &SubmitNote, annotation: &Annotation) -> Option<f64> {
    let slot = &annotation.slot;
    let mut counted = note.active.iter();
    let of_caption =
        |time: &&ActiveTime| time.level == slot.level && time.region_id == slot.region_id;
    let seconds = counted.find(of_caption)?.seconds;
    Some(seconds).filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
}

/// Whether the diagram was handed in as a whole before, by everybody who captions it.
pub(crate) fn was_complete(connection: &Connection, diagram: &Diagram) -> Result<bool> {
    let people: u32 = connection
        .prepare_cached("SELECT count(DISTINCT person_id) FROM submission WHERE diagram_id = ?1")?
        .query_row([diagram.id.as_str()], |row| row.get(0))?;
    Ok(people >= if diagram.second { 2 } else { 1 })
}

/// Whether the person's part of a diagram for two is handed in, and the other's is not.
pub(crate) fn waits_for_second(
    connection: &Connection,
    diagram: &Diagram,
    person: &PersonId,
) -> Result<bool> {
    if !diagram.second || diagram.state != State::InProgress {
        return Ok(false);
    }
    let all = annotation::of_diagram(connection, &diagram.id)?;
    let mut mine = all.iter().filter(|one| one.annotator_id == *person);
    Ok(mine.any(|one| one.submitted.is_some()))
}

/// Whether two different people handed in.
pub(crate) fn is_second_in(connection: &Connection, id: &DiagramId) -> Result<bool> {
    let sql = "SELECT count(DISTINCT annotator_id) FROM annotation
         WHERE diagram_id = ?1 AND submitted_revision_id IS NOT NULL";
    let people: u32 = connection.query_row(sql, [id.as_str()], |row| row.get(0))?;
    Ok(people >= 2)
}

/// Keeps the lowest agreement among the captions that two people handed in.
pub(crate) fn compare(tx: &Transaction<'_>, id: &DiagramId, agreement: Measure<'_>) -> Result<()> {
    let all = annotation::of_diagram(tx, id)?;
    let mut lowest: Option<f64> = None;
    for (index, one) in all.iter().enumerate() {
        for other in &all[index + 1..] {
            let (Some(left), Some(right)) = (&one.submitted, &other.submitted) else {
                continue;
            };
            if one.slot != other.slot {
                continue;
            }
            let (left, right) = (revision::get(tx, left)?, revision::get(tx, right)?);
            let found = agreement(&left.text, &right.text).clamp(0.0, 1.0);
            lowest = Some(lowest.map_or(found, |lowest| lowest.min(found)));
        }
    }
    if let Some(lowest) = lowest {
        tx.execute(
            "UPDATE diagram SET agreement = ?2 WHERE id = ?1",
            (id.as_str(), lowest),
        )?;
    }
    Ok(())
}

/// Marks what was handed in as sent back.
pub(crate) fn returned(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId) -> Result<()> {
    tx.execute(
        "UPDATE submission SET returned_at = ?2 WHERE diagram_id = ?1 AND returned_at IS NULL",
        (id.as_str(), by.at.millis()),
    )?;
    Ok(())
}
