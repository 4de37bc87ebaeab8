//! One module a subcommand: what it takes, what it asks of `app`, and how the answer reads.

pub mod annotate;
pub mod approve;
pub mod bench;
pub mod bulk;
pub mod draft;
pub mod engine;
pub mod export;
pub mod generate;
pub mod give_back;
pub mod import;
pub mod init;
pub mod job;
pub mod list;
pub mod model;
pub mod numbers;
pub mod past;
pub mod people;
mod progress;
pub mod question;
pub mod region;
pub mod reopen;
pub mod resolve;
pub mod review;
pub mod show;
pub mod status;
pub mod structure;
pub mod submit;
pub mod take_draft;
pub mod term;
pub mod thread;
pub mod train;
mod which_model;
pub mod work;
mod working;

use anyhow::Result;
use app::domain::{Committed, Conflict, DiagramId, Level, Region, RevisionId, State};
use serde::Serialize;

use crate::answer::Answer;
use crate::plain;

/// What became of a caption.
#[derive(Debug, Serialize)]
struct Written {
    diagram: DiagramId,
    level: Level,
    region: Option<Region>,
    revision: Option<RevisionId>,
    state: State,
    conflict: Option<Conflict>,
}

impl Written {
    fn new(diagram: DiagramId, level: Level, region: Option<Region>, committed: Committed) -> Self {
        Self {
            diagram,
            level,
            region,
            revision: committed.head_revision,
            state: committed.state,
            conflict: committed.conflict,
        }
    }

    /// Says `done` of the caption, and on standard error that two texts wait, if they do.
    fn answer(&self, done: &str) -> Result<Answer> {
        let caption = match &self.region {
            Some(region) => format!("partial caption of `{}`", plain::line(&region.name)),
            None => format!("{} caption", self.level.as_str()),
        };
        let state = self.state.as_str();
        let text = format!("{done} the {caption}; diagram {} is {state}", self.diagram);
        let answer = Answer::new(self, text)?;
        Ok(match &self.conflict {
            Some(_) => answer.note(format!(
                "two texts of the {caption} wait for a choice: see them with `callout show`, \
                 choose with `callout resolve --keep mine|theirs`"
            )),
            None => answer,
        })
    }
}

/// Where a diagram stands after a lead's decision.
#[derive(Debug, Serialize)]
struct Moved {
    diagram: DiagramId,
    state: State,
}

impl Moved {
    fn answer(&self) -> Result<Answer> {
        let text = format!("diagram {} is {}", self.diagram, self.state.as_str());
        Answer::new(self, text)
    }
}
