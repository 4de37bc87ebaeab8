//! Checkpoints: all that resuming needs, in a folder that is there whole or not at all.
//!
//! `checkpoint-000012` holds the weights that learn (an adapter in PEFT's layout, or `model.safetensors`),
//! the optimiser's moments, and `state.json`. It is written aside, synced, and renamed.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor, Var};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::lora;
use crate::optimizer::{AdamW, AdamWSettings, Moments};
use crate::settings::Settings;

/// Name of the weights that learn in full tuning.
const WEIGHTS: &str = "model.safetensors";

/// Name of the optimiser's moments.
const OPTIMIZER: &str = "optimizer.safetensors";

/// Name of the rest.
const STATE: &str = "state.json";

/// What a checkpoint's folder is called before its step.
const PREFIX: &str = "checkpoint-";

/// How far a run has come. With the settings' seed it is also the state of all random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// Optimiser steps taken.
    pub step: usize,
    /// Samples in the data set; another number is another run.
    pub n_samples: usize,
}

/// What `state.json` tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) position: Position,
    pub(crate) settings: Settings,
    /// Fingerprint of the base model.
    pub(crate) base: String,
}

/// What a checkpoint is made of.
pub(crate) struct Contents<'a> {
    pub(crate) state: State,
    pub(crate) variables: &'a [(String, Var)],
    pub(crate) optimizer: &'a AdamW,
    /// `adapter_config.json`, where an adapter learns.
    pub(crate) adapter_config: Option<&'a str>,
}

impl Contents<'_> {
    /// Writes a checkpoint into a run's folder and removes the oldest of more than are to be kept.
    pub(crate) fn save(&self, run: &Path) -> Result<PathBuf> {
        let dir = run.join(format!("{PREFIX}{:06}", self.state.position.step));
        // What stands here after the same steps is the same.
        if !dir.exists() {
            let aside = dir.with_extension("partial");
            if aside.exists() {
                fs::remove_dir_all(&aside).map_err(Error::write(&aside))?;
            }
            fs::create_dir_all(&aside).map_err(Error::write(&aside))?;
            self.write(&aside)?;
            sync(&aside)?;
            fs::rename(&aside, &dir).map_err(Error::write(&dir))?;
            sync(run)?;
        }
        let all = all(run)?;
        let surplus = all
            .len()
            .saturating_sub(self.state.settings.keep_checkpoints);
        for (_, old) in &all[..surplus] {
            fs::remove_dir_all(old).map_err(Error::write(old))?;
        }
        Ok(dir)
    }

    fn write(&self, dir: &Path) -> Result<()> {
        let named = |(name, variable): &(String, Var)| (name.clone(), variable.as_tensor().clone());
        let weights: HashMap<String, Tensor> = self.variables.iter().map(named).collect();
        match self.adapter_config {
            Some(config) => {
                write_text(&dir.join(lora::CONFIG), config)?;
                write_tensors(&dir.join(lora::WEIGHTS), &weights)?;
            }
            None => write_tensors(&dir.join(WEIGHTS), &weights)?,
        }
        let mut moments = HashMap::new();
        for ((name, _), of) in self.variables.iter().zip(&self.optimizer.moments) {
            let steps = Tensor::new(of.steps, &Device::Cpu)?;
            moments.insert(format!("{name}.steps"), steps);
            moments.insert(format!("{name}.mean"), of.mean.clone());
            moments.insert(format!("{name}.square"), of.square.clone());
        }
        write_tensors(&dir.join(OPTIMIZER), &moments)?;
        let state = serde_json::to_string_pretty(&self.state)
            .map_err(|error| Error::write(dir)(error.into()))?;
        write_text(&dir.join(STATE), &state)
    }
}

/// The folder of a run's last whole checkpoint.
///
/// # Errors
/// When there is none, or the folder cannot be read.
pub fn latest(run: &Path) -> Result<PathBuf> {
    let last = all(run)?.pop();
    last.map(|(_, dir)| dir).ok_or_else(|| Error::NoCheckpoint {
        folder: run.to_owned(),
    })
}

