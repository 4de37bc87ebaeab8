//! Models that propose questions, and models that answer them: what such jobs are told.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::job::{MAX_IDS, is_no};
use crate::{
    BadRequest, DraftScope, Model, ModelId, PromptLanguage, QuestionContent, QuestionFilter,
    QuestionId, QuestionKind, Sampling,
};

/// Most questions that are asked for of one diagram.
const MAX_PER_DIAGRAM: u32 = 20;

/// How a job proposes questions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ProposeParameters {
    /// The model, as it was when the job was queued.
    pub model: Model,
    /// Kinds of questions.
    pub kinds: Vec<QuestionKind>,
    /// How many questions a diagram, 1–20.
    pub per_diagram: u32,
    /// Language of the questions.
    pub language: PromptLanguage,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// As in [`crate::DraftParameters::allow_untrained`].
    #[serde(default, skip_serializing_if = "is_no")]
    #[specta(skip)]
    pub allow_untrained: bool,
}

/// What somebody wants to have proposed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ProposeRequest {
    /// The model. One that reads text only asks about the captions.
    pub model_id: ModelId,
    /// Kinds of questions.
    pub kinds: Vec<QuestionKind>,
    /// How many questions a diagram, 1–20.
    pub per_diagram: u32,
    /// Language of the questions.
    pub language: PromptLanguage,
    /// Which diagrams.
    pub scope: DraftScope,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// As in [`crate::DraftParameters::allow_untrained`]; a window cannot ask for it.
    #[serde(skip)]
    pub allow_untrained: bool,
}

impl ProposeRequest {
    /// Checks every field.
    ///
    /// # Errors
    /// [`BadRequest`] says which one is wrong.
    pub fn check(&self) -> Result<(), BadRequest> {
        if self.kinds.is_empty() {
            return Err(BadRequest::NoKinds);
        }
        if !(1..=MAX_PER_DIAGRAM).contains(&self.per_diagram) {
            return Err(BadRequest::PerDiagram(self.per_diagram));
        }
        self.scope.check()?;
        self.sampling.check()
    }
}

/// How a job answers questions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct AnswerParameters {
    /// The model, as it was when the job was queued.
    pub model: Model,
    /// Whether the picture is withheld. Then a choice counts as found only if it is found in every rotation of
    /// its options.
    pub blind: bool,
    /// As in [`crate::DraftParameters::allow_untrained`].
    #[serde(default, skip_serializing_if = "is_no")]
    #[specta(skip)]
    pub allow_untrained: bool,
}

/// What somebody wants to have answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct AnswerRequest {
    /// The model.
    pub model_id: ModelId,
    /// Which questions.
    pub scope: QuestionScope,
    /// Whether the picture is withheld.
    pub blind: bool,
    /// Whether questions are asked again that this model answered as they stand.
    pub again: bool,
    /// As in [`crate::DraftParameters::allow_untrained`]; a window cannot ask for it.
    #[serde(skip)]
    pub allow_untrained: bool,
}

impl AnswerRequest {
    /// Checks every field.
    ///
    /// # Errors
    /// [`BadRequest::Questions`].
    pub fn check(&self) -> Result<(), BadRequest> {
        match &self.scope {
            QuestionScope::Ids { ids } if !(1..=MAX_IDS).contains(&ids.len()) => {
                Err(BadRequest::Questions)
            }
            _ => Ok(()),
        }
    }
}

/// Which questions are answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "which", rename_all = "snake_case")]
pub enum QuestionScope {
    /// These.
    Ids {
        /// The questions, at most 100,000.
        ids: Vec<QuestionId>,
    },
    /// All that a filter lets through and that can be answered: neither turned down nor without a key.
    Filter {
        /// The filter.
        filter: QuestionFilter,
    },
}

impl QuestionContent {
    /// Whether an examinee is asked the same: words around the question, such as its rationale, do not count.
    pub fn asks_the_same(&self, other: &Self) -> bool {
        let asked = |content: &Self| {
            (
                content.kind,
                content.stem.trim().to_owned(),
                content.choices.clone(),
                content.truth,
                content.accepted.clone(),
                content.unit.clone(),
                content.tolerance,
            )
        };
        asked(self) == asked(other)
    }
}
