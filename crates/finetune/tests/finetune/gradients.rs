//! Everything that is to learn does, whatever is chosen to learn, and nothing else.

use finetune::Settings;
use finetune::lora::LoraSettings;
use finetune::settings::{BaseFormat, Method, Towers};

use crate::cases::{self, Cases, gradients};
use crate::compare::flat;
use crate::fixtures::{self, Variant};

const LANGUAGE: Towers = Towers {
    language: true,
    vision: false,
    merger: false,
};
const VISION: Towers = Towers {
    language: false,
    vision: true,
    merger: false,
};
const MERGER: Towers = Towers {
    language: false,
    vision: false,
    merger: true,
};
const ALL: Towers = Towers {
    language: true,
    vision: true,
    merger: true,
};

fn belongs(name: &str, towers: Towers) -> bool {
    match (name.contains("visual.merger."), name.contains("visual.")) {
        (true, _) => towers.merger,
        (_, true) => towers.vision,
        _ => towers.language,
    }
}

/// What learns gets a gradient before and after a step, and is moved by it.
fn check(variant: &Variant, settings: Settings, towers: Towers, layers_or_weights: usize) {
    let is_lora = matches!(settings.method, Method::Lora(_));
    for recompute in [false, true] {
        let run = tempfile::tempdir().unwrap();
        let settings = Settings {
            recompute,
            ..settings.clone()
        };
        let mut trainer = cases::begin(variant, run.path(), settings, None);
        let samples = Cases::of(variant).samples("batch", trainer.model());
        let (first, _) = gradients(trainer.model(), &[&samples], recompute);
        assert_eq!(first.len(), layers_or_weights);
        assert!(
            first.keys().all(|name| belongs(name, towers)),
            "only these parts learn"
        );
        let before = cases::weights(trainer.model());
        cases::train(&mut trainer, &samples, 1);
        let after = cases::weights(trainer.model());
        let (second, _) = gradients(trainer.model(), &[&samples], recompute);
        for (name, gradient) in &second {
            let is_zero = |gradient| flat(gradient).iter().all(|x| *x == 0.0);
            // B begins at zero, and nothing comes through it to A.
            let waits = is_lora && name.contains("lora_A");
            assert_eq!(is_zero(&first[name]), waits, "{name} at the first step");
            assert!(!is_zero(gradient), "{name} at the second step");
            assert!(waits || before[name] != after[name], "{name} was moved");
        }
    }
}

#[test]
fn every_adapter_learns() {
    let variant = &fixtures::manifest().variants[0];
    // Four layers of seven, four blocks of five, two in the merger; A and B of each.
    for (towers, layers) in [(LANGUAGE, 28), (VISION, 20), (MERGER, 2), (ALL, 50)] {
        let lora = LoraSettings {
            towers,
            rank: 4,
            ..LoraSettings::default()
        };
        let settings = Settings {
            method: Method::Lora(lora),
            ..Settings::default()
        };
        check(variant, settings, towers, 2 * layers);
    }
}

#[test]
fn adapters_learn_on_every_base() {
    for variant in fixtures::manifest().variants {
        for base in [
            BaseFormat::AsStored,
            BaseFormat::F32,
            BaseFormat::Bf16,
            BaseFormat::Q8_0,
            BaseFormat::Q4K,
        ] {
            let settings = Settings {
                base,
                ..Settings::default()
            };
            check(&variant, settings, LANGUAGE, 56);
        }
    }
}

#[test]
fn every_weight_learns() {
    for variant in fixtures::manifest().variants {
        let head = usize::from(!variant.tied);
        // A layer has two norms, seven weights, three biases; a block two norms, five weights and biases.
        let (language, vision, merger) = (2 + 4 * 12 + head, 1 + 4 * 12, 5);
        for (towers, weights) in [
            (LANGUAGE, language),
            (VISION, vision),
            (MERGER, merger),
            (ALL, language + vision + merger),
        ] {
            let settings = Settings {
                method: Method::Full(towers),
                ..Settings::default()
            };
            check(&variant, settings, towers, weights);
        }
    }
}

#[test]
fn chosen_layers_alone_have_adapters() {
    let variant = &fixtures::manifest().variants[0];
    let modules = vec!["q_proj".to_owned(), "down_proj".to_owned()];
    let lora = LoraSettings {
        modules,
        ..LoraSettings::default()
    };
    let settings = Settings {
        method: Method::Lora(lora),
        ..Settings::default()
    };
    check(variant, settings, LANGUAGE, 16);
}
