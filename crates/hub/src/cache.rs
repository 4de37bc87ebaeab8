//! The Hugging Face cache that is shared with Python's `huggingface_hub`: where it is, and what is where in it.
//!
//! Layout: `models--org--name/{refs,blobs,snapshots}`; a snapshot is a folder of links into `blobs`
//! (<https://huggingface.co/docs/huggingface_hub/guides/manage-cache>).

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::SystemTime;

use hf_hub::{Repo, RepoType};
use serde::Serialize;

/// A cache folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    dir: PathBuf,
}

/// Name of a repository, such as `Qwen/Qwen2.5-VL-3B-Instruct`; it cannot leave a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct RepoId(String);

/// A text that names no repository.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no repository; one looks like `Qwen/Qwen2.5-VL-3B-Instruct`")]
pub struct NotARepo(String);

impl Cache {
    /// The cache in this folder, which need not exist.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The cache that Python would use: `HF_HUB_CACHE`, else `hub` in `HF_HOME`, else in
    /// `$XDG_CACHE_HOME/huggingface`, else in `~/.cache/huggingface`.
    pub fn from_env() -> Self {
        let direct = variable("HF_HUB_CACHE").or_else(|| variable("HUGGINGFACE_HUB_CACHE"));
        Self::new(direct.map_or_else(|| home().join("hub"), PathBuf::from))
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Folder of a repository.
    pub fn repo_dir(&self, repo: &RepoId) -> PathBuf {
        self.dir.join(repo.folder())
    }

    /// Folder of the lock files of a repository; Python locks the same ones.
    pub(crate) fn locks_dir(&self, repo: &RepoId) -> PathBuf {
        self.dir.join(".locks").join(repo.folder())
    }

    /// The repository that a path of this cache belongs to.
    pub fn repo_of(&self, path: &Path) -> Option<RepoId> {
        let cache = self.dir.canonicalize().ok()?;
        // Of the path itself, not of what it links to: a link elsewhere is nothing of this cache.
        let name = path.file_name();
        let folder = name.and(path.parent()).unwrap_or(path);
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let mut below = folder.canonicalize().ok()?;
        below.extend(name);
        let below = below.strip_prefix(cache).ok()?;
        RepoId::of_folder(below.components().next()?.as_os_str().to_str()?)
    }

    /// The repositories of models in the cache, by name.
    pub fn repos(&self) -> Vec<RepoId> {
        const MAX_REPOS: usize = 10_000;
        let entries = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let mut repos: Vec<RepoId> = entries
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .filter_map(|entry| RepoId::of_folder(entry.file_name().to_str()?))
            .take(MAX_REPOS)
            .collect();
        repos.sort();
        repos
    }

    /// The snapshot that `main` points at, else the newest; with its commit.
    pub fn snapshot(&self, repo: &RepoId) -> Option<(PathBuf, String)> {
        let repo_dir = self.repo_dir(repo);
        let snapshots = repo_dir.join("snapshots");
        let main = std::fs::read_to_string(repo_dir.join("refs/main")).unwrap_or_default();
        let main = main.trim();
        if is_commit(main) && snapshots.join(main).is_dir() {
            return Some((snapshots.join(main), main.to_owned()));
        }
        let entries = std::fs::read_dir(&snapshots).ok()?.flatten();
        let newest = entries
            .filter_map(|entry| {
                let commit = entry.file_name().to_str()?.to_owned();
                let made = entry.metadata().ok()?.modified();
                is_commit(&commit).then(|| (made.unwrap_or(SystemTime::UNIX_EPOCH), commit))
            })
            .max()?;
        Some((snapshots.join(&newest.1), newest.1))
    }

    /// Whether a download of this repository stopped before its end.
    pub(crate) fn is_unfinished(&self, repo: &RepoId) -> bool {
        let blobs = std::fs::read_dir(self.repo_dir(repo).join("blobs"));
        blobs.into_iter().flatten().flatten().any(|blob| {
            let path = blob.path();
            path.extension()
                .is_some_and(|extension| extension == "incomplete" || extension == "part")
        })
    }

    /// The repository and the commit whose snapshot this folder is; any cache counts.
    pub(crate) fn origin(dir: &Path) -> Option<(RepoId, String)> {
        let commit = dir.file_name()?.to_str().filter(|name| is_commit(name))?;
        let snapshots = dir.parent().filter(|dir| dir.ends_with("snapshots"))?;
        let repo = RepoId::of_folder(snapshots.parent()?.file_name()?.to_str()?)?;
        Some((repo, commit.to_owned()))
    }
}

impl RepoId {
    /// The name, `org/name` or `name`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As the hub's client describes it.
    pub(crate) fn at(&self, revision: &str) -> Repo {
        Repo::with_revision(self.0.clone(), RepoType::Model, revision.to_owned())
    }

    fn folder(&self) -> String {
        self.at("main").folder_name()
    }

    fn of_folder(folder: &str) -> Option<Self> {
        let name = folder.strip_prefix("models--")?;
        name.replacen("--", "/", 1).parse().ok()
    }
}

impl FromStr for RepoId {
    type Err = NotARepo;

    fn from_str(text: &str) -> Result<Self, NotARepo> {
        const MAX_CHARS: usize = 96;
        let part = |part: &str| {
            let ends = |c: char| c == '-' || c == '.';
            !part.is_empty()
                && !part.starts_with(ends)
                && !part.ends_with(ends)
                && !part.contains("--")
                && !part.contains("..")
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        };
        let n_parts = text.split('/').count();
        if n_parts <= 2 && text.len() <= MAX_CHARS && text.split('/').all(part) {
            return Ok(Self(text.to_owned()));
        }
        Err(NotARepo(text.chars().take(MAX_CHARS).collect()))
    }
}

impl fmt::Display for RepoId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Whether a text is a commit's full hash.
pub(crate) fn is_commit(text: &str) -> bool {
    text.len() == 40
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Folder of everything that Hugging Face's tools keep for this user.
pub(crate) fn home() -> PathBuf {
    if let Some(home) = variable("HF_HOME") {
        return PathBuf::from(home);
    }
    let cache = variable("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
    cache.unwrap_or_default().join("huggingface")
}

/// A variable of the environment that is set to something. A leading `~/` is the user's home, as in Python.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
    let below_home = value.to_str().and_then(|value| value.strip_prefix("~/"));
    match (below_home, std::env::home_dir()) {
        (Some(rest), Some(home)) => Some(home.join(rest).into_os_string()),
        _ => Some(value),
    }
}
