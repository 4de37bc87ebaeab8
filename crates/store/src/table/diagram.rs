//! Diagrams and the pictures they own.

use domain::{Diagram, DiagramId, Image, PersonId, State, Timestamp, View};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::{Millis, parsed};
use crate::{Error, Result, words};

const COLUMNS: &str =
    "id, number, name, state, image_hash, image_format, width, height, image_bytes,
    view, tile_px, context, source, license, imported_at,
    kind, plan, second, draft_hidden, skip_reason";

/// The place of a diagram that is not in the plan; it sorts last.
pub(crate) const NOT_PLANNED: u32 = u32::MAX;

/// A diagram that has no row yet.
#[derive(Debug, Clone)]
pub struct NewDiagram {
    /// The file's name.
    pub name: String,
    /// Its picture.
    pub image: Image,
    /// How the picture is shown.
    pub view: View,
    /// Text around the figure.
    pub context: String,
    /// Where it was published.
    pub source: Option<String>,
    /// Licence.
    pub license: Option<String>,
    /// JSON object of fields that Callout does not read, kept for export.
    pub extra: Option<String>,
}

/// Writes a diagram, or nothing when its picture is here already; says which.
pub(crate) fn insert(
    tx: &Transaction<'_>,
    new: &NewDiagram,
    by: &PersonId,
    at: Timestamp,
) -> Result<Option<DiagramId>> {
    let id = DiagramId::new();
    let (view, tile_px) = view_columns(new.view);
    let image = &new.image;
    let inserted = tx
        .prepare_cached(
            "INSERT INTO diagram (id, name, image_hash, image_format, image_bytes, width, height,
                view, tile_px, context, source, license, extra, imported_by, imported_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
             ON CONFLICT (image_hash) DO NOTHING",
        )?
        .execute(rusqlite::params![
            id.as_str(),
            new.name,
            image.hash,
            image.format,
            image.bytes,
            image.width,
            image.height,
            view,
            tile_px,
            new.context,
            new.source,
            new.license,
            new.extra,
            by.as_str(),
            at.millis(),
        ])?;
    Ok((inserted == 1).then_some(id))
}

/// The diagram with this id.
///
/// # Errors
/// [`Error::NoDiagram`].
pub fn get(connection: &Connection, id: &DiagramId) -> Result<Diagram> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM diagram WHERE id = ?1"))?
        .query_row([id.as_str()], read)
        .optional()?
        .ok_or_else(|| Error::NoDiagram(id.to_string()))
}

/// The id of the diagram with this number.
pub(crate) fn id_of(connection: &Connection, number: u32) -> Result<DiagramId> {
    let id: Option<String> = connection
        .prepare_cached("SELECT id FROM diagram WHERE number = ?1")?
        .query_row([number], |row| row.get(0))
        .optional()?;
    id.map(DiagramId::from_text)
        .ok_or_else(|| Error::NoDiagram(number.to_string()))
}

/// The diagram that owns the picture with this hash.
///
/// # Errors
/// When the database cannot be read.
pub fn by_hash(connection: &Connection, hash: &str) -> Result<Option<Diagram>> {
    let diagram = connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM diagram WHERE image_hash = ?1"
        ))?
        .query_row([hash], read);
    Ok(diagram.optional()?)
}

