//! Drafts: what a model, or an imported file, says of a diagram. Immutable.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{DraftId, JobId, Level, ModelId, PromptLanguage, RegionId, Sampling, Timestamp};

/// An immutable suggestion for a caption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Draft {
    /// Its name.
    pub id: DraftId,
    /// How much of the diagram it speaks of.
    pub level: Level,
    /// The region it speaks of; only at [`Level::Partial`].
    pub region_id: Option<RegionId>,
    /// What it says.
    pub text: String,
    /// Where it came from, for people: a model's name or a file's.
    pub label: String,
    /// When it was made or imported.
    pub created_at: Timestamp,
    /// How a model made it; `None` for what was imported.
    pub origin: Option<DraftOrigin>,
}

/// How a model made a draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct DraftOrigin {
    /// The job.
    pub job_id: JobId,
    /// The model.
    pub model_id: ModelId,
    /// Where the model was found: a path or an address.
    pub location: String,
    /// What tells this state of the model from others: a commit, a hash, a server's own word.
    pub revision: Option<String>,
    /// Directory of the adapter on top.
    pub adapter: Option<String>,
    /// Version of the prompt.
    pub prompt_version: String,
    /// Language that was asked for.
    pub language: PromptLanguage,
    /// How long it took.
    pub seconds: Option<f64>,
    /// Tokens of the draft.
    pub new_tokens: Option<u32>,
    /// Mean of the natural logarithms of the tokens' probabilities; at most 0.
    pub mean_logprob: Option<f64>,
    /// How tokens were chosen.
    pub sampling: Sampling,
}

/// What an engine hands over when an item is done; what the job knows is not repeated.
#[derive(Debug, Clone, PartialEq)]
pub struct Drafted {
    /// What the model says.
    pub text: String,
    /// As in [`DraftOrigin::revision`].
    pub revision: Option<String>,
    /// Version of the prompt.
    pub prompt_version: String,
    /// How long it took.
    pub seconds: Option<f64>,
    /// Tokens of the draft.
    pub new_tokens: Option<u32>,
    /// As in [`DraftOrigin::mean_logprob`]; what is no number counts as unknown.
    pub mean_logprob: Option<f64>,
}

/// A draft that has no row yet.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDraft {
    /// How much of the diagram it speaks of.
    pub level: Level,
    /// Name of the region it speaks of, made when the diagram has none of that name.
    pub region: Option<NewRegion>,
    /// What it says.
    pub text: String,
    /// Where it came from, for people.
    pub label: String,
}

/// A region that has no row yet: a name, and its place in pixels of the upright image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NewRegion {
    /// Unique within the diagram.
    pub name: String,
    /// Left, top, width, height; the whole picture when not known.
    pub bbox: Option<[u32; 4]>,
    /// Corners of a polygon as `[x, y]`; empty for a rectangle. Its box is then the polygon's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub polygon: Vec<[u32; 2]>,
}
