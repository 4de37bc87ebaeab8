//! A linear layer: a weight, perhaps a bias, perhaps a low-rank adapter beside it.

use candle_core::{Result, Tensor};

use crate::ops;
use crate::weight::Weight;

/// A linear layer `y = x · wᵀ + b`, with a low-rank adapter beside it where one was given.
#[derive(Debug, Clone)]
pub struct Linear {
    /// (out, in).
    pub weight: Weight,
    /// (out).
    pub bias: Option<Tensor>,
    /// What an adapter adds.
    pub lora: Option<Lora>,
}

/// A low-rank update `scaling · b · a` (LoRA, arXiv 2106.09685), kept apart from its weight.
#[derive(Debug, Clone)]
pub struct Lora {
    /// (rank, in), f32.
    pub a: Tensor,
    /// (out, rank), f32.
    pub b: Tensor,
    /// `lora_alpha / r`, or `lora_alpha / sqrt(r)` with rank stabilisation (arXiv 2312.03732).
    pub scaling: f64,
}

impl Linear {
    /// `x`: (…, in). Returns (…, out).
    ///
    /// # Errors
    /// When shapes or devices do not match.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = ops::linear(x, &self.weight, self.bias.as_ref())?;
        match &self.lora {
            Some(lora) => ops::add(&y, &lora.forward(x)?),
            None => Ok(y),
        }
    }
}

impl Lora {
    /// What the update adds for `x`: (…, in) -> (…, out).
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let low = ops::linear(x, &Weight::Dense(self.a.clone()), None)?;
        ops::linear(&low, &Weight::Dense(self.b.clone()), None)? * self.scaling
    }
}
