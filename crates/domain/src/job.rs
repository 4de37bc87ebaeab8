//! Jobs: long work that an engine takes from the workspace, and the steps they go through.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{
    AnswerParameters, DiagramId, DraftId, JobId, Level, Model, ModelId, ProposeParameters,
    QuestionId, QueueFilter, RegionId, Timestamp,
};

/// Most diagrams of one request that are named one by one.
pub(crate) const MAX_IDS: usize = 100_000;
/// Most tokens of one draft.
const MAX_NEW_TOKENS: u32 = 16_384;

/// What a job does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum JobParameters {
    /// Drafts captions.
    Draft(DraftParameters),
    /// Proposes questions.
    Propose(ProposeParameters),
    /// Answers questions.
    Answer(AnswerParameters),
}

impl JobParameters {
    /// The kind's name in the database.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Draft(_) => "draft",
            Self::Propose(_) => "propose",
            Self::Answer(_) => "answer",
        }
    }

    /// The model, as it was when the job was queued.
    pub fn model(&self) -> &Model {
        match self {
            Self::Draft(parameters) => &parameters.model,
            Self::Propose(parameters) => &parameters.model,
            Self::Answer(parameters) => &parameters.model,
        }
    }

    /// Whether a model may work that predicts text no better than chance.
    pub fn allows_untrained(&self) -> bool {
        match self {
            Self::Draft(parameters) => parameters.allow_untrained,
            Self::Propose(parameters) => parameters.allow_untrained,
            Self::Answer(parameters) => parameters.allow_untrained,
        }
    }
}

/// How a drafting job drafts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct DraftParameters {
    /// The model, as it was when the job was queued.
    pub model: Model,
    /// Levels that are drafted.
    pub levels: Vec<Level>,
    /// Language of the drafts.
    pub language: PromptLanguage,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Whether a model may draft that predicts text no better than chance; for tests without a window.
    #[serde(default, skip_serializing_if = "is_no")]
    #[specta(skip)]
    pub allow_untrained: bool,
}

pub(crate) fn is_no(value: &bool) -> bool {
    !value
}

/// Language that a model is asked to write in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum PromptLanguage {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

impl PromptLanguage {
    /// The name used in the database and in the folder of prompts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }
}

impl FromStr for PromptLanguage {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::En, Self::Zh]
            .into_iter()
            .find(|each| each.as_str() == text)
            .ok_or_else(|| UnknownName::new("language of prompts", text))
    }
}

/// How the next token is chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(default)]
pub struct Sampling {
    /// 0 takes the likeliest token always; at most 2.
    pub temperature: f32,
    /// Only the likeliest tokens that together have this probability, in (0, 1].
    pub top_p: Option<f32>,
    /// Only so many of the likeliest tokens.
    pub top_k: Option<u32>,
    /// Divides the scores of tokens that stand there already; 1 changes nothing.
    pub repetition_penalty: f32,
    /// Most tokens of one draft, 1–16,384.
    pub max_new_tokens: u32,
    /// Start of the random numbers.
    pub seed: u32,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            temperature: 0.0,
            top_p: None,
            top_k: None,
            repetition_penalty: 1.0,
            max_new_tokens: 1_024,
            seed: 0,
        }
    }
}

/// What somebody wants to have drafted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct DraftRequest {
    /// The model.
    pub model_id: ModelId,
    /// Levels; a partial one is drafted for each region that a diagram has.
    pub levels: Vec<Level>,
    /// Language of the drafts.
    pub language: PromptLanguage,
    /// Which diagrams.
    pub scope: DraftScope,
    /// Whether captions are drafted that have such a draft already.
    pub redraft: Redraft,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// As in [`DraftParameters::allow_untrained`]; a window cannot ask for it.
    #[serde(skip)]
    pub allow_untrained: bool,
}

