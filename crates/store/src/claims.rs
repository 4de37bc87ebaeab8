//! Leases: who holds a diagram, and until when.

use domain::{Action, Claim, Diagram, DiagramId, PersonId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::annotate::By;
use crate::table::{Millis, audit};
use crate::{Error, Result, people};

const MINUTE_MS: i64 = 60_000;

/// Who holds the diagram; a lease that has run out is nobody's for those who ask for one.
pub(crate) fn of(connection: &Connection, id: &DiagramId) -> Result<Option<Claim>> {
    let claim = connection
        .prepare_cached(
            "SELECT person.id, person.name, claimed_until FROM diagram
             JOIN person ON person.id = claimed_by WHERE diagram.id = ?1",
        )?
        .query_row([id.as_str()], |row| {
            Ok(Claim {
                person_id: PersonId::from_text(row.get::<_, String>(0)?),
                person: row.get(1)?,
                until: row.get::<_, Millis>(2)?.0,
            })
        });
    Ok(claim.optional()?)
}

/// The lease that has not run out.
pub(crate) fn live(
    connection: &Connection,
    id: &DiagramId,
    now: Timestamp,
) -> Result<Option<Claim>> {
    Ok(of(connection, id)?.filter(|claim| claim.until > now))
}

/// Gives the acting person, who works on the diagram, its lease if that is free, and renews it. On a diagram
/// that two people caption, the other's lease stays and keeps nobody out.
///
/// # Errors
/// [`Error::Claimed`].
pub(crate) fn hold(tx: &Transaction<'_>, by: By<'_>, diagram: &Diagram) -> Result<()> {
    let claim = of(tx, &diagram.id)?;
    match &claim {
        Some(claim) if claim.person_id == *by.person => renew(tx, by, claim, &diagram.id),
        Some(claim) if claim.until > by.at && diagram.second => Ok(()),
        Some(claim) if claim.until > by.at => Err(Error::Claimed {
            person: claim.person.clone(),
            until: claim.until,
        }),
        lapsed => {
            take(tx, by, &diagram.id)?;
            let Some(lapsed) = lapsed else {
                // The log says already who began.
                return Ok(());
            };
            let event = Action::Claim
                .on(diagram.id.as_str())
                .before(Some(lapsed.person_id.as_str()))
                .after(by.person.as_str());
            audit::append(tx, by.at, by.person, &event)
        }
    }
}

/// Typing renews a lease: written down once a minute, not with every key.
fn renew(tx: &Transaction<'_>, by: By<'_>, claim: &Claim, id: &DiagramId) -> Result<()> {
    let until = end_of_lease(tx, by)?;
    if until.millis() - claim.until.millis() >= MINUTE_MS || claim.until <= by.at {
        take(tx, by, id)?;
    }
    Ok(())
}

fn end_of_lease(tx: &Transaction<'_>, by: By<'_>) -> Result<Timestamp> {
    let minutes = i64::from(people::policy(tx)?.lease_minutes);
    Ok(Timestamp::from_millis(by.at.millis() + minutes * MINUTE_MS))
}

/// Gives the acting person the lease, whoever had it.
pub(crate) fn take(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId) -> Result<Timestamp> {
    let until = end_of_lease(tx, by)?;
    tx.prepare_cached("UPDATE diagram SET claimed_by = ?2, claimed_until = ?3 WHERE id = ?1")?
        .execute((id.as_str(), by.person.as_str(), until.millis()))?;
    Ok(until)
}

/// Lets whatever lease there is run out now, so that others may take the diagram up.
pub(crate) fn lapse(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId) -> Result<()> {
    tx.prepare_cached(
        "UPDATE diagram SET claimed_until = ?2 WHERE id = ?1 AND claimed_until > ?2",
    )?
    .execute((id.as_str(), by.at.millis()))?;
    Ok(())
}

/// Ends whatever lease there is.
pub(crate) fn end(tx: &Transaction<'_>, id: &DiagramId) -> Result<()> {
    tx.prepare_cached("UPDATE diagram SET claimed_by = NULL, claimed_until = NULL WHERE id = ?1")?
        .execute([id.as_str()])?;
    Ok(())
}
