//! Where an export goes: checked before anything is written, and named only when it is whole.

use std::fs::File;
use std::io::ErrorKind;
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

/// Writes a file outside the workspace, replacing one that is there; whole or not at all.
pub(crate) fn whole_file<T>(
    workspace: &Workspace,
    out: &Path,
    write: impl FnOnce(&mut File, &Path) -> Result<T>,
) -> Result<T> {
    let out = prepare(workspace, out)?;
    replaceable(&out)?;
    let folder = out.parent().unwrap_or(&out);
    let mut file = unfinished(folder).map_err(Error::io("write in", folder))?;
    let written = write(file.as_file_mut(), &out)?;
    file.persist(&out)
        .map_err(|error| Error::io("write", &out)(error.error))?;
    sync_folder(folder)?;
    Ok(written)
}

/// A device or a link would be replaced by a file, which nobody means.
fn replaceable(out: &Path) -> Result<()> {
    match std::fs::symlink_metadata(out) {
        Ok(found) if !found.is_file() => Err(Error::NotAFile(out.to_path_buf())),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("write", out)(error)),
        _ => Ok(()),
    }
}

fn unfinished(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".callout-export-");
    // As any new file, readable by whom the umask lets; by default only its owner could read it.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}
