//! Numbers for leads. Each number names the filter whose list it counts.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{Difficulty, PersonId, QuestionCoverage, Reason, Role, StateCounts};

/// All of a dashboard's numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Dashboard {
    /// Diagrams in each state.
    pub states: StateCounts,
    /// The same for each kind of diagram; empty text for not known.
    pub by_kind: Vec<KindProgress>,
    /// The same for each person who wrote.
    pub by_person: Vec<PersonProgress>,
    /// What was done on each of the last days, oldest first; days of UTC.
    pub days: Vec<Day>,
    /// What experts said was wrong with drafts.
    pub reasons: Vec<ReasonCount>,
    /// How drafts fare.
    pub drafts: DraftUse,
    /// Two people on the same diagram.
    pub agreement: Agreement,
    /// The question set.
    pub questions: QuestionCoverage,
    /// Ready questions of each difficulty.
    pub by_difficulty: Vec<(Difficulty, u32)>,
    /// Conversations that are open.
    pub open_threads: u32,
}

/// How far one kind of diagram is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct KindProgress {
    /// The kind; empty for not known.
    pub kind: String,
    /// Diagrams in each state.
    pub states: StateCounts,
}

/// How far one person is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct PersonProgress {
    /// Who.
    pub person_id: PersonId,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub roles: Vec<Role>,
    /// Diagrams they wrote in, by state.
    pub states: StateCounts,
    /// Submissions on the days of the dashboard.
    pub submitted: u32,
    /// Median of the active time for a submission, in seconds; `None` where it is not known.
    pub median_seconds: Option<f64>,
}

/// What was done on one day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Day {
    /// Such as `2026-11-24`.
    pub date: String,
    /// Diagrams submitted.
    pub submitted: u32,
    /// Diagrams accepted.
    pub approved: u32,
    /// Diagrams sent back.
    pub returned: u32,
    /// Questions that became ready.
    pub questions: u32,
}

/// How often one thing was wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ReasonCount {
    /// What.
    pub reason: Reason,
    /// In which kind of diagram; empty for not known.
    pub diagram_kind: String,
    /// Captions.
    pub count: u32,
}

/// What became of drafts that were handed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct DraftUse {
    /// Captions written with the draft in view.
    pub shown: DraftGroup,
    /// Captions whose draft was hidden.
    pub hidden: DraftGroup,
    /// Captions that had no draft.
    pub none: DraftGroup,
}

/// Captions that were handed in under one condition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct DraftGroup {
    /// Captions.
    pub captions: u32,
    /// Of these, word for word the draft.
    pub unchanged: u32,
    /// Mean share of the draft's words that stayed, 0–1.
    pub mean_kept: Option<f64>,
    /// Median active seconds until submission.
    pub median_seconds: Option<f64>,
    /// Median active seconds of those handed in unchanged.
    pub median_seconds_unchanged: Option<f64>,
    /// Mean length in code points.
    pub mean_length: Option<f64>,
    /// Captions that a lead sent back.
    pub returned: u32,
}

/// How far two people agree.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct Agreement {
    /// Captions that two people handed in.
    pub pairs: u32,
    /// Mean share of words in common, 0–1: twice the common words by all words.
    pub text: Option<f64>,
    /// Share of questions that a second expert answered with the key, 0–1.
    pub keys: Option<f64>,
    /// Answers behind `keys`.
    pub key_answers: u32,
}
