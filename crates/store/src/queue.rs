//! The queue: which diagrams a filter lets through, in order of import or of the model's uncertainty.

use domain::{DiagramId, Place, QueueFilter, QueueOrder, QueuePage, QueueRow, State, StateCounts};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use crate::table::parsed;
use crate::{Error, Result, words};

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
                    ORDER BY annotation.level = 'global' DESC, annotation.level = 'structure',
                        revision.created_at DESC LIMIT 1),
                (SELECT substr(text, 1, 120) FROM draft WHERE draft.diagram_id = diagram.id
                    ORDER BY level = 'global' DESC, level = 'structure', created_at DESC LIMIT 1),
                ''),
            EXISTS (SELECT 1 FROM conflict JOIN annotation ON annotation.id = conflict.annotation_id
                WHERE annotation.diagram_id = diagram.id AND conflict.resolved_at IS NULL)
         FROM diagram WHERE number IN (SELECT n FROM ({} {} LIMIT ? OFFSET ?)) ORDER BY {}",
        wanted.sql, wanted.order.by, wanted.order.rows,
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
/// [`Error::NoDiagram`].
pub fn place_of(
    connection: &Connection,
    filter: &QueueFilter,
    id: &DiagramId,
) -> Result<Option<Place>> {
    let wanted = Wanted::new(filter);
    let at = At::of(connection, id)?;
    wanted.first(connection, wanted.order.here, &at)
}

/// The nearest diagram after (or before) `id` that the filter lets through, whether or not `id` itself is.
///
/// # Errors
/// [`Error::NoDiagram`].
pub fn neighbour(
    connection: &Connection,
    filter: &QueueFilter,
    id: &DiagramId,
    forward: bool,
) -> Result<Option<Place>> {
    let wanted = Wanted::new(filter);
    let at = At::of(connection, id)?;
    let nearest = if forward {
        wanted.order.after
    } else {
        wanted.order.before
    };
    wanted.first(connection, nearest, &at)
}

/// The numbers `n` of the diagrams that a filter lets through, in its order, as SQL and its values.
pub(crate) fn ordered(filter: &QueueFilter) -> (String, Vec<Value>) {
    let wanted = Wanted::new(filter);
    (format!("{} {}", wanted.sql, wanted.order.by), wanted.values)
}

/// Where a diagram stands in either order.
struct At {
    number: u32,
    certainty: f64,
}

impl At {
    fn of(connection: &Connection, id: &DiagramId) -> Result<Self> {
        connection
            .prepare_cached("SELECT number, certainty FROM diagram WHERE id = ?1")?
            .query_row([id.as_str()], |row| {
                Ok(Self {
                    number: row.get(0)?,
                    certainty: row.get(1)?,
                })
            })
            .optional()?
            .ok_or_else(|| Error::NoDiagram(id.to_string()))
    }
}

/// An order as SQL. Conditions bind the certainty, where they have two values, and the number.
struct Order {
    by: &'static str,
    rows: &'static str,
    here: &'static str,
    after: &'static str,
    before: &'static str,
    earlier: &'static str,
    n_bound: usize,
}

const BY_NUMBER: Order = Order {
    by: "ORDER BY n",
    rows: "number",
    here: "n = ? LIMIT 1",
    after: "n > ? ORDER BY n LIMIT 1",
    before: "n < ? ORDER BY n DESC LIMIT 1",
    earlier: "n < ?",
    n_bound: 1,
};

const BY_CERTAINTY: Order = Order {
    by: "ORDER BY c, n",
    rows: "certainty, number",
    here: "(c, n) = (?, ?) LIMIT 1",
    after: "(c, n) > (?, ?) ORDER BY c, n LIMIT 1",
    before: "(c, n) < (?, ?) ORDER BY c DESC, n DESC LIMIT 1",
    earlier: "(c, n) < (?, ?)",
    n_bound: 2,
};