/// The id that `typed` names: an id, its beginning, or a number as in the queue (`7`, `#7`).
///
/// # Errors
/// [`Error::NoDiagram`], [`Error::AmbiguousDiagram`].
pub fn find(connection: &Connection, typed: &str) -> Result<DiagramId> {
    let number = typed.strip_prefix('#').unwrap_or(typed);
    if let Ok(number) = number.parse::<u32>() {
        let sql = "SELECT id FROM diagram WHERE number = ?1";
        let id: Option<String> = connection
            .query_row(sql, [number], |row| row.get(0))
            .optional()?;
        if let Some(id) = id {
            return Ok(DiagramId::from_text(id));
        }
    }
    let unknown = || Error::NoDiagram(typed.to_owned());
    if typed.is_empty()
        || !typed
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
    {
        return Err(unknown());
    }
    let mut statement = connection
        .prepare_cached("SELECT id FROM diagram WHERE id >= ?1 AND id < ?1 || 'g' LIMIT 2")?;
    let ids: Vec<String> = statement
        .query_map([typed.to_ascii_lowercase()], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    match ids.as_slice() {
        [id] => Ok(DiagramId::from_text(id)),
        [] => Err(unknown()),
        _ => Err(Error::AmbiguousDiagram(typed.to_owned())),
    }
}

/// Fields that Callout does not read, as a JSON object.
///
/// # Errors
/// When the database cannot be read.
pub fn extra(connection: &Connection, id: &DiagramId) -> Result<Option<String>> {
    let sql = "SELECT extra FROM diagram WHERE id = ?1";
    Ok(connection.query_row(sql, [id.as_str()], |row| row.get(0))?)
}

/// Why it was sent back, where it was.
///
/// # Errors
/// When the database cannot be read.
pub fn return_reason(connection: &Connection, id: &DiagramId) -> Result<Option<String>> {
    let sql = "SELECT return_reason FROM diagram WHERE id = ?1";
    Ok(connection.query_row(sql, [id.as_str()], |row| row.get(0))?)
}

/// Every diagram in `state`, in order of import.
///
/// # Errors
/// When the database cannot be read.
pub fn in_state(connection: &Connection, state: State) -> Result<Vec<Diagram>> {
    let sql = format!("SELECT {COLUMNS} FROM diagram WHERE state = ?1 ORDER BY number");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([state.as_str()], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn set_state(tx: &Transaction<'_>, id: &DiagramId, state: State) -> Result<()> {
    tx.prepare_cached("UPDATE diagram SET state = ?2 WHERE id = ?1")?
        .execute((id.as_str(), state.as_str()))?;
    Ok(())
}

pub(crate) fn set_return_reason(
    tx: &Transaction<'_>,
    id: &DiagramId,
    reason: Option<&str>,
) -> Result<()> {
    tx.prepare_cached("UPDATE diagram SET return_reason = ?2 WHERE id = ?1")?
        .execute((id.as_str(), reason))?;
    Ok(())
}

/// Works out again how certain the model was, after a draft was added: the lowest mean log-probability
/// among the newest drafts of each caption.
pub(crate) fn set_certainty(tx: &Transaction<'_>, id: &DiagramId) -> Result<()> {
    tx.prepare_cached(
        "UPDATE diagram SET certainty = ifnull((
            SELECT min(mean_logprob) FROM draft WHERE draft.diagram_id = ?1 AND NOT EXISTS (
                SELECT 1 FROM draft AS later
                WHERE later.diagram_id = ?1 AND later.level = draft.level
                    AND later.region_id IS draft.region_id
                    AND (later.created_at, later.id) > (draft.created_at, draft.id))), 1)
         WHERE id = ?1",
    )?
    .execute([id.as_str()])?;
    Ok(())
}

/// Remembers how a picture is shown, after what is derived from it was made again.
///
/// # Errors
/// What SQLite says.
pub fn set_view(tx: &Transaction<'_>, hash: &str, view: View) -> Result<()> {
    let (view, tile_px) = view_columns(view);
    tx.execute(
        "UPDATE diagram SET view = ?2, tile_px = ?3 WHERE image_hash = ?1",
        (hash, view, tile_px),
    )?;
    Ok(())
}

/// Writes the words by which a diagram is found: its name, context, drafts and expert texts; drafts not while they
/// are hidden, texts not while two people write them without seeing each other.
pub(crate) fn index_words(tx: &Transaction<'_>, id: &DiagramId) -> Result<()> {
    let (number, mut text): (u32, String) = tx
        .prepare_cached(
            "SELECT number, name || char(10) || context || char(10) || ifnull(source, '')
             FROM diagram WHERE id = ?1",
        )?
        .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut statement = tx.prepare_cached(
        "SELECT text FROM draft WHERE diagram_id = ?1
            AND NOT EXISTS (SELECT 1 FROM diagram WHERE id = ?1 AND draft_hidden
                AND state IN ('todo', 'in_progress', 'returned')
                AND (SELECT count(DISTINCT person_id) FROM submission WHERE diagram_id = ?1)
                    < iif(second, 2, 1))
         UNION SELECT revision.text FROM annotation
            JOIN revision ON revision.id = annotation.head_revision_id WHERE diagram_id = ?1
            AND NOT EXISTS (SELECT 1 FROM diagram WHERE id = ?1 AND second
                AND state IN ('todo', 'in_progress', 'returned'))",
    )?;
    let mut rows = statement.query([id.as_str()])?;
    while let Some(row) = rows.next()? {
        text.push('\n');
        text.push_str(row.get_ref(0)?.as_str().unwrap_or_default());
    }
    tx.prepare_cached("DELETE FROM diagram_words WHERE rowid = ?1")?
        .execute([number])?;
    tx.prepare_cached("INSERT INTO diagram_words (rowid, words) VALUES (?1, ?2)")?
        .execute((number, words::index_text(&text)))?;
    Ok(())
}

fn view_columns(view: View) -> (&'static str, Option<u32>) {
    match view {
        View::Original => ("original", None),
        View::Whole => ("whole", None),
        View::Tiles { tile_px } => ("tiles", Some(tile_px)),
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Diagram> {
    let view: String = row.get(9)?;
    let tile_px: Option<u32> = row.get(10)?;
    Ok(Diagram {
        id: DiagramId::from_text(row.get::<_, String>(0)?),
        number: row.get(1)?,
        name: row.get(2)?,
        state: parsed(row, 3)?,
        image: Image {
            hash: row.get(4)?,
            format: row.get(5)?,
            width: row.get(6)?,
            height: row.get(7)?,
            bytes: row.get(8)?,
        },
        view: match (view.as_str(), tile_px) {
            (_, Some(tile_px)) => View::Tiles { tile_px },
            ("whole", None) => View::Whole,
            _ => View::Original,
        },
        context: row.get(11)?,
        source: row.get(12)?,
        license: row.get(13)?,
        imported_at: row.get::<_, Millis>(14)?.0,
        kind: row.get(15)?,
        plan: Some(row.get(16)?).filter(|place| *place != NOT_PLANNED),
        second: row.get(17)?,
        draft_hidden: row.get(18)?,
        skip_reason: row.get(19)?,
    })
}
