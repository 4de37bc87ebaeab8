//! Named rectangles of a diagram.

use domain::{Action, DiagramId, NewRegion, PersonId, Region, RegionId, Timestamp};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::audit;
use crate::annotate::By;
use crate::{Error, Result};

/// The diagram's regions, in order of making.
///
/// # Errors
/// When the database cannot be read.
pub fn of_diagram(connection: &Connection, diagram: &DiagramId) -> Result<Vec<Region>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, x, y, width, height, polygon FROM region
         WHERE diagram_id = ?1 AND removed_at IS NULL ORDER BY position, rowid",
    )?;
    let rows = statement.query_map([diagram.as_str()], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The ids of all regions that the diagram has or had.
pub(crate) fn ids_ever(connection: &Connection, diagram: &DiagramId) -> Result<Vec<RegionId>> {
    let mut statement = connection.prepare_cached("SELECT id FROM region WHERE diagram_id = ?1")?;
    let ids = statement.query_map([diagram.as_str()], |row| {
        Ok(RegionId::from_text(row.get::<_, String>(0)?))
    })?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Those that other people drew while working: neither came with the diagram nor with an imported draft.
pub(crate) fn drawn_by_others(
    connection: &Connection,
    diagram: &DiagramId,
    person: &PersonId,
) -> Result<Vec<RegionId>> {
    let mut statement = connection.prepare_cached(
        "SELECT region.id FROM region JOIN diagram ON diagram.id = region.diagram_id
         WHERE region.diagram_id = ?1 AND created_by <> ?2 AND created_at <> imported_at
            AND NOT EXISTS (SELECT 1 FROM draft WHERE draft.diagram_id = ?1
                AND draft.region_id = region.id AND draft.job_id IS NULL)",
    )?;
    let rows = statement.query_map((diagram.as_str(), person.as_str()), |row| {
        Ok(RegionId::from_text(row.get::<_, String>(0)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The region with this id.
///
/// # Errors
/// [`Error::NoRegion`].
pub(crate) fn get(connection: &Connection, diagram: &DiagramId, id: &RegionId) -> Result<Region> {
    of_diagram(connection, diagram)?
        .into_iter()
        .find(|region| region.id == *id)
        .ok_or_else(|| Error::NoRegion {
            diagram: diagram.clone(),
            region: id.to_string(),
        })
}

/// The region whose id or name is `typed`.
///
/// # Errors
/// [`Error::NoRegion`].
pub fn find(connection: &Connection, diagram: &DiagramId, typed: &str) -> Result<Region> {
    of_diagram(connection, diagram)?
        .into_iter()
        .find(|region| region.id.as_str() == typed || region.name == typed)
        .ok_or_else(|| Error::NoRegion {
            diagram: diagram.clone(),
            region: typed.to_owned(),
        })
}

/// The region of that name; made, with its box cut to the picture, when the diagram has none.
///
/// # Errors
/// [`Error::NoDiagram`], or what SQLite says.
pub fn find_or_insert(
    tx: &Transaction<'_>,
    diagram: &DiagramId,
    new: &NewRegion,
    by: &PersonId,
    at: Timestamp,
) -> Result<Region> {
    match find(tx, diagram, &new.name) {
        Err(Error::NoRegion { .. }) => insert(tx, diagram, new, by, at),
        found => found,
    }
}

fn insert(
    tx: &Transaction<'_>,
    diagram: &DiagramId,
    new: &NewRegion,
    by: &PersonId,
    at: Timestamp,
) -> Result<Region> {
    let image = super::diagram::get(tx, diagram)?.image;
    let whole = [0, 0, image.width, image.height];
    let polygon: Vec<[u32; 2]> = new
        .polygon
        .iter()
        .map(|[x, y]| [(*x).min(image.width - 1), (*y).min(image.height - 1)])
        .collect();
    let [x, y, width, height] = new.bbox.unwrap_or(whole);
    let (x, y) = (x.min(image.width - 1), y.min(image.height - 1));
    let region = Region {
        id: RegionId::new(),
        name: new.name.clone(),
        x,
        y,
        width: width.clamp(1, image.width - x),
        height: height.clamp(1, image.height - y),
        polygon: if polygon.len() < 3 {
            Vec::new()
        } else {
            polygon
        },
    };
    insert_drawn(tx, diagram, &region, By { person: by, at })?;
    audit::append(
        tx,
        at,
        by,
        &Action::Region
            .on(diagram.as_str())
            .after(region.id.as_str()),
    )?;
    Ok(region)
}

/// Who drew a region, also one that was taken away; `None` where there is none.
pub(crate) fn drawn_by(connection: &Connection, id: &RegionId) -> Result<Option<PersonId>> {
    let person: Option<String> = connection
        .prepare_cached("SELECT created_by FROM region WHERE id = ?1")?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?;
    Ok(person.map(PersonId::from_text))
}

/// Writes a region after the last one.
pub(crate) fn insert_drawn(
    tx: &Transaction<'_>,
    diagram: &DiagramId,
    region: &Region,
    by: By<'_>,
) -> Result<()> {
    tx.execute(
        "INSERT INTO region (id, diagram_id, name, x, y, width, height, polygon, created_by, created_at,
            position)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
            (SELECT ifnull(max(position), 0) + 1 FROM region WHERE diagram_id = ?2))",
        rusqlite::params![
            region.id.as_str(),
            diagram.as_str(),
            region.name,
            region.x,
            region.y,
            region.width,
            region.height,
            polygon_json(region)?,
            by.person.as_str(),
            by.at.millis(),
        ],
    )?;
    Ok(())
}

/// Writes a region's name and place over what was there.
pub(crate) fn update(tx: &Transaction<'_>, region: &Region) -> Result<()> {
    tx.execute(
        "UPDATE region SET name = ?2, x = ?3, y = ?4, width = ?5, height = ?6, polygon = ?7 WHERE id = ?1",
        rusqlite::params![
            region.id.as_str(),
            region.name,
            region.x,
            region.y,
            region.width,
            region.height,
            polygon_json(region)?,
        ],
    )?;
    Ok(())
}

fn polygon_json(region: &Region) -> Result<Option<String>> {
    if region.polygon.is_empty() {
        return Ok(None);
    }
    let json = serde_json::to_string(&region.polygon).map_err(|source| Error::Json {
        column: "region.polygon",
        source,
    })?;
    Ok(Some(json))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Region> {
    Ok(Region {
        id: RegionId::from_text(row.get::<_, String>(0)?),
        name: row.get(1)?,
        x: row.get(2)?,
        y: row.get(3)?,
        width: row.get(4)?,
        height: row.get(5)?,
        polygon: match row.get::<_, Option<String>>(6)? {
            Some(points) => serde_json::from_str(&points).map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(6, Type::Text, Box::new(error))
            })?,
            None => Vec::new(),
        },
    })
}
