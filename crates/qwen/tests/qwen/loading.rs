//! Loading: number formats, block formats, and every kind of broken checkpoint.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use qwen::load::{LoadOptions, Quantization, load};
use qwen::model::Qwen;
use qwen::ops::Mode;

use crate::compare::{Tally, flat};
use crate::fixtures::{self, Variant};

fn options() -> LoadOptions {
    LoadOptions::on(Device::Cpu)
}

fn logits(model: &Qwen) -> Vec<f64> {
    let ids: Vec<u32> = (1..60).collect();
    flat(&model.forward(&ids, None, Mode::Inference).unwrap())
}

/// Root mean square of the difference over that of the reference.
fn distance(ours: &[f64], reference: &[f64]) -> f64 {
    let norm = |all: &mut dyn Iterator<Item = f64>| all.map(|x| x * x).sum::<f64>().sqrt();
    norm(&mut ours.iter().zip(reference).map(|(a, b)| a - b)) / norm(&mut reference.iter().copied())
}

#[test]
fn a_checkpoint_of_16_bits_computes_as_if_it_were_widened() {
    for variant in fixtures::manifest().variants {
        let held = load(&variant.model_dir(), &options()).unwrap();
        let widened = LoadOptions {
            dtype: Some(DType::F32),
            ..options()
        };
        let widened = load(&variant.model_dir(), &widened).unwrap();
        let mut tally = Tally::new(format!("held and widened, {}", variant.name));
        tally.close_values("logits", &logits(&held), &logits(&widened), 1e-4);
        let stored = if variant.dtype == "float32" { 4 } else { 2 };
        assert_eq!(held.weights_bytes() * 4, widened.weights_bytes() * stored);
    }
}

#[test]
fn formats_cost_what_they_say_and_stay_near() {
    for variant in fixtures::manifest().variants {
        let exact = LoadOptions {
            dtype: Some(DType::F32),
            ..options()
        };
        let exact = load(&variant.model_dir(), &exact).unwrap();
        let reference = logits(&exact);
        let formats = [
            (Some(DType::F16), None, 2.01, 2e-3),
            (Some(DType::BF16), None, 2.01, 2e-2),
            (None, Some(Quantization::Q8_0), 1.60, 6e-2),
            // Rows of the fixtures are too short for blocks of 256: these stay at 8 bits.
            (None, Some(Quantization::Q4K), 1.60, 6e-2),
        ];
        for (dtype, quantize, bytes, tolerance) in formats {
            let wanted = LoadOptions {
                dtype,
                quantize,
                ..options()
            };
            let model = load(&variant.model_dir(), &wanted).unwrap();
            let off = distance(&logits(&model), &reference);
            assert!(off < tolerance, "{dtype:?} {quantize:?}: off by {off}");
            let ratio = model.weights_bytes() as f64 / exact.weights_bytes() as f64;
            assert!(
                ratio * 4.0 < bytes,
                "{dtype:?} {quantize:?}: {ratio} of f32"
            );
        }
    }
}

/// A copy of a variant's model directory that may be broken.
struct Copy {
    _scratch: tempfile::TempDir,
    dir: PathBuf,
}

fn copy(variant: &Variant) -> Copy {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("model");
    fs::create_dir(&dir).unwrap();
    for entry in fs::read_dir(variant.model_dir()).unwrap() {
        let entry = entry.unwrap();
        fs::write(dir.join(entry.file_name()), fs::read(entry.path()).unwrap()).unwrap();
    }
    Copy {
        _scratch: scratch,
        dir,
    }
}

fn single() -> Copy {
    let all = fixtures::manifest().variants;
    copy(all.iter().find(|variant| variant.shards == 1).unwrap())
}

fn sharded() -> Copy {
    let all = fixtures::manifest().variants;
    copy(all.iter().find(|variant| variant.shards > 1).unwrap())
}

#[track_caller]
fn refused(dir: &Path, part: &str) {
    let error = load(dir, &options()).unwrap_err();
    let message = error.to_string();
    assert!(message.contains(part), "`{message}` does not say `{part}`");
    assert!(!message.contains('\n'), "more than a sentence: {message}");
}

