//! The queue: which diagrams a filter lets through for somebody, in one of four orders.

use domain::{
    DiagramId, PersonId, Place, QueueFilter, QueueOrder, QueuePage, QueueRow, State, StateCounts,
    Timestamp,
};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use crate::table::parsed;
use crate::{Error, Result, queue_marks, words};

/// At most so many rows are handed out at once.
pub const MAX_PAGE_ROWS: u32 = 1_000;

/// The queue as one person sees it through a filter at one moment.
#[derive(Debug)]
pub struct View {
    wanted: Wanted,
    person: PersonId,
    now: Timestamp,
}

impl View {
    /// What `filter` lets through for `person` at `now`: some marks depend on who looks, and on leases.
    pub fn new(filter: &QueueFilter, person: &PersonId, now: Timestamp) -> Self {
        Self {
            wanted: Wanted::new(filter, person, now),
            person: person.clone(),
            now,
        }
    }

    /// As [`Self::new`], and of that only what `person` may take up.
    pub(crate) fn free(filter: &QueueFilter, person: &PersonId, now: Timestamp) -> Self {
        let mut view = Self::new(filter, person, now);
        let (condition, bound) = queue_marks::free(person, now);
        view.wanted.sql.push_str(" AND ");
        view.wanted.sql.push_str(condition);
        view.wanted.values.extend(bound);
        view
    }

    /// Rows `offset..offset + limit`; `limit` is cut to [`MAX_PAGE_ROWS`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn page(&self, connection: &Connection, offset: u32, limit: u32) -> Result<QueuePage> {
        let wanted = &self.wanted;
        let sql = format!(
            "SELECT id, number, name, state,
                coalesce(
                    (SELECT substr(revision.text, 1, 120) FROM annotation
                        JOIN revision ON revision.id = annotation.head_revision_id
                        WHERE annotation.diagram_id = diagram.id
                            AND (NOT second OR annotator_id = ? OR state IN ('submitted', 'approved'))
                        ORDER BY annotation.level = 'global' DESC, annotation.level = 'structure',
                            revision.created_at DESC LIMIT 1),
                    (SELECT substr(text, 1, 120) FROM draft WHERE draft.diagram_id = diagram.id
                            AND (NOT draft_hidden OR state IN ('submitted', 'approved'))
                        ORDER BY level = 'global' DESC, level = 'structure', created_at DESC LIMIT 1),
                    ''),
                EXISTS (SELECT 1 FROM conflict JOIN annotation ON annotation.id = conflict.annotation_id
                    WHERE annotation.diagram_id = diagram.id AND conflict.resolved_at IS NULL),
                (SELECT person.name FROM person
                    WHERE person.id = claimed_by AND claimed_by <> ? AND claimed_until > ?),
                (SELECT count(*) FROM thread WHERE thread.diagram_id = diagram.id AND resolved_at IS NULL),
                (SELECT count(*) FROM question WHERE question.diagram_id = diagram.id AND question.state = 'ready'
                    AND source ->> 'kind' <> 'synthetic')
             FROM diagram WHERE number IN (SELECT n FROM ({} {} LIMIT ? OFFSET ?)) ORDER BY {}",
            wanted.sql, wanted.order.by, wanted.order.rows,
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let me = Value::from(self.person.as_str().to_owned());
        let looking = [me.clone(), me, Value::from(self.now.millis())];
        let limits = [limit.min(MAX_PAGE_ROWS), offset].map(Value::from);
        let values = looking.iter().chain(&wanted.values).chain(&limits);
        let rows = statement.query_map(params_from_iter(values), read)?;
        Ok(QueuePage {
            total: wanted.count(connection)?,
            offset,
            rows: rows.collect::<Result<_, _>>()?,
        })
    }

    /// Where a diagram is; `None` when the filter holds it back.
    ///
    /// # Errors
    /// [`Error::NoDiagram`].
    pub fn place_of(&self, connection: &Connection, id: &DiagramId) -> Result<Option<Place>> {
        let at = At::of(connection, id, &self.wanted.order)?;
        self.wanted.first(connection, self.wanted.order.here, &at)
    }

    /// The nearest diagram after (or before) `id` that the filter lets through, whether or not `id` itself is.
    ///
    /// # Errors
    /// [`Error::NoDiagram`].
    pub fn neighbour(
        &self,
        connection: &Connection,
        id: &DiagramId,
        forward: bool,
    ) -> Result<Option<Place>> {
        let at = At::of(connection, id, &self.wanted.order)?;
        let nearest = if forward {
            self.wanted.order.after
        } else {
            self.wanted.order.before
        };
        self.wanted.first(connection, nearest, &at)
    }

