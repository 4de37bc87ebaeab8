//! What a run does and tells.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use candle_core::Device;
use finetune::lora::LoraSettings;
use finetune::settings::{Method, Towers};
use finetune::{Error, Event, Samples, Settings};
use serde_json::Value;

use crate::cases::{self, Cases};
use crate::fixtures;

#[test]
fn every_epoch_sees_every_sample_once_in_another_order() {
    let variant = &fixtures::manifest().variants[0];
    let run = tempfile::tempdir().unwrap();
    let settings = Settings {
        epochs: 3,
        batch_size: 2,
        accumulation: 2,
        ..Settings::default()
    };
    let mut trainer = cases::begin(variant, run.path(), settings, None);
    let all = Cases::of(variant).samples("text_only", trainer.model());
    let samples = vec![all[0].clone(); 11];
    let reports = cases::train(&mut trainer, &samples, usize::MAX);
    assert_eq!(reports.len(), 9);
    let of_epoch = |epoch: usize| -> Vec<usize> {
        let own = reports.iter().filter(|report| report.epoch == epoch);
        own.flat_map(|report| report.samples.iter().map(|(number, _)| *number))
            .collect()
    };
    let orders: BTreeSet<Vec<usize>> = (0..3).map(of_epoch).collect();
    assert_eq!(orders.len(), 3, "three orders");
    for mut order in orders {
        order.sort_unstable();
        assert_eq!(order, (0..11).collect::<Vec<_>>());
    }
    assert_eq!(reports[0].n_tokens, 4 * samples[0].input_ids.len());
    assert_eq!(
        reports[2].n_labels,
        3 * samples[0].n_labels(),
        "the last step of an epoch is shorter"
    );
}

#[test]
fn a_loss_that_is_no_number_stops_the_run_and_names_its_samples() {
    let variant = &fixtures::manifest().variants[0];
    let run = tempfile::tempdir().unwrap();
    let mut settings = Settings {
        epochs: 50,
        max_grad_norm: None,
        ..Settings::default()
    };
    settings.schedule.learning_rate = 1e30;
    let mut trainer = cases::begin(variant, run.path(), settings, None);
    let samples = Cases::of(variant).samples("batch_text", trainer.model());
    let read = |number: usize| Ok(samples[number].clone());
    let data = Samples {
        len: samples.len(),
        read: &read,
    };
    let told = trainer
        .train(&data, &mut |_| ControlFlow::Continue(()))
        .unwrap_err();
    let Error::NotFinite { step, samples } = told else {
        panic!("{told}");
    };
    assert!(step > 0 && samples.len() == 1, "{step}, {samples:?}");
}

#[test]
fn a_sample_that_cannot_be_read_is_named() {
    let variant = &fixtures::manifest().variants[0];
    let run = tempfile::tempdir().unwrap();
    let mut trainer = cases::begin(variant, run.path(), Settings::default(), None);
    let read = |_| Err("the picture is gone".into());
    let told = trainer.train(
        &Samples {
            len: 1,
            read: &read,
        },
        &mut |_| ControlFlow::Continue(()),
    );
    assert_eq!(told.unwrap_err().to_string(), "sample 0 cannot be read");
    let none = trainer.train(
        &Samples {
            len: 0,
            read: &read,
        },
        &mut |_| ControlFlow::Continue(()),
    );
    assert!(matches!(none, Err(Error::NoSamples)));
}

#[test]
fn a_run_tells_how_it_begins_and_what_it_saved() {
    let variant = &fixtures::manifest().variants[0];
    let run = tempfile::tempdir().unwrap();
    let mut trainer = cases::begin(variant, run.path(), Settings::default(), None);
    let samples = Cases::of(variant).samples("text_only", trainer.model());
    let read = |number: usize| Ok(samples[number].clone());
    let mut events = Vec::new();
    trainer
        .train(
            &Samples {
                len: 1,
                read: &read,
            },
            &mut |event| {
                events.push(event);
                ControlFlow::Continue(())
            },
        )
        .unwrap();
    // Rank 16 over (64+64)·2, (64+32)·2 and (64+128)·3 in each of four layers.
    let n_trainable = 4 * 16 * (2 * 128 + 2 * 96 + 3 * 192);
    assert_eq!(
        events[0],
        Event::Started {
            step: 0,
            steps: 1,
            n_trainable
        }
    );
    assert!(matches!(events[1], Event::Step(_)));
    assert_eq!(
        events[2],
        Event::Saved {
            dir: run.path().join("checkpoint-000001")
        }
    );
    assert_eq!(events.len(), 3);
}

/// The configuration and the tensors of an adapter on these towers after one step.
fn saved(
    variant: &fixtures::Variant,
    towers: Towers,
) -> (
    Value,
    std::collections::HashMap<String, candle_core::Tensor>,
) {
    let run = tempfile::tempdir().unwrap();
    let settings = Settings {
        method: Method::Lora(LoraSettings {
            rank: 8,
            alpha: 16.0,
            towers,
            ..LoraSettings::default()
        }),
        ..Settings::default()
    };
    let mut trainer = cases::begin(variant, run.path(), settings, None);
    let samples = Cases::of(variant).samples("one_image", trainer.model());
    cases::train(&mut trainer, &samples, usize::MAX);
    let dir = finetune::latest_checkpoint(run.path()).unwrap();
    let text = std::fs::read_to_string(dir.join("adapter_config.json")).unwrap();
    let file = dir.join("adapter_model.safetensors");
    let tensors = candle_core::safetensors::load(file, &Device::Cpu).unwrap();
    (serde_json::from_str(&text).unwrap(), tensors)
}

#[test]
fn an_adapter_is_saved_as_peft_saves_it() {
    let variant = &fixtures::manifest().variants[0];
    let theirs = fixtures::tensors(&format!(
        "{}/lora/init/adapter_model.safetensors",
        variant.name
    ));
    let (config, tensors) = saved(variant, Towers::default());
    let shapes = |tensors: &std::collections::HashMap<String, candle_core::Tensor>| {
        let named = tensors
            .iter()
            .map(|(name, tensor)| (name.clone(), tensor.dims().to_vec()));
        named.collect::<BTreeSet<_>>()
    };
    assert_eq!(shapes(&tensors), shapes(&theirs));
    let path = variant.path("lora/init/adapter_config.json");
    let reference: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for key in [
        "peft_type",
        "r",
        "lora_alpha",
        "use_rslora",
        "bias",
        "task_type",
        "modules_to_save",
    ] {
        let number = |value: &Value| value.as_f64().map_or(value.clone(), Value::from);
        assert_eq!(number(&config[key]), number(&reference[key]), "{key}");
    }
    let names = |config: &Value| {
        serde_json::from_value::<BTreeSet<String>>(config["target_modules"].clone()).unwrap()
    };
    assert_eq!(names(&config), names(&reference));
    let merger = Towers {
        language: false,
        vision: false,
        merger: true,
    };
    let (config, _) = saved(variant, merger);
    assert_eq!(
        names(&config),
        BTreeSet::from(["mlp.0".to_owned(), "mlp.2".to_owned()])
    );
    assert!(
        config["exclude_modules"]
            .as_str()
            .unwrap()
            .contains("language_model")
    );
}
