//! Forward and back through the whole model: the loss of a batch, and the gradient of everything that
//! learns.

use std::cell::RefCell;

use candle_core::backprop::GradStore;
use candle_core::{DType, Tensor, Var};
use qwen::model::Qwen;
use qwen::ops::{self, Mode};
use qwen::vision::Windows;

use crate::batch::Batch;
use crate::error::{Error, Result};
use crate::recompute::{self, Stage};

/// What the model sees besides words.
#[derive(Debug, Clone)]
pub enum Seen {
    /// No images.
    Nothing,
    /// (patches, values of a patch): the vision tower is computed, and learns where it may.
    Pixels(Tensor),
    /// (image tokens, hidden): what a frozen vision tower made of them.
    Embeddings(Tensor),
}

/// Sums of gradients, in the order of the model's variables.
#[derive(Debug)]
pub struct Gradients {
    sums: Vec<Option<Tensor>>,
}

/// Adds the gradients of the sum of a batch's losses; returns each label's loss. The caller divides by all
/// labels of the step, so that it does not matter how they are spread over batches.
///
/// # Errors
/// When the device fails, or the batch does not fit what is seen.
pub fn accumulate(
    model: &Qwen,
    batch: &Batch,
    seen: &Seen,
    recompute: bool,
    gradients: &mut Gradients,
) -> Result<Vec<f32>> {
    let losses = RefCell::new(Vec::new());
    let last: Stage<'_> = Box::new(|x| {
        let (loss, each) = head(model, batch, x, Mode::Training)?;
        losses.replace(each);
        Ok(loss)
    });
    let (mut stages, input) = stages(model, batch, seen, Mode::Training)?;
    stages.push(last);
    recompute::backward(&stages, &input, recompute, &mut |store| {
        gradients.take(&model.variables, store)
    })?;
    drop(stages);
    Ok(losses.into_inner())
}

/// Each label's loss, without gradients.
///
/// # Errors
/// As [`accumulate`].
pub fn losses(model: &Qwen, batch: &Batch, seen: &Seen) -> Result<Vec<f32>> {
    let (stages, mut x) = stages(model, batch, seen, Mode::Inference)?;
    for stage in &stages {
        // Detached, so that what learns does not hold on to each layer's values.
        x = stage(&x)?.detach();
    }
    Ok(head(model, batch, &x, Mode::Inference)?.1)
}

/// The model from what it sees to the last hidden states, a layer at a time, and the first stage's input.
fn stages<'a>(
    model: &'a Qwen,
    batch: &'a Batch,
    seen: &Seen,
    mode: Mode,
) -> Result<(Vec<Stage<'a>>, Tensor)> {
    let mut stages: Vec<Stage<'a>> = Vec::new();
    let pass = batch.pass(model, mode)?;
    let join = |seen: Option<&Tensor>| model.join(&batch.input_ids, seen)?.unsqueeze(0);
    let input = match seen {
        Seen::Nothing => {
            stages.push(Box::new(move |_| join(None)));
            Tensor::zeros((), DType::F32, model.device())?
        }
        Seen::Embeddings(seen) => {
            stages.push(Box::new(move |seen| join(Some(seen))));
            seen.clone()
        }
        Seen::Pixels(pixels) => {
            vision_stages(model, batch, mode, &mut stages)?;
            stages.push(Box::new(move |seen| join(Some(seen))));
            pixels.to_dtype(model.compute_type())?
        }
    };
    for layer in &model.text.layers {
        let pass = pass.clone();
        stages.push(Box::new(move |x| layer.forward(x, &pass, None)));
    }
    Ok((stages, input))
}

/// The vision tower from pixel values to embeddings.
fn vision_stages<'a>(
    model: &'a Qwen,
    batch: &Batch,
    mode: Mode,
    stages: &mut Vec<Stage<'a>>,
) -> Result<()> {
    let (vision, config) = (&model.vision, &model.config);
    let windows = std::rc::Rc::new(Windows::new(&batch.grids, config, model.device())?);
    let shared = windows.clone();
    stages.push(Box::new(move |pixels| {
        vision.to_windows(&vision.patch_embed.forward(pixels)?, &shared, config)
    }));
    for block in &vision.blocks {
        let windows = windows.clone();
        stages.push(Box::new(move |x| block.forward(x, &windows, mode)));
    }
    stages.push(Box::new(move |x| vision.merge(x, &windows, config, mode)));
    Ok(())
}

/// From the last hidden states (1, S, hidden) to the summed loss, at label positions alone.
fn head(
    model: &Qwen,
    batch: &Batch,
    x: &Tensor,
    mode: Mode,
) -> candle_core::Result<(Tensor, Vec<f32>)> {
    let places = Tensor::from_slice(&batch.places, batch.places.len(), x.device())?;
    let x = x.squeeze(0)?.index_select(&places, 0)?;
    let x = model.text.normalise(&x, mode)?;
    let weight = &model.text.lm_head.weight;
    match mode {
        Mode::Training => ops::cross_entropy(&x, weight, &batch.labels, 1.0),
        Mode::Inference => ops::cross_entropy(&x.detach(), &weight.frozen(), &batch.labels, 1.0),
    }
}

impl Gradients {
    /// Nothing yet.
    pub fn none(variables: &[(String, Var)]) -> Self {
        Self {
            sums: vec![None; variables.len()],
        }
    }

    fn take(
        &mut self,
        variables: &[(String, Var)],
        store: &mut GradStore,
    ) -> candle_core::Result<()> {
        for (sum, (_, variable)) in self.sums.iter_mut().zip(variables) {
            let Some(gradient) = store.remove(variable) else {
                continue;
            };
            *sum = Some(match sum.take() {
                Some(sum) => (sum + gradient)?,
                None => gradient,
            });
        }
        Ok(())
    }

    /// The gradient of each variable. What learns of the vision tower has none in a step `with_images` false.
    ///
    /// # Errors
    /// Naming a variable that got none and should have.
    pub fn all<'a>(
        &'a self,
        variables: &'a [(String, Var)],
        with_images: bool,
    ) -> Result<Vec<Option<&'a Tensor>>> {
        let pairs = self.sums.iter().zip(variables);
        pairs
            .map(|(sum, (name, _))| {
                let may_lack = !with_images && name.contains("visual.");
                match sum {
                    None if !may_lack => Err(Error::NoGradient { name: name.clone() }),
                    sum => Ok(sum.as_ref()),
                }
            })
            .collect()
    }

    /// The Euclidean norm of all gradients together.
    ///
    /// # Errors
    /// When the device fails.
    pub fn norm(&self) -> Result<f64> {
        let mut sum = 0f64;
        for gradient in self.sums.iter().flatten() {
            // In f64 from each tensor on: squares of many tensors are lost in an f32.
            let squares = gradient.to_dtype(DType::F32)?.sqr()?.sum_all()?;
            sum += f64::from(squares.to_scalar::<f32>()?);
        }
        Ok(sum.sqrt())
    }

    /// What gradients of this norm are multiplied by so that it does not exceed `max_norm`, as torch's
    /// `clip_grad_norm_`.
    pub fn clip_factor(norm: f64, max_norm: Option<f64>) -> f64 {
        max_norm.map_or(1.0, |max_norm| (max_norm / (norm + 1e-6)).min(1.0))
    }
}
