//! Who works on what: claims, skipping, the plan, changes to many diagrams, saved filters.

use domain::{
    Action, BulkAction, BulkDone, BulkId, BulkScope, Claim, DiagramId, FilterId, PersonId, Place,
    QueueFilter, Role, SavedFilter, State, WrongState,
};
use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::annotate::By;
use crate::table::diagram::NOT_PLANNED;
use crate::table::model::json;
use crate::table::{audit, diagram};
use crate::{Error, Result, claims, people, queue};

/// Claims a diagram for as long as the policy says, or goes on holding it.
///
/// # Errors
/// [`Error::Claimed`] while somebody else holds it.
pub fn claim(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId) -> Result<Claim> {
    people::require(tx, by.person, Role::Annotator)?;
    let diagram = diagram::get(tx, id)?;
    if !diagram.state.takes_text() {
        return Err(Error::ReadOnly(diagram.state));
    }
    let before = claims::of(tx, id)?;
    if let Some(claim) = &before
        && claim.person_id != *by.person
        && claim.until > by.at
    {
        return Err(Error::Claimed {
            person: claim.person.clone(),
            until: claim.until,
        });
    }
    let until = claims::take(tx, by, id)?;
    let was = before.as_ref().map(|claim| claim.person_id.as_str());
    if was != Some(by.person.as_str()) {
        let event = Action::Claim
            .on(id.as_str())
            .before(was)
            .after(by.person.as_str());
        audit::append(tx, by.at, by.person, &event)?;
    }
    Ok(Claim {
        person_id: by.person.clone(),
        person: people::get(tx, by.person)?.name,
        until,
    })
}

/// Gives a claim up; a lead may end anybody's.
///
/// # Errors
/// [`Error::Claimed`] when it is somebody else's.
pub fn release(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId) -> Result<()> {
    diagram::get(tx, id)?;
    let Some(claim) = claims::live(tx, id, by.at)? else {
        return Ok(());
    };
    if claim.person_id != *by.person && people::require(tx, by.person, Role::Lead).is_err() {
        return Err(Error::Claimed {
            person: claim.person,
            until: claim.until,
        });
    }
    claims::lapse(tx, by, id)?;
    let event = Action::Claim
        .on(id.as_str())
        .before(Some(claim.person_id.as_str()));
    audit::append(tx, by.at, by.person, &event)
}

/// Claims the first diagram of the filter that the acting person may take up, after `after` and then
/// from the beginning; `None` when there is none.
///
/// # Errors
/// What SQLite says.
pub fn claim_next(
    tx: &Transaction<'_>,
    by: By<'_>,
    filter: &QueueFilter,
    after: Option<&DiagramId>,
) -> Result<Option<Place>> {
    people::require(tx, by.person, Role::Annotator)?;
    let takes_text = QueueFilter {
        state: filter.state.filter(|state| state.takes_text()),
        ..filter.clone()
    };
    let view = queue::View::free(&takes_text, by.person, by.at);
    let next = match after {
        Some(after) => view.neighbour(tx, after, true)?,
        None => None,
    };
    let next = match next {
        Some(next) => Some(next),
        None => view
            .page(tx, 0, 1)?
            .rows
            .into_iter()
            .next()
            .map(|row| Place {
                id: row.id,
                index: 0,
            }),
    };
    let Some(next) = next else {
        return Ok(None);
    };
    claim(tx, by, &next.id)?;
    // Where the window's own filter shows it, which may list more than what is free.
    let shown = queue::View::new(filter, by.person, by.at).place_of(tx, &next.id)?;
    Ok(Some(shown.unwrap_or(next)))
}

/// Leaves a diagram out of the work.
///
/// # Errors
/// [`Error::WrongState`]; [`Error::EmptyReason`].
pub fn skip(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId, reason: &str) -> Result<State> {
    people::require(tx, by.person, Role::Annotator)?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::EmptyReason);
    }
    let diagram = diagram::get(tx, id)?;
    let to = diagram.state.step(State::Skipped)?;
    claims::hold(tx, by, &diagram)?;
    set_skip(tx, id, Some(reason))?;
    claims::end(tx, id)?;
    let event = Action::Skip
        .on(id.as_str())
        .before(Some(diagram.state.as_str()))
        .after(to.as_str())
        .note(reason);
    audit::append(tx, by.at, by.person, &event)?;
    Ok(to)
}

