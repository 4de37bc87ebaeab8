//! `callout next`, `claim`, `release`, `skip`, `unskip`, `kind`: who works on which diagram, and what it is.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::Moved;
use crate::answer::Answer;
use crate::args::{InWorkspace, OneDiagram, Queue};
use crate::{Context, plain};

/// Claim the next diagram that nobody holds, and say which it is.
#[derive(Debug, Args)]
pub struct Next {
    #[command(flatten)]
    workspace: InWorkspace,

    #[command(flatten)]
    queue: Queue,
}

impl Next {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let session = self.workspace.open(context)?;
        let filter = self.queue.filter(&session)?;
        let Some(place) = session.claim_next(&filter, None)? else {
            return Answer::new(&json!({ "diagram": null }), "no free diagram is left");
        };
        let view = session.diagram(&place.id)?;
        let text = format!(
            "claimed #{} {} ({})",
            view.diagram.number,
            plain::line(&view.diagram.name),
            place.id
        );
        Answer::new(
            &json!({ "diagram": view.diagram, "claim": view.claim }),
            text,
        )
    }
}

/// Hold a diagram for a while, so that nobody else begins it.
#[derive(Debug, Args)]
pub struct Claim {
    #[command(flatten)]
    diagram: OneDiagram,
}

impl Claim {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let (session, id) = self.diagram.open(context)?;
        let claim = session.claim(&id)?;
        let text = format!("{id} is yours until {}", claim.until.to_rfc3339());
        Answer::new(&claim, text)
    }
}

/// Let go of a diagram.
#[derive(Debug, Args)]
pub struct Release {
    #[command(flatten)]
    diagram: OneDiagram,
}

impl Release {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let (session, id) = self.diagram.open(context)?;
        session.release(&id)?;
        let text = format!("{id} is free");
        Answer::new(&json!({ "diagram": id }), text)
    }
}

/// Leave a diagram out of the work, with a reason.
#[derive(Debug, Args)]
pub struct Skip {
    #[command(flatten)]
    diagram: OneDiagram,

    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl Skip {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let (session, diagram) = self.diagram.open(context)?;
        let state = session.skip(&diagram, &self.reason)?;
        Moved { diagram, state }.answer()
    }
}

/// Take up a diagram that was left out.
#[derive(Debug, Args)]
pub struct Unskip {
    #[command(flatten)]
    diagram: OneDiagram,
}

impl Unskip {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let (session, diagram) = self.diagram.open(context)?;
        let state = session.unskip(&diagram)?;
        Moved { diagram, state }.answer()
    }
}

/// Say what kind of diagram it is.
#[derive(Debug, Args)]
pub struct Kind {
    #[command(flatten)]
    diagram: OneDiagram,

    /// Such as `sequence`; an empty text for not known.
    kind: String,
}

impl Kind {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let (session, id) = self.diagram.open(context)?;
        session.set_diagram_kind(&id, &self.kind)?;
        let kind = session.diagram(&id)?.diagram.kind;
        let text = if kind.is_empty() {
            format!("the kind of {id} is not known")
        } else {
            format!("{id} is of the kind `{}`", plain::line(&kind))
        };
        Answer::new(&json!({ "diagram": id, "kind": kind }), text)
    }
}
