//! Settings and schedules.

use finetune::Settings;
use finetune::lora::LoraSettings;
use finetune::schedule::{Decay, Schedule};
use finetune::settings::{BaseFormat, Method, Towers};

fn rates(decay: Decay, warmup_steps: usize, steps: usize) -> Vec<f64> {
    let schedule = Schedule {
        learning_rate: 2.0,
        warmup_steps,
        decay,
    };
    (0..steps).map(|step| schedule.at(step, steps)).collect()
}

#[track_caller]
fn close(ours: &[f64], expected: &[f64]) {
    assert_eq!(ours.len(), expected.len());
    for (ours, expected) in ours.iter().zip(expected) {
        assert!(
            (ours - expected).abs() < 1e-12,
            "{ours} instead of {expected}"
        );
    }
}

#[test]
fn rates_are_those_of_transformers() {
    close(&rates(Decay::Constant, 2, 4), &[0.0, 1.0, 2.0, 2.0]);
    close(&rates(Decay::Linear, 2, 6), &[0.0, 1.0, 2.0, 1.5, 1.0, 0.5]);
    let half = std::f64::consts::FRAC_1_SQRT_2;
    close(
        &rates(Decay::Cosine, 0, 4),
        &[2.0, 1.0 + half, 1.0, 1.0 - half],
    );
    close(&rates(Decay::Cosine, 3, 3), &[0.0, 2.0 / 3.0, 4.0 / 3.0]);
}

#[test]
fn settings_survive_the_disk() {
    let settings = Settings {
        method: Method::Lora(LoraSettings {
            alpha: 0.1,
            dropout: 0.05,
            ..LoraSettings::default()
        }),
        base: BaseFormat::Q4K,
        seed: u64::MAX,
        ..Settings::default()
    };
    let text = serde_json::to_string(&settings).unwrap();
    assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), settings);
}

#[test]
fn settings_that_cannot_be_are_named() {
    #[track_caller]
    fn refused(name: &str, change: impl Fn(&mut Settings, &mut LoraSettings)) {
        let (mut settings, mut lora) = (Settings::default(), LoraSettings::default());
        change(&mut settings, &mut lora);
        if matches!(settings.method, Method::Lora(_)) {
            settings.method = Method::Lora(lora);
        }
        let told = settings.check().unwrap_err().to_string();
        assert!(told.starts_with(&format!("`{name}` is ")), "{told}");
    }
    assert!(Settings::default().check().is_ok());
    refused("epochs", |settings, _| settings.epochs = 0);
    refused("batch_size", |settings, _| settings.batch_size = 0);
    refused("learning_rate", |settings, _| {
        settings.schedule.learning_rate = f64::NAN
    });
    refused("beta2", |settings, _| settings.adamw.beta2 = 1.0);
    refused("max_grad_norm", |settings, _| {
        settings.max_grad_norm = Some(0.0)
    });
    refused("rank", |_, lora| lora.rank = 0);
    refused("dropout", |_, lora| lora.dropout = 1.0);
    refused("modules", |_, lora| {
        lora.modules = vec!["lm_head".to_owned()]
    });
    refused("base", |settings, _| {
        settings.method = Method::Full(Towers::default());
        settings.base = BaseFormat::Q8_0;
    });
    refused("towers", |settings, _| {
        settings.method = Method::Full(Towers {
            language: false,
            vision: false,
            merger: false,
        });
    });
}
