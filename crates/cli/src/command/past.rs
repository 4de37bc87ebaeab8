//! `callout history`, `callout restore`, `callout reasons`: what happened to a caption, and why.

use anyhow::Result;
use app::domain::{HistoryEntry, PersonId, Reason, RevisionId};
use clap::Args;
use serde_json::json;

use super::Written;
use crate::answer::Answer;
use crate::args::{OneDiagram, WhichCaption, person, word};
use crate::{Context, plain};

/// Show the revisions of a caption, newest first; with --revision, one of them in full.
#[derive(Debug, Args)]
pub struct History {
    #[command(flatten)]
    diagram: OneDiagram,

    #[command(flatten)]
    caption: WhichCaption,

    /// Only the texts of this person.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,

    /// Print this revision in full.
    #[arg(long, value_name = "REVISION")]
    revision: Option<RevisionId>,
}

impl History {
    pub fn run(self, context: &Context) -> Result<Answer> {
        self.caption.check()?;
        let (session, id) = self.diagram.open(context)?;
        if let Some(revision) = &self.revision {
            let revision = session.revision(revision)?;
            let text = plain::paragraphs(&revision.text);
            return Answer::new(&revision, text);
        }
        let (slot, _) = self.caption.of(&session, &id)?;
        let by: Option<PersonId> = match &self.by {
            Some(name) => Some(person(&session, name)?),
            None => None,
        };
        let entries = session.history(&slot, by.as_ref())?;
        let text = plain::table(
            &["revision", "written", "by", "marks", "text"],
            entries.iter().map(cells),
        );
        Answer::new(&json!({ "revisions": entries }), text)
    }
}

fn cells(entry: &HistoryEntry) -> Vec<String> {
    let marks = [
        (entry.is_head, "newest"),
        (entry.is_submitted, "submitted"),
        (entry.is_approved, "approved"),
        (entry.is_aside, "set aside"),
    ];
    let marks: Vec<&str> = marks
        .into_iter()
        .filter_map(|(is, name)| is.then_some(name))
        .collect();
    vec![
        entry.id.to_string(),
        entry.created_at.to_rfc3339(),
        plain::line(&entry.author),
        marks.join(", "),
        plain::clipped(&entry.excerpt, 48),
    ]
}

/// Make an earlier revision of a caption the newest again; nothing is lost.
#[derive(Debug, Args)]
pub struct Restore {
    #[command(flatten)]
    diagram: OneDiagram,

    #[command(flatten)]
    caption: WhichCaption,

    /// The revision, as `callout history` names it.
    #[arg(long, value_name = "REVISION")]
    revision: RevisionId,
}

impl Restore {
    pub fn run(self, context: &Context) -> Result<Answer> {
        self.caption.check()?;
        let (session, id) = self.diagram.open(context)?;
        let (slot, region) = self.caption.of(&session, &id)?;
        let committed = session.restore_revision(&slot, &self.revision)?;
        Written::new(id, slot.level, region, committed).answer("restored")
    }
}

/// Say why the draft of a caption was changed; in place of what was said before.
#[derive(Debug, Args)]
pub struct Reasons {
    #[command(flatten)]
    diagram: OneDiagram,

    /// wrong_relation, missing_element, wrong_direction, wrong_term, invented or style; none takes them back.
    #[arg(value_parser = word::<Reason>)]
    reasons: Vec<Reason>,

    #[command(flatten)]
    caption: WhichCaption,
}

impl Reasons {
    pub fn run(self, context: &Context) -> Result<Answer> {
        self.caption.check()?;
        let (session, id) = self.diagram.open(context)?;
        let (slot, _) = self.caption.of(&session, &id)?;
        let reasons = session.set_reasons(&slot, &self.reasons)?;
        let words: Vec<&str> = reasons.iter().map(|reason| reason.as_str()).collect();
        let text = if words.is_empty() {
            "no reasons".to_owned()
        } else {
            words.join(", ")
        };
        Answer::new(&json!({ "diagram": id, "reasons": reasons }), text)
    }
}
