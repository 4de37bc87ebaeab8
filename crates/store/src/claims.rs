//! Leases: who holds a diagram, and until when.

use domain::{Claim, Diagram, DiagramId, PersonId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::annotate::By;
use crate::table::Millis;
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

/// Renews the acting person's own lease, and refuses to write over somebody else's. On a diagram that two
/// people caption, nobody keeps the other out.
///
/// # Errors
/// [`Error::Claimed`].
pub(crate) fn hold(tx: &Transaction<'_>, by: By<'_>, diagram: &Diagram) -> Result<()> {
    match of(tx, &diagram.id)? {
        Some(claim) if claim.person_id == *by.person => {
            take(tx, by, &diagram.id)?;
        }
        Some(claim) if claim.until > by.at && !diagram.second => {
            return Err(Error::Claimed {
                person: claim.person,
                until: claim.until,
            });
        }
        _ => {}
    }
    Ok(())
}

/// Gives the acting person the lease, whoever had it.
pub(crate) fn take(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId) -> Result<Timestamp> {
    let minutes = i64::from(people::policy(tx)?.lease_minutes);
    let until = Timestamp::from_millis(by.at.millis() + minutes * MINUTE_MS);
    tx.prepare_cached("UPDATE diagram SET claimed_by = ?2, claimed_until = ?3 WHERE id = ?1")?
        .execute((id.as_str(), by.person.as_str(), until.millis()))?;
    Ok(until)
}

/// Ends whatever lease there is.
pub(crate) fn end(tx: &Transaction<'_>, id: &DiagramId) -> Result<()> {
    tx.prepare_cached("UPDATE diagram SET claimed_by = NULL, claimed_until = NULL WHERE id = ?1")?
        .execute([id.as_str()])?;
    Ok(())
}
