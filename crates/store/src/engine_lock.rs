//! One engine a workspace: a lock of the operating system on `engine.lock`, which is free as soon as
//! its holder is gone, however it went.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::PathBuf;
use std::time::Duration;

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, Workspace};

/// Whoever only looks whether the lock is held shares it for a moment: an engine waits so long, so often.
const TRIES: u32 = 10;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);
/// More is no note of ours.
const MAX_NOTE_BYTES: u64 = 4_096;

/// The right to run jobs of a workspace, until it is dropped or the process ends.
#[derive(Debug)]
pub struct EngineLock {
    file: File,
}

/// What the holder of the lock says of itself, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineNote {
    /// Its process.
    pub pid: u32,
    /// When it took the lock.
    pub started_at: Timestamp,
}

impl Workspace {
    /// Takes the engine lock; `None` when another engine has it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn engine_lock(&self, at: Timestamp) -> Result<Option<EngineLock>> {
        let path = self.engine_lock_path();
        let open = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path);
        let mut file = open.map_err(Error::io("open", &path))?;
        for attempt in 0..TRIES {
            match file.try_lock() {
                Ok(()) => {
                    write_note(&mut file, at).map_err(Error::io("write", &path))?;
                    return Ok(Some(EngineLock { file }));
                }
                Err(TryLockError::WouldBlock) if attempt + 1 < TRIES => {
                    std::thread::sleep(BETWEEN_TRIES);
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => return Err(Error::io("lock", &path)(source)),
            }
        }
        Ok(None)
    }

    /// Whether an engine has the lock now.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn engine_is_running(&self) -> Result<bool> {
        let path = self.engine_lock_path();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(Error::io("open", &path)(error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(source)) => Err(Error::io("lock", &path)(source)),
        }
    }

    /// What the engine that runs, or ran last, says of itself.
    pub fn engine_note(&self) -> Option<EngineNote> {
        let file = File::open(self.engine_lock_path()).ok()?;
        serde_json::from_reader(file.take(MAX_NOTE_BYTES)).ok()
    }

    fn engine_lock_path(&self) -> PathBuf {
        self.root().join("engine.lock")
    }
}

impl Drop for EngineLock {
    fn drop(&mut self) {
        // Closing the file lets go as well.
        self.file.unlock().unwrap_or(());
    }
}

fn write_note(file: &mut File, at: Timestamp) -> std::io::Result<()> {
    let note = EngineNote {
        pid: std::process::id(),
        started_at: at,
    };
    file.set_len(0)?;
    file.rewind()?;
    serde_json::to_writer(&mut *file, &note)?;
    file.write_all(b"\n")
}
