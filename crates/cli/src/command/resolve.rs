//! `callout resolve`: chooses between two texts of one caption.

use anyhow::Result;
use app::domain::Keep;
use clap::{Args, ValueEnum};

use super::Written;
use crate::Context;
use crate::answer::Answer;
use crate::args::{OneDiagram, WhichCaption};

/// Choose between two texts of a caption that were written at the same time.
///
/// `callout show` shows both. The one that loses stays among the revisions.
#[derive(Debug, Args)]
pub struct Resolve {
    #[command(flatten)]
    diagram: OneDiagram,

    /// Which text to keep.
    #[arg(long, value_name = "WHICH")]
    keep: Which,

    #[command(flatten)]
    caption: WhichCaption,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Which {
    /// The one that was set aside.
    Mine,
    /// The one that was written meanwhile and stands now.
    Theirs,
}

impl Resolve {
    pub fn run(self, context: &Context) -> Result<Answer> {
        self.caption.check()?;
        let (session, id) = self.diagram.open(context)?;
        let (slot, region) = self.caption.of(&session, &id)?;
        let keep = match self.keep {
            Which::Mine => Keep::Mine,
            Which::Theirs => Keep::Theirs,
        };
        let committed = session.resolve(&slot, keep)?;
        Written::new(id, slot.level, region, committed).answer("settled")
    }
}
