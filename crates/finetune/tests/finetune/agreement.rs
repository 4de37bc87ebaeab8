//! Losses, gradients and whole optimiser steps against PyTorch and PEFT, for every variant of the fixtures.

use std::path::Path;

use candle_core::{D, DType, Device, Tensor};
use finetune::batch::Batch;
use finetune::{Samples, gradients as finetune_gradients};
use qwen::load::Trainable;
use qwen::ops::Mode;
use serde_json::Value;

use crate::cases::{self, Cases, gradients, mean};
use crate::compare::{Tally, flat};
use crate::fixtures::{self, Variant};
use crate::scene;

/// Norm of a gradient's difference over that of the reference.
const GRADIENT: f64 = 1e-3;

const LOSS: f64 = 1e-4;

fn train_of(variant: &Variant) -> Value {
    fixtures::json(&format!("{}/lora/train.json", variant.name))
}

fn numbers(list: &Value) -> Vec<f64> {
    serde_json::from_value(list.clone()).unwrap()
}

fn norm<'a>(gradients: impl IntoIterator<Item = &'a Tensor>) -> f64 {
    let squares = gradients
        .into_iter()
        .map(|x| flat(x).iter().map(|x| x * x).sum::<f64>());
    squares.sum::<f64>().sqrt()
}

#[test]
fn losses_agree_in_every_case() {
    for variant in fixtures::manifest().variants {
        let model = scene::model(&variant, Trainable::None);
        let cases = Cases::of(&variant);
        let mut tally = Tally::new(format!("losses, {}", variant.name));
        for case in cases.names() {
            let samples = cases.samples(case, &model);
            let batch = Batch::pack(&samples, &model.config).unwrap();
            let seen = cases::seen(&samples, &model);
            let losses = finetune_gradients::losses(&model, &batch, &seen).unwrap();
            let reference = cases.goldens["cases"][case]["loss"].as_f64().unwrap();
            tally.close_values(case, &[mean(&losses)], &[reference], LOSS);
            let each: Vec<f64> = losses.iter().copied().map(f64::from).collect();
            let mut reference = flat(&cases.stored[&format!("{case}.token_losses")]);
            reference.retain(|loss| *loss != 0.0);
            tally.close_values(case, &each, &reference, LOSS);
        }
    }
}

#[test]
fn adapter_gradients_agree() {
    for variant in fixtures::manifest().variants {
        let train = train_of(&variant);
        let stored = fixtures::tensors(&format!("{}/lora/grads.safetensors", variant.name));
        let init = variant.path("lora/init");
        let model = scene::with_adapter(&variant, &init, false, Trainable::Adapter);
        let samples = Cases::of(&variant).samples("batch", &model);
        for recompute in [false, true] {
            let what = format!("adapter gradients, {}, recompute {recompute}", variant.name);
            let mut tally = Tally::new(what);
            let (own, losses) = gradients(&model, &[&samples], recompute);
            tally.close_values(
                "loss",
                &[mean(&losses)],
                &numbers(&train["losses"])[..1],
                LOSS,
            );
            assert_eq!(own.len(), stored.len());
            for (name, reference) in &stored {
                tally.close_norm(name, &own[name], reference, GRADIENT);
            }
            let reference = numbers(&train["grad_norms_before_clip"])[0];
            tally.close_values("norm", &[norm(own.values()) / reference], &[1.0], GRADIENT);
        }
    }
}

