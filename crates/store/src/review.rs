//! A lead's decisions on submitted work.

use domain::{
    Action, DiagramId, NewDecision, Pick, Picked, Reason, RevisionId, Role, Slot, SpanLink, State,
    Verdict,
};
use rusqlite::{Connection, Transaction};

use crate::annotate::{self, By};
use crate::decisions::{self, Before};
use crate::table::annotation::{self, Annotation};
use crate::table::{audit, diagram, revision};
use crate::{Error, Result, lead_text, people, submissions};

/// How links follow their words from one text to another; the words of a language are not known here.
pub type Carry = fn(before: &str, links: &[SpanLink], after: &str) -> Vec<SpanLink>;

/// Accepts what was submitted: at each level the text that was handed in last.
///
/// # Errors
/// [`Error::WrongState`] unless the diagram is submitted.
pub fn approve(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId) -> Result<State> {
    let before = Before::of(tx, id)?;
    let state = take_last(tx, by, id)?;
    decisions::keep(tx, by, id, (Verdict::Accept, &[], ""), &before)?;
    Ok(state)
}

/// Sends work back to its author with a reason.
///
/// # Errors
/// [`Error::WrongState`] unless the diagram is submitted or approved.
pub fn give_back(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId, reason: &str) -> Result<State> {
    send_back(tx, by, id, &[], reason)
}

/// Opens submitted or approved work for editing again. Who handed it in may take it back until a lead
/// decides; of a diagram for two, only their own part.
///
/// # Errors
/// [`Error::WrongState`] unless the diagram is submitted or approved, or the person's part of a diagram for
/// two is; [`Error::NotAllowed`] unless a lead acts or who handed it in.
pub fn reopen(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId) -> Result<State> {
    let found = diagram::get(tx, id)?;
    let from = found.state;
    let waits = submissions::waits_for_second(tx, &found, by.person)?;
    if !waits && !matches!(from, State::Submitted | State::Approved) {
        return Err(Error::WrongState(domain::WrongState {
            from,
            to: State::InProgress,
        }));
    }
    let all = annotation::of_diagram(tx, id)?;
    let handed_in = |one: &Annotation| one.annotator_id == *by.person && one.submitted.is_some();
    let own = from != State::Approved && all.iter().any(handed_in);
    if !own {
        people::require(tx, by.person, Role::Lead)?;
    }
    withdraw(tx, id, State::InProgress, |one| {
        found.second && (!own || one.annotator_id == *by.person)
    })?;
    log(tx, by, id, (Action::Reopen, from, State::InProgress), None)?;
    Ok(State::InProgress)
}

/// Accepts, with or without the lead's own wording, or sends back. The lead's own wording becomes a
/// revision of the lead's caption; the expert's stays as it was handed in. Links follow the words that the
/// lead left alone.
///
/// # Errors
/// [`Error::NotAllowed`] unless a lead acts, [`Error::WrongState`], [`Error::NotAsRead`],
/// [`Error::NoRevision`], [`Error::EmptyFix`].
pub fn decide(
    tx: &Transaction<'_>,
    by: By<'_>,
    id: &DiagramId,
    decision: &NewDecision,
    carry: Carry,
) -> Result<State> {
    match decision {
        NewDecision::Accept { picks, note, read } => {
            let before = Before::of(tx, id)?;
            let handed_in = annotation::of_diagram(tx, id)?;
            let state = take_last(tx, by, id)?;
            as_read(&handed_in, read.as_deref())?;
            for pick in picks {
                choose(tx, by, id, pick, carry)?;
            }
            let plain = |pick: &Pick| matches!(pick.text, Picked::Expert { .. });
            let verdict = if picks.iter().all(plain) {
                Verdict::Accept
            } else {
                Verdict::Fix
            };
            lead_text::settle(tx, by, id, picks)?;
            decisions::keep(tx, by, id, (verdict, &[], note), &before)?;
            Ok(state)
        }
        NewDecision::Return {
            reasons,
            note,
            read,
        } => {
            let from = diagram::get(tx, id)?.state;
            from.step(State::Returned)?;
            if from == State::Submitted {
                as_read(&annotation::of_diagram(tx, id)?, read.as_deref())?;
            }
            send_back(tx, by, id, reasons, note)
        }
    }
}

