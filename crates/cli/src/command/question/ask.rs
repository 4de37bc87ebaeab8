//! `callout question ask`: a model answers questions, with the picture or without.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use app::Session;
use app::domain::{AnswerRequest, JobState, QuestionScope};
use clap::Args;
use engine::device::DeviceChoice;
use serde_json::json;

use super::Which;
use crate::answer::Answer;
use crate::args::InWorkspace;
use crate::command::which_model::WhichModel;
use crate::command::working;
use crate::{Context, plain};

/// Have a model answer questions, and wait for it.
///
/// With `--blind` the picture is withheld: a question whose key is found all the same, in every order of its options,
/// needs no picture; the model is the workspace's blind examinee, unless one is named. Questions that this model answered
/// as they stand are left out.
#[derive(Debug, Args)]
pub struct Ask {
    #[command(flatten)]
    workspace: InWorkspace,

    /// The questions: ids, or how ids begin; by default all that the filters let through.
    questions: Vec<String>,

    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    model: WhichModel,

    /// Withhold the picture.
    #[arg(long)]
    blind: bool,

    /// Ask again what this model answered already.
    #[arg(long)]
    again: bool,

    /// Where local models compute: `auto`, `cpu`, `cuda` or `cuda:1`.
    #[arg(long, value_name = "D")]
    device: Option<DeviceChoice>,

    /// Even with a model that predicts text no better than chance, for tests.
    #[arg(long, hide = true)]
    allow_untrained: bool,
}

impl Ask {
    fn scope(&self, session: &Session) -> Result<QuestionScope> {
        if self.questions.is_empty() {
            let filter = self.which.filter(session)?;
            return Ok(QuestionScope::Filter { filter });
        }
        let ids = self
            .questions
            .iter()
            .map(|typed| session.find_question(typed));
        let ids = ids.collect::<Result<_>>()?;
        Ok(QuestionScope::Ids { ids })
    }

    pub fn run(self, context: &Context) -> Result<Answer> {
        let session = Arc::new(self.workspace.open(context)?);
        let examinee = session.policy()?.blind_examinee;
        let model = match examinee.filter(|_| self.blind && self.model.is_left_out()) {
            Some(id) => session.model(id.as_str())?,
            None => self.model.find(&session)?,
        };
        let started = Instant::now();
        let scope = self.scope(&session)?;
        let job = session.queue_answers(&AnswerRequest {
            model_id: model.id,
            scope,
            blind: self.blind,
            again: self.again,
            allow_untrained: self.allow_untrained,
        })?;
        let job = working::see_through(&session, &job, self.device)?;
        let mut tally = Tally::default();
        let mut lines = String::new();
        let mut answers = Vec::new();
        for offset in (0..job.total).step_by(1_000) {
            for item in
                session.job_items(&job.id, Some(app::domain::ItemState::Done), offset, 1_000)?
            {
                let Some(id) = item.question_id else { continue };
                let trials = session.question_trials(&id)?;
                let Some(trial) = trials
                    .into_iter()
                    .find(|trial| trial.is_model && trial.blind == self.blind)
                else {
                    continue;
                };
                tally.count(trial.correct);
                lines.push_str(&format!(
                    "\n{id} {}: {}",
                    word(trial.correct),
                    plain::line(&trial.answer)
                ));
                answers.push(json!({ "question": id, "trial": trial }));
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        let mut text = format!(
            "{} answered in {seconds:.1} s: {} right, {} wrong, {} not understood; job {} is {}{lines}",
            plain::count(job.done, "question"),
            tally.right,
            tally.wrong,
            tally.unread,
            job.number,
            job.state.as_str()
        );
        let failures = working::failures(&session, &job, &mut text)?;
        let json = json!({
            "job": job.id, "number": job.number, "state": job.state, "answered": job.done, "right": tally.right,
            "wrong": tally.wrong, "unread": tally.unread, "failed": job.failed, "seconds": seconds,
            "answers": answers, "error": job.error, "help": job.help, "failures": failures,
        });
        let whole = job.state == JobState::Done && job.failed == 0;
        Ok(Answer::new(&json, text)?.failed_if(!whole))
    }
}

#[derive(Default)]
struct Tally {
    right: u32,
    wrong: u32,
    unread: u32,
}

impl Tally {
    fn count(&mut self, correct: Option<bool>) {
        match correct {
            Some(true) => self.right += 1,
            Some(false) => self.wrong += 1,
            None => self.unread += 1,
        }
    }
}

fn word(correct: Option<bool>) -> &'static str {
    match correct {
        Some(true) => "right",
        Some(false) => "wrong",
        None => "not understood",
    }
}
