//! Brings a database to the present schema: all steps or none, with a copy of the file beside it.

use std::path::{Path, PathBuf};

use rusqlite::backup::Progress;
use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior};

use crate::{Database, Error, Result};

/// What a fresh database gets.
pub(crate) const SCHEMA: &str = include_str!("../../../schema.sql");

/// Marks the file as Callout's (`PRAGMA application_id`, "CALO").
pub(crate) const APPLICATION_ID: u32 = 0x4341_4C4F;

/// Step `n` (from 1) brings a database of version `n - 1` to `n`. A shipped step never changes.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_jobs.sql"),
    include_str!("../migrations/0003_annotating.sql"),
    include_str!("../migrations/0004_questions.sql"),
    include_str!("../migrations/0005_review.sql"),
    include_str!("../migrations/0006_examine.sql"),
    include_str!("../migrations/0007_questions.sql"),
    include_str!("../migrations/0008_review.sql"),
    include_str!("../migrations/0009_regression.sql"),
];

/// The version this program reads and writes.
pub(crate) fn known_version() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// Writes the present schema into an empty database.
pub(crate) fn create(database: &mut Database) -> Result<()> {
    let tx = database
        .connection_mut()
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(SCHEMA)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", known_version())?;
    tx.commit()?;
    Ok(())
}

/// Reads the schema version of the file at `path`, which may be anybody's, and changes nothing in it.
///
/// # Errors
/// [`Error::NotAWorkspace`] when it is not Callout's, [`Error::NewerDatabase`] when it is ahead of `known`.
pub(crate) fn recognise(path: &Path, known: u32) -> Result<u32> {
    let ours = Database::peek(path).and_then(|connection| {
        let id: u32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        Ok((id == APPLICATION_ID).then_some(connection))
    });
    match ours {
        Ok(Some(connection)) => known_to(version(&connection)?, known, path),
        Err(Error::Sqlite(error)) if error.sqlite_error_code() != Some(ErrorCode::NotADatabase) => {
            Err(error.into())
        }
        Ok(None) | Err(Error::Sqlite(_)) => Err(Error::NotAWorkspace(path.to_path_buf())),
        Err(error) => Err(error),
    }
}

/// Brings `database` (the file at `path`) up to the last of `migrations`.
///
/// # Errors
/// [`Error::NewerDatabase`] when the file is ahead of this program. When a step fails, the file is
/// as it was.
pub(crate) fn migrate(database: &mut Database, path: &Path, migrations: &[&str]) -> Result<()> {
    let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    if version(database.connection())? == known {
        return Ok(());
    }
    // A table that is rebuilt is dropped while others point at it; the pragma does nothing inside
    // a transaction.
    let connection = database.connection_mut();
    connection.pragma_update(None, "foreign_keys", false)?;
    let outcome = step_up(connection, path, migrations, known);
    connection.pragma_update(None, "foreign_keys", true)?;
    outcome
}

fn step_up(
    connection: &mut Connection,
    path: &Path,
    migrations: &[&str],
    known: u32,
) -> Result<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Looked at under the lock: another process may have migrated meanwhile.
    let found = known_to(version(&tx)?, known, path)?;
    if found < known {
        back_up(path, found)?;
    }
    for step in migrations.iter().skip(found as usize) {
        tx.execute_batch(step)?;
    }
    let dangling = tx
        .query_row(
            "SELECT \"table\" FROM pragma_foreign_key_check",
            (),
            |row| row.get::<_, String>(0),
        )
        .optional()?;
    if let Some(table) = dangling {
        return Err(Error::Dangling(table));
    }
    tx.pragma_update(None, "user_version", known)?;
    tx.commit()?;
    Ok(())
}

fn version(connection: &Connection) -> Result<u32> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn known_to(found: u32, known: u32, path: &Path) -> Result<u32> {
    if found > known {
        return Err(Error::NewerDatabase {
            found,
            known,
            path: path.to_path_buf(),
        });
    }
    Ok(found)
}

/// Copies the database as it stands to `callout.db.v<version>.bak`. The caller holds the write lock,
/// so the copy is of that version.
fn back_up(path: &Path, version: u32) -> Result<()> {
    let copy = backup_path(path, version);
    let unfinished = copy.with_extension("bak.part");
    if unfinished.exists() {
        std::fs::remove_file(&unfinished).map_err(Error::io("remove", &unfinished))?;
    }
    Database::peek(path)?.backup("main", &unfinished, None::<fn(Progress)>)?;
    std::fs::rename(&unfinished, &copy).map_err(Error::io("name", &copy))
}

/// Where the copy of a database at `version` stands.
pub(crate) fn backup_path(path: &Path, version: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".v{version}.bak"));
    PathBuf::from(name)
}

#[cfg(test)]
mod tests;