/// What is wrong with a [`DraftRequest`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// No level.
    #[error("a request for drafts names at least one level")]
    NoLevels,
    /// No diagram, or too many by name.
    #[error("a request for drafts names 1–{MAX_IDS} diagrams, or a filter")]
    Ids,
    /// No question, or too many by name.
    #[error("a request for answers names 1–{MAX_IDS} questions, or a filter")]
    Questions,
    /// No kind of question.
    #[error("a request for questions names at least one kind")]
    NoKinds,
    /// Too few or too many questions of one diagram.
    #[error("{0} questions a diagram are not between 1 and 20")]
    PerDiagram(u32),
    /// A setting of [`Sampling`] out of its range.
    #[error("`{0}` is out of its range")]
    Sampling(&'static str),
}

impl DraftRequest {
    /// Checks every field.
    ///
    /// # Errors
    /// [`BadRequest`] says which one is wrong.
    pub fn check(&self) -> Result<(), BadRequest> {
        if self.levels.is_empty() {
            return Err(BadRequest::NoLevels);
        }
        self.scope.check()?;
        self.sampling.check()
    }
}

impl DraftScope {
    pub(crate) fn check(&self) -> Result<(), BadRequest> {
        match self {
            Self::Ids { ids } if !(1..=MAX_IDS).contains(&ids.len()) => Err(BadRequest::Ids),
            _ => Ok(()),
        }
    }
}

impl Sampling {
    pub(crate) fn check(&self) -> Result<(), BadRequest> {
        let wrong = |name| Err(BadRequest::Sampling(name));
        if !(0.0..=2.0).contains(&self.temperature) {
            return wrong("temperature");
        }
        if !self.top_p.is_none_or(|share| share > 0.0 && share <= 1.0) {
            return wrong("top_p");
        }
        if self.top_k == Some(0) {
            return wrong("top_k");
        }
        if !(self.repetition_penalty > 0.0 && self.repetition_penalty <= 10.0) {
            return wrong("repetition_penalty");
        }
        if !(1..=MAX_NEW_TOKENS).contains(&self.max_new_tokens) {
            return wrong("max_new_tokens");
        }
        Ok(())
    }
}

/// Which diagrams are drafted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "which", rename_all = "snake_case")]
pub enum DraftScope {
    /// The one that somebody is looking at; goes before what else is queued.
    One {
        /// The diagram.
        id: DiagramId,
    },
    /// A selection.
    Ids {
        /// The diagrams, at most 100,000.
        ids: Vec<DiagramId>,
    },
    /// All that a filter lets through, in its order.
    Filter {
        /// The filter.
        filter: QueueFilter,
        /// At most so many diagrams.
        limit: Option<u32>,
    },
}

/// Whether a caption is drafted that has a draft already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Redraft {
    /// Only where this model, with this version of the prompt, has drafted none yet.
    #[default]
    Missing,
    /// Always.
    Always,
}

/// Long work, as its row says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Job {
    /// Its name for machines, and that of its folder under `runs/`.
    pub id: JobId,
    /// Its number, from 1, in order of queueing.
    pub number: u32,
    /// What it does.
    pub parameters: JobParameters,
    /// Where it stands.
    pub state: JobState,
    /// Higher goes first; 0 unless somebody waits for it.
    pub priority: u32,
    /// How many items it has.
    pub total: u32,
    /// Items that are done.
    pub done: u32,
    /// Items that failed.
    pub failed: u32,
    /// Items that were left out.
    pub skipped: u32,
    /// The diagram that was begun last.
    pub current: Option<DiagramId>,
    /// What was asked of the engine and has not happened yet.
    pub request: Option<JobRequest>,
    /// The engine that runs it.
    pub worker: Option<String>,
    /// When that engine last said so.
    pub heartbeat_at: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// Name of who queued it.
    pub created_by: String,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it first ran.
    pub started_at: Option<Timestamp>,
    /// When it came to its end.
    pub finished_at: Option<Timestamp>,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waits for an engine.
    Queued,
    /// An engine is at it.
    Running,
    /// Somebody stopped it for a while.
    Paused,
    /// Every item came to its end.
    Done,
    /// It could not go on.
    Failed,
    /// Somebody ended it.
    Cancelled,
}

