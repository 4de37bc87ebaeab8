//! Drawing regions on a diagram that takes text.

use domain::{
    Action, DiagramId, DrawnRegion, Image, NewRegion, PersonId, Region, RegionChange, RegionId,
    Role, Shape,
};
use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::annotate::{self, By};
use crate::table::{audit, diagram, region};
use crate::{Error, Result, access, people};

const MOST_POINTS: usize = 500;

/// Draws a region after the last one; its shape is cut to the picture.
///
/// # Errors
/// [`Error::ReadOnly`], [`Error::BadRegion`], [`Error::RegionNameTaken`].
pub fn draw(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    new: &DrawnRegion,
) -> Result<Region> {
    begin(tx, by, diagram)?;
    insert(tx, by, diagram, new)
}

/// Draws a region that a question points at: any author may, whatever state the diagram is in, and nobody's work on
/// it begins or changes.
///
/// # Errors
/// [`Error::NotAllowed`] unless an author acts, [`Error::BadRegion`], [`Error::RegionNameTaken`].
pub fn draw_evidence(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    new: &DrawnRegion,
) -> Result<Region> {
    people::require(tx, by.person, Role::Author)?;
    insert(tx, by, diagram, new)
}

fn insert(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    new: &DrawnRegion,
) -> Result<Region> {
    let name = match &new.name {
        Some(name) => free_name(tx, by, diagram, name, None)?,
        None => next_name(tx, diagram, "")?,
    };
    let placed = placed(&new.shape, &diagram::get(tx, diagram)?.image)?;
    let drawn = Region {
        id: RegionId::new(),
        name,
        ..placed
    };
    region::insert_drawn(tx, diagram, &drawn, by)?;
    log(tx, by, diagram, None, Some(&drawn))?;
    Ok(drawn)
}

/// Renames a region or gives it another place.
///
/// # Errors
/// As [`draw`], and [`Error::NoRegion`].
pub fn change(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    id: &RegionId,
    change: &RegionChange,
) -> Result<Region> {
    begin_with(tx, by, diagram, id)?;
    let before = access::region_of(tx, diagram, by.person, id)?;
    let mut after = match &change.shape {
        Some(shape) => placed(shape, &diagram::get(tx, diagram)?.image)?,
        None => before.clone(),
    };
    after.id = id.clone();
    after.name = match &change.name {
        Some(name) => free_name(tx, by, diagram, name, Some(id))?,
        None => before.name.clone(),
    };
    if after != before {
        region::update(tx, &after)?;
        log(tx, by, diagram, Some(&before), Some(&after))?;
    }
    Ok(after)
}

/// Takes a region away. Its captions and links stay, unseen, for [`restore`].
///
/// # Errors
/// [`Error::ReadOnly`], [`Error::NoRegion`].
pub fn remove(tx: &Transaction<'_>, by: By<'_>, diagram: &DiagramId, id: &RegionId) -> Result<()> {
    begin_with(tx, by, diagram, id)?;
    let before = access::region_of(tx, diagram, by.person, id)?;
    tx.execute(
        "UPDATE region SET removed_at = ?2 WHERE id = ?1",
        (id.as_str(), by.at.millis()),
    )?;
    log(tx, by, diagram, Some(&before), None)
}

/// Brings a region back, under its name or, where that is taken, the next free one.
///
/// # Errors
/// As [`remove`].
pub fn restore(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    id: &RegionId,
) -> Result<Region> {
    begin_with(tx, by, diagram, id)?;
    let name: Option<String> = tx
        .query_row(
            "SELECT name FROM region WHERE id = ?1 AND diagram_id = ?2 AND removed_at IS NOT NULL",
            (id.as_str(), diagram.as_str()),
            |row| row.get(0),
        )
        .optional()?;
    let Some(name) = name else {
        return access::region_of(tx, diagram, by.person, id);
    };
    let name = match free_name(tx, by, diagram, &name, Some(id)) {
        Err(Error::RegionNameTaken(_)) => next_name(tx, diagram, &name)?,
        free => free?,
    };
    tx.execute(
        "UPDATE region SET removed_at = NULL, name = ?2 WHERE id = ?1",
        (id.as_str(), &name),
    )?;
    let after = region::get(tx, diagram, id)?;
    log(tx, by, diagram, None, Some(&after))?;
    Ok(after)
}