/// Takes a skipped diagram up again: to do, or in progress where somebody has written.
///
/// # Errors
/// [`Error::WrongState`].
pub fn unskip(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId) -> Result<State> {
    people::require(tx, by.person, Role::Annotator)?;
    let from = diagram::get(tx, id)?.state;
    if from != State::Skipped {
        return Err(Error::WrongState(WrongState {
            from,
            to: State::Todo,
        }));
    }
    let to = set_skip(tx, id, None)?;
    let event = Action::Skip
        .on(id.as_str())
        .before(Some(from.as_str()))
        .after(to.as_str());
    audit::append(tx, by.at, by.person, &event)?;
    Ok(to)
}

/// Says what kind of diagram it is; empty for not known.
///
/// # Errors
/// [`Error::NoDiagram`].
pub fn set_kind(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId, kind: &str) -> Result<()> {
    people::require_any(tx, by.person, &[Role::Annotator, Role::Lead])?;
    let before = diagram::get(tx, id)?.kind;
    let kind = kind.trim();
    if before == kind {
        return Ok(());
    }
    tx.execute(
        "UPDATE diagram SET kind = ?2 WHERE id = ?1",
        (id.as_str(), kind),
    )?;
    let event = Action::Plan
        .on(id.as_str())
        .before(Some(&before))
        .after(kind)
        .note("kind");
    audit::append(tx, by.at, by.person, &event)
}

