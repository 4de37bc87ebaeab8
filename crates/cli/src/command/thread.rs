//! `callout thread`: conversations about diagrams.

use anyhow::{Result, bail};
use app::Session;
use app::domain::{Anchor, DiagramId, Thread as Conversation, ThreadId};
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
    /// Begin a conversation about a diagram, a region, or words of a text.
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
    #[arg(long, value_name = "REGION", conflicts_with = "words")]
    about_region: Option<String>,
    /// About these words of a text that was handed in: their first place there.
    #[arg(long, value_name = "WORDS", requires = "of")]
    words: Option<String>,
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
        let anchor = match (&self.about_region, &self.words) {
            (Some(region), _) => Anchor::Region {
                region_id: session.known_region(&id, region)?.id,
            },
            (None, Some(words)) => self.span(&session, &id, words)?,
            (None, None) => Anchor::Diagram,
        };
        one(&session.start_thread(&id, &anchor, &self.text)?)
    }

    fn span(&self, session: &Session, id: &DiagramId, words: &str) -> Result<Anchor> {
        let (slot, _) = self.caption.of(session, id)?;
        let wanted = person(session, self.of.as_deref().unwrap_or_default())?;
        let view = session.review(id)?;
        let found = view
            .captions
            .into_iter()
            .filter(|caption| {
                (caption.slot.level, &caption.slot.region_id) == (slot.level, &slot.region_id)
            })
            .flat_map(|caption| caption.experts)
            .find(|expert| expert.annotator_id == wanted);
        let Some(expert) = found else {
            bail!("nobody of that name handed in this caption");
        };
        let Some(at) = expert.text.find(words) else {
            bail!("the text does not hold `{}`", plain::line(words));
        };
        let points = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let start = points(expert.text.get(..at).unwrap_or_default());
        Ok(Anchor::Span {
            slot,
            annotator_id: expert.annotator_id,
            revision_id: expert.revision_id,
            start,
            end: start + points(words),
            quote: words.to_owned(),
        })
    }
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
