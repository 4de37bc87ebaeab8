//! People, what they may do, and the rules of the workspace.

use domain::{Person, PersonId, PersonInfo, Policy, Role};
use rusqlite::{Connection, Transaction};

use crate::annotate::By;
use crate::{Error, Result};

/// Everybody who acted, in order of joining.
///
/// # Errors
/// When the database cannot be read.
pub fn list(connection: &Connection) -> Result<Vec<PersonInfo>> {
    let _ = connection;
    Err(Error::NotBuilt)
}

/// The person as they are now, their roles included.
///
/// # Errors
/// [`Error::NoPerson`].
pub fn get(connection: &Connection, id: &PersonId) -> Result<Person> {
    let _ = (connection, id);
    Err(Error::NotBuilt)
}

/// Refuses what the acting person has no role for.
///
/// # Errors
/// [`Error::NotAllowed`].
pub fn require(connection: &Connection, person: &PersonId, role: Role) -> Result<()> {
    let _ = (connection, person, role);
    Err(Error::NotBuilt)
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
    let _ = (tx, by, person, roles);
    Err(Error::NotBuilt)
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
    let _ = (tx, by, person, name);
    Err(Error::NotBuilt)
}

/// The workspace's rules.
///
/// # Errors
/// When the database cannot be read.
pub fn policy(connection: &Connection) -> Result<Policy> {
    let _ = connection;
    Ok(Policy::default())
}

/// Sets the rules, and applies the shares to the diagrams that nobody has begun.
///
/// # Errors
/// [`Error::NotAllowed`] unless a lead acts, [`Error::BadPolicy`].
pub fn set_policy(tx: &Transaction<'_>, by: By<'_>, policy: &Policy) -> Result<Policy> {
    let _ = (tx, by, policy);
    Err(Error::NotBuilt)
}
