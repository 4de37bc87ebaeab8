//! People.

use domain::{Action, EmptyName, Person, PersonId, Role, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use crate::{Result, table::audit};

/// The person of this name.
///
/// # Errors
/// When the database cannot be read.
pub fn find(connection: &Connection, name: &str) -> Result<Option<Person>> {
    let sql = "SELECT id, name, roles FROM person WHERE name = ?1";
    let person = connection.query_row(sql, [name.trim()], |row| {
        Ok(Person {
            id: PersonId::from_text(row.get::<_, String>(0)?),
            name: row.get(1)?,
            roles: roles(row, 2)?,
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
        roles: crate::people::policy(tx)?.join_roles,
    };
    insert(tx, &person, (&person.id, at))?;
    Ok(person)
}

/// Writes a new person; `by` is who let them in.
pub(crate) fn insert(
    tx: &Transaction<'_>,
    person: &Person,
    (by, at): (&PersonId, Timestamp),
) -> Result<()> {
    tx.execute(
        "INSERT INTO person (id, name, created_at, roles) VALUES (?1, ?2, ?3, ?4)",
        (
            person.id.as_str(),
            &person.name,
            at.millis(),
            role_words(&person.roles),
        ),
    )?;
    audit::append(
        tx,
        at,
        by,
        &Action::Join.on(person.id.as_str()).after(&person.name),
    )
}

/// The column of roles: words parted by spaces; words that are no role are left out.
pub(crate) fn roles(row: &Row<'_>, index: usize) -> rusqlite::Result<Vec<Role>> {
    let words: String = row.get(index)?;
    Ok(words
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect())
}

/// The text of the column.
pub(crate) fn role_words(roles: &[Role]) -> String {
    let words: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    words.join(" ")
}