    /// The numbers of all diagrams that the filter lets through, in its order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn numbers(&self, connection: &Connection) -> Result<Vec<u32>> {
        let sql = format!("{} {}", self.wanted.sql, self.wanted.order.by);
        let mut statement = connection.prepare_cached(&sql)?;
        let values = params_from_iter(&self.wanted.values);
        let rows = statement.query_map(values, |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The numbers `n` of the diagrams that the filter lets through, in its order, as SQL and its values.
    pub(crate) fn ordered(self) -> (String, Vec<Value>) {
        let wanted = self.wanted;
        (format!("{} {}", wanted.sql, wanted.order.by), wanted.values)
    }
}

/// Every diagram in a state, in order of import.
///
/// # Errors
/// When the database cannot be read.
pub fn ids_in_state(connection: &Connection, state: State) -> Result<Vec<DiagramId>> {
    let mut statement =
        connection.prepare_cached("SELECT id FROM diagram WHERE state = ?1 ORDER BY number")?;
    let rows = statement.query_map([state.as_str()], |row| {
        Ok(DiagramId::from_text(row.get::<_, String>(0)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
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

/// Where a diagram stands in an order.
struct At {
    number: u32,
    key: f64,
}

impl At {
    fn of(connection: &Connection, id: &DiagramId, order: &Order) -> Result<Self> {
        let sql = format!("SELECT number, {} FROM diagram WHERE id = ?1", order.key);
        connection
            .prepare_cached(&sql)?
            .query_row([id.as_str()], |row| {
                Ok(Self {
                    number: row.get(0)?,
                    key: row.get(1)?,
                })
            })
            .optional()?
            .ok_or_else(|| Error::NoDiagram(id.to_string()))
    }
}

/// An order as SQL. Conditions bind the key `c`, where they have two values, and the number `n`.
#[derive(Debug)]
struct Order {
    key: &'static str,
    by: &'static str,
    rows: String,
    here: &'static str,
    after: &'static str,
    before: &'static str,
    earlier: &'static str,
    n_bound: usize,
}

impl Order {
    fn new(order: QueueOrder) -> Self {
        let key = match order {
            QueueOrder::Number => {
                return Self {
                    key: "0.0",
                    by: "ORDER BY n",
                    rows: "number".to_owned(),
                    here: "n = ? LIMIT 1",
                    after: "n > ? ORDER BY n LIMIT 1",
                    before: "n < ? ORDER BY n DESC LIMIT 1",
                    earlier: "n < ?",
                    n_bound: 1,
                };
            }
            QueueOrder::Uncertainty => "certainty",
            QueueOrder::Disagreement => "agreement",
            QueueOrder::Regression => "regression",
            QueueOrder::Plan => "plan",
        };
        Self {
            key,
            by: "ORDER BY c, n",
            rows: format!("{key}, number"),
            here: "(c, n) = (?, ?) LIMIT 1",
            after: "(c, n) > (?, ?) ORDER BY c, n LIMIT 1",
            before: "(c, n) < (?, ?) ORDER BY c DESC, n DESC LIMIT 1",
            earlier: "(c, n) < (?, ?)",
            n_bound: 2,
        }
    }
}

/// A filter as SQL that selects the numbers `n` and, in an order by a key, the keys `c`: constant text, with
/// values bound in order.
#[derive(Debug)]
struct Wanted {
    sql: String,
    values: Vec<Value>,
    order: Order,
}

impl Wanted {
    fn new(filter: &QueueFilter, person: &PersonId, now: Timestamp) -> Self {
        let order = Order::new(filter.order);
        let columns = match filter.order {
            QueueOrder::Number => "number AS n".to_owned(),
            _ => format!("number AS n, {} AS c", order.key),
        };
        let query = words::match_query(&filter.search);
        if query.is_none() && !filter.search.trim().is_empty() {
            return Self {
                sql: format!("SELECT {columns} FROM diagram WHERE false"),
                values: Vec::new(),
                order,
            };
        }
        let mut values = Vec::new();
        let mut sql = match &query {
            Some(_) => format!(
                "SELECT {columns} FROM diagram_words
                 CROSS JOIN diagram INDEXED BY diagram_by_number ON number = diagram_words.rowid WHERE"
            ),
            None => format!("SELECT {columns} FROM diagram {} WHERE", index(filter)),
        };
        match filter.state {
            Some(state) => {
                sql.push_str(" state = ?");
                values.push(Value::from(state.as_str().to_owned()));
            }
            None => sql.push_str(" true"),
        }
        if let Some(query) = query {
            sql.push_str(" AND diagram_words MATCH ?");
            values.push(Value::from(query));
        }
        for (condition, bound) in queue_marks::conditions(filter, person, now) {
            sql.push_str(" AND ");
            sql.push_str(condition);
            values.extend(bound);
        }
        Self { sql, values, order }
    }

    /// The first diagram that a condition on its place lets through, and how many come before it.
    fn first(&self, connection: &Connection, limits: &str, at: &At) -> Result<Option<Place>> {
        let sql = format!(
            "SELECT id, number, {} FROM diagram
             WHERE number = (SELECT n FROM ({} AND {limits}))",
            self.order.key, self.sql
        );
        let found = connection
            .prepare_cached(&sql)?
            .query_row(self.values_and(at), |row| {
                let (number, key) = (row.get(1)?, row.get(2)?);
                Ok((row.get::<_, String>(0)?, At { number, key }))
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
        let place = [Value::from(at.key), Value::from(at.number)];
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

/// The index that a list without a search is walked by.
fn index(filter: &QueueFilter) -> &'static str {
    match (filter.order, filter.state) {
        (QueueOrder::Number, None) => "INDEXED BY diagram_by_number",
        (QueueOrder::Number, Some(_)) => "INDEXED BY diagram_by_state",
        (QueueOrder::Uncertainty, None) => "INDEXED BY diagram_by_certainty",
        (QueueOrder::Uncertainty, Some(_)) => "INDEXED BY diagram_by_state_certainty",
        (QueueOrder::Disagreement, _) => "INDEXED BY diagram_by_agreement",
        (QueueOrder::Regression, _) => "INDEXED BY diagram_by_regression",
        (QueueOrder::Plan, _) => "INDEXED BY diagram_by_plan",
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
        claimed_by: row.get(6)?,
        open_threads: row.get(7)?,
        questions: row.get(8)?,
    })
}
