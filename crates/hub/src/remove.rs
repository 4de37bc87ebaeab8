//! Removing a cached model, and nothing else.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cache::{Cache, RepoId};

/// Why nothing was removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// The repository is not there.
    #[error("`{0}` is not in the cache at {1}")]
    NotCached(RepoId, PathBuf),
    /// The folder is a link to somewhere else.
    #[error("a link, not a folder of the cache: {0}")]
    Link(PathBuf),
    /// A download of it is under way.
    #[error("`{0}` is being fetched now")]
    Busy(RepoId),
    /// The operating system refused.
    #[error("cannot remove {path}")]
    Io { path: PathBuf, source: io::Error },
}

impl RemoveError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NotCached(..) => {
                "See what there is with `callout model list`. Only what lies in the cache is removed here."
                    .to_owned()
            }
            Self::Link(_) => "Delete the link yourself, if that is what you want.".to_owned(),
            Self::Busy(_) => "Stop the other program first, or wait for it.".to_owned(),
            Self::Io { .. } => return None,
        })
    }
}

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// The repository.
    pub repo: RepoId,
    /// Its folder, which is gone.
    #[serde(serialize_with = "crate::file::as_text")]
    pub path: PathBuf,
    /// Bytes of the files that are gone.
    pub freed_bytes: u64,
}

/// Removes all revisions of a repository from the cache. Links in it are removed, not followed.
pub fn remove(cache: &Cache, repo: &RepoId) -> Result<Removed, RemoveError> {
    let path = cache.repo_dir(repo);
    let io = |source| RemoveError::Io {
        path: path.clone(),
        source,
    };
    match std::fs::symlink_metadata(&path) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => return Err(RemoveError::Link(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(RemoveError::NotCached(repo.clone(), cache.dir().to_owned()));
        }
        Err(error) => return Err(io(error)),
    }
    let locks = cache.locks_dir(repo);
    let _held = hold_all(&locks).ok_or_else(|| RemoveError::Busy(repo.clone()))?;
    let freed_bytes = bytes_below(&path);
    std::fs::remove_dir_all(&path).map_err(io)?;
    // Without its repository a lock file means nothing; where one stays, nothing is lost.
    if std::fs::symlink_metadata(&locks).is_ok_and(|metadata| metadata.is_dir()) {
        std::fs::remove_dir_all(&locks).ok();
    }
    Ok(Removed {
        repo: repo.clone(),
        path,
        freed_bytes,
    })
}

/// Takes all locks of a folder; `None` when another program holds one.
fn hold_all(locks: &Path) -> Option<Vec<File>> {
    let entries = std::fs::read_dir(locks).into_iter().flatten().flatten();
    let mut held = Vec::new();
    for entry in entries {
        let Ok(file) = File::open(entry.path()) else {
            continue;
        };
        match file.try_lock() {
            Ok(()) => held.push(file),
            Err(TryLockError::WouldBlock) => return None,
            // A file system without locks has no holder either.
            Err(TryLockError::Error(_)) => {}
        }
    }
    Some(held)
}

fn bytes_below(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| {
        let metadata = entry.metadata().ok()?;
        if metadata.is_dir() {
            return Some(bytes_below(&entry.path()));
        }
        metadata.is_file().then_some(metadata.len())
    });
    sizes.sum()
}