/// A lead decides on what was read, not on what came since.
fn as_read(handed_in: &[Annotation], read: Option<&[RevisionId]>) -> Result<()> {
    let Some(read) = read else {
        return Ok(());
    };
    let now: Vec<&RevisionId> = handed_in
        .iter()
        .filter_map(|one| one.submitted.as_ref())
        .collect();
    let same = now.len() == read.len() && now.iter().all(|revision| read.contains(revision));
    if same { Ok(()) } else { Err(Error::NotAsRead) }
}

fn take_last(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId) -> Result<State> {
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

fn send_back(
    tx: &Transaction<'_>,
    by: By<'_>,
    id: &DiagramId,
    reasons: &[Reason],
    note: &str,
) -> Result<State> {
    people::require(tx, by.person, Role::Lead)?;
    let before = Before::of(tx, id)?;
    let note = note.trim();
    let said = !note.is_empty() || !reasons.is_empty();
    let found = diagram::get(tx, id)?;
    let state = found.state.step(State::Returned)?;
    // Of a diagram for two, both hand in again.
    withdraw(tx, id, state, |_| found.second)?;
    submissions::returned(tx, by, id)?;
    diagram::set_return_reason(tx, id, said.then_some(note))?;
    let noted = Some(note).filter(|note| !note.is_empty());
    log(tx, by, id, (Action::Return, found.state, state), noted)?;
    decisions::keep(tx, by, id, (Verdict::Return, reasons, note), &before)?;
    Ok(state)
}

/// Nothing is accepted any more, and what `whose` names counts as not handed in.
fn withdraw(
    tx: &Transaction<'_>,
    id: &DiagramId,
    state: State,
    whose: impl Fn(&Annotation) -> bool,
) -> Result<()> {
    for annotation in annotation::of_diagram(tx, id)? {
        annotation::set_approved(tx, &annotation.id, None)?;
        if whose(&annotation) {
            annotation::set_submitted(tx, &annotation.id, None)?;
        }
    }
    diagram::set_state(tx, id, state)?;
    // What two people write blind is not searched until both handed in.
    if diagram::get(tx, id)?.second {
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

/// Makes one text the accepted one of its caption, in place of what was handed in last.
fn choose(
    tx: &Transaction<'_>,
    by: By<'_>,
    id: &DiagramId,
    pick: &Pick,
    carry: Carry,
) -> Result<()> {
    let slot = Slot {
        diagram_id: id.clone(),
        ..pick.slot.clone()
    };
    let mut same = annotation::of_diagram(tx, id)?;
    same.retain(|one| one.slot == slot);
    let handed_in = |wanted: &RevisionId| {
        same.iter()
            .find(|one| one.submitted.as_ref() == Some(wanted))
    };
    let missing = |wanted: &RevisionId| Error::NoRevision(wanted.to_string());
    let chosen = match &pick.text {
        Picked::Nothing => None,
        Picked::Expert { revision_id } => {
            let theirs = handed_in(revision_id).ok_or_else(|| missing(revision_id))?;
            Some((theirs.id.clone(), revision_id.clone()))
        }
        Picked::Fixed { text, .. } if text.trim().is_empty() => {
            return Err(Error::EmptyFix(slot.level));
        }
        Picked::Fixed { text, over } => {
            let over = match over {
                Some(over) => Some(handed_in(over).map(|_| over).ok_or_else(|| missing(over))?),
                None => same.iter().find_map(|one| one.submitted.as_ref()),
            };
            let links = carried(tx, over, text, carry)?;
            let revision = annotate::lead_revision(tx, by, &slot, text, &links)?;
            let mine = annotation::find_or_insert(tx, &slot, by.person)?;
            Some((mine.id, revision))
        }
    };
    for one in &same {
        annotation::set_approved(tx, &one.id, None)?;
    }
    match chosen {
        Some((annotation, revision)) => annotation::set_approved(tx, &annotation, Some(&revision)),
        None => Ok(()),
    }
}

/// The links of the text that a lead wrote over, where their words stayed.
fn carried(
    connection: &Connection,
    over: Option<&RevisionId>,
    text: &str,
    carry: Carry,
) -> Result<Vec<SpanLink>> {
    let Some(over) = over else {
        return Ok(Vec::new());
    };
    let over = revision::get(connection, over)?;
    if over.links.is_empty() {
        return Ok(Vec::new());
    }
    Ok(carry(&over.text, &over.links, text))
}
