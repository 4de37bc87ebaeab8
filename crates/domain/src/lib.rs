//! The nouns of Callout and the rules they obey.
//!
//! Nothing here reads a clock, a file or a database; ids and times are passed in.
#![warn(missing_docs)]

mod annotation;
mod audit;
mod diagram;
mod draft;
mod id;
mod job;
mod level;
mod model;
mod person;
mod state;
mod telemetry;
#[cfg(test)]
mod tests;
mod time;

pub use annotation::{Caption, Committed, Conflict, JournalEntry, Keep, Revision, Saved, Slot};
pub use audit::{Action, AuditEntry, AuditEvent};
pub use diagram::{
    Diagram, DiagramView, Image, Place, QueueFilter, QueueOrder, QueuePage, QueueRow, Region,
    StateCounts, View,
};
pub use draft::{Draft, DraftOrigin, Drafted, NewDraft, NewRegion};
pub use id::{
    AnnotationId, DiagramId, DraftId, JobId, ModelId, PersonId, RegionId, RevisionId, WorkspaceId,
};
pub use job::{
    BadRequest, DraftParameters, DraftRequest, DraftScope, ItemState, Job, JobItem, JobParameters,
    JobRequest, JobState, PromptLanguage, Redraft, Sampling, UnknownName, WrongJobState,
};
pub use level::{Level, UnknownLevel};
pub use model::{
    BadModel, ComputeType, KeySource, LocalOptions, Model, ModelKind, ModelSource, NewModel,
    Quantize, ServerOptions,
};
pub use person::{EmptyName, Person};
pub use state::{State, UnknownState, WrongState};
pub use telemetry::{Followed, PartialText, Telemetry, TelemetryEvent};
pub use time::Timestamp;
