//! What can go wrong in a workspace, and what to do about it.

use std::path::PathBuf;

use domain::{DiagramId, Slot, WrongState};

/// The result of a store operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong; [`Error::help`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder holds no workspace.
    #[error("no Callout workspace in `{}`", .0.display())]
    NotAWorkspace(PathBuf),
    /// `init` on a folder that is one already.
    #[error("there is a workspace already in `{}`", .0.display())]
    AlreadyAWorkspace(PathBuf),
    /// Made by a later version of Callout.
    #[error("the workspace was made by a newer Callout (schema {found}, this one knows {known}): `{}`", path.display())]
    NewerDatabase {
        /// Schema version in the file.
        found: u32,
        /// Highest schema version this program knows.
        known: u32,
        /// The database.
        path: PathBuf,
    },
    /// No diagram has this id, or an id that begins so.
    #[error("no diagram `{0}`")]
    NoDiagram(String),
    /// Several diagrams have an id that begins so.
    #[error("`{0}` names more than one diagram")]
    AmbiguousDiagram(String),
    /// No region has this id or name.
    #[error("diagram {diagram} has no region `{region}`")]
    NoRegion {
        /// The diagram.
        diagram: DiagramId,
        /// What was asked for.
        region: String,
    },
    /// A partial caption without a region, or another level with one.
    #[error("a {} caption {}", .0.level.as_str(), if .0.region_id.is_some() { "has no region" } else { "needs a region" })]
    SlotRegion(Slot),
    /// The step does not exist in the life of a diagram.
    #[error(transparent)]
    WrongState(#[from] WrongState),
    /// The text stands until the diagram is reopened.
    #[error("the diagram is {} and takes no text", .0.as_str())]
    ReadOnly(domain::State),
    /// There is no text to submit.
    #[error("nothing to submit: no caption of this diagram has any text")]
    NothingToSubmit,
    /// Two texts of one caption wait for a choice.
    #[error("two texts of the {} caption wait for a choice", .0.as_str())]
    OpenConflict(domain::Level),
    /// There is no conflict to settle.
    #[error("no conflict is open on this caption")]
    NoConflict,
    /// The caption has no such draft to see.
    #[error("the caption has no such draft")]
    NoDraft,
    /// The caption has a text of its own.
    #[error("the caption has a text of its own already")]
    CaptionWritten,
    /// No model has this id or name.
    #[error("no model `{0}`")]
    NoModel(String),
    /// Another model has this name.
    #[error("there is a model `{0}` already")]
    ModelNameTaken(String),
    /// A model that cannot be.
    #[error(transparent)]
    BadModel(#[from] domain::BadModel),
    /// No job has this id or number.
    #[error("no job `{0}`")]
    NoJob(String),
    /// The step does not exist in the life of a job.
    #[error(transparent)]
    WrongJobState(#[from] domain::WrongJobState),
    /// A request for drafts that cannot be.
    #[error(transparent)]
    BadRequest(#[from] domain::BadRequest),
    /// Every caption that was asked for has its draft, or waits for it.
    #[error("nothing to draft: what was asked for has a draft by this model, or waits for one")]
    NothingToDraft,
    /// No diagram or question is left that a model could be asked about.
    #[error("nothing is left to ask this model")]
    NothingToAsk,
    /// A draft with no text, or with far too much.
    #[error("a draft of {0} bytes is not kept")]
    DraftSize(usize),
    /// A column that should hold JSON of ours does not.
    #[error("cannot read `{column}`")]
    Json {
        /// The column.
        column: &'static str,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A row points at a row that is not there.
    #[error("a row of `{0}` points at nothing; the workspace was left as it was")]
    Dangling(String),
    /// The acting person has no such role.
    #[error("this takes the role {}, which {person} does not have", any_of(roles))]
    NotAllowed {
        /// Name of who acts.
        person: String,
        /// The roles of which one is needed.
        roles: Vec<domain::Role>,
    },
    /// Somebody else holds the diagram.
    #[error("{person} holds this diagram until {}", until.to_rfc3339())]
    Claimed {
        /// Who.
        person: String,
        /// Until when.
        until: domain::Timestamp,
    },
    /// The person's part is handed in, and a second person's is not yet.
    #[error("your captions are handed in; the diagram waits for a second person")]
    WaitsForSecond,
    /// Nobody has this id or name.
    #[error("no person `{0}`")]
    NoPerson(String),
    /// Another person has this name.
    #[error("there is a person `{0}` already")]
    PersonNameTaken(String),
    /// Without a lead nobody could decide.
    #[error("the last lead stays a lead")]
    LastLead,
    /// Rules that cannot be.
    #[error(transparent)]
    BadPolicy(#[from] domain::BadPolicy),
    /// A shape that is none, or lies outside the picture.
    #[error("a region needs {0}")]
    BadRegion(&'static str),
    /// Another region of the diagram has this name.
    #[error("the diagram has a region `{0}` already")]
    RegionNameTaken(String),
    /// No such revision of this caption or question.
    #[error("no revision `{0}` here")]
    NoRevision(String),
    /// Leaving a diagram out takes a reason.
    #[error("leaving a diagram out takes a reason")]
    EmptyReason,
    /// No such change to many diagrams, or it was undone already.
    #[error("there is nothing to undo")]
    NoBulk,
    /// A filter's name is empty.
    #[error("a filter needs a name")]
    EmptyFilterName,
    /// No entry of the glossary has this id.
    #[error("no term `{0}`")]
    NoTerm(String),
    /// An entry with neither an English nor a Chinese term.
    #[error("an entry needs an English or a Chinese term")]
    EmptyTerm,
    /// Another entry has this term.
    #[error("the glossary has `{0}` already")]
    TermTaken(String),
    /// No question has this id.
    #[error("no question `{0}`")]
    NoQuestion(String),
    /// The step does not exist in the life of a question.
    #[error("a question that is `{}` cannot do this", .0.as_str())]
    QuestionState(domain::QuestionState),
    /// An expert's own question is no suggestion.
    #[error("a suggestion names where it came from")]
    NotAProposal,
    /// No conversation has this id.
    #[error("no conversation `{0}`")]
    NoThread(String),
    /// A comment that says nothing.
    #[error("a comment needs words")]
    EmptyComment,
    /// A conversation about something that is not in the diagram.
    #[error("a conversation about {0} that this diagram does not have")]
    BadAnchor(&'static str),
    /// Other texts are handed in than those that the lead read.
    #[error("this was handed in again after you read it")]
    NotAsRead,
    /// An accepted caption without words.
    #[error("the accepted {} caption would be empty", .0.as_str())]
    EmptyFix(domain::Level),
    /// The last decision is not to be taken back: there is none, or work went on after it.
    #[error("there is no decision to take back: none was made, or work went on after it")]
    NoDecision,
    /// A person's name is empty.
    #[error(transparent)]
    EmptyName(#[from] domain::EmptyName),
    /// The database is in use for longer than the time-out.
    #[error("another program has been writing to the workspace for {timeout_secs} s")]
    Busy {
        /// How long was waited.
        timeout_secs: u64,
    },
    /// SQLite failed.
    #[error("the workspace database failed")]
    Sqlite(#[source] rusqlite::Error),
    /// A file could not be read or written.
    #[error("cannot {doing} `{}`", path.display())]
    Io {
        /// What was being done, as a verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
}

impl Error {
    /// What to do about it, where there is something to do.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::NotAWorkspace(_) => Some(
                "Make a workspace there first (`callout init` does without a window), or choose another folder.",
            ),
            Self::AlreadyAWorkspace(_) => Some("Open it, or choose an empty folder."),
            Self::NewerDatabase { .. } => Some("Update Callout to open it; nothing was changed."),
            Self::NoDiagram(_) => Some("List the ids with `callout list WORKSPACE`."),
            Self::AmbiguousDiagram(_) => Some("Give more of the id."),
            Self::NoRegion { .. } => Some("See its regions with `callout show WORKSPACE ID`."),
            Self::SlotRegion(_) => Some("Give a region with the level `partial`, and only there."),
            Self::WrongState(wrong) => Some(wrong.help()),
            Self::ReadOnly(_) => Some("Reopen it to edit."),
            Self::NothingToSubmit => Some("Write a caption first."),
            Self::OpenConflict(_) => Some("Choose which of the two texts to keep, then submit."),
            Self::NoDraft => Some("Write the caption, or have it drafted first."),
            Self::CaptionWritten => {
                Some("Change the text instead, or bring the draft back into it.")
            }
            Self::NoModel(_) => Some("Add the model first, or choose one of those that are there."),
            Self::ModelNameTaken(_) => Some("Choose another name, or remove that model."),
            Self::BadModel(bad) => bad.help(),
            Self::WrongJobState(wrong) => wrong.help(),
            Self::NothingToAsk => Some("Ask again by name, or change the question."),
            Self::NothingToDraft => {
                Some("Ask for it to be drafted again, or choose other diagrams or levels.")
            }
            Self::Dangling(_) => Some("Keep a copy of the folder and ask for help."),
            Self::NotAllowed { .. } => {
                Some("Ask a lead of this workspace to give you such a role.")
            }
            Self::Claimed { .. } => Some("Take another diagram, or wait until the claim ends."),
            Self::RegionNameTaken(_) | Self::PersonNameTaken(_) => Some("Choose another name."),
            Self::LastLead => Some("Make somebody else a lead first."),
            Self::TermTaken(_) => Some("Change that entry instead."),
            Self::QuestionState(_) => Some("Take it up for writing first."),
            Self::WaitsForSecond => Some("Go on with another diagram."),
            Self::NotAsRead => Some("Read it as it is now, then decide."),
            Self::EmptyFix(_) => Some("Write something, or leave the caption out knowingly."),
            Self::NoDecision => Some("Reopen it, or return it with a reason."),
            Self::Busy { .. } => {
                Some("Close the program that holds it, then try again; no text was lost.")
            }
            Self::Sqlite(_) | Self::Io { .. } => self.obstacle().map(Obstacle::help),
            // The message says it all.
            _ => None,
        }
    }

    /// What stands in the way, where the database or a file failed and a person can clear it.
    pub fn obstacle(&self) -> Option<Obstacle> {
        match self {
            Self::Sqlite(error) => Obstacle::of_sqlite(error),
            Self::Io { source, .. } => Obstacle::of_io(source),
            _ => None,
        }
    }

    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}

/// What stands in the way of the database or of a file, where a person can clear it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The disk has no room.
    Full,
    /// The folder cannot be written.
    ReadOnly,
    /// The database is damaged.
    Damaged,
    /// Nobody may touch it.
    Denied,
}

impl Obstacle {
    /// What to do about it.
    pub fn help(self) -> &'static str {
        match self {
            Self::Full => "Make room on the disk, then try again.",
            Self::ReadOnly => "Check that the folder can be written.",
            Self::Damaged => "Keep a copy of the folder; a backup may stand beside `callout.db`.",
            Self::Denied => "Check who may write there.",
        }
    }

    /// What the system's word means.
    pub fn of_io(error: &std::io::Error) -> Option<Self> {
        match error.kind() {
            std::io::ErrorKind::PermissionDenied => Some(Self::Denied),
            std::io::ErrorKind::StorageFull => Some(Self::Full),
            _ => None,
        }
    }

    fn of_sqlite(error: &rusqlite::Error) -> Option<Self> {
        use rusqlite::ErrorCode as Code;
        match error.sqlite_error_code()? {
            Code::DiskFull => Some(Self::Full),
            Code::ReadOnly | Code::CannotOpen => Some(Self::ReadOnly),
            Code::DatabaseCorrupt | Code::NotADatabase => Some(Self::Damaged),
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy) => Self::Busy {
                timeout_secs: crate::database::BUSY_TIMEOUT.as_secs(),
            },
            _ => Self::Sqlite(error),
        }
    }
}

/// Roles as a person reads them: `annotator` or `lead`.
fn any_of(roles: &[domain::Role]) -> String {
    let words: Vec<String> = roles
        .iter()
        .map(|role| format!("`{}`", role.as_str()))
        .collect();
    words.join(" or ")
}
