//! What leads read and say about submitted work.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{
    Diagram, DiagramId, Draft, PersonId, QuestionId, Reason, Region, RegionId, RevisionId, Slot,
    SpanLink, State, ThreadId, Timestamp,
};

/// What a conversation is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Anchor {
    /// The diagram as a whole.
    Diagram,
    /// A stretch of one revision, in code points.
    Span {
        /// The caption.
        slot: Slot,
        /// Whose caption.
        annotator_id: PersonId,
        /// The revision.
        revision_id: RevisionId,
        /// First code point, from 0.
        start: u32,
        /// The code point after the last.
        end: u32,
        /// The words there.
        quote: String,
    },
    /// A difference between the draft and a revision.
    Hunk {
        /// The caption.
        slot: Slot,
        /// Whose caption.
        annotator_id: PersonId,
        /// The revision.
        revision_id: RevisionId,
        /// The draft's words; empty where the expert added some.
        before: String,
        /// The expert's words; empty where some were removed.
        after: String,
        /// First code point in the revision.
        start: u32,
    },
    /// A region of the picture.
    Region {
        /// The region.
        region_id: RegionId,
    },
    /// A question.
    Question {
        /// The question.
        question_id: QuestionId,
    },
}

/// One thing said in a conversation. Immutable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Comment {
    /// Who.
    pub author: String,
    /// What.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// A conversation anchored in a diagram.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Thread {
    /// Its name for machines.
    pub id: ThreadId,
    /// The diagram.
    pub diagram_id: DiagramId,
    /// What it is about.
    pub anchor: Anchor,
    /// What was said, oldest first; at least one.
    pub comments: Vec<Comment>,
    /// Who settled it, and when; `None` while it is open.
    pub resolved: Option<Settled>,
}

/// Somebody called something settled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Settled {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// One person's submitted caption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ExpertText {
    /// Whose.
    pub annotator_id: PersonId,
    /// Their name.
    pub annotator: String,
    /// The revision that was handed in.
    pub revision_id: RevisionId,
    /// What it says.
    pub text: String,
    /// Its links to regions.
    pub links: Vec<SpanLink>,
    /// Why the draft was changed.
    pub reasons: Vec<Reason>,
    /// The draft that was on the screen while it was written; `None` where there was none, or it was hidden.
    pub draft: Option<Draft>,
    /// When it was handed in.
    pub submitted_at: Timestamp,
    /// Whether it is the accepted text.
    pub is_approved: bool,
}

/// One caption under review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ReviewCaption {
    /// Which caption; of nobody in particular.
    pub slot: Slot,
    /// The region's name, at the partial level.
    pub region_name: Option<String>,
    /// The draft that the first of the experts saw; where they saw none, the newest.
    pub draft: Option<Draft>,
    /// What experts handed in, the last one first.
    pub experts: Vec<ExpertText>,
    /// What the lead who looks has written here; kept while deciding. Empty where the caption is to be left out.
    pub lead_text: Option<String>,
    /// Whether that was written before the experts' texts were handed in as they are now.
    pub lead_text_is_older: bool,
}

/// All that a lead sees of one diagram.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ReviewView {
    /// The diagram.
    pub diagram: Diagram,
    /// Its regions.
    pub regions: Vec<Region>,
    /// Captions with a draft or an expert's text, in order of reading.
    pub captions: Vec<ReviewCaption>,
    /// Conversations, oldest first.
    pub threads: Vec<Thread>,
    /// Earlier decisions, oldest first.
    pub decisions: Vec<Decision>,
}

/// What a lead decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Accepted as it is.
    Accept,
    /// Accepted with the lead's own wording.
    Fix,
    /// Sent back to its author.
    Return,
}

impl Verdict {
    /// The name used in the database and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Fix => "fix",
            Self::Return => "return",
        }
    }

    /// The state that it leaves a diagram in.
    pub fn state(self) -> State {
        match self {
            Self::Accept | Self::Fix => State::Approved,
            Self::Return => State::Returned,
        }
    }
}

/// Text that names no decision.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no decision; there are `accept`, `fix` and `return`")]
pub struct UnknownVerdict(pub String);

impl std::str::FromStr for Verdict {
    type Err = UnknownVerdict;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Accept, Self::Fix, Self::Return]
            .into_iter()
            .find(|verdict| verdict.as_str() == text)
            .ok_or_else(|| UnknownVerdict(text.to_owned()))
    }
}

/// A decision that was made. Immutable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Decision {
    /// What.
    pub verdict: Verdict,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What was wrong.
    pub reasons: Vec<Reason>,
    /// In the lead's words.
    pub note: String,
    /// Whether it was taken back.
    pub undone: bool,
}

/// Which text a lead accepts for one caption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Pick {
    /// Which caption.
    pub slot: Slot,
    /// What is accepted.
    pub text: Picked,
}

/// The accepted text of one caption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Picked {
    /// An expert's, as it was handed in.
    Expert {
        /// The revision.
        revision_id: RevisionId,
    },
    /// The lead's own.
    Fixed {
        /// What it says.
        text: String,
        /// The expert's revision that it was written over: words that stayed keep their links. Without it,
        /// the one that was handed in last.
        over: Option<RevisionId>,
    },
    /// None: the caption is left out.
    Nothing,
}

/// A decision about to be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum NewDecision {
    /// Accept. Captions that are not named keep what was handed in last.
    Accept {
        /// Where the lead chose otherwise.
        picks: Vec<Pick>,
        /// In the lead's words; may be empty.
        note: String,
        /// Every revision that the lead read; the decision is refused if others are handed in by now. `None`
        /// takes what is there.
        read: Option<Vec<RevisionId>>,
    },
    /// Send back.
    Return {
        /// What is wrong.
        reasons: Vec<Reason>,
        /// In the lead's words; may be empty.
        note: String,
        /// As for accepting.
        read: Option<Vec<RevisionId>>,
    },
}
