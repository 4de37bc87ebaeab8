//! People, what they may do, and the rules of the workspace.
//!
//! What takes which role; it guards against mistakes, not against who holds the file. The same table for people is
//! `docs/roles.md`, and the test `every_action_takes_its_role` goes over its rows.
//!
//! | Action | annotator | author | lead |
//! |---|:-:|:-:|:-:|
//! | write and hand in captions, draw and link regions, say why a draft was changed | ✓ | | |
//! | claim a diagram, leave it out, take it up again | ✓ | | |
//! | say what kind of diagram it is | ✓ | | ✓ |
//! | queue drafts | ✓ | | ✓ |
//! | write, suggest, restore and decide on questions; have models suggest or answer them | | ✓ | |
//! | answer a question as an examinee | ✓ | ✓ | ✓ |
//! | begin, answer and settle conversations | ✓ | ✓ | ✓ |
//! | add, change, take away and read in terms of the glossary | ✓ | ✓ | ✓ |
//! | pause, resume or cancel a job | one's own | one's own | ✓ |
//! | end somebody else's claim, undo somebody else's change of many diagrams | | | ✓ |
//! | accept and return work, write in a review | | | ✓ |
//! | change the plan, the kind or the second annotation of many diagrams | | | ✓ |
//! | import diagrams, add and remove models | | | ✓ |
//! | set rules, roles and other people's names; add people | | | ✓ |
//!
//! Reading, exporting, saving filters and one's own name take no role. What an engine writes was allowed when its job
//! was queued.

use domain::{Action, EmptyName, Person, PersonId, PersonInfo, Policy, Role};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use crate::annotate::By;
use crate::table::person::{role_words, roles};
use crate::table::{Millis, audit, person as row};
use crate::{Error, Result, share};

const INFO: &str = "SELECT person.id, person.name, person.roles, person.created_at,
    (SELECT max(at) FROM audit WHERE audit.person_id = person.id),
    (SELECT count(DISTINCT subject) FROM audit JOIN diagram ON diagram.id = subject
        WHERE action = 'submit' AND audit.person_id = person.id),
    (SELECT count(*) FROM question WHERE author_id = person.id AND state = 'ready'
        AND source ->> 'kind' <> 'synthetic')
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
    require_any(connection, person, &[role])
}

/// Refuses what the acting person has none of these roles for.
///
/// # Errors
/// [`Error::NotAllowed`].
pub fn require_any(connection: &Connection, person: &PersonId, roles: &[Role]) -> Result<()> {
    let person = get(connection, person)?;
    if roles.iter().any(|role| person.is(*role)) {
        return Ok(());
    }
    Err(Error::NotAllowed {
        person: person.name,
        roles: roles.to_vec(),
    })
}

/// Lets somebody in under a name before they have opened the workspace themselves.
///
/// # Errors
/// [`Error::NotAllowed`] unless a lead acts, [`Error::EmptyName`], [`Error::PersonNameTaken`].
pub fn add(tx: &Transaction<'_>, by: By<'_>, name: &str, roles: &[Role]) -> Result<PersonInfo> {
    require(tx, by.person, Role::Lead)?;
    let name = name.trim();
    if name.is_empty() {
        return Err(EmptyName.into());
    }
    if row::find(tx, name)?.is_some() {
        return Err(Error::PersonNameTaken(name.to_owned()));
    }
    let new = Person {
        id: PersonId::new(),
        name: name.to_owned(),
        roles: in_order(roles),
    };
    row::insert(tx, &new, (by.person, by.at))?;
    info(tx, &new.id)
}

fn in_order(roles: &[Role]) -> Vec<Role> {
    Role::ALL
        .into_iter()
        .filter(|role| roles.contains(role))
        .collect()
}

/// Gives a person one role, or takes it away; their other roles stay as they are now, whatever the caller saw last.
///
/// # Errors
/// As [`set_roles`].
pub fn set_role(
    tx: &Transaction<'_>,
    by: By<'_>,
    person: &PersonId,
    role: Role,
    wanted: bool,
) -> Result<PersonInfo> {
    let mut roles = get(tx, person)?.roles;
    roles.retain(|known| *known != role);
    if wanted {
        roles.push(role);
    }
    set_roles(tx, by, person, &roles)
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
    let roles = in_order(roles);
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
    if row::find(tx, name)?.is_some_and(|other| other.id != *person) {
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
