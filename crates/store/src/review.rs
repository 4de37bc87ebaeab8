//! A lead's decisions on submitted work.

use domain::{
    Action, DiagramId, NewDecision, Pick, Picked, Reason, RegionId, RevisionId, Role, Slot, State,
    Verdict,
};
use rusqlite::Transaction;

use crate::annotate::{self, By};
use crate::table::{annotation, audit, diagram};
use crate::{Error, Result, people, submissions};

/// Accepts what was submitted: at each level the text that was handed in last.
///
/// # Errors
/// [`Error::WrongState`] unless the diagram is submitted.
pub fn approve(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId) -> Result<State> {
    people::require(tx, by.person, Role::Lead)?;
    let from = diagram::get(tx, id)?.state;
    let state = from.step(State::Approved)?;
    let mut decided = Vec::new();
    let mut revisions = Vec::new();
    for annotation in annotation::of_diagram(tx, id)? {
        let place = (annotation.slot.level, annotation.slot.region_id.clone());
        let chosen = annotation
            .submitted
            .as_ref()
            .filter(|_| !decided.contains(&place));
        annotation::set_approved(tx, &annotation.id, chosen)?;
        if let Some(revision) = chosen {
            decided.push(place);
            revisions.push(revision.to_string());
        }
    }
    diagram::set_state(tx, id, state)?;
    log(
        tx,
        by,
        id,
        (Action::Approve, from, state),
        Some(&revisions.join(" ")),
    )?;
    Ok(state)
}

/// Sends work back to its author with a reason.
///
/// # Errors
/// [`Error::WrongState`] unless the diagram is submitted or approved.
pub fn give_back(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId, reason: &str) -> Result<State> {
    people::require(tx, by.person, Role::Lead)?;
    let reason = Some(reason.trim()).filter(|reason| !reason.is_empty());
    let from = diagram::get(tx, id)?.state;
    let state = from.step(State::Returned)?;
    withdraw(tx, id, state)?;
    submissions::returned(tx, by, id)?;
    diagram::set_return_reason(tx, id, reason)?;
    log(tx, by, id, (Action::Return, from, state), reason)?;
    Ok(state)
}

/// Opens submitted or approved work for editing again.
///
/// # Errors
/// [`Error::WrongState`] unless the diagram is submitted or approved.
pub fn reopen(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId) -> Result<State> {
    let from = diagram::get(tx, id)?.state;
    if from.takes_text() {
        return Err(Error::WrongState(domain::WrongState {
            from,
            to: State::InProgress,
        }));
    }
    withdraw(tx, id, State::InProgress)?;
    log(tx, by, id, (Action::Reopen, from, State::InProgress), None)?;
    Ok(State::InProgress)
}

fn withdraw(tx: &Transaction<'_>, id: &DiagramId, state: State) -> Result<()> {
    let for_two = diagram::get(tx, id)?.second;
    for annotation in annotation::of_diagram(tx, id)? {
        annotation::set_approved(tx, &annotation.id, None)?;
        if for_two {
            // Both hand in again.
            annotation::set_submitted(tx, &annotation.id, None)?;
        }
    }
    diagram::set_state(tx, id, state)?;
    if for_two {
        diagram::index_words(tx, id)?;
    }
    Ok(())
}

fn log(
    tx: &Transaction<'_>,
    by: By<'_>,
    id: &DiagramId,
    (action, from, to): (Action, State, State),
    note: Option<&str>,
) -> Result<()> {
    let event = action
        .on(id.as_str())
        .before(Some(from.as_str()))
        .after(to.as_str());
    let event = match note {
        Some(note) => event.note(note),
        None => event,
    };
    audit::append(tx, by.at, by.person, &event)
}

