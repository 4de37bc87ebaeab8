//! The stored cases as samples, and runs over them.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use candle_core::{Device, Tensor};
use finetune::batch::{Batch, pixel_values};
use finetune::gradients::{self, Gradients, Seen};
use finetune::lora::LoraSettings;
use finetune::schedule::{Decay, Schedule};
use finetune::settings::Method;
use finetune::{Event, Sample, Samples, Settings, StepReport, Trainer};
use qwen::model::Qwen;
use qwen::processor::Patches;
use serde_json::Value;

use crate::compare::{flat, whole};
use crate::fixtures::{self, Variant};
use crate::scene::{self, Pictures};

/// What a variant's forward cases are made of.
pub struct Cases {
    pub goldens: Value,
    pub stored: HashMap<String, Tensor>,
    pictures: Pictures,
}

impl Cases {
    pub fn of(variant: &Variant) -> Self {
        Self {
            goldens: fixtures::json(&format!("{}/goldens.json", variant.name)),
            stored: fixtures::tensors(&format!("{}/forward.safetensors", variant.name)),
            pictures: Pictures::read(),
        }
    }

    /// Names of the cases, at least one.
    pub fn names(&self) -> Vec<&str> {
        let cases = self.goldens["cases"].as_object().unwrap();
        assert!(!cases.is_empty(), "no forward cases");
        cases.keys().map(String::as_str).collect()
    }

    /// The rows of a case without their padding, with the stored labels and pixel values.
    pub fn samples(&self, case: &str, model: &Qwen) -> Vec<Sample> {
        let config = &model.config;
        let merge = u32::try_from(config.vision.spatial_merge_size).unwrap();
        let image = config.image_token_id;
        let rows = scene::rows(
            case,
            &self.stored,
            &self.goldens,
            &self.pictures,
            image,
            merge,
        );
        let labels = &self.stored[&format!("{case}.labels")];
        let samples = rows.into_iter().enumerate().map(|(number, row)| {
            let labels = whole(&labels.get(number).unwrap());
            let is_label = labels[..row.input_ids.len()]
                .iter()
                .map(|label| *label >= 0);
            Sample {
                is_label: is_label.collect(),
                input_ids: row.input_ids,
                images: patches(&row.images, merge),
            }
        });
        samples.collect()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "pixel values are f32")]
fn patches(joined: &scene::Joined, merge: u32) -> Vec<Patches> {
    let Some(pixels) = &joined.pixel_values else {
        return Vec::new();
    };
    let mut first = 0;
    let one = |grid: &[u32; 3]| {
        let patches = grid.iter().product::<u32>() as usize;
        let values = flat(&pixels.narrow(0, first, patches).unwrap());
        first += patches;
        Patches {
            pixel_values: values.into_iter().map(|value| value as f32).collect(),
            grid_thw: *grid,
            image_tokens: patches / (merge * merge) as usize,
        }
    };
    joined.grids.iter().map(one).collect()
}

/// What is seen of the samples' images, from pixels on.
pub fn seen(samples: &[Sample], model: &Qwen) -> Seen {
    match pixel_values(samples, model).unwrap() {
        Some(pixels) => Seen::Pixels(pixels),
        None => Seen::Nothing,
    }
}

/// The gradients of the mean loss over all labels of batches that are computed one after the other, and
/// each label's loss.
pub fn gradients(
    model: &Qwen,
    batches: &[&[Sample]],
    recompute: bool,
) -> (HashMap<String, Tensor>, Vec<f32>) {
    let mut sums = Gradients::none(&model.variables);
    let mut losses = Vec::new();
    for samples in batches {
        let batch = Batch::pack(samples, &model.config).unwrap();
        let seen = seen(samples, model);
        let own = gradients::accumulate(model, &batch, &seen, recompute, &mut sums).unwrap();
        losses.extend(own);
    }
    let n = losses.len() as f64;
    let all = sums.all(&model.variables, true).unwrap();
    let named = model.variables.iter().zip(all).map(|((name, _), sum)| {
        let sum = sum.unwrap();
        assert!(!sum.track_op(), "{name}: a gradient holds no graph");
        (name.clone(), (sum / n).unwrap())
    });
    (named.collect(), losses)
}

pub fn mean(losses: &[f32]) -> f64 {
    losses.iter().copied().map(f64::from).sum::<f64>() / losses.len() as f64
}

/// Settings of the reference's training steps, one step an epoch over two samples.
pub fn reference_settings(train: &Value) -> Settings {
    let config = &train["config"];
    let mut settings = Settings {
        method: Method::Lora(LoraSettings::default()),
        epochs: usize::try_from(config["steps"].as_u64().unwrap()).unwrap(),
        batch_size: 2,
        schedule: Schedule {
            learning_rate: config["lr"].as_f64().unwrap(),
            warmup_steps: 0,
            decay: Decay::Constant,
        },
        max_grad_norm: config["clip"].as_f64(),
        ..Settings::default()
    };
    settings.adamw.weight_decay = config["wd"].as_f64().unwrap();
    settings
}

/// Begins a run on a variant's model.
pub fn begin(variant: &Variant, run: &Path, settings: Settings, from: Option<&Path>) -> Trainer {
    Trainer::new(&variant.model_dir(), run, settings, from, &Device::Cpu).unwrap()
}

/// Trains over samples to the end, or until so many steps of this call are done; returns what was told.
pub fn train(trainer: &mut Trainer, samples: &[Sample], at_most: usize) -> Vec<StepReport> {
    let mut reports = Vec::new();
    let read = |number: usize| Ok(samples[number].clone());
    let data = Samples {
        len: samples.len(),
        read: &read,
    };
    trainer
        .train(&data, &mut |event| {
            if let Event::Step(report) = event {
                reports.push(report);
            }
            match reports.len() == at_most {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })
        .unwrap();
    reports
}

/// Every variable's values, by name.
pub fn weights(model: &Qwen) -> HashMap<String, Vec<f32>> {
    let values = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let named = model
        .variables
        .iter()
        .map(|(name, variable)| (name.clone(), values(variable)));
    named.collect()
}
