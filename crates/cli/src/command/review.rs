//! `callout review` and `callout decide`: what experts handed in, and what leads make of it.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use app::Session;
use app::domain::{DiagramId, Level, NewDecision, Pick, Picked, Reason, ReviewView, Slot};
use clap::{Args, Subcommand};

use super::Moved;
use super::annotate::read_text;
use crate::answer::Answer;
use crate::args::{OneDiagram, WhichCaption, person, word};
use crate::{Context, plain};

/// Show what a lead sees of a diagram: drafts, experts' texts, comments, earlier decisions.
#[derive(Debug, Args)]
pub struct Review {
    #[command(flatten)]
    diagram: OneDiagram,
}

impl Review {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let (session, id) = self.diagram.open(context)?;
        let view = session.review(&id)?;
        let text = read_out(&view);
        Answer::new(&view, text)
    }
}

fn read_out(view: &ReviewView) -> String {
    let mut lines = vec![format!(
        "#{} {}, {}",
        view.diagram.number,
        plain::line(&view.diagram.name),
        view.diagram.state.as_str()
    )];
    for caption in &view.captions {
        let name = caption
            .region_name
            .as_deref()
            .map_or_else(|| caption.slot.level.as_str().to_owned(), plain::line);
        lines.push(format!("\n{name}"));
        if let Some(draft) = &caption.draft {
            lines.push(format!(
                "  draft by {}\n{}",
                plain::line(&draft.label),
                plain::indented(&draft.text, 4)
            ));
        }
        for expert in &caption.experts {
            lines.push(format!(
                "  {} ({})\n{}",
                plain::line(&expert.annotator),
                expert.revision_id,
                plain::indented(&expert.text, 4)
            ));
        }
    }
    for thread in &view.threads {
        let state = if thread.resolved.is_some() {
            "settled"
        } else {
            "open"
        };
        lines.push(format!("\ncomment {} ({state})", thread.id));
        for comment in &thread.comments {
            lines.push(format!(
                "  {}: {}",
                plain::line(&comment.author),
                plain::paragraphs(&comment.text)
            ));
        }
    }
    lines.join("\n")
}

/// Accept what was handed in, or send it back.
#[derive(Debug, Args)]
pub struct Decide {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Accept it; with --take or --fix, with other texts than those handed in last.
    Accept {
        #[command(flatten)]
        diagram: OneDiagram,
        /// Take this person's text of a caption: LEVEL=NAME, or REGION=NAME for a partial one.
        #[arg(long, value_name = "CAPTION=NAME")]
        take: Vec<String>,
        /// Put the text of a file in place of a caption: LEVEL=FILE, or REGION=FILE for a partial one.
        #[arg(long, value_name = "CAPTION=FILE")]
        fix: Vec<String>,
        /// Accept without this caption: LEVEL, or REGION for a partial one.
        #[arg(long, value_name = "CAPTION")]
        leave_out: Vec<String>,
        /// What to say with it.
        #[arg(
            long,
            value_name = "TEXT",
            default_value = "",
            hide_default_value = true
        )]
        note: String,
    },
    /// Send it back to its author.
    Return {
        #[command(flatten)]
        diagram: OneDiagram,
        /// wrong_relation, missing_element, wrong_direction, wrong_term, invented or style; can be given more than
        /// once.
        #[arg(long = "reason", value_name = "REASON", value_parser = word::<Reason>)]
        reasons: Vec<Reason>,
        /// What is to be done.
        #[arg(
            long,
            value_name = "TEXT",
            default_value = "",
            hide_default_value = true
        )]
        note: String,
    },
    /// Keep a wording of your own for later, without deciding.
    Keep {
        #[command(flatten)]
        diagram: OneDiagram,
        #[command(flatten)]
        caption: WhichCaption,
        /// The text, in UTF-8; `-` reads standard input.
        #[arg(long, value_name = "FILE", required_unless_present = "forget")]
        text: Option<PathBuf>,
        /// Forget the wording that was kept.
        #[arg(long, conflicts_with = "text")]
        forget: bool,
    },
    /// Take the last decision back, if nobody went on from it.
    Undo {
        #[command(flatten)]
        diagram: OneDiagram,
    },
}

