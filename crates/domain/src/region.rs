//! Regions: named parts of a picture, and the stretches of text that speak of them.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::RegionId;

/// A named part of a diagram, in pixels of the upright image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Region {
    /// Its name for machines.
    pub id: RegionId,
    /// Its name for people, unique within the diagram.
    pub name: String,
    /// Left edge of its box.
    pub x: u32,
    /// Upper edge of its box.
    pub y: u32,
    /// Width of its box.
    pub width: u32,
    /// Height of its box.
    pub height: u32,
    /// Corners of a polygon as `[x, y]`, at least three; empty for a rectangle.
    pub polygon: Vec<[u32; 2]>,
}

/// Where a region is drawn, in pixels of the upright image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Shape {
    /// An upright rectangle.
    Rectangle {
        /// Left edge.
        x: u32,
        /// Upper edge.
        y: u32,
        /// Width, at least 1.
        width: u32,
        /// Height, at least 1.
        height: u32,
    },
    /// A closed polygon.
    Polygon {
        /// Its corners as `[x, y]`, 3 to 500 of them.
        points: Vec<[u32; 2]>,
    },
}

/// A region that somebody draws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct DrawnRegion {
    /// Its name; `None` takes the next free number.
    pub name: Option<String>,
    /// Where it is.
    pub shape: Shape,
}

/// What changes about a region; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct RegionChange {
    /// The new name.
    pub name: Option<String>,
    /// The new place.
    pub shape: Option<Shape>,
}

/// A stretch of a caption that speaks of a region: code points `start..end` of its text, as in the
/// `TextPositionSelector` of the W3C Web Annotation Data Model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SpanLink {
    /// First code point, from 0.
    pub start: u32,
    /// The code point after the last.
    pub end: u32,
    /// The region.
    pub region_id: RegionId,
}
