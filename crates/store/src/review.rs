//! A lead's decisions on submitted work.

use domain::{Action, DiagramId, NewDecision, PersonId, ReviewView, Slot, State};
use rusqlite::{Connection, Transaction};

use crate::annotate::By;
use crate::table::{annotation, audit, diagram};
use crate::{Error, Result};

/// Accepts what was submitted: at each level the text that was handed in last.
///
/// # Errors
/// [`Error::WrongState`] unless the diagram is submitted.
pub fn approve(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId) -> Result<State> {
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
    let reason = Some(reason.trim()).filter(|reason| !reason.is_empty());
    let from = diagram::get(tx, id)?.state;
    let state = from.step(State::Returned)?;
    withdraw(tx, id, state)?;
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
    for annotation in annotation::of_diagram(tx, id)? {
        annotation::set_approved(tx, &annotation.id, None)?;
    }
    diagram::set_state(tx, id, state)
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

/// All that a lead sees of one diagram.
///
/// # Errors
/// [`Error::NoDiagram`].
pub fn view(connection: &Connection, id: &DiagramId, lead: &PersonId) -> Result<ReviewView> {
    let _ = (connection, id, lead);
    Err(Error::NotBuilt)
}

/// Keeps what a lead writes in place of a submitted text, until the decision; an empty text forgets it.
///
/// # Errors
/// [`Error::NotAllowed`] unless a lead acts, [`Error::WrongState`] unless the diagram is submitted.
pub fn keep_lead_text(tx: &Transaction<'_>, by: By<'_>, slot: &Slot, text: &str) -> Result<()> {
    let _ = (tx, by, slot, text);
    Err(Error::NotBuilt)
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
    let _ = (tx, by, id, decision);
    Err(Error::NotBuilt)
}
