//! The audit log: append only.

use domain::{
    AuditAbout, AuditEntry, AuditEvent, AuditFilter, AuditPage, DiagramId, PersonId, Timestamp,
};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params_from_iter};

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

/// Hands every line over, oldest first, as it is read: the whole log in one consistent state, however long.
///
/// # Errors
/// When the database cannot be read, or whatever `f` fails with.
pub fn each<E: From<crate::Error>>(
    connection: &Connection,
    mut f: impl FnMut(AuditEntry) -> Result<(), E>,
) -> Result<(), E> {
    let mut statement = connection
        .prepare(&format!("{ENTRY} ORDER BY audit.id"))
        .map_err(crate::Error::from)?;
    let rows = statement.query_map((), read).map_err(crate::Error::from)?;
    for entry in rows {
        f(entry.map_err(crate::Error::from)?)?;
    }
    Ok(())
}

/// Lines `offset..offset + limit` of the filtered log, newest first, each with what its ids stand for.
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
        (" AND person.name = ?", filter.who.clone().map(Value::from)),
        (
            " AND audit.action = ?",
            filter
                .action
                .map(|action| Value::from(action.as_str().to_owned())),
        ),
        (
            " AND audit.subject = ?",
            filter.subject.clone().map(Value::from),
        ),
        (
            " AND audit.subject = (SELECT id FROM diagram WHERE number = ?)",
            filter.diagram.map(Value::from),
        ),
    ];
    for (condition, value) in asked {
        if let Some(value) = value {
            wanted.push_str(condition);
            values.push(value);
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
    let mut entries: Vec<AuditEntry> = rows.collect::<Result<_, _>>()?;
    for entry in &mut entries {
        entry.about = about_ids(connection, entry)?;
    }
    Ok(AuditPage {
        total,
        offset,
        entries,
    })
}

/// Ids that a subject may be, each with its table's words for it: diagram, number, name.
const SUBJECTS: &str = "
    SELECT id, number, name FROM diagram WHERE id = ?1
    UNION ALL SELECT diagram.id, diagram.number, substr(content ->> 'stem', 1, 80) FROM question
        JOIN diagram ON diagram.id = diagram_id WHERE question.id = ?1
    UNION ALL SELECT NULL, NULL, name FROM person WHERE id = ?1
    UNION ALL SELECT NULL, NULL, name FROM model WHERE id = ?1
    UNION ALL SELECT NULL, number, NULL FROM job WHERE id = ?1
    UNION ALL SELECT NULL, NULL, iif(en = '', zh, en) FROM term WHERE id = ?1";

fn about_ids(connection: &Connection, entry: &AuditEntry) -> Result<Option<AuditAbout>> {
    let about = connection
        .prepare_cached(SUBJECTS)?
        .query_row([&entry.subject], |row| {
            Ok(AuditAbout {
                diagram_id: row.get::<_, Option<String>>(0)?.map(DiagramId::from_text),
                number: row.get(1)?,
                name: row.get(2)?,
                before: None,
                after: None,
            })
        })
        .optional()?;
    let Some(mut about) = about else {
        return Ok(None);
    };
    if entry.action == "claim" {
        let mut name = connection.prepare_cached("SELECT name FROM person WHERE id = ?1")?;
        let mut name_of = |id: &Option<String>| -> Result<Option<String>> {
            match id {
                Some(id) => Ok(name.query_row([id], |row| row.get(0)).optional()?),
                None => Ok(None),
            }
        };
        about.before = name_of(&entry.before)?;
        about.after = name_of(&entry.after)?;
    }
    Ok(Some(about))
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
        about: None,
    })
}
