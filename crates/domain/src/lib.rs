//! The nouns of Callout and the rules they obey.
//!
//! Nothing here reads a clock, a file or a database; ids and times are passed in.
#![warn(missing_docs)]

mod annotation;
mod audit;
mod diagram;
mod draft;
mod id;
mod level;
mod person;
mod state;
#[cfg(test)]
mod tests;
mod time;

pub use annotation::{Caption, Committed, Conflict, JournalEntry, Keep, Revision, Saved, Slot};
pub use audit::{Action, AuditEntry, AuditEvent};
pub use diagram::{
    Diagram, DiagramView, Image, Place, QueueFilter, QueuePage, QueueRow, Region, StateCounts, View,
};
pub use draft::{Draft, NewDraft, NewRegion};
pub use id::{AnnotationId, DiagramId, DraftId, PersonId, RegionId, RevisionId, WorkspaceId};
pub use level::{Level, UnknownLevel};
pub use person::{EmptyName, Person};
pub use state::{State, UnknownState, WrongState};
pub use time::Timestamp;
