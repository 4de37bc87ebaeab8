//! What happened to one caption.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{Level, PersonId, RegionId, RevisionId, Timestamp};

/// One revision in a list; its text is asked for apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct HistoryEntry {
    /// The revision.
    pub id: RevisionId,
    /// The revision it was written on top of.
    pub parent_id: Option<RevisionId>,
    /// Whose caption it is.
    pub annotator_id: PersonId,
    /// Name of whose caption it is.
    pub annotator: String,
    /// Name of who wrote it.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
    /// Length in code points.
    pub length: u32,
    /// How it begins, at most 120 characters.
    pub excerpt: String,
    /// Whether the caption stands here.
    pub is_head: bool,
    /// Whether it is what was handed in last.
    pub is_submitted: bool,
    /// Whether a lead accepted it.
    pub is_approved: bool,
    /// Whether it was set aside because the head had moved.
    pub is_aside: bool,
}

/// What a window knows of a submission besides the texts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct SubmitNote {
    /// The draft that stood on the screen when an untouched caption was handed in; without it no draft is
    /// accepted by handing in.
    pub draft_id: Option<crate::DraftId>,
    /// How long somebody worked on each caption since it was handed in last, as far as a window counted.
    pub active: Vec<ActiveTime>,
}

/// How long somebody worked on one caption of a diagram.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ActiveTime {
    /// The caption's level.
    pub level: Level,
    /// Its region, at [`Level::Partial`].
    pub region_id: Option<RegionId>,
    /// Seconds with the caption in front and somebody there; pauses and other places do not count.
    pub seconds: f64,
}
