//! A run in its folder: what it is made of, its loop, and what it tells.
//!
//! `config.json` and `manifest.jsonl` are written once and never change. `telemetry.jsonl` grows by a line for each
//! thing that happens. `checkpoint-*` hold what resuming needs, `best` and `last` the adapters that came of it.

mod config;
mod telemetry;

use std::fs::{self, File, OpenOptions};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use candle_core::Device;
use finetune::{Event, Samples, Trainer};

pub use config::{CONFIG, Config, MANIFEST};
pub use telemetry::{Line, TELEMETRY, Telemetry, lines};

use crate::encode::{Decode, Encoder, EncoderOptions, OpenError};
use crate::snapshot::{Entry, Side, Snapshot, SnapshotError};

/// Keeps a second process out of a run.
const LOCK: &str = "lock";

/// Where vision embeddings are kept.
const VISION: &str = "vision";

/// Most bytes of them.
const VISION_BYTES: u64 = 4 << 30;

/// Files of an adapter.
const ADAPTER: [&str; 2] = ["adapter_config.json", "adapter_model.safetensors"];

/// Why a run did not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The folder holds something already.
    #[error("{} holds something already", .0.display())]
    Taken(PathBuf),
    /// The folder holds no run.
    #[error("{} holds no run", .0.display())]
    NoRun(PathBuf),
    /// Another process is at it.
    #[error("another process trains in {}", .0.display())]
    Busy(PathBuf),
    /// The loss, or the gradients, are no numbers.
    #[error("the loss is no number at step {step}, with the rows {}", rows.join(", "))]
    NotFinite {
        /// Optimiser step, from 0.
        step: usize,
        /// Names of the rows it came from.
        rows: Vec<String>,
    },
    /// Every row was held out, or there are none.
    #[error("there is no row to learn from")]
    Nothing,
    /// A file.
    #[error("cannot use {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// The manifest.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The base model's tokenizer, template or processor.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Training itself.
    #[error(transparent)]
    Training(#[from] finetune::Error),
}

impl RunError {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Taken(_) => {
                Some("Choose another folder, or go on with `callout train --resume`.")
            }
            Self::NoRun(_) => Some("Give the folder that `--out` named."),
            Self::Busy(_) => Some("Wait until it ends, or stop it first."),
            Self::NotFinite { .. } => {
                Some("Look at these rows, lower the learning rate, or warm up longer.")
            }
            Self::Nothing => Some("Hold out less, or give more rows."),
            Self::Io { .. } => Some(
                "Check that the disk has room and the folder may be written; the last checkpoint stands.",
            ),
            Self::Snapshot(SnapshotError::Changed { .. }) => {
                Some("Put the picture back, or begin another run.")
            }
            Self::Snapshot(_) => Some("Begin another run; this one's manifest is damaged."),
            Self::Open(_) => Some("Fetch the model again; a file is missing or damaged."),
            Self::Training(error) => error.help(),
        }
    }
}

/// How a run ended for now.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It came to its end, or learned nothing more.
    Finished,
    /// It was asked to stop, and can be resumed.
    Stopped,
}

/// A run that this process holds.
#[derive(Debug)]
pub struct Run {
    dir: PathBuf,
    config: Config,
    snapshot: Snapshot,
    /// Held as long as the run is.
    _lock: File,
}

impl Run {
    /// Begins a run in an empty folder, or one that is not there yet.
    ///
    /// # Errors
    /// When the folder holds something, cannot be written, or there is nothing to learn from.
    pub fn begin(dir: &Path, config: Config, snapshot: Snapshot) -> Result<Self, RunError> {
        if snapshot.of(Side::Train).is_empty() {
            return Err(RunError::Nothing);
        }
        config.settings.check()?;
        fs::create_dir_all(dir).map_err(io(dir))?;
        if fs::read_dir(dir).map_err(io(dir))?.next().is_some() {
            return Err(RunError::Taken(dir.to_owned()));
        }
        let lock = lock(dir)?;
        snapshot.write(&dir.join(MANIFEST))?;
        // Last: a folder with it is a run.
        config.write(dir)?;
        Ok(Self {
            dir: dir.to_owned(),
            config,
            snapshot,
            _lock: lock,
        })
    }

    /// Opens a run to go on with it.
    ///
    /// # Errors
    /// When the folder holds none, it cannot be read, or another process is at it.
    pub fn open(dir: &Path) -> Result<Self, RunError> {
        if !dir.join(CONFIG).is_file() {
            return Err(RunError::NoRun(dir.to_owned()));
        }
        let lock = lock(dir)?;
        Ok(Self {
            dir: dir.to_owned(),
            config: Config::read(dir)?,
            snapshot: Snapshot::read(&dir.join(MANIFEST))?,
            _lock: lock,
        })
    }

