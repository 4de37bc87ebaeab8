//! What a run tells, a JSON line each.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use finetune::Event;
use serde::{Deserialize, Serialize};

use super::{RunError, io};

/// Its file.
pub const TELEMETRY: &str = "telemetry.jsonl";

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Line {
    /// It begins.
    Started {
        /// Optimiser steps of the whole run.
        steps: usize,
        /// Numbers that learn.
        trainable: usize,
    },
    /// It goes on from a checkpoint: what was told of later steps counts no more.
    ResumedAtStep {
        /// Optimiser steps taken.
        step: usize,
    },
    /// The optimiser took a step.
    Step {
        /// Its number, from 0.
        step: usize,
        /// The pass over the rows, from 0.
        epoch: usize,
        /// Mean loss over all labels.
        loss: f64,
        /// Norm of all gradients together, before clipping.
        grad_norm: f64,
        /// Learning rate.
        learning_rate: f64,
        /// Tokens that went through the text tower.
        tokens: usize,
        /// Tokens that were predicted.
        labels: usize,
        /// How long it took.
        seconds: f64,
        /// Rows it saw, by their place among those that are learned from, and the mean loss of each.
        samples: Vec<(usize, f64)>,
    },
    /// A checkpoint is on the disk.
    Saved {
        /// Its folder's name.
        checkpoint: String,
    },
    /// The held-out rows were looked at.
    Evaluated {
        /// Optimiser steps taken.
        step: usize,
        /// Mean loss over all their labels.
        loss: f64,
    },
    /// It was asked to stop.
    Stopped {
        /// Optimiser steps taken.
        step: usize,
    },
    /// It came to its end.
    Finished {
        /// Optimiser steps taken.
        step: usize,
    },
}

/// A line with its time, as it is written.
#[derive(Serialize)]
struct Timed<'a> {
    /// Milliseconds since 1970.
    at: u64,
    #[serde(flatten)]
    line: &'a Line,
}

/// The file as it grows.
pub struct Telemetry<'a> {
    file: File,
    path: std::path::PathBuf,
    tell: &'a mut dyn FnMut(&Line),
    last: Instant,
    has_started: bool,
}

impl<'a> Telemetry<'a> {
    /// Goes on with the file of the run in `dir`; a last line that was cut off by a kill is ended.
    pub(super) fn append(dir: &Path, tell: &'a mut dyn FnMut(&Line)) -> Result<Self, RunError> {
        let path = dir.join(TELEMETRY);
        let open = || {
            let mut file = OpenOptions::new()
                .create(true)
                .read(true)
                .append(true)
                .open(&path)?;
            if file.seek(SeekFrom::End(0))? > 0 {
                file.seek(SeekFrom::End(-1))?;
                let mut last = [0];
                file.read_exact(&mut last)?;
                if last != *b"\n" {
                    file.write_all(b"\n")?;
                }
            }
            Ok(file)
        };
        Ok(Self {
            file: open().map_err(io(&path))?,
            path,
            tell,
            last: Instant::now(),
            has_started: false,
        })
    }

    pub(super) fn tell(&mut self, line: Line) -> Result<(), RunError> {
        let at = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let timed = Timed {
            at: u64::try_from(at.as_millis()).unwrap_or(u64::MAX),
            line: &line,
        };
        let mut text = serde_json::to_vec(&timed).map_err(|error| io(&self.path)(error.into()))?;
        text.push(b'\n');
        self.file.write_all(&text).map_err(io(&self.path))?;
        (self.tell)(&line);
        Ok(())
    }

    pub(super) fn event(&mut self, event: Event) -> Result<(), RunError> {
        let seconds = self.last.elapsed().as_secs_f64();
        let line = match event {
            // Told again after each look at the held-out rows.
            Event::Started { step, .. } if step > 0 || self.has_started => None,
            Event::Started {
                steps, n_trainable, ..
            } => Some(Line::Started {
                steps,
                trainable: n_trainable,
            }),
            Event::Step(report) => Some(Line::Step {
                step: report.step,
                epoch: report.epoch,
                loss: report.loss,
                grad_norm: report.grad_norm,
                learning_rate: report.learning_rate,
                tokens: report.n_tokens,
                labels: report.n_labels,
                seconds,
                samples: report.samples,
            }),
            Event::Saved { dir } => Some(Line::Saved {
                checkpoint: dir
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
            }),
        };
        self.has_started = true;
        if let Some(line) = line {
            self.tell(line)?;
        }
        self.last = Instant::now();
        Ok(())
    }
}

/// The lines of the run in `dir` that count: steps that a resumption took again are left out, and so is a line that
/// a kill cut off.
///
/// # Errors
/// When the file cannot be read.
pub fn lines(dir: &Path) -> Result<Vec<Line>, RunError> {
    let path = dir.join(TELEMETRY);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let file = BufReader::new(File::open(&path).map_err(io(&path))?);
    let mut kept = Vec::new();
    for line in file.split(b'\n') {
        let Ok(line) = serde_json::from_slice::<Line>(&line.map_err(io(&path))?) else {
            continue;
        };
        if let Line::ResumedAtStep { step: resumed } = line {
            kept.retain(|line| match line {
                Line::Step { step, .. } => *step < resumed,
                Line::Evaluated { step, .. } => *step <= resumed,
                _ => true,
            });
        }
        kept.push(line);
    }
    Ok(kept)
}

/// The step after which the held-out rows had the least loss, and that loss.
pub(super) fn best(dir: &Path) -> Result<Option<(usize, f64)>, RunError> {
    let all = lines(dir)?;
    let looks = all.iter().filter_map(|line| match line {
        Line::Evaluated { step, loss } => Some((*step, *loss)),
        _ => None,
    });
    Ok(looks.min_by(|(_, one), (_, other)| one.total_cmp(other)))
}
