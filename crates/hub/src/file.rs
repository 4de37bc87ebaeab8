//! Small files of strangers, read up to a limit.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use serde::Serializer;
use serde::de::DeserializeOwned;

use crate::Error;

/// Limit for `config.json` and its like, in bytes.
pub const MAX_CONFIG_BYTES: u64 = 16 << 20;

/// Opens an ordinary file; returns it with its length in bytes.
pub fn open(path: &Path) -> Result<(File, u64), Error> {
    // Asked before opening: opening a pipe would wait for its writer.
    let metadata = std::fs::metadata(path).map_err(|error| absent_or(path, error))?;
    if !metadata.is_file() {
        return Err(Error::malformed(path, "not an ordinary file"));
    }
    let file = File::open(path).map_err(|error| absent_or(path, error))?;
    Ok((file, metadata.len()))
}

/// Reads a JSON document of at most `limit` bytes.
pub fn json<T: DeserializeOwned>(path: &Path, limit: u64) -> Result<T, Error> {
    let (file, bytes) = open(path)?;
    if bytes > limit {
        return Err(Error::malformed(
            path,
            format!("larger than {} MiB", limit >> 20),
        ));
    }
    let mut text = Vec::new();
    file.take(limit)
        .read_to_end(&mut text)
        .map_err(Error::io(path))?;
    serde_json::from_slice(&text)
        .map_err(|error| Error::malformed(path, format!("not the JSON that is due here ({error})")))
}

/// The license that the front matter of a `README.md` states.
pub fn license(readme: &Path) -> Option<String> {
    const MAX_FRONT_MATTER: u64 = 64 << 10;
    const MAX_LICENSE_CHARS: usize = 80;
    let (file, _) = open(readme).ok()?;
    let mut text = Vec::new();
    file.take(MAX_FRONT_MATTER).read_to_end(&mut text).ok()?;
    let text = String::from_utf8_lossy(&text);
    let mut lines = text.lines();
    if lines.next()?.trim() != "---" {
        return None;
    }
    let value = |key: &str| {
        let front = text.lines().skip(1).take_while(|line| line.trim() != "---");
        let mut values = front.filter_map(|line| line.strip_prefix(key));
        let value = values.next()?.trim().trim_matches(['"', '\'']);
        (!value.is_empty()).then(|| value.chars().take(MAX_LICENSE_CHARS).collect::<String>())
    };
    match value("license:") {
        Some(license) if license == "other" => value("license_name:").or(Some(license)),
        license => license,
    }
}

/// Writes a path as text; what is not Unicode in it is replaced.
pub fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

fn absent_or(path: &Path, error: std::io::Error) -> Error {
    if error.kind() == ErrorKind::NotFound {
        let name = path.file_name().unwrap_or(path.as_os_str());
        return Error::Missing {
            file: name.to_string_lossy().into_owned(),
            dir: path.parent().unwrap_or(Path::new("")).to_owned(),
        };
    }
    Error::Io {
        path: path.to_owned(),
        source: error,
    }
}