/// A filter as SQL that selects the numbers `n` and, in the order of uncertainty, the certainties `c`:
/// constant text, with values bound in order.
struct Wanted {
    sql: &'static str,
    values: Vec<Value>,
    order: Order,
}

impl Wanted {
    fn new(filter: &QueueFilter) -> Self {
        let state = filter
            .state
            .map(|state| Value::from(state.as_str().to_owned()));
        let query = words::match_query(&filter.search).map(Value::from);
        let (by_number, by_certainty) = match (&state, &query) {
            _ if query.is_none() && !filter.search.trim().is_empty() => (
                "SELECT number AS n FROM diagram WHERE false",
                "SELECT number AS n, certainty AS c FROM diagram WHERE false",
            ),
            (None, None) => (
                "SELECT number AS n FROM diagram INDEXED BY diagram_by_number WHERE true",
                "SELECT number AS n, certainty AS c FROM diagram INDEXED BY diagram_by_certainty
                 WHERE true",
            ),
            (Some(_), None) => (
                "SELECT number AS n FROM diagram INDEXED BY diagram_by_state WHERE state = ?",
                "SELECT number AS n, certainty AS c FROM diagram
                 INDEXED BY diagram_by_state_certainty WHERE state = ?",
            ),
            (None, Some(_)) => (
                "SELECT rowid AS n FROM diagram_words WHERE diagram_words MATCH ?",
                "SELECT number AS n, certainty AS c FROM diagram_words
                 CROSS JOIN diagram INDEXED BY diagram_by_number ON number = diagram_words.rowid
                 WHERE diagram_words MATCH ?",
            ),
            (Some(_), Some(_)) => (
                "SELECT diagram_words.rowid AS n FROM diagram_words
                 CROSS JOIN diagram INDEXED BY diagram_by_number ON number = diagram_words.rowid
                 WHERE state = ? AND diagram_words MATCH ?",
                "SELECT number AS n, certainty AS c FROM diagram_words
                 CROSS JOIN diagram INDEXED BY diagram_by_number ON number = diagram_words.rowid
                 WHERE state = ? AND diagram_words MATCH ?",
            ),
        };
        let (sql, order) = match filter.order {
            QueueOrder::Number => (by_number, BY_NUMBER),
            QueueOrder::Uncertainty => (by_certainty, BY_CERTAINTY),
            QueueOrder::Disagreement | QueueOrder::Plan => (by_number, BY_NUMBER),
        };
        let bound = sql.matches('?').count();
        let values = state.into_iter().chain(query).take(bound).collect();
        Self { sql, values, order }
    }

    /// The first diagram that a condition on its place lets through, and how many come before it.
    fn first(&self, connection: &Connection, limits: &str, at: &At) -> Result<Option<Place>> {
        let sql = format!(
            "SELECT id, number, certainty FROM diagram
             WHERE number = (SELECT n FROM ({} AND {limits}))",
            self.sql
        );
        let found = connection
            .prepare_cached(&sql)?
            .query_row(self.values_and(at), |row| {
                let (number, certainty) = (row.get(1)?, row.get(2)?);
                Ok((row.get::<_, String>(0)?, At { number, certainty }))
            })
            .optional()?;
        let Some((id, at)) = found else {
            return Ok(None);
        };
        let sql = format!(
            "SELECT count(*) FROM ({} AND {})",
            self.sql, self.order.earlier
        );
        let index = connection
            .prepare_cached(&sql)?
            .query_row(self.values_and(&at), |row| row.get(0))?;
        Ok(Some(Place {
            id: DiagramId::from_text(id),
            index,
        }))
    }

    fn values_and(&self, at: &At) -> impl rusqlite::Params + use<'_> {
        let place = [Value::from(at.certainty), Value::from(at.number)];
        let skipped = place.len() - self.order.n_bound;
        params_from_iter(
            self.values
                .iter()
                .cloned()
                .chain(place.into_iter().skip(skipped)),
        )
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
        claimed_by: None,
        open_threads: 0,
        questions: 0,
    })
}
