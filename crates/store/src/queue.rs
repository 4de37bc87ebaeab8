//! The queue: which diagrams a filter lets through, in order of import.

use domain::{DiagramId, Place, QueueFilter, QueuePage, QueueRow, State, StateCounts};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use crate::table::{diagram, parsed};
use crate::{Result, words};

/// At most so many rows are handed out at once.
pub const MAX_PAGE_ROWS: u32 = 1_000;

/// Rows `offset..offset + limit` of the filtered queue; `limit` is cut to [`MAX_PAGE_ROWS`].
///
/// # Errors
/// When the database cannot be read.
pub fn page(
    connection: &Connection,
    filter: &QueueFilter,
    offset: u32,
    limit: u32,
) -> Result<QueuePage> {
    let wanted = Wanted::new(filter);
    let sql = format!(
        "SELECT id, number, name, state,
            coalesce(
                (SELECT substr(revision.text, 1, 120) FROM annotation
                    JOIN revision ON revision.id = annotation.head_revision_id
                    WHERE annotation.diagram_id = diagram.id
                    ORDER BY annotation.level = 'global' DESC, revision.created_at DESC LIMIT 1),
                (SELECT substr(text, 1, 120) FROM draft WHERE draft.diagram_id = diagram.id
                    ORDER BY level = 'global' DESC, created_at DESC LIMIT 1),
                ''),
            EXISTS (SELECT 1 FROM conflict JOIN annotation ON annotation.id = conflict.annotation_id
                WHERE annotation.diagram_id = diagram.id AND conflict.resolved_at IS NULL)
         FROM diagram WHERE number IN ({} ORDER BY n LIMIT ? OFFSET ?) ORDER BY number",
        wanted.sql,
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let limits = [limit.min(MAX_PAGE_ROWS), offset].map(Value::from);
    let rows = statement.query_map(params_from_iter(wanted.values.iter().chain(&limits)), read)?;
    Ok(QueuePage {
        total: wanted.count(connection)?,
        offset,
        rows: rows.collect::<Result<_, _>>()?,
    })
}

/// How many diagrams of each state the search lets through.
///
/// # Errors
/// When the database cannot be read.
pub fn counts(connection: &Connection, search: &str) -> Result<StateCounts> {
    let query = words::match_query(search);
    let sql = match query {
        None if !search.trim().is_empty() => return Ok(StateCounts::default()),
        None => "SELECT state, count(*) FROM diagram GROUP BY state",
        Some(_) => {
            "SELECT state, count(*) FROM diagram_words
             CROSS JOIN diagram INDEXED BY diagram_by_number ON number = diagram_words.rowid
             WHERE diagram_words MATCH ? GROUP BY state"
        }
    };
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params_from_iter(query))?;
    let mut counts = StateCounts::default();
    while let Some(row) = rows.next()? {
        *counts.of(parsed::<State>(row, 0)?) = row.get(1)?;
    }
    Ok(counts)
}

/// Where a diagram is in the filtered queue; `None` when the filter holds it back.
///
/// # Errors
/// [`crate::Error::NoDiagram`].
pub fn place_of(
    connection: &Connection,
    filter: &QueueFilter,
    id: &DiagramId,
) -> Result<Option<Place>> {
    let number = diagram::get(connection, id)?.number;
    first(connection, filter, "n = ? LIMIT 1", number)
}

/// The nearest diagram after (or before) `id` that the filter lets through, whether or not `id` itself is.
///
/// # Errors
/// [`crate::Error::NoDiagram`].
pub fn neighbour(
    connection: &Connection,
    filter: &QueueFilter,
    id: &DiagramId,
    forward: bool,
) -> Result<Option<Place>> {
    let number = diagram::get(connection, id)?.number;
    let nearest = if forward {
        "n > ? ORDER BY n LIMIT 1"
    } else {
        "n < ? ORDER BY n DESC LIMIT 1"
    };
    first(connection, filter, nearest, number)
}

fn first(
    connection: &Connection,
    filter: &QueueFilter,
    limits: &str,
    number: u32,
) -> Result<Option<Place>> {
    let wanted = Wanted::new(filter);
    let sql = format!(
        "SELECT id, number FROM diagram WHERE number = ({} AND {limits})",
        wanted.sql
    );
    let found: Option<(String, u32)> = connection
        .prepare_cached(&sql)?
        .query_row(wanted.values_and(number), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((id, number)) = found else {
        return Ok(None);
    };
    let sql = format!("SELECT count(*) FROM ({} AND n < ?)", wanted.sql);
    let index = connection
        .prepare_cached(&sql)?
        .query_row(wanted.values_and(number), |row| row.get(0))?;
    Ok(Some(Place {
        id: DiagramId::from_text(id),
        index,
    }))
}

/// A filter as SQL that selects the numbers `n`: constant text, with values bound in order.
struct Wanted {
    sql: &'static str,
    values: Vec<Value>,
}

impl Wanted {
    fn new(filter: &QueueFilter) -> Self {
        let state = filter
            .state
            .map(|state| Value::from(state.as_str().to_owned()));
        let query = words::match_query(&filter.search).map(Value::from);
        let sql = match (&state, &query) {
            _ if query.is_none() && !filter.search.trim().is_empty() => {
                "SELECT number AS n FROM diagram WHERE false"
            }
            (None, None) => {
                "SELECT number AS n FROM diagram INDEXED BY diagram_by_number WHERE true"
            }
            (Some(_), None) => "SELECT number AS n FROM diagram WHERE state = ?",
            (None, Some(_)) => "SELECT rowid AS n FROM diagram_words WHERE diagram_words MATCH ?",
            (Some(_), Some(_)) => {
                "SELECT diagram_words.rowid AS n FROM diagram_words
                 CROSS JOIN diagram INDEXED BY diagram_by_number ON number = diagram_words.rowid
                 WHERE state = ? AND diagram_words MATCH ?"
            }
        };
        let bound = sql.matches('?').count();
        let values = state.into_iter().chain(query).take(bound).collect();
        Self { sql, values }
    }

    fn values_and(&self, number: u32) -> impl rusqlite::Params + use<'_> {
        params_from_iter(self.values.iter().cloned().chain([Value::from(number)]))
    }

    fn count(&self, connection: &Connection) -> Result<u32> {
        let sql = format!("SELECT count(*) FROM ({})", self.sql);
        Ok(connection
            .prepare_cached(&sql)?
            .query_row(params_from_iter(&self.values), |row| row.get(0))?)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<QueueRow> {
    Ok(QueueRow {
        id: DiagramId::from_text(row.get::<_, String>(0)?),
        number: row.get(1)?,
        name: row.get(2)?,
        state: parsed(row, 3)?,
        excerpt: row.get(4)?,
        conflict: row.get(5)?,
    })
}
