//! `callout term`: the workspace's glossary.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use app::Session;
use app::domain::{NewTerm, Term as Entry, TermId};
use clap::{Args, Subcommand};
use serde_json::json;

use super::annotate::read_text;
use crate::answer::Answer;
use crate::args::InWorkspace;
use crate::{Context, plain};

/// List, add, change, import and export the terms of the workspace, and look for them in a text.
#[derive(Debug, Args)]
pub struct Term {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the terms.
    List {
        #[command(flatten)]
        workspace: InWorkspace,
    },
    /// Add a term.
    Add {
        #[command(flatten)]
        workspace: InWorkspace,
        #[command(flatten)]
        term: TermArgs,
    },
    /// Write a term anew.
    Change {
        #[command(flatten)]
        workspace: InWorkspace,
        /// The term: its English or Chinese form, or its id.
        name: String,
        #[command(flatten)]
        term: TermArgs,
    },
    /// Take a term out. `restore` brings it back.
    Remove {
        #[command(flatten)]
        workspace: InWorkspace,
        /// The term: its English or Chinese form, or its id.
        name: String,
    },
    /// Bring back a term that was taken out.
    Restore {
        #[command(flatten)]
        workspace: InWorkspace,
        /// Its id, as `remove` told it.
        id: TermId,
    },
    /// Take in the terms of a file: CSV, TSV or JSON.
    Import {
        #[command(flatten)]
        workspace: InWorkspace,
        /// The file.
        file: PathBuf,
    },
    /// Write the terms to a file: CSV, TSV or JSON, by its name.
    Export {
        #[command(flatten)]
        workspace: InWorkspace,
        /// The file.
        file: PathBuf,
    },
    /// Find terms and wordings to avoid in a text.
    Check {
        #[command(flatten)]
        workspace: InWorkspace,
        /// The text, in UTF-8; `-` reads standard input.
        #[arg(long, value_name = "FILE")]
        text: PathBuf,
    },
}

#[derive(Debug, Args)]
struct TermArgs {
    /// The preferred English form.
    #[arg(long)]
    en: Option<String>,
    /// The preferred Chinese form.
    #[arg(long)]
    zh: Option<String>,
    /// What an abbreviation stands for.
    #[arg(long)]
    expansion: Option<String>,
    /// What it means.
    #[arg(long)]
    definition: Option<String>,
    /// A wording that is not to be used; can be given more than once.
    #[arg(long, value_name = "WORDING")]
    forbidden: Vec<String>,
    /// No wording is forbidden any more.
    #[arg(long, conflicts_with = "forbidden")]
    no_forbidden: bool,
}

impl TermArgs {
    /// What was typed over what stands.
    fn over(self, old: NewTerm) -> NewTerm {
        NewTerm {
            en: self.en.unwrap_or(old.en),
            zh: self.zh.unwrap_or(old.zh),
            expansion: self.expansion.unwrap_or(old.expansion),
            definition: self.definition.unwrap_or(old.definition),
            forbidden: if self.forbidden.is_empty() && !self.no_forbidden {
                old.forbidden
            } else {
                self.forbidden
            },
        }
    }
}

impl Term {
    pub fn run(self, context: &Context) -> Result<Answer> {
        match self.command {
            Command::List { workspace } => {
                let terms = workspace.open(context)?.terms()?;
                let text = plain::table(
                    &["English", "Chinese", "stands for", "not to be used"],
                    terms.iter().map(cells),
                );
                Answer::new(&json!({ "terms": terms }), text)
            }
            Command::Add { workspace, term } => {
                let term = workspace
                    .open(context)?
                    .add_term(&term.over(NewTerm::default()))?;
                one("added", &term)
            }
            Command::Change {
                workspace,
                name,
                term,
            } => {
                let session = workspace.open(context)?;
                let old = find(&session, &name)?;
                let id = old.id.clone();
                one("changed", &session.change_term(&id, &term.over(new(old)))?)
            }
            Command::Remove { workspace, name } => {
                let session = workspace.open(context)?;
                let term = find(&session, &name)?;
                session.remove_term(&term.id)?;
                one("took out", &term)
            }
            Command::Restore { workspace, id } => {
                one("brought back", &workspace.open(context)?.restore_term(&id)?)
            }
            Command::Import { workspace, file } => {
                let session = workspace.open(context)?;
                let taken = session.take_terms(&app::read_terms(&file)?)?;
                let text = format!(
                    "{} added, {} changed, {} known already",
                    taken.added, taken.changed, taken.same
                );
                Answer::new(&taken, text)
            }
            Command::Export { workspace, file } => {
                let written = workspace.open(context)?.export_terms(&file)?;
                let text = format!("wrote {}", plain::count(written, "term"));
                Answer::new(&json!({ "terms": written, "path": file }), text)
            }
            Command::Check { workspace, text } => check(&workspace.open(context)?, &text),
        }
    }
}

fn check(session: &Session, path: &Path) -> Result<Answer> {
    let text = read_text(path)?;
    let hits = session.check_terms(&text)?;
    let points: Vec<char> = text.chars().collect();
    let said = hits.iter().filter_map(|hit| {
        let found: String = points
            .get(hit.start as usize..hit.end as usize)?
            .iter()
            .collect();
        let preferred = hit.preferred.as_ref()?;
        Some(format!(
            "{}: `{}` — write `{}`",
            hit.start,
            plain::line(&found),
            plain::line(preferred)
        ))
    });
    let said: Vec<String> = said.collect();
    let text = if said.is_empty() {
        "nothing to avoid".to_owned()
    } else {
        said.join("\n")
    };
    Answer::new(&json!({ "hits": hits }), text)
}

fn find(session: &Session, typed: &str) -> Result<Entry> {
    let mut found: Vec<Entry> = session
        .terms()?
        .into_iter()
        .filter(|term| term.en == typed || term.zh == typed || term.id.as_str() == typed)
        .collect();
    match found.pop() {
        Some(term) if found.is_empty() => Ok(term),
        Some(_) => bail!("`{typed}` names several terms; use an id of `callout term list --json`"),
        None => bail!("no term is called `{typed}`; `callout term list` shows them all"),
    }
}

fn new(term: Entry) -> NewTerm {
    NewTerm {
        en: term.en,
        zh: term.zh,
        expansion: term.expansion,
        definition: term.definition,
        forbidden: term.forbidden,
    }
}

fn one(done: &str, term: &Entry) -> Result<Answer> {
    let name = if term.en.is_empty() {
        &term.zh
    } else {
        &term.en
    };
    Answer::new(
        term,
        format!("{done} `{}` ({})", plain::line(name), term.id),
    )
}

fn cells(term: &Entry) -> Vec<String> {
    vec![
        plain::line(&term.en),
        plain::line(&term.zh),
        plain::clipped(&term.expansion, 48),
        plain::clipped(&term.forbidden.join(", "), 40),
    ]
}
