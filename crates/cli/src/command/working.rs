//! Seeing a job through: by an engine of its own, or by the one that is at work already.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use app::Session;
use app::domain::{ItemState, Job, JobId, JobRequest, JobState};
use engine::device::DeviceChoice;
use engine::{EngineOptions, RunError};
use serde_json::{Value, json};

use super::progress::Progress;
use crate::answer::complain;
use crate::plain;

/// How often progress is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(150);
/// Failures that are told one by one.
const TOLD_FAILURES: u32 = 20;

/// Runs a job to its end, showing how far it is; Ctrl-C cancels what is not finished. Returns it as it ended.
pub fn see_through(session: &Arc<Session>, job: &Job, device: Option<DeviceChoice>) -> Result<Job> {
    cancel_on_ctrl_c(Arc::clone(session), job.id.clone())?;
    let options = EngineOptions {
        device,
        until: Some(job.id.clone()),
        log: complain,
        ..EngineOptions::default()
    };
    let mut progress = Progress::new(job);
    let outcome = thread::scope(|scope| {
        let engine = scope.spawn(|| run_until(session, &job.id, &options));
        while !engine.is_finished() {
            thread::sleep(LOOK_EVERY);
            progress.show(&session.job(&job.id)?);
        }
        match engine.join() {
            Ok(outcome) => outcome,
            Err(_panic) => bail!("the engine crashed"),
        }
    });
    progress.finish();
    outcome?;
    session.job(&job.id)
}

/// Adds what failed to `text`, a line each, complains about why the job failed, and returns the failures as JSON.
pub fn failures(session: &Session, job: &Job, text: &mut String) -> Result<Vec<Value>> {
    let failures = session.job_items(&job.id, Some(ItemState::Failed), 0, TOLD_FAILURES)?;
    let mut told = Vec::new();
    for item in &failures {
        let diagram = session.diagram(&item.diagram_id)?.diagram;
        let why = item.error.as_deref().unwrap_or_default();
        let level = item.level.as_str();
        text.push_str(&format!(
            "\nfailed {} {level}: {}",
            diagram.number,
            plain::line(why)
        ));
        told.push(json!({
            "diagram": diagram.id, "level": level, "question": item.question_id, "error": why,
        }));
    }
    if let Some(error) = job.error.as_ref().filter(|_| job.state == JobState::Failed) {
        complain(&format!("error: {}", plain::line(error)));
        if let Some(help) = &job.help {
            complain(&format!("help: {}", plain::line(help)));
        }
    }
    Ok(told)
}

/// Runs an engine until the job has ended; while another one is at the workspace, waits for that one.
fn run_until(session: &Session, id: &JobId, options: &EngineOptions) -> Result<()> {
    let root: &Path = session.workspace().root();
    let mut told = false;
    loop {
        match engine::run(root, options) {
            Err(running @ RunError::Running { .. }) => {
                if !told {
                    complain(&format!("note: {running}; waiting for it"));
                    told = true;
                }
            }
            outcome => return Ok(outcome?),
        }
        if has_ended(&session.job(id)?) {
            return Ok(());
        }
        thread::sleep(LOOK_EVERY);
    }
}

fn has_ended(job: &Job) -> bool {
    !matches!(job.state, JobState::Queued | JobState::Running)
}

/// The first Ctrl-C cancels the job, the second ends at once; then the job waits for an engine.
fn cancel_on_ctrl_c(session: Arc<Session>, id: JobId) -> Result<()> {
    let mut asked = false;
    ctrlc::set_handler(move || {
        if asked || session.request(&id, JobRequest::Cancel).is_err() {
            std::process::exit(1);
        }
        asked = true;
        complain("cancelling; once more to stop at once");
    })
    .context("listening for Ctrl-C")
}
