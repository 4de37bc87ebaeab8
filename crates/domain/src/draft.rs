//! Drafts: what a model, or an imported file, says of a diagram. Immutable.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{DraftId, Level, RegionId, Timestamp};

/// An immutable suggestion for a caption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Draft {
    /// Its name.
    pub id: DraftId,
    /// How much of the diagram it speaks of.
    pub level: Level,
    /// The region it speaks of; only at [`Level::Partial`].
    pub region_id: Option<RegionId>,
    /// What it says.
    pub text: String,
    /// Where it came from, for people: a model's name or a file's.
    pub label: String,
    /// When it was made or imported.
    pub created_at: Timestamp,
}

/// A draft that has no row yet.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDraft {
    /// How much of the diagram it speaks of.
    pub level: Level,
    /// Name of the region it speaks of, made when the diagram has none of that name.
    pub region: Option<NewRegion>,
    /// What it says.
    pub text: String,
    /// Where it came from, for people.
    pub label: String,
}

/// A region that has no row yet: a name, and its box in pixels of the upright image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewRegion {
    /// Unique within the diagram.
    pub name: String,
    /// Left, top, width, height; the whole picture when not known.
    pub bbox: Option<[u32; 4]>,
}
