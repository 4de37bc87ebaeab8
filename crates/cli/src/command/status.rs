//! `callout status`: what a workspace holds, and whether it is sound.

use anyhow::Result;
use app::domain::State;
use clap::Args;

use crate::answer::Answer;
use crate::args::InWorkspace;
use crate::{Context, plain};

/// Count the diagrams in each state, and check the database.
///
/// Exit code 1 when the database is damaged.
#[derive(Debug, Args)]
pub struct Status {
    #[command(flatten)]
    workspace: InWorkspace,
}

impl Status {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let status = self.workspace.open(context)?.status()?;
        let failed = !status.problems.is_empty();
        Ok(Answer::new(&status, text(&status))?.failed_if(failed))
    }
}

fn text(status: &app::Status) -> String {
    let mut states = status.states;
    let mut text = format!(
        "{}\n  id           {}\n  diagrams     {}\n",
        plain::line(&status.path),
        status.id,
        status.diagrams
    );
    for state in State::ALL {
        text.push_str(&format!("  {:<12} {}\n", state.as_str(), states.of(state)));
    }
    if status.problems.is_empty() {
        text.push_str("  database     sound");
    }
    for problem in &status.problems {
        text.push_str(&format!("  damaged      {}\n", plain::line(problem)));
    }
    text
}
