//! Decisions that were made, and how each is taken back: what it changed is kept beside it.

use domain::{
    Action, AnnotationId, Decision, DiagramId, Level, PersonId, Reason, RegionId, RevisionId, Role,
    State, Verdict,
};
use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::{Deserialize, Serialize};

use crate::annotate::By;
use crate::table::model::json;
use crate::table::{Millis, audit, diagram, parsed};
use crate::{Error, Result, claims, people};

/// How a diagram stands before a decision.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Before {
    state: State,
    return_reason: Option<String>,
    captions: Vec<Standing>,
    /// Rows of `submission` that were not sent back.
    submissions: Vec<i64>,
    lead_texts: Vec<Wording>,
}

/// What is handed in and accepted of one person's caption.
#[derive(Debug, Serialize, Deserialize)]
struct Standing {
    annotation: AnnotationId,
    submitted: Option<RevisionId>,
    submitted_at: Option<i64>,
    approved: Option<RevisionId>,
}

/// A lead's wording that is not a revision yet.
#[derive(Debug, Serialize, Deserialize)]
struct Wording {
    person: PersonId,
    level: Level,
    region: Option<RegionId>,
    text: String,
    at: i64,
}

impl Before {
    /// How the diagram stands now.
    pub(crate) fn of(connection: &Connection, id: &DiagramId) -> Result<Self> {
        let revision = |text: Option<String>| text.map(RevisionId::from_text);
        let captions = connection
            .prepare_cached(
                "SELECT id, submitted_revision_id, submitted_at, approved_revision_id FROM annotation
                 WHERE diagram_id = ?1",
            )?
            .query_map([id.as_str()], |row| {
                Ok(Standing {
                    annotation: AnnotationId::from_text(row.get::<_, String>(0)?),
                    submitted: revision(row.get(1)?),
                    submitted_at: row.get(2)?,
                    approved: revision(row.get(3)?),
                })
            })?
            .collect::<Result<_, _>>()?;
        let submissions = connection
            .prepare_cached(
                "SELECT id FROM submission WHERE diagram_id = ?1 AND returned_at IS NULL",
            )?
            .query_map([id.as_str()], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let lead_texts = connection
            .prepare_cached(
                "SELECT person_id, level, region_id, text, updated_at FROM lead_text WHERE diagram_id = ?1",
            )?
            .query_map([id.as_str()], |row| {
                Ok(Wording {
                    person: PersonId::from_text(row.get::<_, String>(0)?),
                    level: parsed(row, 1)?,
                    region: row.get::<_, Option<String>>(2)?.map(RegionId::from_text),
                    text: row.get(3)?,
                    at: row.get(4)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        Ok(Self {
            state: diagram::get(connection, id)?.state,
            return_reason: diagram::return_reason(connection, id)?,
            captions,
            submissions,
            lead_texts,
        })
    }

    fn put_back(&self, tx: &Transaction<'_>, id: &DiagramId) -> Result<()> {
        tx.execute(
            "UPDATE annotation SET approved_revision_id = NULL WHERE diagram_id = ?1",
            [id.as_str()],
        )?;
        for one in &self.captions {
            tx.prepare_cached(
                "UPDATE annotation SET submitted_revision_id = ?2, submitted_at = ?3, approved_revision_id = ?4
                 WHERE id = ?1",
            )?
            .execute((
                one.annotation.as_str(),
                one.submitted.as_ref().map(RevisionId::as_str),
                one.submitted_at,
                one.approved.as_ref().map(RevisionId::as_str),
            ))?;
        }
        for row in &self.submissions {
            tx.prepare_cached("UPDATE submission SET returned_at = NULL WHERE id = ?1")?
                .execute([row])?;
        }
        for one in &self.lead_texts {
            // What was written since is newer.
            tx.prepare_cached(
                "INSERT INTO lead_text (diagram_id, person_id, level, region_id, text, updated_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
            )?
            .execute((
                id.as_str(),
                one.person.as_str(),
                one.level.as_str(),
                one.region.as_ref().map(RegionId::as_str),
                &one.text,
                one.at,
            ))?;
        }
        diagram::set_return_reason(tx, id, self.return_reason.as_deref())?;
        diagram::set_state(tx, id, self.state)
    }
}

/// Writes down a decision, and how the diagram stood before it.
pub(crate) fn keep(
    tx: &Transaction<'_>,
    by: By<'_>,
    id: &DiagramId,
    (verdict, reasons, note): (Verdict, &[Reason], &str),
    before: &Before,
) -> Result<()> {
    let as_json = |column, value: serde_json::Result<String>| {
        value.map_err(|source| Error::Json { column, source })
    };
    let reasons = as_json("decision.reasons", serde_json::to_string(reasons))?;
    let before = as_json("decision_before.before", serde_json::to_string(before))?;
    tx.execute(
        "INSERT INTO decision (diagram_id, person_id, verdict, reasons, note, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            id.as_str(),
            by.person.as_str(),
            verdict.as_str(),
            &reasons,
            note.trim(),
            by.at.millis(),
        ),
    )?;
    tx.execute(
        "INSERT INTO decision_before (decision_id, before) VALUES (?1, ?2)",
        (tx.last_insert_rowid(), before),
    )?;
    let event = Action::Decide
        .on(id.as_str())
        .after(verdict.as_str())
        .note(&reasons);
    audit::append(tx, by.at, by.person, &event)
}

/// Takes the last decision on a diagram back: it stands exactly as before, a lead's own wording again before
/// the lead. Work that went on after the decision is left alone.
///
/// # Errors
/// [`Error::NotAllowed`] unless a lead acts; [`Error::NoDecision`] where none was made, it was taken back
/// already, or the diagram has left the state that the decision put it in.
pub fn undo(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId) -> Result<State> {
    people::require(tx, by.person, Role::Lead)?;
    let from = diagram::get(tx, id)?.state;
    let last: Option<(i64, Verdict, Before)> = tx
        .query_row(
            "SELECT decision.id, verdict, before FROM decision
             JOIN decision_before ON decision_id = decision.id AND undone_at IS NULL
             WHERE diagram_id = ?1 AND decision.id = (SELECT max(id) FROM decision WHERE diagram_id = ?1)",
            [id.as_str()],
            |row| Ok((row.get(0)?, parsed(row, 1)?, json(row, 2)?)),
        )
        .optional()?;
    let (decision, verdict, before) = last.ok_or(Error::NoDecision)?;
    if verdict.state() != from {
        return Err(Error::NoDecision);
    }
    before.put_back(tx, id)?;
    claims::end(tx, id)?;
    tx.execute(
        "UPDATE decision_before SET undone_by = ?2, undone_at = ?3 WHERE decision_id = ?1",
        (decision, by.person.as_str(), by.at.millis()),
    )?;
    let event = Action::Undo
        .on(id.as_str())
        .before(Some(from.as_str()))
        .after(before.state.as_str())
        .note(verdict.as_str());
    audit::append(tx, by.at, by.person, &event)?;
    Ok(before.state)
}

/// The decisions on a diagram, oldest first.
pub(crate) fn of_diagram(connection: &Connection, id: &DiagramId) -> Result<Vec<Decision>> {
    let mut statement = connection.prepare_cached(
        "SELECT verdict, person.name, decision.at, reasons, note, undone_at IS NOT NULL FROM decision
         JOIN person ON person.id = decision.person_id
         LEFT JOIN decision_before ON decision_id = decision.id
         WHERE diagram_id = ?1 ORDER BY decision.id",
    )?;
    let rows = statement.query_map([id.as_str()], |row| {
        Ok(Decision {
            verdict: parsed(row, 0)?,
            by: row.get(1)?,
            at: row.get::<_, Millis>(2)?.0,
            reasons: json(row, 3)?,
            note: row.get(4)?,
            undone: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The reasons with which a diagram was sent back; none once it is handed in again.
pub(crate) fn return_reasons(connection: &Connection, id: &DiagramId) -> Result<Vec<Reason>> {
    if diagram::return_reason(connection, id)?.is_none() {
        return Ok(Vec::new());
    }
    let last = of_diagram(connection, id)?.pop();
    let last = last.filter(|last| last.verdict == Verdict::Return && !last.undone);
    Ok(last.map_or_else(Vec::new, |last| last.reasons))
}
