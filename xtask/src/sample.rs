//! The sample workspace: our own diagrams with draft captions, made the first time the desk is run.

use crate::command::{command, show};
use crate::programs;
use crate::steps::Report;
use crate::tree::root;
use anyhow::{Context as _, Result};
use std::env::var_os;
use std::path::{Path, PathBuf};

/// Where the sample workspace lies: in the user's data folder.
pub fn workspace() -> Result<PathBuf> {
    let folder = data_folder().context("no home folder: set HOME")?;
    Ok(folder.join("callout").join("sample.callout"))
}

/// Makes the sample workspace if it is not there. A half-made one never stands in its place.
pub fn make(workspace: &Path) -> Result<Report> {
    if workspace.join("callout.db").exists() {
        return Ok(format!("{} (as you left it)", workspace.display()).into());
    }
    let unfinished = workspace.with_extension("unfinished");
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished)
            .with_context(|| format!("removing {}", unfinished.display()))?;
    }
    if let Some(parent) = workspace.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))?;
    }
    let callout = programs::callout()?;
    let callout = callout.to_string_lossy();
    let sample = root().join("assets").join("sample");
    show(command(&callout, &["init"]).arg(&unfinished))?;
    show(command(&callout, &["import"]).arg(&unfinished).arg(&sample))?;
    std::fs::rename(&unfinished, workspace)
        .with_context(|| format!("naming {}", workspace.display()))?;
    Ok(format!("made {}", workspace.display()).into())
}

fn data_folder() -> Option<PathBuf> {
    let set = |name: &str| {
        var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if cfg!(windows) {
        return set("LOCALAPPDATA");
    }
    if cfg!(target_os = "macos") {
        return Some(set("HOME")?.join("Library/Application Support"));
    }
    set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")))
}
