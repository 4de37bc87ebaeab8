//! Objective questions about a diagram.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{DiagramId, JobId, Level, ModelId, QuestionId, RegionId, RevisionId, Span, Timestamp};

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// One option is right.
    SingleChoice,
    /// One or more options are right.
    MultipleChoice,
    /// The statement is true or false.
    TrueFalse,
    /// Words or a number.
    FillIn,
}

impl QuestionKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [
        Self::SingleChoice,
        Self::MultipleChoice,
        Self::TrueFalse,
        Self::FillIn,
    ];

    /// The name used in the database, on the command line and in exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SingleChoice => "single_choice",
            Self::MultipleChoice => "multiple_choice",
            Self::TrueFalse => "true_false",
            Self::FillIn => "fill_in",
        }
    }
}

/// One option of a choice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Choice {
    /// What it says.
    pub text: String,
    /// Whether it belongs to the key.
    pub right: bool,
}

/// How difficult an examinee finds it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Difficulty {
    /// Read off one place of the picture.
    Easy,
    /// Two or three places together.
    #[default]
    Medium,
    /// A whole path, or knowledge of the field as well.
    Hard,
}

/// What a question says: all that its author writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct QuestionContent {
    /// How it is answered.
    pub kind: QuestionKind,
    /// The question, or the statement to judge. In fill-ins `____` marks the gap.
    pub stem: String,
    /// The options of a choice, in order; empty for the other kinds.
    pub choices: Vec<Choice>,
    /// Whether the statement is true; `None` before its author said so, and for the other kinds.
    pub truth: Option<bool>,
    /// Accepted answers of a fill-in, the preferred one first; empty for the other kinds.
    pub accepted: Vec<String>,
    /// Unit of a number, such as `ms`; empty for none.
    pub unit: String,
    /// How far a number may be off, in the same unit; `None` for words.
    pub tolerance: Option<f64>,
    /// Why the key is right.
    pub rationale: String,
    /// How much of the diagram it asks about.
    pub level: Level,
    /// How hard.
    pub difficulty: Difficulty,
    /// What it asks for, such as `counting` or `next step`; free, the workspace's own list is offered.
    pub category: String,
    /// Regions that hold the evidence.
    pub evidence: Vec<RegionId>,
    /// Warnings that the author overruled, with the reason.
    pub overruled: Vec<Overruled>,
}

/// A warning that an author answered for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Overruled {
    /// Name of the check.
    pub check: String,
    /// What the warning was about: [`Finding::about`]. `None` in notes from before this was kept; they answer for
    /// whatever that check finds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Why it does not apply.
    pub note: String,
}

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum QuestionState {
    /// A suggestion that no expert took up yet.
    Proposed,
    /// An expert writes it.
    Draft,
    /// An expert put it into the set.
    Ready,
    /// An expert turned it down.
    Rejected,
}

impl QuestionState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Proposed, Self::Draft, Self::Ready, Self::Rejected];

    /// The name used in the database, on the command line and in exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Draft => "draft",
            Self::Ready => "ready",
            Self::Rejected => "rejected",
        }
    }
}

/// Where a question came from; it stays with it for life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum QuestionSource {
    /// An expert wrote it.
    Expert,
    /// A model proposed it.
    Model {
        /// The model.
        model_id: ModelId,
        /// Its name then.
        model: String,
        /// The job.
        job_id: JobId,
    },
    /// Made from the graph of a synthetic diagram; never counts as an expert's.
    Synthetic {
        /// What made it.
        label: String,
    },
    /// It came in with a file.
    Imported {
        /// The file.
        label: String,
    },
}

/// One question as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Question {
    /// Its name for machines.
    pub id: QuestionId,
    /// The diagram.
    pub diagram_id: DiagramId,
    /// The diagram's number in the queue.
    pub diagram_number: u32,
    /// Where it stands.
    pub state: QuestionState,
    /// What it says.
    pub content: QuestionContent,
    /// Where it came from.
    pub source: QuestionSource,
    /// Name of the expert whose it is; `None` for a suggestion nobody took up.
    pub author: Option<String>,
    /// Name of whoever wrote what it says now; `None` where that is not known.
    pub writer: Option<String>,
    /// Counts the writes of its text, from 1.
    pub version: u32,
    /// The newest revision.
    pub head: Option<RevisionId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its text last changed.
    pub updated_at: Timestamp,
    /// Why it was turned down.
    pub reject_reason: Option<String>,
}

/// What an editor hands over while somebody writes a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct QuestionEntry {
    /// Which question.
    pub id: QuestionId,
    /// All it says.
    pub content: QuestionContent,
    /// The version this was written on top of.
    pub version: u32,
}

/// The answer to a [`QuestionEntry`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct QuestionSaved {
    /// The new version.
    pub version: u32,
    /// When it was written.
    pub at: Timestamp,
    /// Set when somebody else had written meanwhile: what was handed over is kept as a revision of its
    /// own, and this is what stands.
    pub theirs: Option<Question>,
}

/// One earlier text of a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct QuestionRevision {
    /// Its name.
    pub id: RevisionId,
    /// What it said.
    pub content: QuestionContent,
    /// Name of who wrote it.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
}

