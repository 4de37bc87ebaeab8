//! `callout reopen`: opens submitted or approved work for editing.

use anyhow::Result;
use clap::Args;

use super::Moved;
use crate::Context;
use crate::answer::Answer;
use crate::args::OneDiagram;

/// Open submitted or approved work for editing again.
#[derive(Debug, Args)]
pub struct Reopen {
    #[command(flatten)]
    diagram: OneDiagram,
}

impl Reopen {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let (session, diagram) = self.diagram.open(context)?;
        let state = session.reopen(&diagram)?;
        Moved { diagram, state }.answer()
    }
}
