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
        let captions = session.diagram(&id)?.captions;
        let shown = captions.into_iter().find(|caption| caption.slot == slot);
        let note = SubmitNote {
            draft_id: shown
                .and_then(|caption| caption.draft)
                .map(|draft| draft.id),
            active: Vec::new(),
        };
        let committed = session.submit(&slot, &note)?;
        Written::new(id, slot.level, region, committed).answer("submitted")
    }
}
