//! Where an export goes: checked before anything is written, and named only when it is whole.

use std::fs::File;
use std::path::{Path, PathBuf};

use store::Workspace;

use crate::{Error, Result};

/// `out` as an absolute path in a folder that exists, outside the workspace.
pub(crate) fn prepare(workspace: &Workspace, out: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(out).map_err(Error::io("find", out))?;
    let (Some(parent), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        return Err(Error::NotEmpty(absolute));
    };
    let root =
        std::fs::canonicalize(workspace.root()).map_err(Error::io("find", workspace.root()))?;
    if exists_within(&root, parent)? {
        return Err(Error::InsideWorkspace(absolute));
    }
    std::fs::create_dir_all(parent).map_err(Error::io("make", parent))?;
    let parent = std::fs::canonicalize(parent).map_err(Error::io("find", parent))?;
    // Once more, now that every `..` and link in it leads somewhere.
    if parent.starts_with(&root) {
        return Err(Error::InsideWorkspace(parent.join(name)));
    }
    Ok(parent.join(name))
}

/// Whether the nearest part of `path` that exists lies in `root`.
fn exists_within(root: &Path, path: &Path) -> Result<bool> {
    let existing = path
        .ancestors()
        .find(|folder| folder.exists())
        .unwrap_or(path);
    let existing = std::fs::canonicalize(existing).map_err(Error::io("find", existing))?;
    Ok(existing.starts_with(root))
}

/// Writes what a folder lists to disk, where the system can.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(Error::io("write", folder))?;
    }
    Ok(())
}
