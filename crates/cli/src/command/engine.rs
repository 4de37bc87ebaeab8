//! `callout engine`: runs the jobs of a workspace, for whoever queued them.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use engine::device::DeviceChoice;
use engine::{EngineOptions, Stop};
use serde_json::json;

use crate::answer::{Answer, complain};

/// After the request to end, so long is waited for a model that is busy with one long step.
const GRACE: Duration = Duration::from_secs(3);

/// Run the jobs of a workspace: drafts that a window or `callout draft` queued.
///
/// One engine works in a workspace at a time. It may be ended at any moment, and killed: what is finished stays, and
/// the next one goes on with what is missing.
#[derive(Debug, Args)]
pub struct Engine {
    /// Folder of the workspace.
    #[arg(value_name = "WORKSPACE")]
    workspace: PathBuf,

    /// End after so many seconds without work; by default it waits for more.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    exit_when_idle: Option<Duration>,

    /// Where local models compute, whatever their settings say: `auto`, `cpu`, `cuda` or `cuda:1`.
    #[arg(long, value_name = "D")]
    device: Option<DeviceChoice>,
}

impl Engine {
    pub fn run(self) -> Result<Answer> {
        let stop = Stop::default();
        end_on_signal(stop.clone())?;
        engine::run(
            &self.workspace,
            &EngineOptions {
                device: self.device,
                exit_when_idle: self.exit_when_idle,
                stop: stop.clone(),
                log: complain,
                ..EngineOptions::default()
            },
        )?;
        let why = if stop.asked() { "asked" } else { "idle" };
        Answer::new(&json!({ "ended": why }), "the engine has ended")
    }
}

/// Ctrl-C and SIGTERM give back what is being written. By the end of the grace that has happened, even if the model has
/// not noticed yet.
fn end_on_signal(stop: Stop) -> Result<()> {
    ctrlc::set_handler(move || {
        stop.ask();
        std::thread::sleep(GRACE);
        std::process::exit(0);
    })
    .context("listening for Ctrl-C")
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok();
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "takes a number of seconds, at least 0".to_owned())
}
