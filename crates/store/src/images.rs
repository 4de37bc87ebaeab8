//! Originals, kept by the SHA-256 of their bytes.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::{Error, Result, Workspace};

/// A copy of a file that lies in the workspace but has no name there; dropping it removes it.
#[derive(Debug)]
pub struct Incoming {
    file: NamedTempFile,
    hash: String,
    bytes: u64,
}

impl Incoming {
    /// The copy, for decoding.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// SHA-256 of its bytes, 64 lower-case hex digits.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Its size in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// How the name of a file begins that has no place yet.
const INCOMING: &str = ".incoming-";

/// A file that a killed import left has no owner after this long.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

impl Workspace {
    /// Removes what imports that were killed left half-copied, once it is a day old.
    ///
    /// # Errors
    /// [`Error::Io`] naming what could not be read or removed.
    pub fn sweep(&self) -> Result<()> {
        let images = self.images_dir();
        std::fs::create_dir_all(&images).map_err(Error::io("make", &images))?;
        for entry in std::fs::read_dir(&images).map_err(Error::io("read", &images))? {
            let path = entry.map_err(Error::io("read", &images))?.path();
            if is_abandoned(&path) {
                std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Copies a file in and hashes it on the way; what is decoded, hashed and kept is the same bytes
    /// even when somebody changes the file meanwhile.
    ///
    /// # Errors
    /// [`Error::Io`] naming the file that could not be read or written.
    pub fn receive(&self, source: &Path) -> Result<Incoming> {
        let images = self.images_dir();
        std::fs::create_dir_all(&images).map_err(Error::io("make", &images))?;
        let mut from = File::open(source).map_err(Error::io("open", source))?;
        let mut file = incoming_file()
            .tempfile_in(&images)
            .map_err(Error::io("write in", &images))?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 256 * 1024];
        let mut bytes = 0;
        loop {
            let read = from.read(&mut buffer).map_err(Error::io("read", source))?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            file.write_all(&buffer[..read])
                .map_err(Error::io("write in", &images))?;
            bytes += read as u64;
        }
        let hash = hasher
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Incoming { file, hash, bytes })
    }

    /// Gives a received file its place and returns it; the bytes are on disk when this returns.
    ///
    /// # Errors
    /// [`Error::Io`] naming the place.
    pub fn keep(&self, incoming: Incoming, format: &str) -> Result<PathBuf> {
        let path = self.image_path(&incoming.hash, format);
        let folder = path.parent().unwrap_or(self.root());
        std::fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
        incoming
            .file
            .as_file()
            .sync_all()
            .map_err(Error::io("write", &path))?;
        incoming
            .file
            .persist(&path)
            .map_err(|error| Error::io("write", &path)(error.error))?;
        sync_name(folder)?;
        Ok(path)
    }
}

/// Temporary files are for their owner alone; an original is for whoever may read the folder.
fn incoming_file() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".incoming-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

/// Brings a new name in `folder` to disk, and the folder's own in the one above.
#[cfg(unix)]
fn sync_name(folder: &Path) -> Result<()> {
    for folder in folder.ancestors().take(2) {
        let opened = File::open(folder).map_err(Error::io("open", folder))?;
        opened.sync_all().map_err(Error::io("write", folder))?;
    }
    Ok(())
}

/// Elsewhere a folder cannot be opened, and the file system keeps its names by itself.
#[cfg(not(unix))]
fn sync_name(_folder: &Path) -> Result<()> {
    Ok(())
}

fn is_abandoned(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let written = || path.metadata()?.modified();
    let age = written().ok().and_then(|written| written.elapsed().ok());
    name.starts_with(INCOMING) && age.is_some_and(|age| age > ABANDONED_AFTER)
}
