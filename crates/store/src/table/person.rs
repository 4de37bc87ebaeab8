//! People.

use domain::{Action, EmptyName, Person, PersonId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::{Result, table::audit};

/// The person of this name.
///
/// # Errors
/// When the database cannot be read.
pub fn find(connection: &Connection, name: &str) -> Result<Option<Person>> {
    let sql = "SELECT id, name FROM person WHERE name = ?1";
    let person = connection.query_row(sql, [name.trim()], |row| {
        Ok(Person {
            id: PersonId::from_text(row.get::<_, String>(0)?),
            name: row.get(1)?,
        })
    });
    Ok(person.optional()?)
}

/// The person of this name, who joins if new.
///
/// # Errors
/// [`crate::Error::EmptyName`], or what SQLite says.
pub fn find_or_insert(tx: &Transaction<'_>, name: &str, at: Timestamp) -> Result<Person> {
    let name = name.trim();
    if name.is_empty() {
        return Err(EmptyName.into());
    }
    if let Some(person) = find(tx, name)? {
        return Ok(person);
    }
    let person = Person {
        id: PersonId::new(),
        name: name.to_owned(),
    };
    tx.execute(
        "INSERT INTO person (id, name, created_at) VALUES (?1, ?2, ?3)",
        (person.id.as_str(), name, at.millis()),
    )?;
    audit::append(
        tx,
        at,
        &person.id,
        &Action::Join.on(person.id.as_str()).after(name),
    )?;
    Ok(person)
}
