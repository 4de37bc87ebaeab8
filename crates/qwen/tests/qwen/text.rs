//! The text tower against candle-transformers' `qwen2` on the same weights: another implementation, of
//! which Qwen2.5-VL's differs only where there are images.

use std::ops::ControlFlow;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::qwen2;
use qwen::load::Trainable;
use qwen::ops::Mode;

use crate::compare::Tally;
use crate::fixtures::{self, Variant};
use crate::scene;

fn other(variant: &Variant) -> qwen2::ModelForCausalLM {
    let dir = variant.model_dir();
    let config: qwen2::Config =
        serde_json::from_slice(&std::fs::read(dir.join("config.json")).unwrap()).unwrap();
    let mut tensors = std::collections::HashMap::new();
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "safetensors")
        {
            tensors.extend(candle_core::safetensors::load(&path, &Device::Cpu).unwrap());
        }
    }
    let builder = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
    qwen2::ModelForCausalLM::new(&config, builder).unwrap()
}

#[test]
fn text_alone_agrees_with_candles_qwen2() {
    for variant in fixtures::manifest().variants {
        let mut tally = Tally::new(format!("text tower and candle's qwen2, {}", variant.name));
        let mut other = other(&variant);
        for (mode, trainable) in scene::MODES {
            let model = scene::model(&variant, trainable);
            let words = u32::try_from(model.config.vocab_size).unwrap();
            for length in [1u32, 2, 63, 64, 65, 200] {
                let ids: Vec<u32> = (0..length)
                    .map(|i| (i * 7919 + 13) % words)
                    .filter(|id| *id != model.config.image_token_id)
                    .collect();
                other.clear_kv_cache();
                let input = Tensor::from_slice(&ids, (1, ids.len()), &Device::Cpu).unwrap();
                let reference = other.forward(&input, 0).unwrap();
                let ours = model.forward(&ids, None, mode).unwrap();
                let last = ours.narrow(1, ids.len() - 1, 1).unwrap();
                tally.close(&format!("{length} tokens"), &last, &reference, 1e-4);
            }
        }
    }
}

/// A prompt longer than what is read at once gives the same as one pass without a cache.
#[test]
fn a_long_prompt_is_read_in_pieces() {
    let variant = &fixtures::manifest().variants[0];
    let model = scene::model(variant, Trainable::None);
    let ids: Vec<u32> = (0..1500u32).map(|i| (i * 31 + 7) % 1000).collect();
    let prompt = qwen::chat::Prompt {
        input_ids: ids.clone(),
        images: Vec::new(),
    };
    let defaults = qwen::config::GenerationDefaults::default();
    let sampling = qwen::generate::Sampling::greedy(1, &defaults);
    let ours = qwen::generate::generate(&model, &[prompt], &sampling, &mut |_| {
        ControlFlow::Continue(())
    });
    let ours = &ours.unwrap()[0];
    let logits = model.forward(&ids, None, Mode::Inference).unwrap();
    let last = logits.squeeze(0).unwrap().get(ids.len() - 1).unwrap();
    let best = crate::compare::flat(&last)
        .into_iter()
        .fold(f64::MIN, f64::max);
    let mut tally = Tally::new("a prompt in pieces");
    tally.close_values("score", &[f64::from(ours.scores[0])], &[best], 1e-4);
}
