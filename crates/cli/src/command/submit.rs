//! `callout submit`: hands a diagram in for review.

use anyhow::Result;
use app::domain::SubmitNote;
use clap::Args;

use super::Written;
use crate::Context;
use crate::answer::Answer;
use crate::args::{OneDiagram, WhichCaption};

/// Hand a diagram in for review: all captions that you wrote.
///
/// Where you wrote nothing, the draft of the caption named by --level counts as accepted.
#[derive(Debug, Args)]
pub struct Submit {
    #[command(flatten)]
    diagram: OneDiagram,

    #[command(flatten)]
    caption: WhichCaption,
}

impl Submit {
    pub fn run(self, context: &Context) -> Result<Answer> {
        self.caption.check()?;
        let (session, id) = self.diagram.open(context)?;
        let (slot, region) = self.caption.of(&session, &id)?;
        let committed = session.submit(&slot, &SubmitNote::default())?;
        Written::new(id, slot.level, region, committed).answer("submitted")
    }
}
