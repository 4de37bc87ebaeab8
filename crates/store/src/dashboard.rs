//! Numbers for leads.

use domain::{Dashboard, Timestamp};
use rusqlite::Connection;

use crate::{Error, Result};

/// All numbers, with the last `days` days up to `now`.
///
/// # Errors
/// When the database cannot be read.
pub fn numbers(connection: &Connection, now: Timestamp, days: u32) -> Result<Dashboard> {
    let _ = (connection, now, days);
    Err(Error::NotBuilt)
}
