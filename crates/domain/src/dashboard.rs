//! Numbers for leads. Each count is the length of the list that its filter opens; means and medians are of what
//! such a list holds.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{Difficulty, PersonId, QuestionCoverage, Reason, Role, Span, StateCounts};

/// All of a dashboard's numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Dashboard {
    /// Diagrams in each state.
    pub states: StateCounts,
    /// The same for each kind of diagram; empty text for not known.
    pub by_kind: Vec<KindProgress>,
    /// The same for each person who wrote captions or questions.
    pub by_person: Vec<PersonProgress>,
    /// What was done on each of the last days, oldest first; days as the reader's own time zone counts them.
    pub days: Vec<Day>,
    /// What experts said was wrong with drafts.
    pub reasons: Vec<ReasonCount>,
    /// How drafts fare.
    pub drafts: DraftUse,
    /// Two people on the same diagram.
    pub agreement: Agreement,
    /// The question set.
    pub questions: QuestionCoverage,
    /// Ready questions of each difficulty, without synthetic ones.
    pub by_difficulty: Vec<(Difficulty, u32)>,
    /// Diagrams with a conversation that is open.
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
    /// Diagrams they handed in on the days of the dashboard.
    pub submitted: u32,
    /// Questions of theirs that are ready, without synthetic ones.
    pub questions: u32,
    /// Questions of theirs that they are writing, without synthetic ones.
    pub question_drafts: u32,
    /// Median of the active time for a submission, in seconds; `None` where it is not known.
    pub median_seconds: Option<f64>,
}

/// What was done on one day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Day {
    /// Such as `2026-11-24`.
    pub date: String,
    /// From its first moment to the next day's.
    pub span: Span,
    /// Diagrams handed in.
    pub submitted: u32,
    /// Diagrams accepted.
    pub approved: u32,
    /// Diagrams sent back.
    pub returned: u32,
    /// Questions that became ready, without synthetic ones.
    pub questions: u32,
}

/// How often one thing was wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ReasonCount {
    /// What.
    pub reason: Reason,
    /// In which kind of diagram; empty for not known.
    pub diagram_kind: String,
    /// Diagrams.
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

/// Captions that were handed in under one condition, each as it was handed in last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct DraftGroup {
    /// Diagrams with such a caption.
    pub diagrams: u32,
    /// Diagrams with such a caption that is word for word the draft.
    pub unchanged: u32,
    /// Diagrams with such a caption that a lead sent back.
    pub returned: u32,
    /// The captions, which all that follows is about.
    pub captions: u32,
    /// Share of them that are word for word the draft, 0–1.
    pub share_unchanged: Option<f64>,
    /// Mean share of the draft's words that stayed, 0–1.
    pub mean_kept: Option<f64>,
    /// Median active seconds until submission.
    pub median_seconds: Option<f64>,
    /// Median active seconds of those handed in unchanged.
    pub median_seconds_unchanged: Option<f64>,
    /// Mean length in code points.
    pub mean_length: Option<f64>,
}

/// How far two people agree.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct Agreement {
    /// Diagrams of which two people handed in the same caption without seeing each other's.
    pub pairs: u32,
    /// How alike their texts are, 0–1: of each diagram the caption they agree least on, as twice the common words by
    /// all words; the mean over these diagrams.
    pub text: Option<f64>,
    /// Diagrams where both people's texts are about regions.
    pub box_pairs: u32,
    /// How alike the places are that their texts are about, 0–1: twice the summed overlap (intersection by union) of
    /// the boxes that match best by all boxes of both, a box without a match counting 0; the mean over these diagrams.
    ///
    /// A text is about a region that its words are linked to, or that it is the partial caption of. Regions belong to
    /// the diagram and not to a person, so two people who point at the same region agree wholly: this measures
    /// whether they ground their words in the same places, not how steadily two hands draw the same box.
    pub boxes: Option<f64>,
    /// Ready questions that somebody besides their author answered as they stand, with the picture.
    pub key_questions: u32,
    /// Share of these people's first answers that equal the key, 0–1.
    pub keys: Option<f64>,
}
