//! Drawing regions on a diagram that takes text.

use domain::{DiagramId, DrawnRegion, Region, RegionChange, RegionId};
use rusqlite::Transaction;

use crate::annotate::By;
use crate::{Error, Result};

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
    let _ = (tx, by, diagram, new);
    Err(Error::NotBuilt)
}

/// Renames a region or gives it another place.
///
/// # Errors
/// As [`draw`], and [`Error::NoRegion`].
pub fn change(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    region: &RegionId,
    change: &RegionChange,
) -> Result<Region> {
    let _ = (tx, by, diagram, region, change);
    Err(Error::NotBuilt)
}

/// Takes a region away. Its captions and links stay, unseen, for [`restore`].
///
/// # Errors
/// [`Error::ReadOnly`], [`Error::NoRegion`].
pub fn remove(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    region: &RegionId,
) -> Result<()> {
    let _ = (tx, by, diagram, region);
    Err(Error::NotBuilt)
}

/// Brings a region back, under its name or, where that is taken, the next free one.
///
/// # Errors
/// As [`remove`].
pub fn restore(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    region: &RegionId,
) -> Result<Region> {
    let _ = (tx, by, diagram, region);
    Err(Error::NotBuilt)
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
    let _ = (tx, by, diagram, order);
    Err(Error::NotBuilt)
}
