//! A lead's decisions on submitted work.

use domain::{Action, DiagramId, State};
use rusqlite::Transaction;

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
