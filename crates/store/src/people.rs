//! People, what they may do, and the rules of the workspace.

use domain::{Action, EmptyName, Person, PersonId, PersonInfo, Policy, Role};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use crate::annotate::By;
use crate::table::person::{role_words, roles};
use crate::table::{Millis, audit};
use crate::{Error, Result, share};

const INFO: &str = "SELECT person.id, person.name, person.roles, person.created_at,
    (SELECT max(at) FROM audit WHERE audit.person_id = person.id),
    (SELECT count(DISTINCT diagram_id) FROM annotation
        WHERE annotator_id = person.id AND submitted_revision_id IS NOT NULL),
    (SELECT count(*) FROM question WHERE author_id = person.id AND state = 'ready')
    FROM person";

/// Everybody who acted, in order of joining.
///
/// # Errors
/// When the database cannot be read.
pub fn list(connection: &Connection) -> Result<Vec<PersonInfo>> {
    let mut statement = connection.prepare_cached(&format!("{INFO} ORDER BY person.rowid"))?;
    let rows = statement.query_map((), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The person as they are now, their roles included.
///
/// # Errors
/// [`Error::NoPerson`].
pub fn get(connection: &Connection, id: &PersonId) -> Result<Person> {
    connection
        .prepare_cached("SELECT id, name, roles FROM person WHERE id = ?1")?
        .query_row([id.as_str()], |row| {
            Ok(Person {
                id: PersonId::from_text(row.get::<_, String>(0)?),
                name: row.get(1)?,
                roles: roles(row, 2)?,
            })
        })
        .optional()?
        .ok_or_else(|| Error::NoPerson(id.to_string()))
}

/// Refuses what the acting person has no role for.
///
/// # Errors
/// [`Error::NotAllowed`].
pub fn require(connection: &Connection, person: &PersonId, role: Role) -> Result<()> {
    let person = get(connection, person)?;
    if person.is(role) {
        return Ok(());
    }
    Err(Error::NotAllowed {
        person: person.name,
        role,
    })
}

/// Gives a person other roles. The last lead stays one.
///
/// # Errors
/// [`Error::NotAllowed`] unless a lead acts, [`Error::NoPerson`], [`Error::LastLead`].
pub fn set_roles(
    tx: &Transaction<'_>,
    by: By<'_>,
    person: &PersonId,
    roles: &[Role],
) -> Result<PersonInfo> {
    require(tx, by.person, Role::Lead)?;
    let before = get(tx, person)?;
    let roles: Vec<Role> = Role::ALL
        .into_iter()
        .filter(|role| roles.contains(role))
        .collect();
    let others = list(tx)?
        .into_iter()
        .filter(|other| other.person.id != *person)
        .any(|other| other.person.is(Role::Lead));
    if before.is(Role::Lead) && !roles.contains(&Role::Lead) && !others {
        return Err(Error::LastLead);
    }
    let (was, is) = (role_words(&before.roles), role_words(&roles));
    if was != is {
        tx.execute(
            "UPDATE person SET roles = ?2 WHERE id = ?1",
            (person.as_str(), &is),
        )?;
        let event = Action::Person
            .on(person.as_str())
            .before(Some(&was))
            .after(&is);
        audit::append(tx, by.at, by.person, &event)?;
    }
    info(tx, person)
}

/// Gives a person another name.
///
/// # Errors
/// [`Error::NotAllowed`] unless a lead or the person acts, [`Error::NoPerson`], [`Error::PersonNameTaken`].
pub fn rename(
    tx: &Transaction<'_>,
    by: By<'_>,
    person: &PersonId,
    name: &str,
) -> Result<PersonInfo> {
    if by.person != person {
        require(tx, by.person, Role::Lead)?;
    }
    let before = get(tx, person)?;
    let name = name.trim();
    if name.is_empty() {
        return Err(EmptyName.into());
    }
    if crate::table::person::find(tx, name)?.is_some_and(|other| other.id != *person) {
        return Err(Error::PersonNameTaken(name.to_owned()));
    }
    if before.name != name {
        tx.execute(
            "UPDATE person SET name = ?2 WHERE id = ?1",
            (person.as_str(), name),
        )?;
        let event = Action::Person
            .on(person.as_str())
            .before(Some(&before.name))
            .after(name);
        audit::append(tx, by.at, by.person, &event)?;
    }
    info(tx, person)
}

/// The workspace's rules.
///
/// # Errors
/// When the database cannot be read.
pub fn policy(connection: &Connection) -> Result<Policy> {
    let text: Option<String> = connection
        .prepare_cached("SELECT policy FROM workspace")?
        .query_row((), |row| row.get(0))
        .optional()?
        .flatten();
    match text {
        Some(text) => serde_json::from_str(&text).map_err(|source| Error::Json {
            column: "workspace.policy",
            source,
        }),
        None => Ok(Policy::default()),
    }
}

/// Sets the rules, and applies the shares to the diagrams that nobody has begun.
///
/// # Errors
/// [`Error::NotAllowed`] unless a lead acts, [`Error::BadPolicy`].
pub fn set_policy(tx: &Transaction<'_>, by: By<'_>, policy: &Policy) -> Result<Policy> {
    require(tx, by.person, Role::Lead)?;
    policy.check()?;
    let before = json(&self::policy(tx)?)?;
    let after = json(policy)?;
    if before == after {
        return Ok(policy.clone());
    }
    tx.execute("UPDATE workspace SET policy = ?1", [&after])?;
    share::apply(tx, policy)?;
    let id = crate::table::workspace::id(tx)?;
    let event = Action::Policy
        .on(id.as_str())
        .before(Some(&before))
        .after(&after);
    audit::append(tx, by.at, by.person, &event)?;
    Ok(policy.clone())
}

fn info(connection: &Connection, id: &PersonId) -> Result<PersonInfo> {
    Ok(connection
        .prepare_cached(&format!("{INFO} WHERE person.id = ?1"))?
        .query_row([id.as_str()], read)?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<PersonInfo> {
    Ok(PersonInfo {
        person: Person {
            id: PersonId::from_text(row.get::<_, String>(0)?),
            name: row.get(1)?,
            roles: roles(row, 2)?,
        },
        joined_at: row.get::<_, Millis>(3)?.0,
        last_at: row.get::<_, Option<Millis>>(4)?.map(|millis| millis.0),
        submitted: row.get(5)?,
        questions: row.get(6)?,
    })
}

fn json(policy: &Policy) -> Result<String> {
    serde_json::to_string(policy).map_err(|source| Error::Json {
        column: "workspace.policy",
        source,
    })
}
