//! Links from words to regions, as the JSON of a column.

use domain::SpanLink;
use rusqlite::Row;
use rusqlite::types::Type;

use crate::{Error, Result};

/// The column's text.
pub(crate) fn json(links: &[SpanLink]) -> Result<String> {
    serde_json::to_string(links).map_err(|source| Error::Json {
        column: "links",
        source,
    })
}

pub(crate) fn read(row: &Row<'_>, index: usize) -> rusqlite::Result<Vec<SpanLink>> {
    let text = row.get_ref(index)?.as_str()?;
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
    })
}