/// The kinds that diagrams have, with how many of each, largest first.
///
/// # Errors
/// When the database cannot be read.
pub fn kinds(connection: &Connection) -> Result<Vec<(String, u32)>> {
    let mut statement = connection.prepare_cached(
        "SELECT kind, count(*) FROM diagram WHERE kind <> '' GROUP BY kind ORDER BY count(*) DESC, kind",
    )?;
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Changes many diagrams at once; those that it does not apply to stay as they are.
///
/// # Errors
/// [`Error::NotAllowed`] for all but skipping, unless a lead acts.
pub fn bulk(
    tx: &Transaction<'_>,
    by: By<'_>,
    scope: &BulkScope,
    action: &BulkAction,
) -> Result<BulkDone> {
    let role = match action {
        BulkAction::Skip { .. } | BulkAction::Unskip => Role::Annotator,
        _ => Role::Lead,
    };
    people::require(tx, by.person, role)?;
    if let BulkAction::Skip { reason, .. } = action
        && reason.trim().is_empty()
    {
        return Err(Error::EmptyReason);
    }
    let id = BulkId::new();
    let described = serde_json::to_string(action).map_err(|source| Error::Json {
        column: "bulk.action",
        source,
    })?;
    tx.execute(
        "INSERT INTO bulk (id, action, person_id, at) VALUES (?1, ?2, ?3, ?4)",
        (id.as_str(), &described, by.person.as_str(), by.at.millis()),
    )?;
    let mut done = BulkDone {
        id: id.clone(),
        changed: 0,
        unchanged: 0,
    };
    for number in numbers(tx, by, scope)? {
        let before = facts(tx, number)?;
        let changed = apply(tx, by, number, &before, action)?;
        if changed {
            let after = facts(tx, number)?;
            tx.prepare_cached(
                "INSERT INTO bulk_item (bulk_id, diagram, before, after) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((id.as_str(), number, before.text()?, after.text()?))?;
            done.changed += 1;
        } else {
            done.unchanged += 1;
        }
    }
    let event = Action::Bulk.on(id.as_str()).after(&described);
    audit::append(tx, by.at, by.person, &event)?;
    Ok(done)
}

/// Undoes a change to many diagrams, in those that nobody changed since.
///
/// # Errors
/// [`Error::NoBulk`] when there is none of this id or it was undone already.
pub fn undo_bulk(tx: &Transaction<'_>, by: By<'_>, id: &BulkId) -> Result<BulkDone> {
    let owner: Option<String> = tx
        .query_row(
            "SELECT person_id FROM bulk WHERE id = ?1 AND undone_at IS NULL",
            [id.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    let owner = owner.ok_or(Error::NoBulk)?;
    if owner != by.person.as_str() {
        people::require(tx, by.person, Role::Lead)?;
    }
    let items: Vec<(u32, Facts, Facts)> = tx
        .prepare("SELECT diagram, before, after FROM bulk_item WHERE bulk_id = ?1")?
        .query_map([id.as_str()], |row| {
            Ok((row.get(0)?, json(row, 1)?, json(row, 2)?))
        })?
        .collect::<Result<_, _>>()?;
    let mut done = BulkDone {
        id: id.clone(),
        changed: 0,
        unchanged: 0,
    };
    for (number, before, after) in items {
        if facts(tx, number)? == after {
            put(tx, number, &before)?;
            log_change(tx, by, number, (&after, &before))?;
            done.changed += 1;
        } else {
            done.unchanged += 1;
        }
    }
    tx.execute(
        "UPDATE bulk SET undone_at = ?2 WHERE id = ?1",
        (id.as_str(), by.at.millis()),
    )?;
    let event = Action::Bulk.on(id.as_str()).after("undone");
    audit::append(tx, by.at, by.person, &event)?;
    Ok(done)
}

/// What a change to many diagrams may touch of one.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Facts {
    state: String,
    skip_reason: Option<String>,
    kind: String,
    plan: u32,
    second: bool,
}

impl Facts {
    fn text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|source| Error::Json {
            column: "bulk_item.before",
            source,
        })
    }
}

fn facts(connection: &Connection, number: u32) -> Result<Facts> {
    Ok(connection
        .prepare_cached(
            "SELECT state, skip_reason, kind, plan, second FROM diagram WHERE number = ?1",
        )?
        .query_row([number], |row| {
            Ok(Facts {
                state: row.get(0)?,
                skip_reason: row.get(1)?,
                kind: row.get(2)?,
                plan: row.get(3)?,
                second: row.get(4)?,
            })
        })?)
}

fn put(tx: &Transaction<'_>, number: u32, facts: &Facts) -> Result<()> {
    tx.prepare_cached(
        "UPDATE diagram SET state = ?2, skip_reason = ?3, kind = ?4, plan = ?5, second = ?6 WHERE number = ?1",
    )?
    .execute((
        number,
        &facts.state,
        &facts.skip_reason,
        &facts.kind,
        facts.plan,
        facts.second,
    ))?;
    Ok(())
}

/// Changes one diagram; false where the change does not apply or changes nothing.
fn apply(
    tx: &Transaction<'_>,
    by: By<'_>,
    number: u32,
    before: &Facts,
    action: &BulkAction,
) -> Result<bool> {
    let state: State = before.state.parse().unwrap_or(State::Todo);
    let id = diagram::id_of(tx, number)?;
    let mut after = before.clone();
    match action {
        BulkAction::Plan { place } => after.plan = place.unwrap_or(NOT_PLANNED),
        BulkAction::DiagramKind { diagram_kind } => diagram_kind.trim().clone_into(&mut after.kind),
        BulkAction::Second { wanted } if state == State::Todo => after.second = *wanted,
        BulkAction::Second { .. } => {}
        BulkAction::Skip { reason, only_todo }
            if state == State::Todo || (state.takes_text() && !only_todo) =>
        {
            return match skip(tx, by, &id, reason) {
                // Somebody is at it: it stays in the work.
                Err(Error::Claimed { .. }) => Ok(false),
                skipped => skipped.map(|_| true),
            };
        }
        BulkAction::Unskip if state == State::Skipped => return unskip(tx, by, &id).map(|_| true),
        BulkAction::Skip { .. } | BulkAction::Unskip => {}
    }
    if after == *before {
        return Ok(false);
    }
    put(tx, number, &after)?;
    log_change(tx, by, number, (before, &after))?;
    Ok(true)
}

/// One line of the log for each thing that changed about a diagram.
fn log_change(
    tx: &Transaction<'_>,
    by: By<'_>,
    number: u32,
    (before, after): (&Facts, &Facts),
) -> Result<()> {
    let id = diagram::id_of(tx, number)?;
    let place = |facts: &Facts| match facts.plan {
        NOT_PLANNED => String::new(),
        place => place.to_string(),
    };
    let planned = [
        ("plan", place(before), place(after)),
        ("kind", before.kind.clone(), after.kind.clone()),
        (
            "second",
            before.second.to_string(),
            after.second.to_string(),
        ),
    ];
    for (what, was, is) in planned.iter().filter(|(_, was, is)| was != is) {
        let event = Action::Plan.on(id.as_str()).before(Some(was)).after(is);
        audit::append(tx, by.at, by.person, &event.note(what))?;
    }
    if before.state != after.state {
        let event = Action::Skip
            .on(id.as_str())
            .before(Some(&before.state))
            .after(&after.state);
        audit::append(tx, by.at, by.person, &event)?;
    }
    Ok(())
}

fn numbers(connection: &Connection, by: By<'_>, scope: &BulkScope) -> Result<Vec<u32>> {
    match scope {
        BulkScope::Picked { ids } => ids
            .iter()
            .map(|id| Ok(diagram::get(connection, id)?.number))
            .collect(),
        BulkScope::Filtered { filter } => {
            queue::View::new(filter, by.person, by.at).numbers(connection)
        }
    }
}

fn set_skip(tx: &Transaction<'_>, id: &DiagramId, reason: Option<&str>) -> Result<State> {
    let begun: bool = tx.query_row(
        "SELECT EXISTS (SELECT 1 FROM annotation WHERE diagram_id = ?1)",
        [id.as_str()],
        |row| row.get(0),
    )?;
    let state = match (reason, begun) {
        (Some(_), _) => State::Skipped,
        (None, true) => State::InProgress,
        (None, false) => State::Todo,
    };
    tx.execute(
        "UPDATE diagram SET state = ?2, skip_reason = ?3 WHERE id = ?1",
        (id.as_str(), state.as_str(), reason),
    )?;
    Ok(state)
}

/// A person's saved filters, by name.
///
/// # Errors
/// When the database cannot be read.
pub fn filters(connection: &Connection, person: &PersonId) -> Result<Vec<SavedFilter>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, filter FROM saved_filter WHERE person_id = ?1 ORDER BY name",
    )?;
    let rows = statement.query_map([person.as_str()], |row| {
        Ok(SavedFilter {
            id: FilterId::from_text(row.get::<_, String>(0)?),
            name: row.get(1)?,
            filter: json(row, 2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Keeps a filter under a name; one of that name is replaced.
///
/// # Errors
/// [`Error::EmptyFilterName`].
pub fn save_filter(
    tx: &Transaction<'_>,
    by: By<'_>,
    name: &str,
    filter: &QueueFilter,
) -> Result<SavedFilter> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Error::EmptyFilterName);
    }
    let text = serde_json::to_string(filter).map_err(|source| Error::Json {
        column: "saved_filter.filter",
        source,
    })?;
    tx.execute(
        "INSERT INTO saved_filter (id, person_id, name, filter, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (person_id, name) DO UPDATE SET filter = excluded.filter",
        (
            FilterId::new().as_str(),
            by.person.as_str(),
            name,
            &text,
            by.at.millis(),
        ),
    )?;
    let saved = filters(tx, by.person)?;
    saved
        .into_iter()
        .find(|known| known.name == name)
        .ok_or(Error::EmptyFilterName)
}

/// Forgets a filter.
///
/// # Errors
/// What SQLite says.
pub fn remove_filter(tx: &Transaction<'_>, by: By<'_>, id: &FilterId) -> Result<()> {
    tx.execute(
        "DELETE FROM saved_filter WHERE id = ?1 AND person_id = ?2",
        (id.as_str(), by.person.as_str()),
    )?;
    Ok(())
}
