//! The nouns of Callout and the rules they obey.
//!
//! Nothing here reads a clock, a file or a database; ids and times are passed in.
#![warn(missing_docs)]

mod annotation;
mod audit;
mod dashboard;
mod diagram;
mod draft;
mod examine;
mod history;
mod id;
mod job;
mod level;
mod model;
mod person;
mod policy;
mod question;
mod reason;
mod region;
mod review;
mod state;
mod telemetry;
mod term;
#[cfg(test)]
mod tests;
mod time;
mod work;

pub use annotation::{
    Caption, CaptionProgress, Committed, Conflict, JournalEntry, Keep, Revision, Saved, Slot,
};
pub use audit::{
    Action, AuditAbout, AuditEntry, AuditEvent, AuditFilter, AuditPage, UnknownAction,
};
pub use dashboard::{
    Agreement, Dashboard, Day, DraftGroup, DraftUse, KindProgress, PersonProgress, ReasonCount,
};
pub use diagram::{
    Diagram, DiagramView, Done, DraftCondition, HandedIn, Image, Place, QueueFilter, QueueMark,
    QueueOrder, QueuePage, QueueRow, StateCounts, View,
};
pub use draft::{Draft, DraftOrigin, Drafted, NewDraft, NewRegion};
pub use examine::{
    AnswerParameters, AnswerRequest, ProposeParameters, ProposeRequest, QuestionScope,
};
pub use history::{ActiveTime, HistoryEntry, SubmitNote};
pub use id::{
    AnnotationId, BulkId, DiagramId, DraftId, FilterId, JobId, ModelId, PersonId, QuestionId,
    RegionId, RevisionId, TermId, ThreadId, WorkspaceId,
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
pub use person::{EmptyName, Person, PersonInfo, Role, UnknownRole};
pub use policy::{BadPolicy, Policy};
pub use question::{
    Choice, Difficulty, Finding, Overruled, Question, QuestionContent, QuestionCoverage,
    QuestionEntry, QuestionFilter, QuestionKind, QuestionPage, QuestionRevision, QuestionSaved,
    QuestionSource, QuestionState, QuestionTrial, Severity, UnknownDifficulty, UnknownQuestionKind,
    UnknownQuestionState,
};
pub use reason::{Reason, UnknownReason};
pub use region::{DrawnRegion, Region, RegionChange, Shape, SpanLink};
pub use review::{
    Anchor, Comment, Decision, ExpertText, NewDecision, Pick, Picked, ReviewCaption, ReviewView,
    Settled, Thread, UnknownVerdict, Verdict,
};
pub use state::{State, UnknownState, WrongState};
pub use telemetry::{Followed, PartialText, Telemetry, TelemetryEvent};
pub use term::{NewTerm, Term, TermHit, TermsTaken};
pub use time::{Span, Timestamp};
pub use work::{BulkAction, BulkDone, BulkScope, Claim, SavedFilter};
