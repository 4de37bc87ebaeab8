//! Bringing pictures in: find the files, take each one in a bounded decoder, write rows in order.

mod files;
mod take;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use anyhow::Result;
use domain::{DiagramId, Role};
use picture::{Decoder, Limits};
use serde::Serialize;
use specta::Type;
use store::annotate::By;
use store::table::region;
use store::{Database, intake, people};

use crate::{Named, Problem, Session, now};
use files::Found;
use take::{Taken, take};

/// So many pictures at most are written in one transaction, so that nobody's save waits for more.
const BATCH: usize = 32;
const PROGRESS_EVERY: Duration = Duration::from_millis(50);

/// How an import behaves.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// What one picture may cost.
    pub limits: Limits,
    /// Stops the import when set; what was written stays.
    pub cancel: Cancel,
}

/// A flag that stops an import.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Stops the import after the pictures it is at.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How far an import is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
pub struct ImportProgress {
    /// Files dealt with.
    pub done: u32,
    /// Files found.
    pub total: u32,
    /// The last file dealt with.
    pub current: String,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Type)]
pub struct ImportReport {
    /// Pictures that came in.
    pub imported: u32,
    /// Their diagrams.
    pub diagrams: Vec<DiagramId>,
    /// Pictures that were here already, by content.
    pub already: u32,
    /// Files in folders that are no pictures and do not claim to be.
    pub skipped: u32,
    /// What was refused, and why.
    pub rejected: Vec<Rejected>,
    /// Whether it was cancelled before the end.
    pub cancelled: bool,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// A file that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
pub struct Rejected {
    /// The file, or a line of a `metadata.jsonl`.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
    /// The same for windows in other languages than English, where it has a name.
    pub named: Option<Named>,
}

impl Session {
    /// Brings in files and folders. A file that is refused stops nothing: the report names it.
    ///
    /// # Errors
    /// Unless a lead acts, and when the workspace itself cannot be written.
    pub fn import(
        &self,
        paths: &[PathBuf],
        options: &ImportOptions,
        mut progress: impl FnMut(ImportProgress),
    ) -> Result<ImportReport> {
        let started = Instant::now();
        // Before anything is copied and decoded.
        self.read(|connection| people::require(connection, &self.person.id, Role::Lead))?;
        self.workspace.sweep()?;
        let mut found = files::find(paths, self.workspace.root(), &options.cancel);
        let mut report = ImportReport {
            skipped: found.skipped,
            rejected: std::mem::take(&mut found.rejected),
            ..ImportReport::default()
        };
        let workers = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(4);
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let (sender, receiver) = mpsc::sync_channel(workers);
            for _ in 0..workers {
                let (sender, found, next) = (sender.clone(), &found, &next);
                scope.spawn(move || self.take_all(found, next, options, &sender));
            }
            drop(sender);
            self.write_all(&found, &receiver, &mut report, &mut progress)
        })?;
        report.cancelled = options.cancel.is_set();
        report.seconds = started.elapsed().as_secs_f64();
        Ok(report)
    }

    fn take_all(
        &self,
        found: &Found,
        next: &AtomicUsize,
        options: &ImportOptions,
        sender: &mpsc::SyncSender<(usize, Taken)>,
    ) {
        let mut decoder = Decoder::new(options.limits.clone());
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if options.cancel.is_set() || index >= found.files.len() {
                return;
            }
            let taken = take(self, &mut decoder, &options.limits, &found.files[index]);
            if sender.send((index, taken)).is_err() {
                return;
            }
        }
    }

    /// Writes rows in the order in which files were found, whatever order they were decoded in.
    fn write_all(
        &self,
        found: &Found,
        receiver: &mpsc::Receiver<(usize, Taken)>,
        report: &mut ImportReport,
        progress: &mut impl FnMut(ImportProgress),
    ) -> Result<()> {
        let mut database = self.workspace.connect()?;
        let mut early = BTreeMap::new();
        let mut batch = Vec::new();
        let mut done = 0;
        let mut told = 0;
        let mut last = None::<Instant>;
        for (index, taken) in receiver {
            early.insert(index, taken);
            while let Some(taken) = early.remove(&done) {
                batch.push((&found.files[done].path, taken));
                done += 1;
            }
            let due = last.is_none_or(|last| last.elapsed() >= PROGRESS_EVERY);
            if batch.len() >= BATCH || due {
                self.write_batch(&mut database, &mut batch, report)?;
            }
            if due && done > told {
                progress(found.progress(done));
                told = done;
                last = Some(Instant::now());
            }
        }
        // After a cancel there may be gaps in the order; what was decoded is kept all the same.
        batch.extend(
            early
                .into_iter()
                .map(|(index, taken)| (&found.files[index].path, taken)),
        );
        self.write_batch(&mut database, &mut batch, report)?;
        if done > told {
            progress(found.progress(done));
        }
        Ok(())
    }

    fn write_batch(
        &self,
        database: &mut Database,
        batch: &mut Vec<(&PathBuf, Taken)>,
        report: &mut ImportReport,
    ) -> Result<()> {
        let mut ready = Vec::new();
        for (path, taken) in batch.drain(..) {
            match taken {
                Taken::Already => report.already += 1,
                Taken::Refused(why) => report.rejected.push(rejected(path, why)),
                Taken::Ready(new) => {
                    match self.workspace.keep(new.incoming, &new.diagram.image.format) {
                        Ok(_) => ready.push((new.diagram, new.regions, new.drafts)),
                        Err(error) => return Err(error.into()),
                    }
                }
            }
        }
        if ready.is_empty() {
            return Ok(());
        }
        let by = By {
            person: &self.person.id,
            at: now(),
        };
        let imported = database.write(|tx| {
            let mut imported = Vec::new();
            for (diagram, regions, drafts) in &ready {
                let Some(id) = intake::import(tx, by, diagram, drafts)? else {
                    continue;
                };
                for region in regions {
                    region::find_or_insert(tx, &id, region, by.person, by.at)?;
                }
                imported.push(id);
            }
            Ok(imported)
        })?;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        report.imported += count(imported.len());
        report.already += count(ready.len() - imported.len());
        report.diagrams.extend(imported);
        Ok(())
    }
}

impl Found {
    fn progress(&self, done: usize) -> ImportProgress {
        ImportProgress {
            done: u32::try_from(done).unwrap_or(u32::MAX),
            total: u32::try_from(self.files.len()).unwrap_or(u32::MAX),
            current: self.files[done - 1].path.display().to_string(),
        }
    }
}

/// Why a file is refused, in English and by name.
struct Why {
    reason: String,
    named: Option<Named>,
}

impl Why {
    fn new(reason: impl Into<String>, key: &str, details: &[&dyn Display]) -> Self {
        Self {
            reason: reason.into(),
            named: Some(Named::new(key, details)),
        }
    }
}

impl From<anyhow::Error> for Why {
    fn from(error: anyhow::Error) -> Self {
        let Problem { message, named, .. } = Problem::from(error);
        Self {
            reason: message,
            named,
        }
    }
}

fn rejected(path: &Path, why: Why) -> Rejected {
    Rejected {
        path: path.display().to_string(),
        reason: why.reason,
        named: why.named,
    }
}
