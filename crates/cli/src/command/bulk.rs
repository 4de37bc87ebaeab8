//! `callout bulk` and `callout filter`: many diagrams at once, and the filters that name them.

use anyhow::{Result, bail};
use app::domain::{BulkAction, BulkDone, BulkId, BulkScope};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::answer::Answer;
use crate::args::{InWorkspace, Queue, usage};
use crate::{Context, plain};

/// Change many diagrams at once: those named by --id, or all that the filter lets through.
#[derive(Debug, Args)]
pub struct Bulk {
    #[command(subcommand)]
    command: Change,
}

#[derive(Debug, Subcommand)]
enum Change {
    /// Give them a place in the plan, from 0; without --place they leave it.
    Plan {
        #[command(flatten)]
        which: Which,
        /// Lower numbers come first.
        #[arg(long)]
        place: Option<u32>,
    },
    /// Say what kind of diagram they are; an empty text for not known.
    Kind {
        #[command(flatten)]
        which: Which,
        /// Such as `sequence`.
        #[arg(long = "to", value_name = "KIND")]
        to: String,
    },
    /// Leave them out of the work.
    Skip {
        #[command(flatten)]
        which: Which,
        /// Why.
        #[arg(long = "because", value_name = "TEXT")]
        because: String,
        /// Only those that nobody has begun, as when an import is taken back.
        #[arg(long)]
        only_todo: bool,
    },
    /// Take them up again.
    Unskip {
        #[command(flatten)]
        which: Which,
    },
    /// Have them captioned by a second person, or with --no no longer.
    Second {
        #[command(flatten)]
        which: Which,
        /// No second person.
        #[arg(long)]
        no: bool,
    },
    /// Take a change of many back, for the diagrams that nobody changed since.
    Undo {
        #[command(flatten)]
        workspace: InWorkspace,
        /// The change, as it named itself.
        change: BulkId,
    },
}

#[derive(Debug, Args)]
struct Which {
    #[command(flatten)]
    workspace: InWorkspace,
    /// These diagrams: number, id, or how an id begins; can be given more than once.
    #[arg(long = "id", value_name = "ID")]
    ids: Vec<String>,
    /// All diagrams, where no filter is given.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    queue: Queue,
}

impl Bulk {
    pub fn run(self, context: &Context) -> Result<Answer> {
        match self.command {
            Change::Plan { which, place } => which.change(context, &BulkAction::Plan { place }),
            Change::Kind { which, to } => {
                which.change(context, &BulkAction::DiagramKind { diagram_kind: to })
            }
            Change::Skip {
                which,
                because: reason,
                only_todo,
            } => which.change(context, &BulkAction::Skip { reason, only_todo }),
            Change::Unskip { which } => which.change(context, &BulkAction::Unskip),
            Change::Second { which, no } => {
                which.change(context, &BulkAction::Second { wanted: !no })
            }
            Change::Undo { workspace, change } => {
                said(&workspace.open(context)?.undo_bulk(&change)?)
            }
        }
    }
}

impl Which {
    fn change(self, context: &Context, action: &BulkAction) -> Result<Answer> {
        if self.ids.is_empty() && !self.all && self.queue.is_everything() {
            return Err(usage("say which: --id, a filter, or --all"));
        }
        if !self.ids.is_empty() && (self.all || !self.queue.is_everything()) {
            return Err(usage(
                "--id names the diagrams: no filter and no --all beside it",
            ));
        }
        let session = self.workspace.open(context)?;
        let scope = if self.ids.is_empty() {
            BulkScope::Filtered {
                filter: self.queue.filter(&session)?,
            }
        } else {
            let ids: Result<Vec<_>> = self.ids.iter().map(|typed| session.find(typed)).collect();
            BulkScope::Picked { ids: ids? }
        };
        said(&session.bulk(&scope, action)?)
    }
}

fn said(done: &BulkDone) -> Result<Answer> {
    let text = format!(
        "{} changed, {} as they were; `callout bulk undo … {}` takes it back",
        plain::count(done.changed, "diagram"),
        done.unchanged,
        done.id
    );
    Answer::new(done, text)
}

/// List, keep and forget filters of the queue under names of your own.
#[derive(Debug, Args)]
pub struct Filter {
    #[command(subcommand)]
    command: Keep,
}

#[derive(Debug, Subcommand)]
enum Keep {
    /// List your filters.
    List {
        #[command(flatten)]
        workspace: InWorkspace,
    },
    /// Keep a filter under a name, in place of one of the same name.
    Save {
        #[command(flatten)]
        workspace: InWorkspace,
        /// Its name.
        name: String,
        #[command(flatten)]
        queue: Queue,
    },
    /// Forget a filter.
    Remove {
        #[command(flatten)]
        workspace: InWorkspace,
        /// Its name.
        name: String,
    },
}

impl Filter {
    pub fn run(self, context: &Context) -> Result<Answer> {
        match self.command {
            Keep::List { workspace } => {
                let filters = workspace.open(context)?.filters()?;
                let names: Vec<String> = filters
                    .iter()
                    .map(|filter| plain::line(&filter.name))
                    .collect();
                Answer::new(&json!({ "filters": filters }), names.join("\n"))
            }
            Keep::Save {
                workspace,
                name,
                queue,
            } => {
                let session = workspace.open(context)?;
                let filter = session.save_filter(&name, &queue.filter(&session)?)?;
                let text = format!("kept `{}`", plain::line(&filter.name));
                Answer::new(&filter, text)
            }
            Keep::Remove { workspace, name } => {
                let session = workspace.open(context)?;
                let filters = session.filters()?;
                let Some(filter) = filters.iter().find(|filter| filter.name == name) else {
                    bail!("no filter is called `{}`", plain::line(&name));
                };
                session.remove_filter(&filter.id)?;
                Answer::new(filter, format!("forgot `{}`", plain::line(&name)))
            }
        }
    }
}
