//! What a run was begun with.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use finetune::Settings;
use serde::{Deserialize, Serialize};

use super::{RunError, io};

/// Its file.
pub const CONFIG: &str = "config.json";

/// The frozen rows.
pub const MANIFEST: &str = "manifest.jsonl";

/// Everything that decides what a run computes, but for its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// The checkpoint that is trained.
    pub base: PathBuf,
    /// 1 synthetic pairs, 2 captions of experts, 3 questions; for people, it decides nothing.
    pub stage: Option<u8>,
    /// The adapter it begins from, such as the `best` of the stage before.
    pub from: Option<PathBuf>,
    /// Of the training loop.
    pub settings: Settings,
    /// Pictures are shrunk to so many pixels.
    pub max_pixels: Option<u64>,
    /// Most tokens of a row.
    pub max_tokens: Option<usize>,
    /// Optimiser steps from one look at the held-out rows to the next; a checkpoint is saved then.
    pub eval_every_steps: usize,
    /// Ends the run when so many looks in a row were no better; `None` goes to the end.
    pub patience: Option<usize>,
    /// What computed it.
    pub version: String,
}

impl Config {
    /// Writes it aside, syncs and renames it.
    pub(super) fn write(&self, dir: &Path) -> Result<(), RunError> {
        let path = dir.join(CONFIG);
        let aside = path.with_extension("partial");
        let write = || {
            let mut file = File::create(&aside)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&aside, &path)?;
            File::open(dir)?.sync_all()
        };
        write().map_err(io(&path))
    }

    /// Reads the configuration of the run in `dir`.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn read(dir: &Path) -> Result<Self, RunError> {
        let path = dir.join(CONFIG);
        let text = fs::read(&path).map_err(io(&path))?;
        serde_json::from_slice(&text).map_err(|error| io(&path)(error.into()))
    }
}
