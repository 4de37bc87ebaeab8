//! A linear layer: a weight, perhaps a bias, perhaps a low-rank adapter beside it.

use candle_core::{Result, Tensor};

use crate::ops;
pub use crate::ops::{Dropout, Lora};
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

impl Linear {
    /// `x`: (…, in). Returns (…, out).
    ///
    /// # Errors
    /// When shapes or devices do not match.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match &self.lora {
            Some(lora) => ops::linear_lora(x, &self.weight, self.bias.as_ref(), lora),
            None => ops::linear(x, &self.weight, self.bias.as_ref()),
        }
    }
}
