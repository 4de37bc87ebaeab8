//! Why a model on disk cannot be used.

use std::path::PathBuf;

/// What is wrong with a model on disk.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing has this name.
    #[error("no model `{0}`: no such path, and not in the cache")]
    NoModel(String),
    /// A directory or file of another kind.
    #[error("not a model that Callout knows ({found}): {path}")]
    NotAModel { found: String, path: PathBuf },
    /// A file that the model needs is missing.
    #[error("`{file}` is missing in {dir}")]
    Missing { file: String, dir: PathBuf },
    /// A download stopped before its end.
    #[error("the download is unfinished: {0}")]
    Unfinished(PathBuf),
    /// A file that cannot be what its name says.
    #[error("{why}: {path}")]
    Malformed { why: String, path: PathBuf },
    /// The operating system refused.
    #[error("cannot read {path}")]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NoModel(name) => format!(
                "See what there is with `callout model list`, or get it with `callout model fetch {name}`."
            ),
            Self::NotAModel { .. } => "A model is a Qwen2.5-VL directory (`config.json` and safetensors), \
                a text model in a `.gguf` file, or a PEFT adapter directory."
                .to_owned(),
            Self::Missing { .. } | Self::Unfinished(_) => {
                "Run `callout model fetch` once more: it goes on where it stopped; or copy the missing file."
                    .to_owned()
            }
            Self::Malformed { .. } => {
                "The file is damaged or hostile; get it again from where it came from.".to_owned()
            }
            Self::Io { .. } => return None,
        })
    }

    pub(crate) fn malformed(path: &std::path::Path, why: impl Into<String>) -> Self {
        Self::Malformed {
            why: why.into(),
            path: path.to_owned(),
        }
    }

    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
