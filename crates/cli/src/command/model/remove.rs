//! `callout model remove`: a cached repository goes, after a question.

use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use hub::{Cache, RepoId, remove};

use super::size;
use crate::answer::Answer;
use crate::args::usage;
use crate::plain;

/// Remove a model, all its revisions, from the cache.
///
/// The cache is shared with Python's tools: they lose it too. A directory outside the cache is never touched.
#[derive(Debug, Args)]
pub struct Remove {
    /// A repository in the cache, or a path in it.
    #[arg(value_name = "MODEL")]
    model: String,

    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl Remove {
    pub fn run(self) -> Result<Answer> {
        let cache = Cache::from_env();
        let repo = repo(&cache, &self.model)?;
        if !self.yes && cache.repo_dir(&repo).exists() && !confirmed(&repo)? {
            bail!("`{repo}` stays");
        }
        let removed = remove(&cache, &repo)?;
        let text = format!(
            "removed `{repo}`; {} are free again",
            size(removed.freed_bytes)
        );
        Answer::new(&removed, text)
    }
}

/// A name of the cache goes before a path: only the cache is removed from.
fn repo(cache: &Cache, model: &str) -> Result<RepoId> {
    let named: Result<RepoId, _> = model.parse();
    let path = Path::new(model);
    match (named, cache.repo_of(path)) {
        (Ok(repo), _) if cache.repo_dir(&repo).exists() || !path.exists() => Ok(repo),
        (_, Some(repo)) => Ok(repo),
        (Err(not_a_repo), None) if !path.exists() => Err(not_a_repo.into()),
        _ => bail!(
            "only models in the cache are removed; delete `{}` yourself",
            plain::line(model)
        ),
    }
}

fn confirmed(repo: &RepoId) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(usage("without a terminal to ask, `--yes` must be given"));
    }
    let mut terminal = std::io::stderr().lock();
    write!(terminal, "remove `{repo}` from the cache? [y/N] ").context("asking")?;
    terminal.flush().context("asking")?;
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .context("reading the answer")?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
