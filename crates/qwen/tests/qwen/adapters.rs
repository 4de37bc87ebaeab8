//! Adapters on top of the model against PEFT: beside the weights, merged into them, rank-stabilised.

use std::fs;
use std::path::{Path, PathBuf};

use qwen::load::{LoadOptions, Trainable, load};
use qwen::ops::Mode;
use serde_json::Value;

use crate::compare::Tally;
use crate::fixtures::{self, Variant};
use crate::forward::{Of, rows_of};
use crate::scene::{self, Pictures};

/// Which adapter the prefix of a stored name stands for, and whether it is merged.
fn adapter_of(prefix: &str, variant: &Variant, scratch: &Path) -> (PathBuf, bool) {
    match prefix {
        "merged" => (variant.path("lora/final"), true),
        "rslora" => (rank_stabilised(&variant.path("lora/init"), scratch), false),
        plain => (variant.path(&format!("lora/{plain}")), false),
    }
}

/// A copy of an adapter that asks for rank stabilisation.
fn rank_stabilised(adapter: &Path, scratch: &Path) -> PathBuf {
    let copy = scratch.join("rslora");
    fs::create_dir_all(&copy).unwrap();
    fs::copy(
        adapter.join("adapter_model.safetensors"),
        copy.join("adapter_model.safetensors"),
    )
    .unwrap();
    let text = fs::read_to_string(adapter.join("adapter_config.json")).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    config["use_rslora"] = true.into();
    fs::write(copy.join("adapter_config.json"), config.to_string()).unwrap();
    copy
}

#[test]
fn adapters_agree_with_peft() {
    let pictures = Pictures::read();
    let scratch = tempfile::tempdir().unwrap();
    for variant in fixtures::manifest().variants {
        let stored = fixtures::tensors(&format!("{}/lora/logits.safetensors", variant.name));
        let forward = fixtures::tensors(&format!("{}/forward.safetensors", variant.name));
        let goldens: Value = fixtures::json(&format!("{}/goldens.json", variant.name));
        let mut cases: Vec<&str> = stored
            .keys()
            .filter_map(|key| key.strip_suffix(".logits_lse"))
            .collect();
        cases.sort_unstable();
        assert!(!cases.is_empty(), "no adapter cases");
        for name in cases {
            let (prefix, case) = name.split_once('.').unwrap();
            let (adapter, merge) = adapter_of(prefix, &variant, scratch.path());
            let modes: &[(Mode, Trainable)] = match merge {
                true => &[(Mode::Inference, Trainable::None)],
                false => &[
                    (Mode::Inference, Trainable::None),
                    (Mode::Training, Trainable::Adapter),
                ],
            };
            for (mode, trainable) in modes {
                let model = scene::with_adapter(&variant, &adapter, merge, *trainable);
                let mut tally = Tally::new(format!("adapter, {}, {name}, {mode:?}", variant.name));
                for (row, content) in rows_of(case, &forward, &goldens, &pictures, &model)
                    .iter()
                    .enumerate()
                {
                    let logits = model
                        .forward(&content.input_ids, content.images.images(), *mode)
                        .unwrap();
                    let of = Of {
                        case: name,
                        row,
                        stored: &stored,
                    };
                    of.logits(&logits, "", &forward["cols"], &mut tally);
                }
            }
        }
    }
}

fn refusal(variant: &Variant, adapter: &Path) -> String {
    let options = LoadOptions {
        adapter: Some(adapter.to_owned()),
        ..LoadOptions::on(candle_core::Device::Cpu)
    };
    load(&variant.model_dir(), &options)
        .unwrap_err()
        .to_string()
}

#[test]
fn adapters_for_another_model_are_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let variant = &fixtures::manifest().variants[0];
    let adapter = variant.path("lora/init");
    let tensors = fixtures::tensors(&format!(
        "{}/lora/init/adapter_model.safetensors",
        variant.name
    ));
    let copy =
        |name: &str,
         change: &dyn Fn(&mut std::collections::HashMap<String, candle_core::Tensor>)| {
            let folder = scratch.path().join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::copy(
                adapter.join("adapter_config.json"),
                folder.join("adapter_config.json"),
            )
            .unwrap();
            let mut tensors = tensors.clone();
            change(&mut tensors);
            candle_core::safetensors::save(&tensors, folder.join("adapter_model.safetensors"))
                .unwrap();
            folder
        };
    let renamed = copy("renamed", &|tensors| {
        *tensors = tensors
            .drain()
            .map(|(name, tensor)| (name.replace("layers.", "layers.9"), tensor))
            .collect();
    });
    assert!(refusal(variant, &renamed).contains("match no layer of this model"));
    let narrow = copy("narrow", &|tensors| {
        for tensor in tensors.values_mut() {
            *tensor = tensor.narrow(1, 0, 4).unwrap().contiguous().unwrap();
        }
    });
    let message = refusal(variant, &narrow);
    assert!(message.contains("and the layer takes"), "{message}");
    let empty = scratch.path().join("empty");
    fs::create_dir_all(&empty).unwrap();
    assert!(refusal(variant, &empty).contains("not a PEFT adapter directory"));
}

#[test]
fn names_of_older_adapters_are_taken() {
    let scratch = tempfile::tempdir().unwrap();
    let variant = &fixtures::manifest().variants[0];
    let adapter = variant.path("lora/init");
    let tensors = fixtures::tensors(&format!(
        "{}/lora/init/adapter_model.safetensors",
        variant.name
    ));
    let older: std::collections::HashMap<String, _> = tensors
        .into_iter()
        .map(|(name, tensor)| (name.replace("language_model.layers", "layers"), tensor))
        .collect();
    fs::copy(
        adapter.join("adapter_config.json"),
        scratch.path().join("adapter_config.json"),
    )
    .unwrap();
    candle_core::safetensors::save(&older, scratch.path().join("adapter_model.safetensors"))
        .unwrap();
    let ids = [1, 2, 3];
    let one = scene::with_adapter(variant, &adapter, false, Trainable::None);
    let other = scene::with_adapter(variant, scratch.path(), false, Trainable::None);
    let logits = |model: &qwen::model::Qwen| {
        crate::compare::flat(&model.forward(&ids, None, Mode::Inference).unwrap())
    };
    assert_eq!(logits(&one), logits(&other));
}
