//! `callout take-draft`: a model's draft as the caption, word for word.

use anyhow::Result;
use app::domain::DraftId;
use clap::Args;

use super::Written;
use crate::Context;
use crate::answer::Answer;
use crate::args::{OneDiagram, WhichCaption};

/// Make a draft the text of a caption that nobody wrote yet; with --back, take that back.
#[derive(Debug, Args)]
pub struct TakeDraft {
    #[command(flatten)]
    diagram: OneDiagram,

    #[command(flatten)]
    caption: WhichCaption,

    /// The draft, as `callout show --json` names it; the newest by default.
    #[arg(long, value_name = "DRAFT", conflicts_with = "back")]
    draft: Option<DraftId>,

    /// Take back that a draft was taken.
    #[arg(long)]
    back: bool,
}

impl TakeDraft {
    pub fn run(self, context: &Context) -> Result<Answer> {
        self.caption.check()?;
        let (session, id) = self.diagram.open(context)?;
        let (slot, region) = self.caption.of(&session, &id)?;
        if self.back {
            let committed = session.take_back_draft(&slot)?;
            return Written::new(id, slot.level, region, committed).answer("gave up");
        }
        let committed = session.accept_draft(&slot, self.draft.as_ref())?;
        Written::new(id, slot.level, region, committed).answer("took the draft as")
    }
}