    /// What it was begun with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Trains until the end, or until `stops` says so; a checkpoint is saved in both cases. Goes on from the last
    /// checkpoint where there is one.
    ///
    /// # Errors
    /// When a row cannot be read any more, the loss is no number, or a file cannot be written.
    pub fn go(
        &self,
        decode: Decode,
        device: &Device,
        stops: &dyn Fn() -> bool,
        tell: &mut dyn FnMut(&Line),
    ) -> Result<Outcome, RunError> {
        let mut telemetry = Telemetry::append(&self.dir, tell)?;
        for entry in &self.snapshot.entries {
            entry.check_pictures()?;
        }
        let mut trainer = self.trainer(device, &mut telemetry)?;
        trainer.cache_vision(&self.dir.join(VISION), VISION_BYTES)?;
        let encoder = Encoder::open(
            &self.config.base,
            EncoderOptions {
                decode,
                max_pixels: self.config.max_pixels,
                max_tokens: self.config.max_tokens,
            },
        )?;
        let encoder = std::cell::RefCell::new(encoder);
        let read = |entries: &[&Entry], number: usize| {
            let sample = encoder.borrow_mut().encode(&entries[number].row);
            sample.map_err(|error| format!("row `{}`: {error}", entries[number].row.id).into())
        };
        let (train, test) = (self.snapshot.of(Side::Train), self.snapshot.of(Side::Test));
        let samples = Samples {
            len: train.len(),
            read: &|number| read(&train, number),
        };
        let held_out = Samples {
            len: test.len(),
            read: &|number| read(&test, number),
        };
        let ended = self.chunks(&mut trainer, (&samples, &held_out), stops, &mut telemetry);
        ended.map_err(|error| match error {
            RunError::Training(finetune::Error::NotFinite { step, samples }) => {
                RunError::NotFinite {
                    step,
                    rows: samples
                        .iter()
                        .map(|number| train[*number].row.id.clone())
                        .collect(),
                }
            }
            other => other,
        })
    }

    fn trainer(&self, device: &Device, telemetry: &mut Telemetry<'_>) -> Result<Trainer, RunError> {
        let base = &self.config.base;
        if finetune::latest_checkpoint(&self.dir).is_err() {
            let from = self.config.from.as_deref();
            // What an earlier process left of a fresh adapter is written anew.
            return Ok(Trainer::new(
                base,
                &self.dir,
                self.config.settings.clone(),
                from,
                device,
            )?);
        }
        let trainer = Trainer::resume(base, &self.dir, device)?;
        let step = trainer.position().step;
        telemetry.tell(Line::ResumedAtStep { step })?;
        Ok(trainer)
    }

    /// Trains from one look at the held-out rows to the next.
    fn chunks(
        &self,
        trainer: &mut Trainer,
        (samples, held_out): (&Samples<'_>, &Samples<'_>),
        stops: &dyn Fn() -> bool,
        telemetry: &mut Telemetry<'_>,
    ) -> Result<Outcome, RunError> {
        let steps = self.config.settings.steps(samples.len);
        let every = self.config.eval_every_steps.max(1);
        let mut best = telemetry::best(&self.dir)?;
        loop {
            let (mut failed, mut stopped) = (None, false);
            trainer.train(samples, &mut |event| {
                let due = matches!(&event, Event::Step(report) if (report.step + 1).is_multiple_of(every));
                stopped |= stops();
                if let Err(error) = telemetry.event(event) {
                    failed = Some(error);
                }
                if due || stopped || failed.is_some() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })?;
            if let Some(error) = failed {
                return Err(error);
            }
            self.publish("last")?;
            let step = trainer.position().step;
            if held_out.len > 0 && (step.is_multiple_of(every) || step >= steps) {
                let loss = trainer.evaluate(held_out)?;
                if best.is_none_or(|(_, least)| loss < least) {
                    best = Some((step, loss));
                    self.publish("best")?;
                }
                telemetry.tell(Line::Evaluated { step, loss })?;
            }
            if step >= steps || self.is_spent(step, best) {
                telemetry.tell(Line::Finished { step })?;
                return Ok(Outcome::Finished);
            }
            if stopped {
                telemetry.tell(Line::Stopped { step })?;
                return Ok(Outcome::Stopped);
            }
        }
    }

    /// Whether the held-out rows have not become better for too long.
    fn is_spent(&self, step: usize, best: Option<(usize, f64)>) -> bool {
        let (Some(patience), Some((at, _))) = (self.config.patience, best) else {
            return false;
        };
        step.saturating_sub(at) >= patience * self.config.eval_every_steps.max(1)
    }

    /// Puts the adapter of the last checkpoint under a name that stays; whole or not at all.
    fn publish(&self, name: &str) -> Result<(), RunError> {
        let from = finetune::latest_checkpoint(&self.dir)?;
        if !from.join(ADAPTER[0]).is_file() {
            return Ok(());
        }
        let aside = self.dir.join(format!("{name}.partial"));
        let to = self.dir.join(name);
        if aside.exists() {
            fs::remove_dir_all(&aside).map_err(io(&aside))?;
        }
        fs::create_dir(&aside).map_err(io(&aside))?;
        for file in ADAPTER {
            fs::copy(from.join(file), aside.join(file)).map_err(io(&aside))?;
            File::open(aside.join(file))
                .and_then(|file| file.sync_all())
                .map_err(io(&aside))?;
        }
        let old = self.dir.join(format!("{name}.old"));
        if to.exists() {
            if old.exists() {
                fs::remove_dir_all(&old).map_err(io(&old))?;
            }
            fs::rename(&to, &old).map_err(io(&to))?;
        }
        fs::rename(&aside, &to).map_err(io(&to))?;
        if old.exists() {
            fs::remove_dir_all(&old).map_err(io(&old))?;
        }
        Ok(())
    }
}

fn lock(dir: &Path) -> Result<File, RunError> {
    let path = dir.join(LOCK);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(RunError::Busy(dir.to_owned())),
        Err(fs::TryLockError::Error(source)) => Err(RunError::Io { path, source }),
    }
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> RunError {
    move |source| RunError::Io {
        path: path.to_owned(),
        source,
    }
}