impl JobState {
    /// All states.
    pub const ALL: [Self; 6] = [
        Self::Queued,
        Self::Running,
        Self::Paused,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name used in the database and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it still has work to do, now or later.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running | Self::Paused)
    }

    /// Whether a step from here to `next` exists.
    pub fn leads_to(self, next: Self) -> bool {
        match next {
            // A running job is queued again when its engine died or let go of it.
            Self::Queued => matches!(self, Self::Running | Self::Paused | Self::Failed),
            Self::Running => self == Self::Queued,
            Self::Paused => matches!(self, Self::Queued | Self::Running),
            Self::Done => self == Self::Running,
            Self::Failed => matches!(self, Self::Queued | Self::Running),
            Self::Cancelled => self.is_open(),
        }
    }

    /// The step from here to `next`.
    ///
    /// # Errors
    /// [`WrongJobState`] when no such step exists.
    pub fn step(self, next: Self) -> Result<Self, WrongJobState> {
        if self.leads_to(next) {
            Ok(next)
        } else {
            Err(WrongJobState {
                from: self,
                to: next,
            })
        }
    }
}

/// A step between states of a job that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a job that is `{}` cannot become `{}`", from.as_str(), to.as_str())]
pub struct WrongJobState {
    /// Where the job stands.
    pub from: JobState,
    /// Where it was to go.
    pub to: JobState,
}

impl WrongJobState {
    /// What to do instead.
    pub fn help(self) -> Option<&'static str> {
        match self.from {
            JobState::Done | JobState::Cancelled => Some("It has ended: queue a new one."),
            JobState::Failed => Some("Resume it to try what is missing again."),
            _ => None,
        }
    }
}

/// What somebody asks of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum JobRequest {
    /// End it; drafts that are finished stay.
    Cancel,
    /// Stop it for a while.
    Pause,
    /// Go on with a paused job, or try a failed one again.
    Resume,
}

impl JobRequest {
    /// The name used in the database and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }

    /// The state that it leads to.
    pub fn leads_to(self) -> JobState {
        match self {
            Self::Cancel => JobState::Cancelled,
            Self::Pause => JobState::Paused,
            Self::Resume => JobState::Queued,
        }
    }
}

/// One caption that a job drafts, one diagram that it asks about, or one question that it answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct JobItem {
    /// Its number, unique in the workspace.
    pub id: u32,
    /// The job.
    pub job_id: JobId,
    /// The diagram.
    pub diagram_id: DiagramId,
    /// The level.
    pub level: Level,
    /// The region; only of captions at [`Level::Partial`].
    pub region_id: Option<RegionId>,
    /// The question; only where one is answered.
    pub question_id: Option<QuestionId>,
    /// Where it stands.
    pub state: ItemState,
    /// The draft that came of it.
    pub draft_id: Option<DraftId>,
    /// Why it failed or was left out.
    pub error: Option<String>,
}

/// Where an item of a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Waits.
    Queued,
    /// An engine is at it.
    Running,
    /// Its draft is there.
    Done,
    /// No draft came of it.
    Failed,
    /// It was left out.
    Skipped,
    /// Its job was cancelled before it was begun, or while it ran.
    Cancelled,
}

impl ItemState {
    /// All states.
    pub const ALL: [Self; 6] = [
        Self::Queued,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Skipped,
        Self::Cancelled,
    ];

    /// The name used in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Text that names nothing of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {kind}")]
pub struct UnknownName {
    kind: &'static str,
    text: String,
}

impl UnknownName {
    fn new(kind: &'static str, text: &str) -> Self {
        Self {
            kind,
            text: text.to_owned(),
        }
    }
}

impl FromStr for JobState {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|each| each.as_str() == text)
            .ok_or_else(|| UnknownName::new("state of a job", text))
    }
}

impl FromStr for ItemState {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|each| each.as_str() == text)
            .ok_or_else(|| UnknownName::new("state of a job's item", text))
    }
}

impl FromStr for JobRequest {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Cancel, Self::Pause, Self::Resume]
            .into_iter()
            .find(|each| each.as_str() == text)
            .ok_or_else(|| UnknownName::new("request to a job", text))
    }
}
