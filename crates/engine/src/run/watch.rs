//! The engine's second thread: says that the engine is alive, and carries out what is asked of jobs at once, even while
//! a model is busy with one long step.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::{JobId, JobState};
use store::Database;
use store::jobs;
use store::table::job;

use super::{Engine, EngineOptions};

/// How often requests are looked for: well under the second within which they are honoured.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often the engine says that it is alive.
const BEAT_EVERY: Duration = Duration::from_secs(2);

/// What the threads of an engine tell each other.
pub struct Watch {
    has_until: bool,
    over: AtomicBool,
    current: Mutex<Option<(JobId, Attempt)>>,
}

/// One stretch of work at a job. When it is given up, whatever comes of it is dropped.
#[derive(Debug, Clone, Default)]
pub struct Attempt(Arc<AtomicBool>);

impl Attempt {
    pub fn give_up(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub fn given_up(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Watch {
    pub fn new(options: &EngineOptions) -> Self {
        Self {
            has_until: options.until.is_some(),
            over: AtomicBool::new(false),
            current: Mutex::new(None),
        }
    }

    /// Whether the job that the engine was to run until has ended.
    pub fn is_over(&self) -> bool {
        self.has_until && self.over.load(Ordering::Acquire)
    }

    pub fn look_whether_over(&self, database: &Database, until: &JobId) -> store::Result<()> {
        let state = database
            .read(|connection| job::get(connection, until))?
            .state;
        if !matches!(state, JobState::Queued | JobState::Running) {
            self.over.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Begins work at a job.
    pub fn begin(&self, id: &JobId) -> Attempt {
        let attempt = Attempt::default();
        *self.current() = Some((id.clone(), attempt.clone()));
        attempt
    }

    /// Ends work at whichever job.
    pub fn end(&self) {
        *self.current() = None;
    }

    fn give_up(&self, id: Option<&JobId>) {
        if let Some((current, attempt)) = &*self.current()
            && id.is_none_or(|id| id == current)
        {
            attempt.give_up();
        }
    }

    fn current(&self) -> MutexGuard<'_, Option<(JobId, Attempt)>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches until `ended` closes.
pub fn watch(engine: &Engine<'_>, database: &mut Database, ended: &Receiver<()>) {
    let mut beaten = Instant::now();
    let mut complained = false;
    while ended.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
        let mut beat = || {
            look(engine, database)?;
            if beaten.elapsed() >= BEAT_EVERY {
                database.write(|tx| jobs::heartbeat(tx, engine.at()))?;
                beaten = Instant::now();
            }
            Ok::<_, store::Error>(())
        };
        if let Err(error) = beat()
            && !complained
        {
            // It may pass; should it not, the next item fails with it.
            (engine.options.log)(&format!("cannot see what is asked of jobs: {error}"));
            complained = true;
        }
    }
}

fn look(engine: &Engine<'_>, database: &mut Database) -> store::Result<()> {
    if let Some(until) = &engine.options.until {
        engine.watch.look_whether_over(database, until)?;
    }
    if engine.leaving() {
        engine.watch.give_up(None);
        return database.write(|tx| jobs::release(tx, engine.at()));
    }
    for found in database.read(job::open)? {
        let ours = found.worker.as_deref() == Some(engine.worker.as_str());
        if ours && found.request.is_some() {
            engine.watch.give_up(Some(&found.id));
            database.write(|tx| jobs::obey(tx, engine.at(), &found.id))?;
        }
    }
    Ok(())
}
