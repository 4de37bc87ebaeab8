//! `callout approve`: accepts what was handed in.

use anyhow::Result;
use clap::Args;

use super::Moved;
use crate::Context;
use crate::answer::Answer;
use crate::args::OneDiagram;

/// Accept what was handed in; exports carry it from then on.
#[derive(Debug, Args)]
pub struct Approve {
    #[command(flatten)]
    diagram: OneDiagram,
}

impl Approve {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let (session, diagram) = self.diagram.open(context)?;
        let state = session.approve(&diagram)?;
        Moved { diagram, state }.answer()
    }
}
