//! One connection, and the only two ways to use it: read a consistent state, or write at once.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::Result;

/// How long a write waits for another process's write. Writes take milliseconds, so this is
/// reached only when a program hangs inside one.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// A connection to a workspace's database, in WAL mode.
#[derive(Debug)]
pub struct Database {
    connection: Connection,
}

impl Database {
    /// Opens an existing database and sets up the connection.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Self::set_up(Self::peek(path)?)
    }

    /// Opens an existing file, which may not be ours, and changes nothing in it.
    pub(crate) fn peek(path: &Path) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        Ok(connection)
    }

    /// Opens a database, making the file if needed.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        Self::set_up(connection)
    }

    fn set_up(connection: Connection) -> Result<Self> {
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "trusted_schema", false)?;
        // Without it, REPLACE removes rows behind the triggers that keep them.
        connection.pragma_update(None, "recursive_triggers", true)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self { connection })
    }

    /// Reads one consistent state of the workspace.
    ///
    /// # Errors
    /// Whatever `f` fails with.
    pub fn read<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let snapshot = self.connection.unchecked_transaction()?;
        f(&snapshot)
    }

    /// Runs `f` in one transaction that holds the write lock from its start (`BEGIN IMMEDIATE`),
    /// since a read lock that is upgraded later fails at once when somebody else wrote.
    ///
    /// # Errors
    /// Whatever `f` fails with; then nothing was written.
    pub fn write<T>(&mut self, f: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = f(&tx)?;
        tx.commit()?;
        Ok(value)
    }

    /// Changes whenever another connection has written (`PRAGMA data_version`).
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn data_version(&self) -> Result<u32> {
        Ok(self
            .connection
            .pragma_query_value(None, "data_version", |row| row.get(0))?)
    }

    /// Problems that SQLite finds in the file, by `integrity_check` and `foreign_key_check`; empty when sound.
    ///
    /// # Errors
    /// When the check itself cannot run.
    pub fn problems(&self) -> Result<Vec<String>> {
        let mut problems: Vec<String> = Vec::new();
        self.connection
            .pragma_query(None, "integrity_check", |row| {
                problems.push(row.get(0)?);
                Ok(())
            })?;
        problems.retain(|line| line != "ok");
        self.connection
            .pragma_query(None, "foreign_key_check", |row| {
                let table: String = row.get(0)?;
                problems.push(format!("a row of `{table}` points at nothing"));
                Ok(())
            })?;
        Ok(problems)
    }

    /// Puts everything into the one file and lets go of it, so that it can be given another name.
    pub(crate) fn into_file(self) -> Result<()> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
        self.connection.close().map_err(|(_, error)| error.into())
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}