#[test]
fn optimiser_steps_agree() {
    for variant in fixtures::manifest().variants {
        let train = train_of(&variant);
        let mut settings = cases::reference_settings(&train);
        for (accumulation, recompute) in [(1, false), (2, true)] {
            settings.batch_size = 2 / accumulation;
            settings.accumulation = accumulation;
            settings.recompute = recompute;
            let run = tempfile::tempdir().unwrap();
            let init = variant.path("lora/init");
            let mut trainer = cases::begin(&variant, run.path(), settings.clone(), Some(&init));
            let samples = Cases::of(&variant).samples("batch", trainer.model());
            let reports = cases::train(&mut trainer, &samples, usize::MAX);
            let what = format!("steps, {}, accumulation {accumulation}", variant.name);
            let mut tally = Tally::new(what);
            let losses: Vec<f64> = reports.iter().map(|report| report.loss).collect();
            tally.close_values("losses", &losses, &numbers(&train["losses"]), 1e-3);
            let norms = numbers(&train["grad_norms_before_clip"]);
            let ratios = reports
                .iter()
                .zip(&norms)
                .map(|(report, norm)| report.grad_norm / norm);
            tally.close_values(
                "norms",
                &ratios.collect::<Vec<_>>(),
                &vec![1.0; norms.len()],
                1e-3,
            );
            let read = |number: usize| Ok(samples[number].clone());
            let after = trainer
                .evaluate(&Samples {
                    len: samples.len(),
                    read: &read,
                })
                .unwrap();
            let reference = train["loss_after_last_step"].as_f64().unwrap();
            tally.close_values("loss after", &[after], &[reference], 1e-3);
            // What is on the disk, not what is in memory.
            let saved = finetune::latest_checkpoint(run.path()).unwrap();
            same_adapter(&saved, &variant, &mut tally);
        }
    }
}

/// A saved adapter against the reference's after its steps.
fn same_adapter(saved: &Path, variant: &Variant, tally: &mut Tally) {
    let saved = saved.join("adapter_model.safetensors");
    let ours = candle_core::safetensors::load(saved, &Device::Cpu).unwrap();
    let name = format!("{}/lora/final/adapter_model.safetensors", variant.name);
    let reference = fixtures::tensors(&name);
    assert_eq!(ours.len(), reference.len());
    let (mut sum, mut count) = (0.0, 0);
    for (name, reference) in &reference {
        tally.close(name, &ours[name], reference, 2e-4);
        let (ours, reference) = (flat(&ours[name]), flat(reference));
        sum += ours
            .iter()
            .zip(&reference)
            .map(|(a, b)| (a - b).abs())
            .sum::<f64>();
        count += ours.len();
    }
    tally.close_values(
        "mean difference",
        &[sum / f64::from(u32::try_from(count).unwrap())],
        &[0.0],
        2e-6,
    );
}

#[test]
fn gradients_of_full_tuning_agree() {
    for variant in fixtures::manifest().variants {
        let about: Value = fixtures::json(&format!("{}/full_grads.json", variant.name));
        let stored = fixtures::tensors(&format!("{}/full_grads.safetensors", variant.name));
        let model = scene::model(&variant, Trainable::All);
        let samples = Cases::of(&variant).samples("batch", &model);
        for recompute in [false, true] {
            let what = format!("full gradients, {}, recompute {recompute}", variant.name);
            let mut tally = Tally::new(what);
            let (own, losses) = gradients(&model, &[&samples], recompute);
            tally.close_values(
                "loss",
                &[mean(&losses)],
                &[about["loss"].as_f64().unwrap()],
                LOSS,
            );
            let total = norm(own.values()) / about["total_norm"].as_f64().unwrap();
            tally.close_values("norm", &[total], &[1.0], GRADIENT);
            let norms = about["grad_norms"].as_object().unwrap();
            assert_eq!(norms.len(), own.len());
            for (name, reference) in norms {
                let ratio = norm([&own[name]]) / reference.as_f64().unwrap();
                tally.close_values(name, &[ratio], &[1.0], GRADIENT);
            }
            for (name, reference) in stored.iter().filter(|(name, _)| !name.ends_with(".rows")) {
                let ours = part(name, &own, &stored)
                    .reshape(reference.shape())
                    .unwrap();
                tally.close_norm(name, &ours, reference, GRADIENT);
            }
        }
    }
}

