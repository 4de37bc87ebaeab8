//! The audit log: who changed what, when. It names revisions and never repeats their texts.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::Timestamp;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A workspace was made.
    Create,
    /// A person acted for the first time.
    Join,
    /// A diagram came in.
    Import,
    /// A draft came in.
    Draft,
    /// A region was made.
    Region,
    /// A caption's head moved.
    Revise,
    /// A revision was set aside because the head had moved.
    Conflict,
    /// A conflict was settled.
    Resolve,
    /// A diagram began to be written.
    Begin,
    /// A diagram was submitted.
    Submit,
    /// A diagram was approved.
    Approve,
    /// A diagram was sent back.
    Return,
    /// A diagram was opened for editing again.
    Reopen,
    /// A model was added or removed.
    Model,
    /// A job was queued or changed its state.
    Job,
    /// Somebody asked something of a job.
    Request,
}

impl Action {
    /// The name used in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Join => "join",
            Self::Import => "import",
            Self::Draft => "draft",
            Self::Region => "region",
            Self::Revise => "revise",
            Self::Conflict => "conflict",
            Self::Resolve => "resolve",
            Self::Begin => "begin",
            Self::Submit => "submit",
            Self::Approve => "approve",
            Self::Return => "return",
            Self::Reopen => "reopen",
            Self::Model => "model",
            Self::Job => "job",
            Self::Request => "request",
        }
    }
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Name of who did it.
    pub who: String,
    /// One of [`Action`]'s names.
    pub action: String,
    /// Id of the diagram, workspace, person, model or job that changed.
    pub subject: String,
    /// Id or state before, where there was one.
    pub before: Option<String>,
    /// Id or state after.
    pub after: Option<String>,
    /// A reason that somebody gave.
    pub note: Option<String>,
}

/// A change about to be logged.
#[derive(Debug, Clone, Copy)]
pub struct AuditEvent<'a> {
    /// What was done.
    pub action: Action,
    /// Id of what changed.
    pub subject: &'a str,
    /// Id or state before.
    pub before: Option<&'a str>,
    /// Id or state after.
    pub after: Option<&'a str>,
    /// A reason that somebody gave.
    pub note: Option<&'a str>,
}

impl Action {
    /// An event of this kind on `subject`, with nothing before or after.
    pub fn on(self, subject: &str) -> AuditEvent<'_> {
        AuditEvent {
            action: self,
            subject,
            before: None,
            after: None,
            note: None,
        }
    }
}

impl<'a> AuditEvent<'a> {
    /// Adds the id or state before, if there was one.
    #[must_use]
    pub fn before(self, before: Option<&'a str>) -> Self {
        Self { before, ..self }
    }

    /// Adds the id or state after.
    #[must_use]
    pub fn after(self, after: &'a str) -> Self {
        Self {
            after: Some(after),
            ..self
        }
    }

    /// Adds a reason.
    #[must_use]
    pub fn note(self, note: &'a str) -> Self {
        Self {
            note: Some(note),
            ..self
        }
    }
}
