//! How the learning rate goes over a run, as transformers' schedulers of the same names.

use serde::{Deserialize, Serialize};

/// A rise from zero, then one of three ways on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Highest learning rate, reached after the warm-up.
    pub learning_rate: f64,
    /// Optimiser steps of the rise; the first of them has rate 0.
    pub warmup_steps: usize,
    /// What follows.
    pub decay: Decay,
}

/// What follows the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decay {
    /// Half a cosine, to zero at the end.
    Cosine,
    /// A line, to zero at the end.
    Linear,
    /// None.
    Constant,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            learning_rate: 1e-4,
            warmup_steps: 0,
            decay: Decay::Cosine,
        }
    }
}

impl Schedule {
    /// The learning rate of optimiser step `step`, from 0, of `steps`.
    pub fn at(&self, step: usize, steps: usize) -> f64 {
        let factor = match step < self.warmup_steps {
            true => step as f64 / self.warmup_steps as f64,
            false => {
                let length = steps.saturating_sub(self.warmup_steps).max(1);
                let gone = ((step - self.warmup_steps) as f64 / length as f64).min(1.0);
                match self.decay {
                    Decay::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * gone).cos()),
                    Decay::Linear => 1.0 - gone,
                    Decay::Constant => 1.0,
                }
            }
        };
        self.learning_rate * factor
    }
}
