//! The audit log: who changed what, when. It names revisions and never repeats their texts.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{DiagramId, Timestamp};

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
    /// The reasons for changing a draft were set.
    Reasons,
    /// An earlier text became the head again.
    Restore,
    /// A diagram was claimed, given up, or taken over.
    Claim,
    /// A diagram was left out, or taken up again.
    Skip,
    /// A diagram's place in the plan, its kind, or whether it needs a second person changed.
    Plan,
    /// A change to many diagrams was made or undone.
    Bulk,
    /// A question changed its state or its text.
    Question,
    /// A conversation began, went on, or was settled.
    Thread,
    /// A lead decided.
    Decide,
    /// A decision was taken back.
    Undo,
    /// An entry of the glossary changed.
    Term,
    /// A person's name or roles changed.
    Person,
    /// The workspace's rules changed.
    Policy,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 28] = [
        Self::Create,
        Self::Join,
        Self::Import,
        Self::Draft,
        Self::Region,
        Self::Revise,
        Self::Conflict,
        Self::Resolve,
        Self::Begin,
        Self::Submit,
        Self::Approve,
        Self::Return,
        Self::Reopen,
        Self::Model,
        Self::Job,
        Self::Request,
        Self::Reasons,
        Self::Restore,
        Self::Claim,
        Self::Skip,
        Self::Plan,
        Self::Bulk,
        Self::Question,
        Self::Thread,
        Self::Decide,
        Self::Term,
        Self::Person,
        Self::Policy,
    ];

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
            Self::Reasons => "reasons",
            Self::Restore => "restore",
            Self::Claim => "claim",
            Self::Skip => "skip",
            Self::Plan => "plan",
            Self::Bulk => "bulk",
            Self::Question => "question",
            Self::Thread => "thread",
            Self::Decide => "decide",
            Self::Undo => "undo",
            Self::Term => "term",
            Self::Person => "person",
            Self::Policy => "policy",
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
    /// What the ids stand for, where a page of the log is read to be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<AuditAbout>,
}

/// What the ids of a line stand for, as things are named now.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct AuditAbout {
    /// The diagram that it concerns.
    pub diagram_id: Option<DiagramId>,
    /// The diagram's number in the queue, or the job's.
    pub number: Option<u32>,
    /// Name of the picture, the person, the model or the term; a question's first words.
    pub name: Option<String>,
    /// Name of the person who stood there before.
    pub before: Option<String>,
    /// Name of the person who stands there after.
    pub after: Option<String>,
}

/// Text that names no action.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no action; try `submit`, `approve`, `return`, `revise`, `question` or `person`")]
pub struct UnknownAction(pub String);

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|action| action.as_str() == text)
            .ok_or_else(|| UnknownAction(text.to_owned()))
    }
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

/// Which lines of the audit log are looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
#[serde(default)]
pub struct AuditFilter {
    /// Only by the person of this name.
    pub who: Option<String>,
    /// Only of this kind.
    pub action: Option<Action>,
    /// Only about this subject.
    pub subject: Option<String>,
    /// Only about the diagram of this number.
    pub diagram: Option<u32>,
}

/// A stretch of the audit log, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct AuditPage {
    /// How many lines the filter lets through.
    pub total: u32,
    /// Index of the first, from 0.
    pub offset: u32,
    /// The lines.
    pub entries: Vec<AuditEntry>,
}
