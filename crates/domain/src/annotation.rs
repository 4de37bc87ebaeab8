//! Expert text: chains of immutable revisions, and the working copy in front of them.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{
    AnnotationId, DiagramId, Draft, Level, Reason, RegionId, RevisionId, SpanLink, State, Timestamp,
};

/// Names one caption of the acting person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
pub struct Slot {
    /// The diagram.
    pub diagram_id: DiagramId,
    /// The level.
    pub level: Level,
    /// The region; given at [`Level::Partial`] and only there.
    pub region_id: Option<RegionId>,
}

/// One immutable text in a caption's chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Revision {
    /// Its name.
    pub id: RevisionId,
    /// The caption it belongs to.
    pub annotation_id: AnnotationId,
    /// The revision it was written on top of; `None` for the first.
    pub parent_id: Option<RevisionId>,
    /// The text.
    pub text: String,
    /// Stretches of it that speak of regions, in order.
    pub links: Vec<SpanLink>,
    /// Name of who wrote it.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
}

/// Two texts of one caption, written on the same base; both are kept until somebody chooses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Conflict {
    /// The revision that was set aside.
    pub mine: RevisionId,
    /// The revision that is the head.
    pub theirs: RevisionId,
    /// Text of `mine`.
    pub mine_text: String,
    /// Text of `theirs`.
    pub theirs_text: String,
    /// Who wrote `theirs`.
    pub theirs_by: String,
    /// When `theirs` was written.
    pub theirs_at: Timestamp,
}

/// How far one person is with a caption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum CaptionProgress {
    /// There is no text.
    Empty,
    /// Only a draft stands there; it is not handed in.
    Draft,
    /// A draft was accepted word for word.
    Accepted,
    /// The person's own words, or a draft that they changed.
    Written,
}

/// One caption as the editor shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Caption {
    /// Which caption.
    pub slot: Slot,
    /// The region's name, at [`Level::Partial`].
    pub region_name: Option<String>,
    /// The newest draft of it.
    pub draft: Option<Draft>,
    /// Working copy, else head revision, else what another person handed in once nothing may be written any more,
    /// else draft, else nothing.
    pub text: String,
    /// Name of that other person, where it is theirs.
    pub written_by: Option<String>,
    /// Stretches of `text` that speak of regions, in order.
    pub links: Vec<SpanLink>,
    /// Why the person changed the draft.
    pub reasons: Vec<Reason>,
    /// The editor's own state with its undo history, as the editor wrote it.
    pub editor_state: Option<String>,
    /// The head when this text was begun.
    pub base_revision: Option<RevisionId>,
    /// Counts the writes of the working copy; 0 before the first.
    pub version: u32,
    /// When the working copy was last written.
    pub saved_at: Option<Timestamp>,
    /// Whether the working copy says something its base does not.
    pub dirty: bool,
    /// How far the person is with it.
    pub progress: CaptionProgress,
    /// Two texts that wait for a choice.
    pub conflict: Option<Conflict>,
}

/// What an editor hands over while somebody types.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct JournalEntry {
    /// Which caption.
    pub slot: Slot,
    /// All of its text.
    pub text: String,
    /// Stretches of it that speak of regions.
    pub links: Vec<SpanLink>,
    /// The editor's own state, to be given back as it is.
    pub editor_state: Option<String>,
    /// [`Caption::base_revision`] as the editor got it.
    pub base_revision: Option<RevisionId>,
    /// The version this text was typed on top of.
    pub version: u32,
}

/// The answer to a [`JournalEntry`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Saved {
    /// The working copy's new version.
    pub version: u32,
    /// What the working copy stands on now; the next entry names it.
    pub base_revision: Option<RevisionId>,
    /// When it was written.
    pub at: Timestamp,
    /// Set when another window had written in between; its text was kept as a revision.
    pub conflict: Option<Conflict>,
    /// The diagram's state after the write.
    pub state: State,
}

/// The answer to making a revision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Committed {
    /// The caption's head now.
    pub head_revision: Option<RevisionId>,
    /// The working copy's version now.
    pub version: u32,
    /// What the working copy stands on now; the next entry names it. Differs from the head while a
    /// conflict is open.
    pub base_revision: Option<RevisionId>,
    /// Set when the head had moved: both texts are kept.
    pub conflict: Option<Conflict>,
    /// The diagram's state now.
    pub state: State,
}

/// Which of two conflicting texts becomes the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// The one that was set aside.
    Mine,
    /// The one that is the head already.
    Theirs,
}