impl Decide {
    pub fn run(self, context: &Context) -> Result<Answer> {
        match self.command {
            Command::Accept {
                diagram,
                take,
                fix,
                leave_out,
                note,
            } => {
                let (session, id) = diagram.open(context)?;
                let mut picks = Vec::new();
                for typed in &take {
                    picks.push(taken(&session, &id, typed)?);
                }
                for typed in &fix {
                    picks.push(fixed(&session, &id, typed)?);
                }
                for typed in &leave_out {
                    let slot = slot(&session, &id, typed)?;
                    let text = Picked::Nothing;
                    picks.push(Pick { slot, text });
                }
                let read = None;
                decide(&session, id, &NewDecision::Accept { picks, note, read })
            }
            Command::Return {
                diagram,
                reasons,
                note,
            } => {
                let (session, id) = diagram.open(context)?;
                let read = None;
                let decision = NewDecision::Return {
                    reasons,
                    note,
                    read,
                };
                decide(&session, id, &decision)
            }
            Command::Keep {
                diagram,
                caption,
                text,
                forget: _,
            } => {
                caption.check()?;
                let text = text.as_deref().map(read_text).transpose()?;
                let (session, id) = diagram.open(context)?;
                let (slot, _) = caption.of(&session, &id)?;
                session.keep_lead_text(&slot, text.as_deref())?;
                let done = text.map_or("forgot your wording", |_| "kept your wording");
                Answer::new(&slot, done)
            }
            Command::Undo { diagram } => {
                let (session, diagram) = diagram.open(context)?;
                let state = session.undo_decision(&diagram)?;
                Moved { diagram, state }.answer()
            }
        }
    }
}

fn decide(session: &Session, diagram: DiagramId, decision: &NewDecision) -> Result<Answer> {
    let state = session.decide(&diagram, decision)?;
    Moved { diagram, state }.answer()
}

fn taken(session: &Session, id: &DiagramId, typed: &str) -> Result<Pick> {
    let (slot, name) = split(session, id, typed)?;
    let wanted = person(session, name)?;
    let view = session.review(id)?;
    let expert = view
        .captions
        .iter()
        .filter(|caption| {
            (caption.slot.level, &caption.slot.region_id) == (slot.level, &slot.region_id)
        })
        .flat_map(|caption| &caption.experts)
        .find(|expert| expert.annotator_id == wanted);
    let Some(expert) = expert else {
        bail!("`{}` handed in no such caption", plain::line(name));
    };
    let revision_id = expert.revision_id.clone();
    Ok(Pick {
        slot,
        text: Picked::Expert { revision_id },
    })
}

fn fixed(session: &Session, id: &DiagramId, typed: &str) -> Result<Pick> {
    let (slot, path) = split(session, id, typed)?;
    let text = read_text(Path::new(path))?;
    Ok(Pick {
        slot,
        text: Picked::Fixed { text, over: None },
    })
}

fn split<'a>(session: &Session, id: &DiagramId, typed: &'a str) -> Result<(Slot, &'a str)> {
    let Some((caption, value)) = typed.split_once('=') else {
        bail!("`{}` has no `=`", plain::line(typed));
    };
    Ok((slot(session, id, caption)?, value))
}

/// The caption of this level, or the partial one of this region.
fn slot(session: &Session, id: &DiagramId, caption: &str) -> Result<Slot> {
    let level: Option<Level> = caption
        .parse()
        .ok()
        .filter(|level| *level != Level::Partial);
    let (level, region_id) = match level {
        Some(level) => (level, None),
        None => (Level::Partial, Some(session.known_region(id, caption)?.id)),
    };
    Ok(Slot {
        diagram_id: id.clone(),
        level,
        region_id,
    })
}
