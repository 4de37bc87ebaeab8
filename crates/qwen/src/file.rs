//! Reads a checkpoint's small text files within bounds. Weights are not read here.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use thiserror::Error;

/// Why a file of a checkpoint was not read.
#[derive(Debug, Error)]
pub enum FileError {
    /// There is no such file, or the system did not let it be read.
    #[error("`{name}` cannot be read in {}", folder.display())]
    Unreadable {
        /// Name of the file.
        name: String,
        /// Folder of the checkpoint.
        folder: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// More bytes than such a file can need.
    #[error("`{name}` has more than {limit_bytes} bytes in {}", folder.display())]
    TooLarge {
        /// Name of the file.
        name: String,
        /// Folder of the checkpoint.
        folder: PathBuf,
        /// Most bytes that are read of it.
        limit_bytes: u64,
    },
    /// Not UTF-8.
    #[error("`{name}` is not UTF-8 text in {}", folder.display())]
    NotText {
        /// Name of the file.
        name: String,
        /// Folder of the checkpoint.
        folder: PathBuf,
        /// Where it is not.
        source: std::string::FromUtf8Error,
    },
    /// Not JSON, or JSON of another shape.
    #[error("`{name}` is not as expected in {}", folder.display())]
    Malformed {
        /// Name of the file.
        name: String,
        /// Folder of the checkpoint.
        folder: PathBuf,
        /// What is not.
        source: serde_json::Error,
    },
}

/// Reads `dir/name` of at most `limit_bytes`; `None` if there is none.
pub(crate) fn text(dir: &Path, name: &str, limit_bytes: u64) -> Result<Option<String>, FileError> {
    let unreadable = |source| FileError::Unreadable {
        name: name.to_owned(),
        folder: dir.to_owned(),
        source,
    };
    let path = dir.join(name);
    // Before opening: a pipe without a writer would hang there.
    match path.metadata() {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(unreadable(io::Error::other("it is not a file"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limit_bytes + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > limit_bytes {
        return Err(FileError::TooLarge {
            name: name.to_owned(),
            folder: dir.to_owned(),
            limit_bytes,
        });
    }
    let text = String::from_utf8(bytes).map_err(|source| FileError::NotText {
        name: name.to_owned(),
        folder: dir.to_owned(),
        source,
    })?;
    Ok(Some(text))
}

/// Reads `dir/name` as JSON of at most `limit_bytes`; `None` if there is none.
pub(crate) fn json<T: DeserializeOwned>(
    dir: &Path,
    name: &str,
    limit_bytes: u64,
) -> Result<Option<T>, FileError> {
    let Some(text) = text(dir, name, limit_bytes)? else {
        return Ok(None);
    };
    let value = serde_json::from_str(&text).map_err(|source| FileError::Malformed {
        name: name.to_owned(),
        folder: dir.to_owned(),
        source,
    })?;
    Ok(Some(value))
}