type Named = std::collections::HashMap<String, Tensor>;

/// The part of a gradient that is stored: all of it, chosen rows, or the first ones.
fn part(name: &str, own: &Named, stored: &Named) -> Tensor {
    if let Some(weight) = name.strip_suffix(".grad_rows") {
        let rows = stored[&format!("{weight}.rows")]
            .to_dtype(DType::U32)
            .unwrap();
        own[weight].index_select(&rows, 0).unwrap()
    } else if let Some((weight, rows)) = name.split_once(".rows0_") {
        own[weight].narrow(0, 0, rows.parse().unwrap()).unwrap()
    } else {
        own[name].clone()
    }
}

#[test]
fn rank_stabilised_loss_agrees() {
    for variant in fixtures::manifest().variants {
        let scratch = tempfile::tempdir().unwrap();
        let init = variant.path("lora/init");
        let weights = "adapter_model.safetensors";
        std::fs::copy(init.join(weights), scratch.path().join(weights)).unwrap();
        let config = std::fs::read_to_string(init.join("adapter_config.json")).unwrap();
        let mut config: Value = serde_json::from_str(&config).unwrap();
        config["use_rslora"] = true.into();
        std::fs::write(
            scratch.path().join("adapter_config.json"),
            config.to_string(),
        )
        .unwrap();
        let model = scene::with_adapter(&variant, scratch.path(), false, Trainable::Adapter);
        let samples = Cases::of(&variant).samples("batch", &model);
        let (_, losses) = gradients(&model, &[&samples], false);
        let reference = train_of(&variant)["rslora_loss"].as_f64().unwrap();
        let mut tally = Tally::new(format!("rsLoRA, {}", variant.name));
        tally.close_values("loss", &[mean(&losses)], &[reference], LOSS);
    }
}

#[test]
fn what_was_trained_can_be_merged() {
    for variant in fixtures::manifest().variants {
        let run = tempfile::tempdir().unwrap();
        let settings = cases::reference_settings(&train_of(&variant));
        let init = variant.path("lora/init");
        let mut trainer = cases::begin(&variant, run.path(), settings, Some(&init));
        let samples = Cases::of(&variant).samples("batch", trainer.model());
        cases::train(&mut trainer, &samples, usize::MAX);
        let saved = finetune::latest_checkpoint(run.path()).unwrap();
        let merged = scene::with_adapter(&variant, &saved, true, Trainable::None);
        let base = scene::model(&variant, Trainable::None);
        let stored = fixtures::tensors(&format!("{}/lora/logits.safetensors", variant.name));
        let reference =
            scene::with_adapter(&variant, &variant.path("lora/final"), true, Trainable::None);
        let mut tally = Tally::new(format!("merged, {}", variant.name));
        let sample = &Cases::of(&variant).samples("one_image", &base)[0];
        let scores = |model: &qwen::model::Qwen| {
            let pixels =
                finetune::batch::pixel_values(std::slice::from_ref(sample), model).unwrap();
            let grids: Vec<[u32; 3]> = sample.images.iter().map(|image| image.grid_thw).collect();
            let images = pixels.as_ref().map(|pixel_values| qwen::model::Images {
                pixel_values,
                grids: &grids,
            });
            model
                .forward(&sample.input_ids, images, Mode::Inference)
                .unwrap()
        };
        tally.close(
            "unmerged",
            &scores(&merged),
            &scores(trainer.model()).detach(),
            1e-4,
        );
        let sums = scores(&reference).log_sum_exp(D::Minus1).unwrap();
        tally.close(
            "merged.one_image",
            &sums,
            &stored["merged.one_image.logits_lse"],
            1e-4,
        );
        let moved = (scores(&merged) - scores(&base)).unwrap().abs().unwrap();
        assert!(
            flat(&moved).into_iter().fold(0.0, f64::max) > 0.1,
            "training changed the model"
        );
    }
}
