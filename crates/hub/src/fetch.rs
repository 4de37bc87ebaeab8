//! Fetching a model into the cache that is shared with Python's `huggingface_hub`, so that what was there is
//! used, what breaks off goes on, and nothing half-fetched is taken for a model.
//!
//! Names, addresses and layout are `hf-hub`'s. The transfer is ours: `hf-hub` 1.0 begins a broken download
//! anew, 0.5 checks no hash, trusts the server's names and waits for a silent server for ever.

mod blob;
mod error;
mod listing;
mod remote;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::Serialize;

pub use error::FetchError;
pub use remote::Remote;

use crate::cache::{Cache, RepoId};
use crate::describe::{self, Kind};
use blob::Transfer;
use listing::{Listed, Listing};

/// What to fetch.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The repository.
    pub repo: RepoId,
    /// A branch, tag or commit.
    pub revision: String,
    /// This GGUF file instead of a model directory.
    pub gguf: Option<String>,
}

/// How far a fetch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The file under way.
    pub file: &'a str,
    /// Bytes that are here, of all files.
    pub done_bytes: u64,
    /// Bytes of all files.
    pub total_bytes: u64,
}

/// What a fetch did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fetched {
    /// The repository.
    pub repo: RepoId,
    /// The commit that the revision stands for.
    pub commit: String,
    /// The model: a snapshot's folder, or a GGUF file.
    #[serde(serialize_with = "crate::file::as_text")]
    pub path: PathBuf,
    /// Number of files that belong to it.
    pub files: usize,
    /// Bytes of those files.
    pub total_bytes: u64,
    /// Bytes that came over the network; the others were here.
    pub received_bytes: u64,
}

/// Left free on the disk, in bytes.
const SPARE_BYTES: u64 = 64 << 20;

/// Fetches what is needed of a repository: configuration, tokenizer, weights; never pickles. A repository that
/// is no model of ours is refused before its weights are fetched. `progress` is called with each piece; after
/// `cancel` is set, what is here stays, and the next call goes on from it.
pub fn fetch(
    remote: &Remote,
    cache: &Cache,
    wanted: &Wanted,
    progress: &mut dyn FnMut(&Progress<'_>),
    cancel: &AtomicBool,
) -> Result<Fetched, FetchError> {
    check_revision(&wanted.revision)?;
    let listing = listing::list(remote, wanted)?;
    let files = listing.needed(wanted)?;
    let total_bytes = files.iter().map(|file| file.bytes).sum();
    let repo = hf_hub::Cache::new(cache.dir().to_owned()).repo(wanted.repo.at(&wanted.revision));
    let snapshot = repo.pointer_path(&listing.commit);
    let mut transfer = Transfer {
        remote,
        wanted,
        commit: &listing.commit,
        blobs: cache.repo_dir(&wanted.repo).join("blobs"),
        locks: cache.locks_dir(&wanted.repo),
        cancel,
        received_bytes: 0,
        done_bytes: 0,
        total_bytes,
        progress,
    };
    transfer.make_folders(&snapshot)?;
    enough_space(cache.dir(), &transfer, &files)?;
    let mut is_checked = wanted.gguf.is_some();
    for file in &files {
        if !is_checked && !file.is_small() {
            check_kind(&snapshot, &listing)?;
            is_checked = true;
        }
        let blob = transfer.get(file)?;
        link(&blob, &snapshot.join(&file.name))?;
    }
    if !is_checked {
        check_kind(&snapshot, &listing)?;
    }
    // Last, so that a revision never points at half a model.
    if wanted.revision != listing.commit {
        let reference = cache.repo_dir(&wanted.repo).join("refs");
        repo.create_ref(&listing.commit)
            .map_err(FetchError::io(&reference.join(&wanted.revision)))?;
    }
    Ok(Fetched {
        repo: wanted.repo.clone(),
        path: match &wanted.gguf {
            Some(file) => snapshot.join(file),
            None => snapshot,
        },
        received_bytes: transfer.received_bytes,
        files: files.len(),
        total_bytes,
        commit: listing.commit,
    })
}

/// Refuses a revision that could leave a folder or an address.
fn check_revision(revision: &str) -> Result<(), FetchError> {
    const MAX_CHARS: usize = 200;
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    if revision.len() <= MAX_CHARS && revision.split('/').all(part) {
        return Ok(());
    }
    let revision = revision.chars().take(MAX_CHARS).collect();
    Err(FetchError::BadRevision(revision))
}

fn enough_space(dir: &Path, transfer: &Transfer<'_>, files: &[&Listed]) -> Result<(), FetchError> {
    let missing: u64 = files.iter().map(|file| transfer.missing_bytes(file)).sum();
    // Where the system does not say, writing will.
    let Ok(free_bytes) = fs4::available_space(dir) else {
        return Ok(());
    };
    if missing > 0 && missing.saturating_add(SPARE_BYTES) > free_bytes {
        return Err(FetchError::NoSpace {
            needed_bytes: missing.saturating_add(SPARE_BYTES),
            free_bytes,
            dir: dir.to_owned(),
        });
    }
    Ok(())
}

/// Refuses a repository that is no model of ours, now that its configuration is here.
fn check_kind(snapshot: &Path, listing: &Listing) -> Result<(), FetchError> {
    match describe::kind(snapshot) {
        Some(Kind::Qwen25Vl | Kind::Adapter) => Ok(()),
        _ => Err(FetchError::NotAModel {
            repo: listing.repo.clone(),
            ggufs: listing.ggufs(),
        }),
    }
}

/// Links a snapshot's file to its blob, relatively as Python does, so that the cache can be moved. Where links
/// cannot be made, copies.
fn link(blob: &Path, pointer: &Path) -> Result<(), FetchError> {
    let name = blob.file_name().unwrap_or_default();
    let folder = pointer.parent().unwrap_or(Path::new(""));
    // From `snapshots/COMMIT[/FOLDER…]` up to the repository.
    let n_up = folder
        .ancestors()
        .take_while(|dir| dir.file_name().is_none_or(|name| name != "snapshots"))
        .count()
        + 1;
    let mut target: PathBuf = std::iter::repeat_n("..", n_up).collect();
    target.push("blobs");
    target.push(name);
    std::fs::create_dir_all(folder).map_err(FetchError::io(folder))?;
    if std::fs::read_link(pointer).is_ok_and(|is| is == target) {
        return Ok(());
    }
    match std::fs::remove_file(pointer) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(FetchError::io(pointer)(error));
        }
        _ => {}
    }
    symlink_or_copy(&target, blob, pointer).map_err(FetchError::io(pointer))
}

#[cfg(unix)]
fn symlink_or_copy(target: &Path, _blob: &Path, pointer: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, pointer)
}

#[cfg(not(unix))]
fn symlink_or_copy(_target: &Path, blob: &Path, pointer: &Path) -> std::io::Result<()> {
    std::fs::copy(blob, pointer).map(|_bytes| ())
}
