//! What tells one state of a local model from another: a commit where the cache knows it, else a hash of samples of its
//! files. Reading all of a large checkpoint would take longer than drafting with it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Pieces of each file that are read, spread evenly; the beginning, with its header, is one.
const PIECES: u64 = 64;
const PIECE_BYTES: u64 = 4096;
/// Hex digits that are kept.
const DIGITS: usize = 16;

/// The revision of the model at `path`, with that of the adapter on top; `None` where a file cannot be read.
pub fn of(description: &hub::Description, adapter: Option<&Path>) -> Option<String> {
    let model = match &description.revision {
        Some(commit) => commit.clone(),
        None => format!("sampled-{}", sampled(&description.path).ok()?),
    };
    Some(match adapter {
        Some(adapter) => format!("{model}+adapter-{}", sampled(adapter).ok()?),
        None => model,
    })
}

fn sampled(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    for file in files(path)? {
        let name = file.file_name().unwrap_or_default();
        hash.update(name.as_encoded_bytes());
        sample(&file, &mut hash)?;
    }
    let digits: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(digits[..DIGITS].to_owned())
}

/// The model's files, by name: itself if it is one.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let matters = |path: &PathBuf| {
        let extension = path.extension().unwrap_or_default();
        (extension == "safetensors" || extension == "json") && path.is_file()
    };
    let entries = std::fs::read_dir(path)?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(matters)
        .collect();
    files.sort();
    Ok(files)
}

fn sample(path: &Path, hash: &mut Sha256) -> io::Result<()> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    hash.update(bytes.to_le_bytes());
    let step = (bytes / PIECES).max(PIECE_BYTES);
    let mut piece = Vec::new();
    for at in (0..bytes).step_by(usize::try_from(step).unwrap_or(usize::MAX)) {
        file.seek(SeekFrom::Start(at))?;
        piece.clear();
        file.by_ref().take(PIECE_BYTES).read_to_end(&mut piece)?;
        hash.update(&piece);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
