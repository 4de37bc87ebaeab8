//! Names of files within a folder, as a `metadata.jsonl` gives them; nothing here opens one.

use std::path::Path;

/// No file system takes a longer one.
const MAX_NAME_BYTES: usize = 4096;

/// A relative name parted by `/`, without `.` and empty parts.
///
/// # Errors
/// Says why it names no file below its folder.
pub(crate) fn normalise(name: &str) -> Result<String, &'static str> {
    if name.len() > MAX_NAME_BYTES {
        return Err("`file_name` is longer than any file's name");
    }
    if name.contains('\0') {
        return Err("`file_name` holds a null character");
    }
    let name = name.replace('\\', "/");
    let bytes = name.as_bytes();
    let drive = bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && &bytes[1..3] == b":/";
    if drive || name.starts_with('/') || name.split('/').any(|part| part == "..") {
        return Err("`file_name` leads out of its folder");
    }
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    if parts.is_empty() {
        return Err("`file_name` is empty");
    }
    Ok(parts.join("/"))
}

/// The name under which a `metadata.jsonl` knows a file; `None` for a path that it cannot name.
pub(crate) fn of_path(relative: &Path) -> Option<String> {
    normalise(relative.to_str()?).ok()
}
