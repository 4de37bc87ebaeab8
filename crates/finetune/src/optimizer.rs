//! AdamW (Loshchilov and Hutter, arXiv 1711.05101), with decay apart from the gradient as in torch. Candle's
//! own keeps its moments to itself, so that no run could be resumed with it.

use candle_core::{DType, Tensor, Var};
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// Settings of the optimiser; the learning rate is the schedule's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AdamWSettings {
    /// How slowly the mean gradient follows, below 1.
    pub beta1: f64,
    /// How slowly the mean square follows, below 1.
    pub beta2: f64,
    /// Added to the root of the mean square.
    pub eps: f64,
    /// Share of a weight that goes at each step, times the learning rate.
    pub weight_decay: f64,
}

impl Default for AdamWSettings {
    fn default() -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 0.01,
        }
    }
}

/// The optimiser's state: two moments a weight, in f32.
#[derive(Debug)]
pub struct AdamW {
    settings: AdamWSettings,
    pub(crate) moments: Vec<Moments>,
}

/// Running means of one variable's gradient and of its square.
#[derive(Debug, Clone)]
pub(crate) struct Moments {
    /// Steps that this variable took part in.
    pub(crate) steps: u32,
    pub(crate) mean: Tensor,
    pub(crate) square: Tensor,
}

impl AdamW {
    /// All moments zero.
    ///
    /// # Errors
    /// When they do not fit the device.
    pub fn new(variables: &[(String, Var)], settings: AdamWSettings) -> Result<Self> {
        let zeros = |variable: &Var| variable.zeros_like()?.to_dtype(DType::F32);
        let moments = variables
            .iter()
            .map(|(_, variable)| {
                Ok(Moments {
                    steps: 0,
                    mean: zeros(variable)?,
                    square: zeros(variable)?,
                })
            })
            .collect::<Result<_>>()?;
        Ok(Self { settings, moments })
    }

    /// The state as it was saved.
    pub(crate) fn restored(settings: AdamWSettings, moments: Vec<Moments>) -> Self {
        Self { settings, moments }
    }

    /// One step of all variables, with their gradients times `factor`. A variable without a gradient stays as
    /// it is, as in torch.
    ///
    /// # Errors
    /// When the device fails.
    pub fn step(
        &mut self,
        variables: &[(String, Var)],
        gradients: &[Option<&Tensor>],
        factor: f64,
        learning_rate: f64,
    ) -> Result<()> {
        let AdamWSettings {
            beta1,
            beta2,
            eps,
            weight_decay,
        } = self.settings;
        let pairs = variables.iter().zip(gradients).zip(&mut self.moments);
        for (((_, variable), gradient), moments) in pairs {
            let Some(gradient) = gradient else {
                continue;
            };
            moments.steps += 1;
            let Moments {
                steps,
                mean,
                square,
            } = moments;
            let steps = f64::from(*steps);
            let (bias1, bias2) = (1.0 - beta1.powf(steps), 1.0 - beta2.powf(steps));
            let gradient = (gradient.to_dtype(DType::F32)? * factor)?;
            *mean = ((&*mean * beta1)? + (&gradient * (1.0 - beta1))?)?;
            *square = ((&*square * beta2)? + (gradient.sqr()? * (1.0 - beta2))?)?;
            let root = ((square.sqrt()? / bias2.sqrt())? + eps)?;
            let update = (mean.div(&root)? * (learning_rate / bias1))?;
            let kept = (variable.as_tensor() * (1.0 - learning_rate * weight_decay))?;
            variable.set(&(kept - update)?.detach())?;
        }
        Ok(())
    }
}
