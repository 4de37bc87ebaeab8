//! What an engine tells while it works: lines of `runs/<job>/telemetry.jsonl` and `partial.jsonl`.
//! None of it is in the database, and all of it may be lost without losing work.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{DiagramId, JobState, Level, QuestionId, Timestamp};

/// One line of `telemetry.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Telemetry {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub event: TelemetryEvent,
}

/// What happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TelemetryEvent {
    /// An engine took the job, or took it up again.
    Started {
        /// The engine.
        worker: String,
    },
    /// A model is being read.
    Loading {
        /// Its name.
        model: String,
    },
    /// A model is ready.
    Loaded {
        /// Its name.
        model: String,
        /// Where it runs, for people.
        device: String,
        /// Number type of the computation and of the weights, for people.
        compute_type: String,
        /// How long that took.
        seconds: f64,
        /// What it holds, in MiB.
        memory_mib: Option<u32>,
    },
    /// An item is begun.
    Begun {
        /// The item.
        item: u32,
        /// The diagram.
        diagram: DiagramId,
        /// The level.
        level: Level,
    },
    /// A draft is finished and kept.
    Drafted {
        /// The item.
        item: u32,
        /// The diagram.
        diagram: DiagramId,
        /// The level.
        level: Level,
        /// From beginning to end.
        seconds: f64,
        /// To the first token.
        first_token_s: Option<f64>,
        /// Tokens that were read.
        prompt_tokens: Option<u32>,
        /// Tokens that were written.
        new_tokens: Option<u32>,
    },
    /// Questions are proposed and kept.
    Proposed {
        /// The item.
        item: u32,
        /// The diagram.
        diagram: DiagramId,
        /// How many.
        questions: u32,
        /// From beginning to end.
        seconds: f64,
    },
    /// A question is answered, and the answer kept.
    Answered {
        /// The item.
        item: u32,
        /// The diagram.
        diagram: DiagramId,
        /// The question.
        question: QuestionId,
        /// Whether the answer is right; `None` when none could be read.
        correct: Option<bool>,
        /// From beginning to end.
        seconds: f64,
    },
    /// Nothing came of an item.
    Failed {
        /// The item.
        item: u32,
        /// The diagram.
        diagram: DiagramId,
        /// Why.
        error: String,
    },
    /// Something that people should know.
    Note {
        /// What.
        text: String,
    },
    /// The engine let go of the job.
    Ended {
        /// Where the job stands.
        state: JobState,
    },
}

/// One line of `partial.jsonl`: text as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct PartialText {
    /// The item.
    pub item: u32,
    /// The diagram.
    pub diagram: DiagramId,
    /// Counts the lines of one attempt at an item, from 0; a new 0 begins the text anew.
    pub n: u32,
    /// What came.
    pub text: String,
}

/// What a run told since somebody last asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct Followed {
    /// Where to go on; to be given back as it is.
    pub cursor: String,
    /// Lines of telemetry, oldest first.
    pub telemetry: Vec<Telemetry>,
    /// Pieces of text, oldest first.
    pub partial: Vec<PartialText>,
    /// Whether there is more to read at once.
    pub more: bool,
}
