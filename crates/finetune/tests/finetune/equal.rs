//! What must not depend on how it is computed.

use std::collections::HashMap;

use candle_core::Tensor;
use finetune::lora::LoraSettings;
use finetune::settings::{Method, Towers};
use finetune::{Sample, Settings};
use qwen::load::Trainable;
use qwen::model::Qwen;

use crate::cases::{self, Cases, gradients};
use crate::compare::{Tally, flat};
use crate::fixtures::{self, Variant};
use crate::scene;

/// A model whose weights, or whose adapter's, learn.
fn models(variant: &Variant) -> [Qwen; 2] {
    let init = variant.path("lora/init");
    [
        scene::with_adapter(variant, &init, false, Trainable::Adapter),
        scene::model(variant, Trainable::All),
    ]
}

/// Samples with one image, with several, and without.
fn samples(variant: &Variant, model: &Qwen) -> Vec<Sample> {
    let cases = Cases::of(variant);
    let names = ["one_image", "multi_image", "text_only"];
    names
        .iter()
        .flat_map(|case| cases.samples(case, model))
        .collect()
}

fn same_bits(ours: &HashMap<String, Tensor>, others: &HashMap<String, Tensor>) {
    assert_eq!(ours.len(), others.len());
    for (name, ours) in ours {
        assert!(flat(ours) == flat(&others[name]), "{name}");
    }
}

#[test]
fn recomputation_changes_no_bit() {
    for variant in fixtures::manifest().variants {
        for model in models(&variant) {
            let samples = samples(&variant, &model);
            let (mut kept, kept_losses) = gradients(&model, &[&samples], false);
            let (mut again, losses) = gradients(&model, &[&samples], true);
            assert_eq!(kept_losses, losses);
            let embeddings = "model.embed_tokens.weight";
            if variant.tied && kept.contains_key(embeddings) {
                // Sums of what comes from the head and from the words, taken in another order.
                let (kept, again) = (kept.remove(embeddings), again.remove(embeddings));
                let mut tally = Tally::new(format!("recomputation, {}", variant.name));
                tally.close_norm(embeddings, &again.unwrap(), &kept.unwrap(), 1e-6);
            }
            same_bits(&kept, &again);
        }
    }
}

#[test]
fn recomputation_drops_the_same_elements() {
    let variant = &fixtures::manifest().variants[0];
    let init = variant.path("lora/init");
    let mut model = scene::with_adapter(variant, &init, false, Trainable::Adapter);
    let samples = samples(variant, &model);
    let (without, _) = gradients(&model, &[&samples], false);
    model.with_dropout(0.2).set_seed(Some(7));
    let (kept, _) = gradients(&model, &[&samples], false);
    let (again, _) = gradients(&model, &[&samples], true);
    same_bits(&kept, &again);
    let name = kept.keys().next().unwrap();
    assert_ne!(
        flat(&kept[name]),
        flat(&without[name]),
        "something was dropped"
    );
}

#[test]
fn accumulation_gives_the_gradient_of_the_large_batch() {
    for variant in fixtures::manifest().variants {
        for model in models(&variant) {
            let samples = samples(&variant, &model);
            let (large, losses) = gradients(&model, &[&samples], false);
            let parts: Vec<&[Sample]> = samples.chunks(1).collect();
            let (summed, others) = gradients(&model, &parts, false);
            let mut tally = Tally::new(format!("accumulation, {}", variant.name));
            let wide = |losses: Vec<f32>| losses.into_iter().map(f64::from).collect::<Vec<_>>();
            tally.close_values("losses", &wide(losses), &wide(others), 2e-5);
            for (name, large) in &large {
                tally.close_norm(name, &summed[name], large, 1e-4);
            }
        }
    }
}

#[test]
fn keeping_vision_embeddings_changes_no_bit() {
    let variant = &fixtures::manifest().variants[0];
    let settings = Settings {
        epochs: 2,
        ..Settings::default()
    };
    let trained = |cache: bool| {
        let run = tempfile::tempdir().unwrap();
        let mut trainer = cases::begin(variant, run.path(), settings.clone(), None);
        if cache {
            trainer
                .cache_vision(&run.path().join("vision"), 1 << 20)
                .unwrap();
        }
        let samples = samples(variant, trainer.model());
        cases::train(&mut trainer, &samples, usize::MAX);
        cases::weights(trainer.model())
    };
    assert!(trained(true) == trained(false));
}

#[test]
fn a_learning_vision_tower_is_not_taken_from_the_cache() {
    let variant = &fixtures::manifest().variants[0];
    let lora = LoraSettings {
        towers: Towers {
            language: false,
            vision: true,
            merger: false,
        },
        ..LoraSettings::default()
    };
    let settings = Settings {
        method: Method::Lora(lora),
        epochs: 2,
        ..Settings::default()
    };
    let run = tempfile::tempdir().unwrap();
    let mut trainer = cases::begin(variant, run.path(), settings, None);
    let kept = run.path().join("vision");
    trainer.cache_vision(&kept, 1 << 20).unwrap();
    let samples = Cases::of(variant).samples("one_image", trainer.model());
    cases::train(&mut trainer, &samples, usize::MAX);
    assert_eq!(std::fs::read_dir(kept).unwrap().count(), 0);
}
