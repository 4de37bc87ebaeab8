//! `callout return`: sends submitted or approved work back to its author.

use anyhow::Result;
use clap::Args;

use super::Moved;
use crate::Context;
use crate::answer::Answer;
use crate::args::OneDiagram;

/// Send submitted or approved work back to its author, with a reason.
#[derive(Debug, Args)]
pub struct GiveBack {
    #[command(flatten)]
    diagram: OneDiagram,

    /// What the author should change.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl GiveBack {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let (session, diagram) = self.diagram.open(context)?;
        let state = session.return_to_author(&diagram, &self.reason)?;
        Moved { diagram, state }.answer()
    }
}
