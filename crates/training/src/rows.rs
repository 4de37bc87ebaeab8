//! Rows to learn from, as LLaMA-Factory, ms-swift, LLaVA and Hugging Face's imagefolder write them.

mod conversation;
mod read;

use std::path::PathBuf;

use qwen::chat::Message;
use serde::{Deserialize, Serialize};

pub use read::{Options, read};

/// One conversation with its images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What its file calls it, or its place there.
    pub id: String,
    /// Who says what, with a place for each image.
    pub messages: Vec<Message>,
    /// The images, in the order of their places.
    pub images: Vec<PathBuf>,
}

/// A row that cannot be learned from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Its file's name for it, or its place there.
    pub id: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What a file or folder holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    /// What can be learned from, in order.
    pub rows: Vec<Row>,
    /// What cannot.
    pub refused: Vec<Refused>,
}

/// Why no rows were read.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// A file or folder was not read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// A file is not what its name says.
    #[error("{} is no data set: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There is nothing to learn from.
    #[error("{} holds no row to learn from", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What was refused.
        refused: Vec<Refused>,
    },
}

impl RowsError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Io { .. } => "Check the path, and that you may read it.",
            Self::Format { .. } => {
                "Give JSON lines of `messages` and `images`, LLaVA's JSON, or a folder with `metadata.jsonl`."
            }
            Self::Empty { .. } => "Give rows in which the assistant says something.",
        }
    }
}