/// Which questions are looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
#[serde(default)]
pub struct QuestionFilter {
    /// Only of this diagram.
    pub diagram_id: Option<DiagramId>,
    /// Only in this state.
    pub state: Option<QuestionState>,
    /// Only of this kind.
    pub kind: Option<QuestionKind>,
    /// Only at this level.
    pub level: Option<Level>,
    /// Only of this category.
    pub category: Option<String>,
    /// Only by the expert of this name.
    pub author: Option<String>,
    /// Only synthetic ones, or none of them.
    pub synthetic: Option<bool>,
    /// Only as hard as this.
    pub difficulty: Option<Difficulty>,
    /// Only choices whose first right option has this index, from 0.
    pub key_position: Option<u32>,
    /// Only those that were put into the set then.
    pub made_ready: Option<Span>,
    /// Only those that somebody besides their author answered, or none of them; as they stand now, with the picture.
    pub second_answer: Option<bool>,
    /// Only whose words hold each of these, whatever the case.
    pub search: String,
}

/// A stretch of the list of questions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct QuestionPage {
    /// How many the filter lets through.
    pub total: u32,
    /// Index of the first, from 0.
    pub offset: u32,
    /// The questions, by diagram and then by age.
    pub questions: Vec<Question>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The question cannot enter the set.
    Error,
    /// It can, once its author says why.
    Warning,
    /// Worth knowing.
    Hint,
}

/// What a validator found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Finding {
    /// Name of the check, such as `no_key`; the window has its words in both languages.
    pub check: String,
    /// How bad.
    pub severity: Severity,
    /// Index of the option it is about.
    pub choice: Option<u32>,
    /// What it is about: a text, a number, a question's id; the window puts them into its words.
    pub details: Vec<String>,
    /// The same as a note keeps it, so that it answers for this finding and for no other of the same check. Options
    /// stand in it by their words, since their letters change with their order.
    pub about: String,
    /// The same in English, for the command line.
    pub message: String,
    /// What to do next, in English.
    pub help: String,
    /// Whether the author overruled it.
    pub overruled: bool,
}

/// How answers to a question came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct QuestionTrial {
    /// Who answered: a person's or a model's name.
    pub examinee: String,
    /// Whether it was a model.
    pub is_model: bool,
    /// Whether the picture was withheld.
    pub blind: bool,
    /// The answer as it was given; a choice that was asked in several rotations has one line for each.
    pub answer: String,
    /// Indices of the options that were read out of it.
    pub picked: Vec<u32>,
    /// Name of the rule by which it was read.
    pub rule: String,
    /// Whether it is right; `None` when no answer could be read.
    pub correct: Option<bool>,
    /// When.
    pub at: Timestamp,
}

/// How the set covers the workspace. Synthetic questions never count.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct QuestionCoverage {
    /// Ready questions of experts.
    pub ready: u32,
    /// Suggestions that wait, synthetic ones left out like everywhere here.
    pub proposed: u32,
    /// Being written by experts.
    pub drafts: u32,
    /// Diagrams with at least one ready question.
    pub diagrams: u32,
    /// Ready questions of each kind.
    pub by_kind: Vec<(QuestionKind, u32)>,
    /// Ready questions at each level.
    pub by_level: Vec<(Level, u32)>,
    /// Ready questions of each category, largest first.
    pub by_category: Vec<(String, u32)>,
    /// How often each position holds the key of a ready single choice: A, B, C, …
    pub key_positions: Vec<u32>,
}

/// Text that names no kind or state of questions.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` names no kind of question; they are `single_choice`, `multiple_choice`, `true_false` and `fill_in`"
)]
pub struct UnknownQuestionKind(pub String);

impl FromStr for QuestionKind {
    type Err = UnknownQuestionKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownQuestionKind(text))
    }
}

/// Text that names no state of questions.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no state of a question; they are `proposed`, `draft`, `ready` and `rejected`")]
pub struct UnknownQuestionState(pub String);

impl FromStr for QuestionState {
    type Err = UnknownQuestionState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownQuestionState(text.to_owned()))
    }
}

impl Difficulty {
    /// All of them, easiest first.
    pub const ALL: [Self; 3] = [Self::Easy, Self::Medium, Self::Hard];

    /// The name used in the database, on the command line and in exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Medium => "medium",
            Self::Hard => "hard",
        }
    }
}

/// Text that names no difficulty.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no difficulty; they are `easy`, `medium` and `hard`")]
pub struct UnknownDifficulty(pub String);

impl FromStr for Difficulty {
    type Err = UnknownDifficulty;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|difficulty| difficulty.as_str() == text)
            .ok_or_else(|| UnknownDifficulty(text.to_owned()))
    }
}

impl QuestionContent {
    /// An empty question of a kind, as a new form shows it.
    pub fn empty(kind: QuestionKind, level: Level) -> Self {
        let is_choice = matches!(
            kind,
            QuestionKind::SingleChoice | QuestionKind::MultipleChoice
        );
        Self {
            kind,
            stem: String::new(),
            choices: vec![Choice::default(); if is_choice { 4 } else { 0 }],
            truth: None,
            accepted: Vec::new(),
            unit: String::new(),
            tolerance: None,
            rationale: String::new(),
            level,
            difficulty: Difficulty::default(),
            category: String::new(),
            evidence: Vec::new(),
            overruled: Vec::new(),
        }
    }
}
