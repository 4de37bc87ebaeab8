//! `callout model list`: the models in the cache, and in folders.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use hub::{Cache, find};
use serde_json::json;

use super::{kind, parameters, size};
use crate::answer::Answer;
use crate::plain;

const NAME_COLUMNS: usize = 60;
const PROBLEM_COLUMNS: usize = 120;

/// List the models in the cache, and those in and below the given folders.
///
/// Broken and unfinished ones are listed with what is wrong. Models of other architectures are left out.
#[derive(Debug, Args)]
pub struct List {
    /// Folders to search as well.
    #[arg(value_name = "DIR")]
    dirs: Vec<PathBuf>,
}

impl List {
    pub fn run(self) -> Result<Answer> {
        if let Some(dir) = self.dirs.iter().find(|dir| !dir.exists()) {
            bail!("no such folder: {}", dir.display());
        }
        let cache = Cache::from_env();
        let models = find(&cache, &self.dirs);
        let dir = cache.dir().to_string_lossy().into_owned();
        let json = json!({"cache": dir, "models": models});
        if models.is_empty() {
            let text = format!(
                "no models in {}\nget one with `callout model fetch Qwen/Qwen2.5-VL-3B-Instruct`, or name a folder",
                plain::line(&dir)
            );
            return Answer::new(&json, text);
        }
        let table = plain::table(
            &["model", "kind", "parameters", "on disk", "weights", ""],
            models.iter().map(cells),
        );
        Answer::new(&json, table)
    }
}

fn cells(model: &hub::Model) -> Vec<String> {
    // What a MODEL argument takes: the repository, or the path.
    let name = if model.cached {
        plain::clipped(&model.name, NAME_COLUMNS)
    } else {
        plain::argument(&model.path.to_string_lossy())
    };
    let kind = model.kind.map_or("?", kind).to_owned();
    let problem = model.problem.as_deref().unwrap_or_default();
    let problem = plain::clipped(problem, PROBLEM_COLUMNS);
    match &model.description {
        Some(described) => vec![
            name,
            kind,
            parameters(described.parameters),
            size(described.disk_bytes),
            described
                .dtypes
                .keys()
                .cloned()
                .collect::<Vec<_>>()
                .join(", "),
            problem,
        ],
        None => vec![
            name,
            kind,
            String::new(),
            String::new(),
            String::new(),
            problem,
        ],
    }
}