/// Changes the tensors of a single file.
fn with_tensors(copy: &Copy, change: impl FnOnce(&mut HashMap<String, Tensor>)) {
    let path = copy.dir.join("model.safetensors");
    let mut tensors = candle_core::safetensors::load(&path, &Device::Cpu).unwrap();
    change(&mut tensors);
    candle_core::safetensors::save(&tensors, path).unwrap();
}

const NAME: &str = "model.layers.1.mlp.up_proj.weight";

#[test]
fn a_missing_shard_is_named() {
    let copy = sharded();
    let shard = fs::read_dir(&copy.dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains("-00002-"))
        .unwrap();
    fs::remove_file(&shard).unwrap();
    refused(
        &copy.dir,
        &format!(
            "shard `{}` is missing",
            shard.file_name().unwrap().display()
        ),
    );
}

#[test]
fn a_cut_or_hostile_file_is_refused() {
    let copy = single();
    let path = copy.dir.join("model.safetensors");
    let whole = fs::read(&path).unwrap();
    for length in [0, 4, 100, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(
            load(&copy.dir, &options()).is_err(),
            "cut to {length} bytes"
        );
    }
    let mut endless = whole.clone();
    endless[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    fs::write(&path, &endless).unwrap();
    refused(&copy.dir, "not a whole safetensors file");
    let header =
        br#"{"model.norm.weight":{"dtype":"F32","shape":[64],"data_offsets":[0,999999999999]}}"#;
    let mut beyond = (header.len() as u64).to_le_bytes().to_vec();
    beyond.extend(header);
    fs::write(&path, &beyond).unwrap();
    refused(&copy.dir, "not a whole safetensors file");
}

#[test]
fn an_index_may_not_leave_its_folder() {
    let copy = sharded();
    let index = r#"{"weight_map": {"model.norm.weight": "../../../../etc/passwd"}}"#;
    fs::write(copy.dir.join("model.safetensors.index.json"), index).unwrap();
    refused(&copy.dir, "names a file outside its folder");
}

#[test]
fn weights_that_are_no_numbers_are_named() {
    for bad in [f32::NAN, f32::INFINITY] {
        let copy = single();
        with_tensors(&copy, |tensors| {
            let shape = tensors[NAME].shape().clone();
            let mut values = vec![0.5f32; shape.elem_count()];
            values[77] = bad;
            tensors.insert(
                NAME.to_owned(),
                Tensor::from_vec(values, shape, &Device::Cpu).unwrap(),
            );
        });
        refused(
            &copy.dir,
            &format!("tensor `{NAME}` holds NaN or infinite values"),
        );
    }
}

#[test]
fn missing_misshapen_and_mistyped_tensors_are_named() {
    let copy = single();
    with_tensors(&copy, |tensors| {
        tensors.remove(NAME);
    });
    refused(&copy.dir, &format!("tensor `{NAME}` is missing"));
    let copy = single();
    with_tensors(&copy, |tensors| {
        let turned = tensors[NAME].t().unwrap().contiguous().unwrap();
        tensors.insert(NAME.to_owned(), turned);
    });
    refused(&copy.dir, "and should be");
    let copy = single();
    with_tensors(&copy, |tensors| {
        let wide = tensors[NAME].to_dtype(DType::F64).unwrap();
        tensors.insert(NAME.to_owned(), wide);
    });
    refused(&copy.dir, "not f32, bf16 or f16");
}

#[test]
fn a_directory_without_weights_says_so() {
    let copy = single();
    fs::remove_file(copy.dir.join("model.safetensors")).unwrap();
    refused(&copy.dir, "no `model.safetensors`");
    let empty = tempfile::tempdir().unwrap();
    refused(empty.path(), "not a Qwen2.5-VL directory");
}

#[test]
fn options_that_exclude_each_other_are_refused() {
    let variant = &fixtures::manifest().variants[0];
    let both = LoadOptions {
        quantize: Some(Quantization::Q8_0),
        trainable: qwen::load::Trainable::All,
        ..options()
    };
    assert!(load(&variant.model_dir(), &both).is_err());
}
