//! The repository as the chores see it: where it is, what Cargo says about it, which source files it holds.

use crate::command::{cargo, stdout_of};
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The repository's top folder.
pub fn root() -> PathBuf {
    let xtask = std::env::var("CARGO_MANIFEST_DIR")
        .unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    Path::new(&xtask)
        .parent()
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// What `cargo metadata` says, dependencies resolved.
pub fn metadata() -> Result<Value> {
    let text = stdout_of(&mut cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--locked",
    ]))?;
    serde_json::from_str(&text).context("reading cargo's metadata")
}

/// Cargo's target folder, wherever the environment has put it.
pub fn target_dir() -> Result<PathBuf> {
    let text = stdout_of(&mut cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
    ]))?;
    let metadata: Value = serde_json::from_str(&text).context("reading cargo's metadata")?;
    let folder = metadata["target_directory"]
        .as_str()
        .context("cargo names no target folder")?;
    Ok(PathBuf::from(folder))
}

/// Every file of ours below `folder`: what was installed, built or hidden is left out.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).with_context(|| format!("listing {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_file() {
                files.push(path);
            } else if kind.is_dir() && is_ours(&path) {
                folders.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// When a file was last changed; `None` if it is not there.
pub fn changed_at(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path)
        .and_then(|data| data.modified())
        .ok()
}

fn is_ours(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let foreign = ["node_modules", "dist", "target", "gen"].contains(&name.as_ref());
    !foreign && !name.starts_with('.') && !folder.join("CACHEDIR.TAG").exists()
}
