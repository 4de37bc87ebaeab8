//! `callout question propose`: a model suggests questions, which nobody has taken up yet.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use app::domain::{JobState, PromptLanguage, ProposeRequest, QuestionKind, Sampling};
use clap::Args;
use engine::device::DeviceChoice;
use serde_json::json;

use crate::answer::Answer;
use crate::args::{InWorkspace, diagrams, word};
use crate::command::draft::languages;
use crate::command::which_model::WhichModel;
use crate::command::working;
use crate::{Context, plain};

/// Have a model suggest questions, and wait for them.
///
/// They stand beside the experts' questions as suggestions; nothing enters the set without an expert. A model that
/// reads text only asks about the captions. Ctrl-C cancels what is not finished.
#[derive(Debug, Args)]
pub struct Propose {
    #[command(flatten)]
    workspace: InWorkspace,

    #[command(flatten)]
    model: WhichModel,

    /// How many questions a diagram, 1 to 20.
    #[arg(long, value_name = "N", default_value_t = 4)]
    count: u32,

    /// Which kinds; all by default.
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = word::<QuestionKind>)]
    kinds: Vec<QuestionKind>,

    /// Language of the questions.
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = languages())]
    language: PromptLanguage,

    /// Only the first so many diagrams of the queue.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,

    /// Only these diagrams: numbers in the queue, ids, or how ids begin.
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',')]
    ids: Vec<String>,

    /// Divides the scores before sampling; 0 takes the likeliest token always. At most 2.
    #[arg(long, value_name = "T", default_value_t = 0.0)]
    temperature: f32,

    /// Write at most so many tokens a diagram.
    #[arg(long, value_name = "N", default_value_t = 2_048)]
    max_new_tokens: u32,

    /// Where local models compute: `auto`, `cpu`, `cuda` or `cuda:1`.
    #[arg(long, value_name = "D")]
    device: Option<DeviceChoice>,

    /// Even with a model that predicts text no better than chance, for tests.
    #[arg(long, hide = true)]
    allow_untrained: bool,
}

impl Propose {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let session = Arc::new(self.workspace.open(context)?);
        let model = self.model.find(&session)?;
        let started = Instant::now();
        let scope = diagrams(&session, &self.ids, self.limit)?;
        let kinds = if self.kinds.is_empty() {
            QuestionKind::ALL.to_vec()
        } else {
            self.kinds
        };
        let job = session.queue_proposals(&ProposeRequest {
            model_id: model.id,
            kinds,
            per_diagram: self.count,
            language: self.language,
            scope,
            sampling: Sampling {
                temperature: self.temperature,
                max_new_tokens: self.max_new_tokens,
                ..Sampling::default()
            },
            allow_untrained: self.allow_untrained,
        })?;
        let before = session.question_coverage()?.proposed;
        let job = working::see_through(&session, &job, self.device)?;
        let suggested = session.question_coverage()?.proposed.saturating_sub(before);
        let seconds = started.elapsed().as_secs_f64();
        let mut text = format!(
            "{} suggested about {} in {seconds:.1} s; job {} is {}",
            plain::count(suggested, "question"),
            plain::count(job.done, "diagram"),
            job.number,
            job.state.as_str()
        );
        let failures = working::failures(&session, &job, &mut text)?;
        let json = json!({
            "job": job.id, "number": job.number, "state": job.state, "suggested": suggested, "diagrams": job.done,
            "failed": job.failed, "seconds": seconds, "error": job.error, "help": job.help, "failures": failures,
        });
        let whole = job.state == JobState::Done && job.failed == 0;
        Ok(Answer::new(&json, text)?.failed_if(!whole))
    }
}
