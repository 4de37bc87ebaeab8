//! What can go wrong, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use qwen::chat::ChatError;
use qwen::load::LoadError;
use thiserror::Error;

/// Why a run did not start or did not go on.
#[derive(Debug, Error)]
pub enum Error {
    /// A setting that no run can have.
    #[error("`{name}` is {value}, and must be {expected}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// There is nothing to learn from.
    #[error("the data set has no sample")]
    NoSamples,
    /// A sample was not read.
    #[error("sample {number} cannot be read")]
    Sample {
        /// Its number.
        number: usize,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A sample that teaches nothing.
    #[error("the conversation has no answer of the assistant")]
    NoLabels,
    /// A sample that is longer than the model's context.
    #[error("the sample has {tokens} tokens, more than the {limit_tokens} that the model takes")]
    TooLong {
        /// Tokens, those of images included.
        tokens: usize,
        /// Most that fit.
        limit_tokens: usize,
    },
    /// The loss, or the gradients, are no numbers.
    #[error("the loss is no number at step {step}, with samples {samples:?}")]
    NotFinite {
        /// Optimiser step, from 0.
        step: usize,
        /// Numbers of the samples whose loss is no number, or of all in the step if only gradients are not.
        samples: Vec<usize>,
    },
    /// A weight that was to learn got no gradient.
    #[error("`{name}` is to learn and got no gradient")]
    NoGradient {
        /// Its name.
        name: String,
    },
    /// A checkpoint that does not belong to this run.
    #[error("{reason}: {}", path.display())]
    OtherRun {
        /// What does not fit.
        reason: String,
        /// The checkpoint.
        path: PathBuf,
    },
    /// There is no checkpoint to go on from.
    #[error("no checkpoint in {}", folder.display())]
    NoCheckpoint {
        /// The run's folder.
        folder: PathBuf,
    },
    /// The system did not let a file be read or written.
    #[error("cannot {doing} {}", path.display())]
    File {
        /// `read` or `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// A conversation did not become a sample.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// The base model was not loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The device.
    #[error("the device could not compute")]
    Device(#[from] candle_core::Error),
}

/// Of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Setting { .. } | Self::NoGradient { .. } | Self::Sample { .. } => None,
            Self::NoSamples | Self::NoLabels => {
                Some("Give conversations that end with an answer of the assistant.")
            }
            Self::TooLong { .. } => Some("Lower the largest image size, or leave the sample out."),
            Self::NotFinite { .. } => {
                Some("Look at these samples, lower the learning rate, or warm up longer.")
            }
            Self::OtherRun { .. } | Self::NoCheckpoint { .. } => {
                Some("Resume with the folder, model and settings that the run was started with.")
            }
            Self::File { .. } => {
                Some("Check that the disk has room and the folder may be written.")
            }
            Self::Chat(error) => error.help(),
            Self::Load(error) => error.help(),
            Self::Device(_) => Some("Lower the batch size, or turn recomputation on."),
        }
    }

    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::File {
            doing: "read",
            path,
            source,
        }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::File {
            doing: "write",
            path,
            source,
        }
    }
}
