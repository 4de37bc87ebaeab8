//! Everything that decides what a run computes, apart from its data and its base model.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::lora::LoraSettings;
use crate::optimizer::AdamWSettings;
use crate::schedule::Schedule;

/// Settings of one run. Two runs with equal settings, data, base model and thread count on one processor
/// give equal weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// What learns.
    pub method: Method,
    /// Number format of a frozen base.
    pub base: BaseFormat,
    /// Passes over the data, at least 1.
    pub epochs: usize,
    /// Samples that are computed together, at least 1.
    pub batch_size: usize,
    /// Batches whose gradients are summed before a step, at least 1.
    pub accumulation: usize,
    /// How the learning rate goes.
    pub schedule: Schedule,
    /// The optimiser.
    pub adamw: AdamWSettings,
    /// Longest norm of all gradients together, above 0; `None` leaves them as they are.
    pub max_grad_norm: Option<f64>,
    /// Computes each layer again in the backward instead of keeping what it computed: less memory, a third
    /// more time.
    pub recompute: bool,
    /// Of the order of samples, fresh adapters and dropout.
    pub seed: u64,
    /// Optimiser steps from one checkpoint to the next; 0 saves at the end alone.
    pub save_every_steps: usize,
    /// Checkpoints that are kept, at least 1.
    pub keep_checkpoints: usize,
}

/// What learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// A low-rank adapter beside frozen weights.
    Lora(LoraSettings),
    /// The weights themselves.
    Full(Towers),
}

/// Parts of the model that learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Towers {
    /// The text tower; in full tuning also its embeddings and head.
    pub language: bool,
    /// The vision tower.
    pub vision: bool,
    /// The merger between the towers.
    pub merger: bool,
}

/// Number format of weights that do not learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BaseFormat {
    /// As the checkpoint has them.
    #[default]
    AsStored,
    /// 32 bits.
    F32,
    /// 16 bits.
    Bf16,
    /// Blocks of 8.5 bits a weight (QLoRA).
    Q8_0,
    /// Blocks of 4.5 bits a weight (QLoRA).
    Q4K,
}

impl Default for Towers {
    fn default() -> Self {
        Self {
            language: true,
            vision: false,
            merger: false,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            method: Method::Lora(LoraSettings::default()),
            base: BaseFormat::default(),
            epochs: 1,
            batch_size: 1,
            accumulation: 1,
            schedule: Schedule::default(),
            adamw: AdamWSettings::default(),
            max_grad_norm: Some(1.0),
            recompute: false,
            seed: 0,
            save_every_steps: 0,
            keep_checkpoints: 2,
        }
    }
}

impl Settings {
    /// Optimiser steps of the whole run over `n_samples`. The last step of an epoch may have fewer samples.
    pub fn steps(&self, n_samples: usize) -> usize {
        self.epochs * self.steps_per_epoch(n_samples)
    }

    /// Optimiser steps of one pass over `n_samples`.
    pub fn steps_per_epoch(&self, n_samples: usize) -> usize {
        n_samples.div_ceil(self.batch_size * self.accumulation)
    }

    /// Refuses what no run can have.
    ///
    /// # Errors
    /// Naming the first such setting.
    pub fn check(&self) -> Result<()> {
        let counts = [
            ("epochs", self.epochs),
            ("batch_size", self.batch_size),
            ("accumulation", self.accumulation),
            ("keep_checkpoints", self.keep_checkpoints),
        ];
        for (name, value) in counts {
            require(name, value, value > 0, "at least 1")?;
        }
        let (lr, adamw) = (self.schedule.learning_rate, &self.adamw);
        require(
            "learning_rate",
            lr,
            lr.is_finite() && lr >= 0.0,
            "a number of at least 0",
        )?;
        for (name, beta) in [("beta1", adamw.beta1), ("beta2", adamw.beta2)] {
            require(
                name,
                beta,
                (0.0..1.0).contains(&beta),
                "at least 0 and below 1",
            )?;
        }
        let decay = adamw.weight_decay;
        require(
            "weight_decay",
            decay,
            decay.is_finite() && decay >= 0.0,
            "a number of at least 0",
        )?;
        require("eps", adamw.eps, adamw.eps > 0.0, "above 0")?;
        if let Some(norm) = self.max_grad_norm {
            require("max_grad_norm", norm, norm > 0.0, "above 0")?;
        }
        match &self.method {
            Method::Lora(lora) => lora.check(),
            Method::Full(towers) => {
                let quantised = matches!(self.base, BaseFormat::Q8_0 | BaseFormat::Q4K);
                require(
                    "base",
                    "quantised",
                    !quantised,
                    "f32 or bf16 where weights learn",
                )?;
                towers.check()
            }
        }
    }
}

impl Towers {
    pub(crate) fn check(self) -> Result<()> {
        let some = self.language || self.vision || self.merger;
        require("towers", "empty", some, "at least one part of the model")
    }

    pub(crate) fn parts(self) -> qwen::load::Parts {
        qwen::load::Parts {
            language: self.language,
            vision: self.vision,
            merger: self.merger,
        }
    }
}

pub(crate) fn require(
    name: &'static str,
    value: impl ToString,
    holds: bool,
    expected: &'static str,
) -> Result<()> {
    match holds {
        true => Ok(()),
        false => Err(Error::Setting {
            name,
            value: value.to_string(),
            expected,
        }),
    }
}