/// A run's whole checkpoints by step, oldest first.
fn all(run: &Path) -> Result<Vec<(usize, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(run).map_err(Error::read(run))? {
        let path = entry.map_err(Error::read(run))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let step = name.and_then(|name| name.strip_prefix(PREFIX)?.parse().ok());
        found.extend(step.map(|step| (step, path)));
    }
    found.sort();
    Ok(found)
}

/// Reads a checkpoint's `state.json`.
pub(crate) fn state(dir: &Path) -> Result<State> {
    let path = dir.join(STATE);
    let text = fs::read(&path).map_err(Error::read(&path))?;
    serde_json::from_slice(&text).map_err(|error| Error::OtherRun {
        reason: format!("not a checkpoint's state ({error})"),
        path,
    })
}

/// Puts a checkpoint's weights into the model's variables.
pub(crate) fn restore_weights(dir: &Path, variables: &[(String, Var)]) -> Result<()> {
    let adapter = dir.join(lora::WEIGHTS);
    let path = if adapter.exists() {
        adapter
    } else {
        dir.join(WEIGHTS)
    };
    let mut weights = Tensors::read(path)?;
    for (name, variable) in variables {
        variable.set(&weights.take(name, variable)?)?;
    }
    weights.all_taken()
}

/// Reads the optimiser's moments.
pub(crate) fn restore_optimizer(
    dir: &Path,
    variables: &[(String, Var)],
    settings: AdamWSettings,
) -> Result<AdamW> {
    let mut tensors = Tensors::read(dir.join(OPTIMIZER))?;
    let moments = variables
        .iter()
        .map(|(name, variable)| {
            Ok(Moments {
                steps: tensors.count(&format!("{name}.steps"))?,
                mean: tensors.take(&format!("{name}.mean"), variable)?,
                square: tensors.take(&format!("{name}.square"), variable)?,
            })
        })
        .collect::<Result<_>>()?;
    tensors.all_taken()?;
    Ok(AdamW::restored(settings, moments))
}

/// The tensors of one file, each to be taken once.
struct Tensors {
    path: PathBuf,
    left: HashMap<String, Tensor>,
}

impl Tensors {
    fn read(path: PathBuf) -> Result<Self> {
        let left = candle_core::safetensors::load(&path, &Device::Cpu).map_err(|error| {
            let reason = format!("not a whole checkpoint ({error})");
            Error::OtherRun {
                reason,
                path: path.clone(),
            }
        })?;
        Ok(Self { path, left })
    }

    /// The tensor of a name, as large as its variable and on its device.
    fn take(&mut self, name: &str, like: &Var) -> Result<Tensor> {
        match self.left.remove(name) {
            Some(tensor) if tensor.shape() == like.shape() => Ok(tensor.to_device(like.device())?),
            _ => Err(self.refusal(format!("`{name}` is missing or of another size"))),
        }
    }

    /// A whole number.
    fn count(&mut self, name: &str) -> Result<u32> {
        let tensor = self.left.remove(name);
        let count = tensor.and_then(|tensor| tensor.to_scalar().ok());
        count.ok_or_else(|| self.refusal(format!("`{name}` is missing")))
    }

    fn all_taken(&self) -> Result<()> {
        match self.left.keys().next() {
            Some(name) => Err(self.refusal(format!("`{name}` does not learn in this run"))),
            None => Ok(()),
        }
    }

    fn refusal(&self, reason: String) -> Error {
        Error::OtherRun {
            reason,
            path: self.path.clone(),
        }
    }
}

/// Writes a text to the disk itself.
pub(crate) fn write_text(path: &Path, text: &str) -> Result<()> {
    let mut file = File::create(path).map_err(Error::write(path))?;
    file.write_all(text.as_bytes())
        .map_err(Error::write(path))?;
    file.sync_all().map_err(Error::write(path))
}

/// Writes tensors to the disk itself.
pub(crate) fn write_tensors(path: &Path, tensors: &HashMap<String, Tensor>) -> Result<()> {
    candle_core::safetensors::save(tensors, path)
        .map_err(|error| Error::write(path)(std::io::Error::other(error)))?;
    sync(path)
}

fn sync(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(Error::write(path))
}
