//! The engine, seen from outside: whether it runs, and starting it as a process that outlives this one.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use domain::Timestamp;
use serde::{Deserialize, Serialize};
use specta::Type;
use store::jobs;

use crate::{Session, log};

/// An engine that nobody asks anything for so long, in seconds, gives its memory back.
const IDLE_SECS: &str = "900";

/// Names another program in place of the `callout` beside this one.
const PROGRAM: &str = "CALLOUT_ENGINE";
/// A longer log begins anew.
const MAX_LOG_BYTES: u64 = 4 * 1_024 * 1_024;

/// Whether an engine runs, and whether one is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct EngineStatus {
    /// Whether one holds the workspace.
    pub running: bool,
    /// Whether a job is queued, or was running.
    pub needed: bool,
    /// Its process, while one runs.
    pub pid: Option<u32>,
    /// When it began, while one runs.
    pub started_at: Option<Timestamp>,
}

/// There is no program to start.
#[derive(Debug, thiserror::Error)]
#[error("no engine to start: `{}` is not there", .0.display())]
pub struct NoEngine(PathBuf);

impl NoEngine {
    #[cfg(test)]
    pub(crate) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where it was looked for.
    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }

    /// What to do about it.
    pub fn help(&self) -> &'static str {
        "Put the program `callout` beside this one, or name it in the environment variable `CALLOUT_ENGINE`."
    }
}

impl Session {
    /// Whether an engine has the workspace now.
    ///
    /// # Errors
    /// When its lock cannot be looked at.
    pub fn engine_running(&self) -> Result<bool> {
        Ok(self.workspace.engine_is_running()?)
    }

    /// Whether an engine runs, and whether one is needed.
    ///
    /// # Errors
    /// As [`Self::engine_running`].
    pub fn engine(&self) -> Result<EngineStatus> {
        let running = self.engine_running()?;
        let note = self.workspace.engine_note().filter(|_| running);
        Ok(EngineStatus {
            running,
            needed: self.read(jobs::any_wait)?,
            pid: note.as_ref().map(|note| note.pid),
            started_at: note.map(|note| note.started_at),
        })
    }

    /// Starts an engine when work waits and none runs: `callout engine WORKSPACE` beside this program.
    /// Says whether it was started.
    ///
    /// # Errors
    /// [`NoEngine`], or when it cannot be started.
    pub fn ensure_engine(&self) -> Result<bool> {
        let engine = self.engine()?;
        if engine.running || !engine.needed {
            return Ok(false);
        }
        self.start_engine(&engine_program()?)?;
        Ok(true)
    }

    /// Starts `program engine WORKSPACE` in a process group of its own, so that it goes on when this
    /// program ends; what it prints goes to `runs/engine.log`.
    ///
    /// # Errors
    /// [`NoEngine`], or when it cannot be started.
    pub fn start_engine(&self, program: &Path) -> Result<()> {
        if !program.is_file() {
            return Err(NoEngine(program.to_path_buf()).into());
        }
        let log = self.engine_log()?;
        let mut command = Command::new(program);
        command
            .arg("engine")
            .arg(self.workspace.root())
            .args(["--exit-when-idle", IDLE_SECS])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        detach(&mut command);
        let mut child = command
            .spawn()
            .with_context(|| format!("starting `{}`", program.display()))?;
        // Somebody has to hear that it ended, or it stays in the list of processes.
        std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || child.wait().map(drop))?;
        Ok(())
    }

    fn engine_log(&self) -> Result<File> {
        let folder = self.workspace.runs_dir();
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("making `{}`", folder.display()))?;
        let path = folder.join(log::ENGINE);
        let opened = OpenOptions::new().create(true).append(true).open(&path);
        let log = opened.with_context(|| format!("opening `{}`", path.display()))?;
        if log.metadata()?.len() > MAX_LOG_BYTES {
            log.set_len(0)?;
        }
        Ok(log)
    }
}

/// The program that is started: the one that `CALLOUT_ENGINE` names, else `callout` beside this one.
fn engine_program() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(PROGRAM).filter(|named| !named.is_empty()) {
        return Ok(named.into());
    }
    let name = format!("callout{}", std::env::consts::EXE_SUFFIX);
    Ok(std::env::current_exe()?.with_file_name(name))
}

#[cfg(unix)]
fn detach(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(windows)]
fn detach(command: &mut Command) {
    use std::os::windows::process::CommandExt;
    const DETACHED_PROCESS: u32 = 0x8;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    command.creation_flags(DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP);
}