/// Puts the regions into an order; those that are not named keep theirs, after the named ones.
///
/// # Errors
/// As [`remove`].
pub fn reorder(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    order: &[RegionId],
) -> Result<Vec<Region>> {
    begin(tx, by, diagram)?;
    let before = region::of_diagram(tx, diagram)?;
    for id in order {
        access::region_of(tx, diagram, by.person, id)?;
    }
    let rest = before.iter().filter(|known| !order.contains(&known.id));
    let wanted = order.iter().chain(rest.map(|known| &known.id));
    for (position, id) in wanted.enumerate() {
        let position = u32::try_from(position + 1).unwrap_or(u32::MAX);
        tx.prepare_cached("UPDATE region SET position = ?2 WHERE id = ?1")?
            .execute((id.as_str(), position))?;
    }
    let after = region::of_diagram(tx, diagram)?;
    let names = |regions: &[Region]| -> String {
        let ids: Vec<&str> = regions.iter().map(|known| known.id.as_str()).collect();
        ids.join(" ")
    };
    if names(&before) != names(&after) {
        let (before, after) = (names(&before), names(&after));
        let event = Action::Region
            .on(diagram.as_str())
            .before(Some(&before))
            .after(&after);
        audit::append(tx, by.at, by.person, &event)?;
    }
    access::regions_of(tx, diagram, by.person)
}

/// The region with this id or name, made over the whole picture when there is none of that name.
///
/// # Errors
/// As [`draw`].
pub fn named(tx: &Transaction<'_>, by: By<'_>, diagram: &DiagramId, typed: &str) -> Result<Region> {
    match known(tx, diagram, by.person, typed) {
        Err(Error::NoRegion { .. }) => {}
        found => return found,
    }
    begin(tx, by, diagram)?;
    let new = NewRegion {
        name: free_name(tx, by, diagram, typed, None)?,
        bbox: None,
        polygon: Vec::new(),
    };
    region::find_or_insert(tx, diagram, &new, by.person, by.at)
}

/// The region with this id or name, where the person sees it.
///
/// # Errors
/// [`Error::NoRegion`].
pub fn known(
    connection: &Connection,
    diagram: &DiagramId,
    person: &PersonId,
    typed: &str,
) -> Result<Region> {
    let mut seen = access::regions_of(connection, diagram, person)?.into_iter();
    seen.find(|region| region.id.as_str() == typed || region.name == typed)
        .ok_or_else(|| Error::NoRegion {
            diagram: diagram.clone(),
            region: typed.to_owned(),
        })
}

/// Drawing is work like typing: the diagram is begun, or takes nothing.
fn begin(tx: &Transaction<'_>, by: By<'_>, diagram: &DiagramId) -> Result<()> {
    people::require(tx, by.person, Role::Annotator)?;
    annotate::begin(tx, by, diagram)
}

/// As [`begin`], for one region. An author's own evidence, of which no caption speaks, is theirs to move and to take
/// away in any state of the diagram.
fn begin_with(tx: &Transaction<'_>, by: By<'_>, diagram: &DiagramId, id: &RegionId) -> Result<()> {
    if people::require(tx, by.person, Role::Author).is_ok()
        && region::drawn_by(tx, id)?.as_ref() == Some(by.person)
        && !is_spoken_of(tx, diagram, id)?
    {
        return Ok(());
    }
    begin(tx, by, diagram)
}

/// Whether a caption belongs to the region or is linked to it, as it stands or as it ever stood.
fn is_spoken_of(connection: &Connection, diagram: &DiagramId, id: &RegionId) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM annotation WHERE region_id = ?2)
                OR EXISTS (SELECT 1 FROM draft WHERE region_id = ?2)
                OR EXISTS (SELECT 1 FROM annotation JOIN revision ON revision.annotation_id = annotation.id
                    JOIN json_each(revision.links) AS link
                    WHERE annotation.diagram_id = ?1 AND link.value ->> 'region_id' = ?2)
                OR EXISTS (SELECT 1 FROM annotation JOIN working_copy ON working_copy.annotation_id = annotation.id
                    JOIN json_each(working_copy.links) AS link
                    WHERE annotation.diagram_id = ?1 AND link.value ->> 'region_id' = ?2)",
        )?
        .query_row((diagram.as_str(), id.as_str()), |row| row.get(0))?)
}

