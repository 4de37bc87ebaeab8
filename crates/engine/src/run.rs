//! The engine's life: takes a workspace's lock, adopts what a dead engine left, then takes jobs until nothing is left
//! or somebody ends it. Knows no window and no argument parser.

mod answer;
mod draft;
mod models;
mod picture;
mod propose;
mod revision;
mod shift;
mod tell;
mod watch;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use domain::{JobId, Timestamp};
use store::jobs::{self, Claim, Worker};
use store::{Database, Workspace};

use crate::device::DeviceChoice;
use models::Models;
use watch::Watch;

/// How often an engine without work looks whether there is some.
const LOOK_EVERY: Duration = Duration::from_millis(150);

/// How an engine runs.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Where local models compute, whatever their own settings say.
    pub device: Option<DeviceChoice>,
    /// Ends after so long without work; never if `None`.
    pub exit_when_idle: Option<Duration>,
    /// Ends when this job does, or when it is paused.
    pub until: Option<JobId>,
    /// A model without work is let go of after so long. Default ten minutes.
    pub unload_after: Duration,
    /// Ends the engine from another thread.
    pub stop: Stop,
    /// Takes lines that people should see and no job is told of.
    pub log: fn(&str),
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            device: None,
            exit_when_idle: None,
            until: None,
            unload_after: Duration::from_secs(600),
            stop: Stop::default(),
            log: |_| {},
        }
    }
}

/// Asks an engine to end: what it is writing is queued again, what is finished stays.
#[derive(Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether somebody asked.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Stop").field(&self.asked()).finish()
    }
}

/// Why an engine did not run, or ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Another one has the workspace.
    #[error("an engine is at this workspace already{}", pid.map(|pid| format!(", as process {pid}")).unwrap_or_default())]
    Running {
        /// Its process, where it says so.
        pid: Option<u32>,
    },
    /// The workspace.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The system gave no thread.
    #[error("no thread can be started")]
    Thread(#[from] std::io::Error),
}

impl RunError {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Running { .. } => {
                Some("Leave it at work: it takes new jobs by itself. Or end it first.")
            }
            Self::Store(error) => error.help(),
            Self::Thread(_) => None,
        }
    }
}

type Result<T> = std::result::Result<T, RunError>;

/// Runs the jobs of the workspace in the folder `root`.
///
/// # Errors
/// [`RunError::Running`] when another engine has it; else what the workspace says. Items that were under way are
/// then taken up by the next engine.
pub fn run(root: &Path, options: &EngineOptions) -> Result<()> {
    let root = std::path::absolute(root).unwrap_or_else(|_| root.to_path_buf());
    let workspace = Workspace::open(&root)?;
    let started_at = now();
    let Some(lock) = workspace.engine_lock(started_at)? else {
        let pid = workspace.engine_note().map(|note| note.pid);
        return Err(RunError::Running { pid });
    };
    let mut database = workspace.connect()?;
    database.write(|tx| jobs::adopt(tx, &lock, started_at))?;
    let engine = Engine {
        worker: format!("{}:{}", std::process::id(), started_at.to_rfc3339()),
        watch: Watch::new(options),
        workspace,
        options,
    };
    let outcome = thread::scope(|scope| {
        let (alive, ended) = mpsc::channel();
        let (watching, mut watched) = (&engine, engine.workspace.connect()?);
        thread::Builder::new()
            .name("heartbeat".to_owned())
            .spawn_scoped(scope, move || watch::watch(watching, &mut watched, &ended))?;
        let outcome = engine.work(&mut database);
        drop(alive);
        outcome
    });
    database.write(|tx| jobs::release(tx, engine.at()))?;
    outcome
}

/// Reads the clock; beside `app`, the engine does.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// An engine that holds its workspace.
struct Engine<'a> {
    worker: String,
    watch: Watch,
    workspace: Workspace,
    options: &'a EngineOptions,
}

impl Engine<'_> {
    /// It, at this moment.
    fn at(&self) -> Worker<'_> {
        Worker {
            name: &self.worker,
            at: now(),
        }
    }

    fn leaving(&self) -> bool {
        self.options.stop.asked() || self.watch.is_over()
    }

    /// Takes the next item, unless the engine is about to end.
    fn claim(&self, database: &mut Database) -> Result<Option<Claim>> {
        if let Some(until) = &self.options.until {
            self.watch.look_whether_over(database, until)?;
        }
        if self.leaving() {
            return Ok(None);
        }
        Ok(database.write(|tx| jobs::claim(tx, self.at(), 1))?)
    }

    fn work(&self, database: &mut Database) -> Result<()> {
        let mut models = Models::new(self.options.device);
        let mut idle_since = Instant::now();
        let mut next = None;
        while !self.leaving() {
            next = match next.take() {
                Some(claim) => Some(claim),
                None => self.claim(database)?,
            };
            if let Some(claim) = next.take() {
                next = shift::work(self, claim, database, &mut models)?;
                idle_since = Instant::now();
                continue;
            }
            let idle = idle_since.elapsed();
            if self.options.exit_when_idle.is_some_and(|most| idle >= most) {
                break;
            }
            if idle >= self.options.unload_after {
                models.unload();
            }
            self.rest(database)?;
        }
        Ok(())
    }

    /// Waits until somebody wrote, at most about a second.
    fn rest(&self, database: &Database) -> Result<()> {
        let version = database.data_version()?;
        for _ in 0..6 {
            thread::sleep(LOOK_EVERY);
            if self.leaving() || database.data_version()? != version {
                break;
            }
        }
        Ok(())
    }
}
