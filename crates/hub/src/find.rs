//! Which models there are, those that are broken included.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cache::RepoId;
use crate::describe::{self, Description, Kind, describe};
use crate::{Cache, Error};

/// A model that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Model {
    /// What it is called: its repository, or its folder or file.
    pub name: String,
    /// Its directory, or its GGUF file.
    #[serde(serialize_with = "crate::file::as_text")]
    pub path: PathBuf,
    /// Its kind, where that can be told.
    pub kind: Option<Kind>,
    /// Whether it lies in the cache.
    pub cached: bool,
    /// What it is; `None` when it is broken.
    pub description: Option<Description>,
    /// What is wrong with it; `None` when it is whole.
    pub problem: Option<String>,
}

/// Folders below a given one that are searched.
const MAX_DEPTH: usize = 4;
/// Entries that one search looks at.
const MAX_ENTRIES: usize = 20_000;

/// Finds the models in the cache, then those in and below `dirs`. Other architectures are left out; broken
/// and unfinished models are listed with what is wrong.
pub fn find(cache: &Cache, dirs: &[PathBuf]) -> Vec<Model> {
    let mut models = Vec::new();
    for repo in cache.repos() {
        cached(cache, &repo, &mut models);
    }
    let mut n_entries = 0;
    for dir in dirs {
        below(dir, 0, &mut n_entries, &mut models);
    }
    models
}

/// Path of the model that a person means by `name`: a path, a repository in the cache, or a GGUF file in one
/// as `org/name/file.gguf`.
pub fn locate(cache: &Cache, name: &str) -> Result<PathBuf, Error> {
    let path = Path::new(name);
    if path.exists() {
        return Ok(path.to_owned());
    }
    let unknown = || Error::NoModel(name.chars().take(200).collect());
    if let Ok(repo) = name.parse::<RepoId>() {
        if let Some((snapshot, _)) = cache.snapshot(&repo) {
            return Ok(the_one_gguf(&snapshot).unwrap_or(snapshot));
        }
        if cache.is_unfinished(&repo) {
            return Err(Error::Unfinished(cache.repo_dir(&repo)));
        }
        return Err(unknown());
    }
    let (repo, file) = name.rsplit_once('/').ok_or_else(unknown)?;
    let repo: RepoId = repo.parse().map_err(|_not_a_repo| unknown())?;
    let (snapshot, _) = cache.snapshot(&repo).ok_or_else(unknown)?;
    let path = snapshot.join(file);
    if file.contains(['\\', ':']) || !path.is_file() {
        return Err(unknown());
    }
    Ok(path)
}

/// The only GGUF file of a snapshot that is no model directory itself.
fn the_one_gguf(snapshot: &Path) -> Option<PathBuf> {
    if describe::kind(snapshot).is_some() {
        return None;
    }
    let mut files = ggufs(snapshot).into_iter();
    files.next().filter(|_| files.next().is_none())
}

fn cached(cache: &Cache, repo: &RepoId, models: &mut Vec<Model>) {
    let unfinished = || Error::Unfinished(cache.repo_dir(repo));
    let Some((snapshot, _)) = cache.snapshot(repo) else {
        if cache.is_unfinished(repo) {
            let dir = cache.repo_dir(repo);
            models.push(broken(repo.to_string(), dir, None, &unfinished(), true));
        }
        return;
    };
    for file in ggufs(&snapshot) {
        let own = file.file_name().unwrap_or_default().to_string_lossy();
        models.push(model(&file, format!("{repo}/{own}"), Kind::Gguf, true));
    }
    if let Some(kind) = describe::kind(&snapshot) {
        let mut model = model(&snapshot, repo.to_string(), kind, true);
        if model.problem.is_some() && cache.is_unfinished(repo) {
            model.problem = Some(unfinished().to_string());
        }
        models.push(model);
    } else if !snapshot.join("config.json").exists() && cache.is_unfinished(repo) {
        models.push(broken(
            repo.to_string(),
            snapshot,
            None,
            &unfinished(),
            true,
        ));
    }
}

fn below(path: &Path, depth: usize, n_entries: &mut usize, models: &mut Vec<Model>) {
    *n_entries += 1;
    if *n_entries > MAX_ENTRIES {
        return;
    }
    if let Some(kind) = describe::kind(path) {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().into_owned();
        models.push(model(path, name, kind, false));
        return;
    }
    if depth > MAX_DEPTH {
        return;
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    // A link may lead in a circle; a file is looked at only by its name.
    let mut paths: Vec<PathBuf> = entries
        .filter(|entry| {
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            is_dir || describe::is_gguf(&entry.path())
        })
        .take(MAX_ENTRIES)
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    for path in paths {
        below(&path, depth + 1, n_entries, models);
    }
}

fn model(path: &Path, name: String, kind: Kind, cached: bool) -> Model {
    match describe(path) {
        Ok(description) => Model {
            name,
            path: path.to_owned(),
            kind: Some(kind),
            cached,
            description: Some(description),
            problem: None,
        },
        Err(error) => broken(name, path.to_owned(), Some(kind), &error, cached),
    }
}

fn broken(name: String, path: PathBuf, kind: Option<Kind>, error: &Error, cached: bool) -> Model {
    Model {
        name,
        path,
        kind,
        cached,
        description: None,
        problem: Some(error.to_string()),
    }
}

fn ggufs(dir: &Path) -> Vec<PathBuf> {
    const MAX_FILES: usize = 1_000;
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.path());
    let mut files: Vec<PathBuf> = files
        .filter(|path| describe::is_gguf(path) && path.is_file())
        .take(MAX_FILES)
        .collect();
    files.sort();
    files
}
