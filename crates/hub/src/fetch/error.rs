//! Why a fetch failed, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::cache::RepoId;

/// Why a model was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// `HF_HUB_OFFLINE` is set.
    #[error("`HF_HUB_OFFLINE` is set, so nothing is fetched")]
    Offline,
    /// A revision that is none.
    #[error("`{0}` names no revision; one is a branch, a tag or a commit")]
    BadRevision(String),
    /// No connection, or none that lasts.
    #[error("cannot reach `{host}`")]
    Unreachable {
        host: String,
        source: Box<ureq::Error>,
    },
    /// The server wants a token, or another one.
    #[error("`{host}` refuses `{repo}` (HTTP {status}): it is private, gated or does not exist")]
    Forbidden {
        repo: RepoId,
        host: String,
        status: u16,
    },
    /// No such repository or revision.
    #[error("`{host}` has no `{repo}` with revision `{revision}`")]
    NotFound {
        repo: RepoId,
        revision: String,
        host: String,
    },
    /// The server answers something else than what was asked for.
    #[error("`{host}` answers HTTP {status}")]
    Status { host: String, status: u16 },
    /// An answer that does not follow the hub's rules.
    #[error("`{host}` does not answer as a hub does: {why}")]
    BadAnswer { host: String, why: String },
    /// The repository holds nothing that is of use.
    #[error("`{repo}` is no Qwen2.5-VL model and no PEFT adapter")]
    NotAModel { repo: RepoId, ggufs: Vec<String> },
    /// The file that was asked for is not in the repository.
    #[error("`{repo}` has no file `{file}`")]
    NoFile {
        repo: RepoId,
        file: String,
        ggufs: Vec<String>,
    },
    /// The disk is too small.
    #[error(
        "{} MiB are needed, {} MiB are free in {dir}",
        needed_bytes.div_ceil(1 << 20),
        free_bytes >> 20
    )]
    NoSpace {
        needed_bytes: u64,
        free_bytes: u64,
        dir: PathBuf,
    },
    /// The connection broke, again and again.
    #[error(
        "the connection broke off in `{file}`, after {done_bytes} of {total_bytes} bytes ({why})"
    )]
    Interrupted {
        file: String,
        done_bytes: u64,
        total_bytes: u64,
        why: String,
    },
    /// What came is not what the hub says the file is.
    #[error("`{0}` came damaged: its hash is not the one that the hub states")]
    Damaged(String),
    /// Another program fetches the same file.
    #[error("another program is fetching `{0}` now")]
    Busy(String),
    /// It was asked to stop.
    #[error("stopped before the end")]
    Cancelled,
    /// The operating system refused.
    #[error("cannot write {path}")]
    Io { path: PathBuf, source: io::Error },
}

impl FetchError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        const ALSO_A_FOLDER: &str =
            "A model is also just a directory: get it elsewhere, copy it here and give its path.";
        Some(match self {
            Self::Offline => format!("Unset it to use the network. {ALSO_A_FOLDER}"),
            Self::Unreachable { .. } => format!(
                "Is there a network? `HTTPS_PROXY` names a proxy, `HF_ENDPOINT` a mirror. {ALSO_A_FOLDER}"
            ),
            Self::Forbidden { repo, .. } => format!(
                "Check the name; where `{repo}` asks for it, accept its terms on its page and set `HF_TOKEN`."
            ),
            Self::NotFound { .. } | Self::BadRevision(_) => {
                "Check the spelling, capitals included, and `--revision`.".to_owned()
            }
            Self::Status { status: 429, .. } => {
                "The server wants fewer requests: wait some minutes, or set `HF_TOKEN`.".to_owned()
            }
            Self::Status { .. } => "Try again later; what is here stays.".to_owned(),
            Self::BadAnswer { .. } => "Check `HF_ENDPOINT`.".to_owned(),
            Self::NotAModel { ggufs, .. } if ggufs.is_empty() => {
                "Callout reads Qwen2.5-VL, PEFT adapters of it, and Qwen text models as GGUF."
                    .to_owned()
            }
            Self::NotAModel { ggufs, .. } | Self::NoFile { ggufs, .. } => match ggufs.as_slice() {
                [] => "It has no GGUF file.".to_owned(),
                ggufs => format!("Choose one with `--gguf`: {}", ggufs.join(", ")),
            },
            Self::NoSpace { .. } => {
                "Free some, or let `HF_HUB_CACHE` name a folder on a larger disk.".to_owned()
            }
            Self::Interrupted { .. } | Self::Cancelled => {
                "Run the same command once more: it goes on where this one stopped.".to_owned()
            }
            Self::Damaged(_) => {
                "Run the same command once more: only this file is fetched anew.".to_owned()
            }
            Self::Busy(_) => "Wait for it; then run the same command once more.".to_owned(),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "The disk is full. Free some, and run the same command once more: it goes on."
                    .to_owned()
            }
            Self::Io { .. } => return None,
        })
    }

    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
