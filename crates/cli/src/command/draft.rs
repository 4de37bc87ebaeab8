//! `callout draft`: queues drafts and sees them done, by an engine of its own or by the one that is at work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use app::Session;
use app::domain::{DraftRequest, Job, JobState, Level, Model, PromptLanguage, Redraft, Sampling};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use engine::device::DeviceChoice;
use serde_json::json;

use super::which_model::WhichModel;
use super::working;
use crate::answer::{Answer, complain};
use crate::args::{InWorkspace, diagrams, levels};
use crate::{Context, plain};

/// Have a model draft captions, and wait for them.
///
/// Captions that this model has drafted already with the same prompt are left out. What experts wrote is never
/// touched. Ctrl-C cancels what is not finished.
#[derive(Debug, Args)]
pub struct Draft {
    #[command(flatten)]
    workspace: InWorkspace,

    #[command(flatten)]
    model: WhichModel,

    /// Which captions; may be given several times. A partial one is drafted for each region.
    #[arg(long, value_name = "LEVEL", default_value = "global", value_delimiter = ',', value_parser = levels())]
    level: Vec<Level>,

    /// Language of the drafts.
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = languages())]
    language: PromptLanguage,

    /// Only the first so many diagrams of the queue.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,

    /// Only these diagrams: numbers in the queue, ids, or how ids begin.
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',')]
    ids: Vec<String>,

    /// Draft again where there is such a draft already.
    #[arg(long)]
    again: bool,

    /// Write at most so many tokens a caption.
    #[arg(long, value_name = "N", default_value_t = Sampling::default().max_new_tokens)]
    max_new_tokens: u32,

    /// Divides the scores before sampling; 0 takes the likeliest token always. At most 2.
    #[arg(long, value_name = "T", default_value_t = 0.0)]
    temperature: f32,

    /// Seed of sampling.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u32,

    /// Where local models compute: `auto`, `cpu`, `cuda` or `cuda:1`.
    #[arg(long, value_name = "D")]
    device: Option<DeviceChoice>,

    /// Draft even with a model that predicts text no better than chance, for tests.
    #[arg(long, hide = true)]
    allow_untrained: bool,
}

impl Draft {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let session = Arc::new(self.workspace.open(context)?);
        let model = self.model.find(&session)?;
        let started = Instant::now();
        let job = self.queue(&session, &model)?;
        if self.level.contains(&Level::Partial) && !any_partial(&session, &job)? {
            complain("note: no diagram of these has a region, so no partial caption is drafted");
        }
        let job = working::see_through(&session, &job, self.device)?;
        answer(&session, &job, started.elapsed())
    }

    fn queue(&self, session: &Session, model: &Model) -> Result<Job> {
        let scope = diagrams(session, &self.ids, self.limit)?;
        let request = DraftRequest {
            model_id: model.id.clone(),
            levels: self.level.clone(),
            language: self.language,
            scope,
            redraft: if self.again {
                Redraft::Always
            } else {
                Redraft::Missing
            },
            sampling: Sampling {
                temperature: self.temperature,
                max_new_tokens: self.max_new_tokens,
                seed: self.seed,
                ..Sampling::default()
            },
            allow_untrained: self.allow_untrained,
        };
        let queued = session.queue_drafts(&request);
        if self.level == [Level::Partial] && queued.is_err() {
            return queued.context("partial captions are drafted for regions only");
        }
        queued
    }
}

/// Whether any of a job's items speaks of a region.
fn any_partial(session: &Session, job: &Job) -> Result<bool> {
    const PAGE: u32 = 1_000;
    for offset in (0..job.total).step_by(PAGE as usize) {
        let items = session.job_items(&job.id, None, offset, PAGE)?;
        if items.iter().any(|item| item.level == Level::Partial) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn answer(session: &Session, job: &Job, took: Duration) -> Result<Answer> {
    let seconds = took.as_secs_f64();
    let mut text = format!(
        "drafted {} in {seconds:.1} s",
        plain::count(job.done, "caption")
    );
    for (n, what) in [(job.failed, "failed"), (job.skipped, "left out")] {
        if n > 0 {
            text.push_str(&format!(", {n} {what}"));
        }
    }
    text.push_str(&format!("; job {} is {}", job.number, job.state.as_str()));
    let told = working::failures(session, job, &mut text)?;
    let json = json!({
        "job": job.id, "number": job.number, "state": job.state, "drafted": job.done,
        "failed": job.failed, "skipped": job.skipped, "seconds": seconds, "error": job.error,
        "help": job.help, "failures": told,
    });
    let whole = job.state == JobState::Done && job.failed == 0;
    Ok(Answer::new(&json, text)?.failed_if(!whole))
}

pub fn languages() -> impl TypedValueParser<Value = PromptLanguage> {
    PossibleValuesParser::new(["en", "zh"]).try_map(|text| text.parse::<PromptLanguage>())
}
