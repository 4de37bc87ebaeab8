//! The audit log: append only.

use domain::{AuditEntry, AuditEvent, AuditFilter, AuditPage, PersonId, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, Transaction, params_from_iter};

use super::Millis;
use crate::Result;

/// Appends one line.
///
/// # Errors
/// What SQLite says.
pub fn append(
    tx: &Transaction<'_>,
    at: Timestamp,
    who: &PersonId,
    event: &AuditEvent<'_>,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO audit (at, person_id, action, subject, before, after, note)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        at.millis(),
        who.as_str(),
        event.action.as_str(),
        event.subject,
        event.before,
        event.after,
        event.note,
    ))?;
    Ok(())
}

/// The lines about one subject, oldest first.
///
/// # Errors
/// When the database cannot be read.
pub fn about(connection: &Connection, subject: &str) -> Result<Vec<AuditEntry>> {
    let mut statement = connection.prepare_cached(&format!(
        "{ENTRY} WHERE audit.subject = ?1 ORDER BY audit.id"
    ))?;
    let rows = statement.query_map([subject], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Lines `offset..offset + limit` of the filtered log, newest first.
///
/// # Errors
/// When the database cannot be read.
pub fn page(
    connection: &Connection,
    filter: &AuditFilter,
    offset: u32,
    limit: u32,
) -> Result<AuditPage> {
    let mut wanted = String::from("true");
    let mut values = Vec::new();
    let asked = [
        (" AND person.name = ?", &filter.who),
        (" AND audit.action = ?", &filter.action),
        (" AND audit.subject = ?", &filter.subject),
    ];
    for (condition, value) in asked {
        if let Some(value) = value {
            wanted.push_str(condition);
            values.push(Value::from(value.clone()));
        }
    }
    let total = connection
        .prepare_cached(&format!(
            "SELECT count(*) FROM audit JOIN person ON person.id = audit.person_id WHERE {wanted}"
        ))?
        .query_row(params_from_iter(&values), |row| row.get(0))?;
    values.extend([limit, offset].map(Value::from));
    let mut statement = connection.prepare_cached(&format!(
        "{ENTRY} WHERE {wanted} ORDER BY audit.id DESC LIMIT ? OFFSET ?"
    ))?;
    let rows = statement.query_map(params_from_iter(&values), read)?;
    Ok(AuditPage {
        total,
        offset,
        entries: rows.collect::<Result<_, _>>()?,
    })
}

const ENTRY: &str =
    "SELECT audit.at, person.name, audit.action, audit.subject, audit.before, audit.after, audit.note
     FROM audit JOIN person ON person.id = audit.person_id";

fn read(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        at: row.get::<_, Millis>(0)?.0,
        who: row.get(1)?,
        action: row.get(2)?,
        subject: row.get(3)?,
        before: row.get(4)?,
        after: row.get(5)?,
        note: row.get(6)?,
    })
}
