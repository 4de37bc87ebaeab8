//! What an engine tells of a job while it works: lines of the job's files under `runs/`. That they cannot be written
//! ends no work.

use std::sync::{Mutex, PoisonError};

use domain::{JobId, JobItem, PartialText, Telemetry, TelemetryEvent};
use store::Workspace;
use store::runs::RunFiles;

use super::models::sentence;
use super::now;

/// Tells of one job, from any thread.
pub struct Teller {
    /// `None` once they could not be written.
    files: Mutex<Option<RunFiles>>,
    log: fn(&str),
}

impl Teller {
    pub fn new(workspace: &Workspace, job: &JobId, log: fn(&str)) -> Self {
        let files = RunFiles::open(workspace, job);
        if let Err(error) = &files {
            log(&sentence(error));
        }
        Self {
            files: Mutex::new(files.ok()),
            log,
        }
    }

    pub fn tell(&self, event: TelemetryEvent) {
        let line = Telemetry { at: now(), event };
        self.write(|files| files.tell(&line));
    }

    pub fn stream(&self, item: &JobItem, n: u32, text: String) {
        let piece = PartialText {
            item: item.id,
            diagram: item.diagram_id.clone(),
            n,
            text,
        };
        self.write(|files| files.stream(&piece));
    }

    fn write(&self, write: impl FnOnce(&mut RunFiles) -> store::Result<()>) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = files.as_mut()
            && let Err(error) = write(open)
        {
            (self.log)(&sentence(&error));
            *files = None;
        }
    }
}