/// Keeps what a lead writes in place of a submitted text, until the decision; an empty text forgets it.
///
/// # Errors
/// [`Error::NotAllowed`] unless a lead acts, [`Error::WrongState`] unless the diagram is submitted.
pub fn keep_lead_text(tx: &Transaction<'_>, by: By<'_>, slot: &Slot, text: &str) -> Result<()> {
    people::require(tx, by.person, Role::Lead)?;
    diagram::get(tx, &slot.diagram_id)?
        .state
        .step(State::Approved)?;
    if text.is_empty() {
        return forget_lead_text(tx, by, slot);
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

/// Accepts, with or without the lead's own wording, or sends back. The lead's own wording becomes a
/// revision of the lead's caption; the expert's stays as it was handed in.
///
/// # Errors
/// [`Error::NotAllowed`] unless a lead acts, [`Error::WrongState`], [`Error::NoRevision`].
pub fn decide(
    tx: &Transaction<'_>,
    by: By<'_>,
    id: &DiagramId,
    decision: &NewDecision,
) -> Result<State> {
    match decision {
        NewDecision::Accept { picks, note } => {
            let state = approve(tx, by, id)?;
            let mut verdict = Verdict::Accept;
            for pick in picks {
                if matches!(pick.text, Picked::Fixed { .. }) {
                    verdict = Verdict::Fix;
                }
                choose(tx, by, id, pick)?;
            }
            tx.execute(
                "DELETE FROM lead_text WHERE diagram_id = ?1 AND person_id = ?2",
                (id.as_str(), by.person.as_str()),
            )?;
            keep(tx, by, id, verdict, &[], note)?;
            Ok(state)
        }
        NewDecision::Return { reasons, note } => {
            let words: Vec<&str> = reasons.iter().map(|reason| reason.as_str()).collect();
            let said = match (words.join(", "), note.trim()) {
                (words, "") => words,
                (words, note) if words.is_empty() => note.to_owned(),
                (words, note) => format!("{note} ({words})"),
            };
            let state = give_back(tx, by, id, &said)?;
            keep(tx, by, id, Verdict::Return, reasons, note)?;
            Ok(state)
        }
    }
}

/// Makes one text the accepted one of its caption, in place of what was handed in last.
fn choose(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId, pick: &Pick) -> Result<()> {
    let same =
        |slot: &Slot| (slot.level, &slot.region_id) == (pick.slot.level, &pick.slot.region_id);
    let chosen = match &pick.text {
        Picked::Nothing => None,
        Picked::Expert { revision_id } => Some(revision_id.clone()),
        Picked::Fixed { text } => {
            let slot = Slot {
                diagram_id: id.clone(),
                ..pick.slot.clone()
            };
            Some(annotate::lead_revision(tx, by, &slot, text)?)
        }
    };
    let mut found = chosen.is_none();
    for annotation in annotation::of_diagram(tx, id)? {
        if !same(&annotation.slot) {
            continue;
        }
        let is_it = |revision: &Option<RevisionId>| chosen.is_some() && *revision == chosen;
        let approved = if is_it(&annotation.submitted) || is_it(&annotation.head) {
            found = true;
            chosen.as_ref()
        } else {
            None
        };
        annotation::set_approved(tx, &annotation.id, approved)?;
    }
    if found {
        return Ok(());
    }
    Err(Error::NoRevision(
        chosen.map_or_else(String::new, |revision| revision.to_string()),
    ))
}

fn forget_lead_text(tx: &Transaction<'_>, by: By<'_>, slot: &Slot) -> Result<()> {
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

fn keep(
    tx: &Transaction<'_>,
    by: By<'_>,
    id: &DiagramId,
    verdict: Verdict,
    reasons: &[Reason],
    note: &str,
) -> Result<()> {
    let reasons = serde_json::to_string(reasons).map_err(|source| Error::Json {
        column: "decision.reasons",
        source,
    })?;
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
    let event = Action::Decide
        .on(id.as_str())
        .after(verdict.as_str())
        .note(&reasons);
    audit::append(tx, by.at, by.person, &event)
}