/// A region without id and name at the shape's place, cut to the picture.
fn placed(shape: &Shape, image: &Image) -> Result<Region> {
    let (most_x, most_y) = (image.width - 1, image.height - 1);
    let region = |x: u32, y: u32, width: u32, height: u32, polygon: Vec<[u32; 2]>| Region {
        id: RegionId::from_text(""),
        name: String::new(),
        x,
        y,
        width,
        height,
        polygon,
    };
    match shape {
        Shape::Rectangle { width: 0, .. } | Shape::Rectangle { height: 0, .. } => Err(
            Error::BadRegion("a width and a height of at least one pixel"),
        ),
        Shape::Rectangle { x, y, .. } if *x > most_x || *y > most_y => {
            Err(Error::BadRegion("a place within the picture"))
        }
        &Shape::Rectangle {
            x,
            y,
            width,
            height,
        } => Ok(region(
            x,
            y,
            width.min(image.width - x),
            height.min(image.height - y),
            Vec::new(),
        )),
        Shape::Polygon { points } => {
            let mut cut: Vec<[u32; 2]> = points
                .iter()
                .map(|[x, y]| [(*x).min(most_x), (*y).min(most_y)])
                .collect();
            cut.dedup();
            if cut.len() < 3 || cut.len() > MOST_POINTS {
                return Err(Error::BadRegion("3 to 500 different corners"));
            }
            let xs = cut.iter().map(|[x, _]| *x);
            let ys = cut.iter().map(|[_, y]| *y);
            let (left, top) = (xs.clone().min().unwrap_or(0), ys.clone().min().unwrap_or(0));
            let (right, bottom) = (xs.max().unwrap_or(0), ys.max().unwrap_or(0));
            if left == right || top == bottom {
                return Err(Error::BadRegion("corners that are not all on one line"));
            }
            Ok(region(left, top, right - left, bottom - top, cut))
        }
    }
}

/// The name, trimmed, if no other region of the diagram has it; one like it where somebody has it whose regions
/// the person does not see.
fn free_name(
    connection: &Connection,
    by: By<'_>,
    diagram: &DiagramId,
    name: &str,
    except: Option<&RegionId>,
) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(Error::BadRegion("a name, without control characters"));
    }
    let mut all = region::of_diagram(connection, diagram)?.into_iter();
    let Some(holder) = all.find(|known| known.name == name && Some(&known.id) != except) else {
        return Ok(name.to_owned());
    };
    match access::region_of(connection, diagram, by.person, &holder.id) {
        Ok(_) => Err(Error::RegionNameTaken(name.to_owned())),
        Err(Error::NoRegion { .. }) => next_name(connection, diagram, name),
        Err(failed) => Err(failed),
    }
}

/// The first of `1`, `2`, … or of `stem 2`, `stem 3`, … that no region of the diagram has.
fn next_name(connection: &Connection, diagram: &DiagramId, stem: &str) -> Result<String> {
    let known = region::of_diagram(connection, diagram)?;
    let named = |number: usize| match stem {
        "" => number.to_string(),
        stem => format!("{stem} {}", number + 1),
    };
    let is_free = |name: &String| !known.iter().any(|region| region.name == *name);
    Ok((1..).map(named).find(is_free).unwrap_or_default())
}

/// The log keeps the geometry, so that no shape is ever lost.
fn log(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    before: Option<&Region>,
    after: Option<&Region>,
) -> Result<()> {
    let json = |region: Option<&Region>| {
        region
            .map(serde_json::to_string)
            .transpose()
            .map_err(|source| Error::Json {
                column: "audit.before",
                source,
            })
    };
    let (before, after) = (json(before)?, json(after)?);
    let event = Action::Region
        .on(diagram.as_str())
        .before(before.as_deref());
    let event = match &after {
        Some(after) => event.after(after),
        None => event,
    };
    audit::append(tx, by.at, by.person, &event)
}
