//! `callout thread`: conversations about diagrams.

use anyhow::{Result, bail};
use app::domain::{Anchor, DiagramId, ExpertText, Slot, Thread as Conversation, ThreadId};
use app::{Hunk, HunkKind, Session};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::answer::Answer;
use crate::args::{InWorkspace, OneDiagram, WhichCaption, person};
use crate::{Context, plain};

/// List, begin, answer and settle conversations.
#[derive(Debug, Args)]
pub struct Thread {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the conversations of a diagram.
    List {
        #[command(flatten)]
        diagram: OneDiagram,
    },
    /// Begin a conversation about a diagram, a region, a question, or words or a change of a text.
    Start(Box<Start>),
    /// Say something in a conversation.
    Answer {
        #[command(flatten)]
        workspace: InWorkspace,
        /// The conversation.
        thread: ThreadId,
        /// What to say.
        text: String,
    },
    /// Call a conversation settled.
    Settle {
        #[command(flatten)]
        workspace: InWorkspace,
        /// The conversation.
        thread: ThreadId,
    },
    /// Open a settled conversation again.
    Reopen {
        #[command(flatten)]
        workspace: InWorkspace,
        /// The conversation.
        thread: ThreadId,
    },
}

#[derive(Debug, Args)]
struct Start {
    #[command(flatten)]
    diagram: OneDiagram,
    /// What to say.
    text: String,
    /// About this region, by name or id.
    #[arg(long, value_name = "REGION", group = "about")]
    about_region: Option<String>,
    /// About this question: its id, or how its id begins.
    #[arg(long, value_name = "QUESTION", group = "about")]
    about_question: Option<String>,
    /// About these words of a text that was handed in: their first place there.
    #[arg(long, value_name = "WORDS", requires = "of", group = "about")]
    words: Option<String>,
    /// About what the expert changed of the draft here: the first change that holds these words, old or new.
    #[arg(long, value_name = "WORDS", requires = "of", group = "about")]
    change: Option<String>,
    /// Whose text holds the words.
    #[arg(long, value_name = "NAME")]
    of: Option<String>,
    #[command(flatten)]
    caption: WhichCaption,
}

impl Thread {
    pub fn run(self, context: &Context) -> Result<Answer> {
        match self.command {
            Command::List { diagram } => {
                let (session, id) = diagram.open(context)?;
                let threads = session.threads(&id)?;
                let lines: Vec<String> = threads.iter().map(read_out).collect();
                let text = if lines.is_empty() {
                    "no comments".to_owned()
                } else {
                    lines.join("\n")
                };
                Answer::new(&json!({ "threads": threads }), text)
            }
            Command::Start(start) => start.run(context),
            Command::Answer {
                workspace,
                thread,
                text,
            } => one(&workspace.open(context)?.answer_thread(&thread, &text)?),
            Command::Settle { workspace, thread } => {
                one(&workspace.open(context)?.settle_thread(&thread, true)?)
            }
            Command::Reopen { workspace, thread } => {
                one(&workspace.open(context)?.settle_thread(&thread, false)?)
            }
        }
    }
}

impl Start {
    fn run(self, context: &Context) -> Result<Answer> {
        self.caption.check()?;
        let (session, id) = self.diagram.open(context)?;
        let anchor = if let Some(region) = &self.about_region {
            Anchor::Region {
                region_id: session.known_region(&id, region)?.id,
            }
        } else if let Some(question) = &self.about_question {
            Anchor::Question {
                question_id: session.find_question(question)?,
            }
        } else if let Some(words) = &self.words {
            self.span(&session, &id, words)?
        } else if let Some(words) = &self.change {
            self.hunk(&session, &id, words)?
        } else {
            Anchor::Diagram
        };
        one(&session.start_thread(&id, &anchor, &self.text)?)
    }

    fn span(&self, session: &Session, id: &DiagramId, words: &str) -> Result<Anchor> {
        let (slot, _, expert) = self.text(session, id)?;
        let Some((before, _)) = expert.text.split_once(words) else {
            bail!("the text does not hold `{}`", plain::line(words));
        };
        let start = points(before);
        Ok(Anchor::Span {
            slot,
            annotator_id: expert.annotator_id,
            revision_id: expert.revision_id,
            start,
            end: start + points(words),
            quote: words.to_owned(),
        })
    }

    fn hunk(&self, session: &Session, id: &DiagramId, words: &str) -> Result<Anchor> {
        let (slot, draft, expert) = self.text(session, id)?;
        let Some(draft) = draft else {
            bail!("this caption had no draft, so nothing of it was changed");
        };
        let mut start = 0;
        for Hunk {
            kind,
            before,
            after,
        } in session.diff(&draft, &expert.text)?.hunks
        {
            let is_change = kind != HunkKind::Equal;
            if is_change && (before.contains(words) || after.contains(words)) {
                return Ok(Anchor::Hunk {
                    slot,
                    annotator_id: expert.annotator_id,
                    revision_id: expert.revision_id,
                    before,
                    after,
                    start,
                });
            }
            start += points(&after);
        }
        bail!("no change of the draft holds `{}`", plain::line(words))
    }

    /// The caption, its draft, and what the person handed in.
    fn text(
        &self,
        session: &Session,
        id: &DiagramId,
    ) -> Result<(Slot, Option<String>, ExpertText)> {
        let (slot, _) = self.caption.of(session, id)?;
        let wanted = person(session, self.of.as_deref().unwrap_or_default())?;
        let captions = session.review(id)?.captions.into_iter();
        let mut captions = captions.filter(|caption| {
            (caption.slot.level, &caption.slot.region_id) == (slot.level, &slot.region_id)
        });
        let caption = captions.next();
        let draft = caption
            .as_ref()
            .and_then(|caption| Some(caption.draft.as_ref()?.text.clone()));
        let mut experts = caption.into_iter().flat_map(|caption| caption.experts);
        match experts.find(|expert| expert.annotator_id == wanted) {
            Some(expert) => Ok((slot, draft, expert)),
            None => bail!("nobody of that name handed in this caption"),
        }
    }
}

fn points(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

fn one(thread: &Conversation) -> Result<Answer> {
    Answer::new(thread, read_out(thread))
}

fn read_out(thread: &Conversation) -> String {
    let state = match &thread.resolved {
        Some(settled) => format!("settled by {}", plain::line(&settled.by)),
        None => "open".to_owned(),
    };
    let mut lines = vec![format!("{} ({state})", thread.id)];
    for comment in &thread.comments {
        lines.push(format!(
            "  {}: {}",
            plain::line(&comment.author),
            plain::paragraphs(&comment.text)
        ));
    }
    lines.join("\n")
}
