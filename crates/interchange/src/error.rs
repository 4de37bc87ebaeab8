//! Why an export was not written, and what to do about it.

use std::path::PathBuf;

/// The result of an interchange operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong; [`Error::help`] says what to do. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The workspace could not be read.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A folder export on top of something.
    #[error("there is something already in `{}`", .0.display())]
    NotEmpty(PathBuf),
    /// A file export on top of a folder, a link or a device.
    #[error("not a file that can be replaced: `{}`", .0.display())]
    NotAFile(PathBuf),
    /// An export into the workspace itself, whose database and pictures it could overwrite.
    #[error("inside the workspace: `{}`", .0.display())]
    InsideWorkspace(PathBuf),
    /// An original's bytes are no longer those that were imported.
    #[error("the picture of diagram {number}, `{name}`, is damaged: `{}`", path.display())]
    Damaged {
        /// The diagram's number.
        number: u32,
        /// The diagram's name.
        name: String,
        /// The original in the workspace.
        path: PathBuf,
    },
    /// An original is not there.
    #[error("the picture of diagram {number}, `{name}`, is missing: `{}`", path.display())]
    Missing {
        /// The diagram's number.
        number: u32,
        /// The diagram's name.
        name: String,
        /// Where it should be.
        path: PathBuf,
    },
    /// The fields that came along with a diagram are not a JSON object.
    #[error("the fields kept with diagram {number} cannot be read")]
    Extra {
        /// The diagram's number.
        number: u32,
        /// What is wrong with them.
        source: serde_json::Error,
    },
    /// A file that holds no glossary.
    #[error("`{}` is no glossary: {problem}", path.display())]
    Terms {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file could not be read or written.
    #[error("cannot {doing} `{}`", path.display())]
    Io {
        /// What was being done, as a verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
}

impl Error {
    /// What to do about it, where there is something to do.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Store(error) => error.help(),
            Self::Terms { .. } => Some(
                "Give a CSV or TSV file whose first line names the columns `en`, `zh`, `expansion`, `definition`, \
                 `forbidden`, or JSON as `callout term export` writes it.",
            ),
            Self::NotEmpty(_) => Some("Name a new folder, or an empty one."),
            Self::NotAFile(_) => Some("Name a new file, or one that may be replaced."),
            Self::InsideWorkspace(_) => Some("Choose a place outside the workspace's folder."),
            Self::Damaged { .. } | Self::Missing { .. } => {
                Some("Put the original back from a backup, then export again.")
            }
            Self::Extra { .. } => None,
            Self::Io { source, .. } => match source.kind() {
                std::io::ErrorKind::PermissionDenied => Some("Check who may write there."),
                std::io::ErrorKind::StorageFull => Some("Make room on the disk, then try again."),
                _ => None,
            },
        }
    }

    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}
