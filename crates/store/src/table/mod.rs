//! One module a table: its SQL, its reads and its writes.

pub mod annotation;
pub mod audit;
pub mod conflict;
pub mod diagram;
pub mod draft;
pub mod focus;
pub mod job;
pub mod job_item;
pub(crate) mod link;
pub mod model;
pub mod person;
pub mod region;
pub mod revision;
pub mod working_copy;
pub mod workspace;

use domain::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, Type};

/// Reads a column whose text names a variant, such as a state or a level.
pub(crate) fn parsed<T>(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.get(index)?;
    text.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
    })
}

/// A column of UTC milliseconds.
pub(crate) struct Millis(pub Timestamp);

impl FromSql for Millis {
    fn column_result(value: rusqlite::types::ValueRef<'_>) -> Result<Self, FromSqlError> {
        i64::column_result(value).map(|millis| Self(Timestamp::from_millis(millis)))
    }
}
