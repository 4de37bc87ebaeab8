//! Who works on what: claims, bulk changes, saved filters.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{BulkId, DiagramId, FilterId, PersonId, QueueFilter, Timestamp};

/// Somebody holds a diagram for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Claim {
    /// Who holds it.
    pub person_id: PersonId,
    /// Their name.
    pub person: String,
    /// When it ends, unless they go on writing.
    pub until: Timestamp,
}

/// A change to many diagrams.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum BulkAction {
    /// Where they come in the plan: lower numbers first, `None` takes them out of it.
    Plan {
        /// The place, from 0.
        place: Option<u32>,
    },
    /// What kind of diagram they are; empty for not known.
    DiagramKind {
        /// Such as `sequence`.
        diagram_kind: String,
    },
    /// Leave them out of the work, with a reason. Only diagrams that take text.
    Skip {
        /// Why.
        reason: String,
        /// Only those that nobody has begun.
        #[serde(default)]
        only_todo: bool,
    },
    /// Take skipped ones up again.
    Unskip,
    /// Whether a second person is to caption them. Only diagrams that nobody has begun.
    Second {
        /// Whether.
        wanted: bool,
    },
}

/// Which diagrams a bulk change is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum BulkScope {
    /// These.
    Picked {
        /// Their ids.
        ids: Vec<DiagramId>,
    },
    /// All that a filter lets through.
    Filtered {
        /// The filter.
        filter: QueueFilter,
    },
}

/// What a bulk change did; it can be undone as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct BulkDone {
    /// Names it, for undoing it.
    pub id: BulkId,
    /// Diagrams that it changed.
    pub changed: u32,
    /// Diagrams that were so already, or that it does not apply to.
    pub unchanged: u32,
}

/// A filter that somebody keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct SavedFilter {
    /// Its name for machines.
    pub id: FilterId,
    /// Its name for people, unique for each person.
    pub name: String,
    /// What it lets through.
    pub filter: QueueFilter,
}
