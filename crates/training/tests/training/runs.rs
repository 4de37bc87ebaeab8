//! Runs on the reference checkpoints: resumed ones end with the same bits, and everything is told.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::Device;
use finetune::Settings;
use finetune::lora::LoraSettings;
use finetune::settings::Method;
use serde_json::Value;
use training::rows::{Options, read};
use training::run::{Config, Line, Outcome, Run, RunError, lines};
use training::snapshot::{Snapshot, Split};

/// `$CALLOUT_FIXTURES/qwen2_5_vl`, or the one in the repository.
fn fixtures() -> PathBuf {
    let root = std::env::var_os("CALLOUT_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures"),
        PathBuf::from,
    );
    root.join("qwen2_5_vl")
}

/// The directory of the first checkpoint.
fn base() -> PathBuf {
    let manifest = fs::read(fixtures().join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    fixtures()
        .join(manifest["variants"][0]["name"].as_str().unwrap())
        .join("model")
}

/// Ten rows, two of them about a picture.
fn snapshot(folder: &Path) -> Snapshot {
    fs::copy(
        fixtures().join("images/diagram.png"),
        folder.join("diagram.png"),
    )
    .unwrap();
    let lines: Vec<String> = (0..10)
        .map(|n| {
            let (place, images) = if n < 2 {
                ("<image>", vec!["diagram.png"])
            } else {
                ("", vec![])
            };
            let answered = format!("Link {n} goes to node {}.", n * 7 % 5);
            serde_json::json!({
                "messages": [
                    {"role": "user", "content": format!("{place}Where does link {n} go?")},
                    {"role": "assistant", "content": answered},
                ],
                "images": images,
            })
            .to_string()
        })
        .collect();
    let data = folder.join("rows.jsonl");
    fs::write(&data, lines.join("\n")).unwrap();
    let rows = read(&data, &Options::default()).unwrap().rows;
    let split = Split {
        test_share: 0.2,
        seed: 1,
    };
    let (snapshot, refused) = Snapshot::freeze(rows, split, &mut decode);
    assert_eq!(refused, []);
    snapshot
}

fn decode(path: &Path) -> Result<image::DynamicImage, String> {
    image::open(path).map_err(|error| error.to_string())
}

fn config() -> Config {
    let mut settings = Settings {
        method: Method::Lora(LoraSettings {
            rank: 4,
            dropout: 0.1,
            ..LoraSettings::default()
        }),
        epochs: 3,
        batch_size: 2,
        save_every_steps: 1,
        ..Settings::default()
    };
    settings.schedule.learning_rate = 5e-3;
    Config {
        base: base(),
        stage: Some(2),
        from: None,
        settings,
        max_pixels: None,
        max_tokens: None,
        eval_every_steps: 4,
        patience: None,
        version: "test".to_owned(),
    }
}

/// Trains until so many steps were told in all.
fn go(run: &Run, until: usize) -> Outcome {
    let steps = Cell::new(0);
    let tell = &mut |line: &Line| {
        if let Line::Step { step, .. } = line {
            steps.set(step + 1);
        }
    };
    run.go(
        Box::new(decode),
        &Device::Cpu,
        &|| steps.get() >= until,
        tell,
    )
    .unwrap()
}

#[test]
fn a_run_that_was_stopped_and_killed_ends_with_the_same_bits() {
    let scratch = tempfile::tempdir().unwrap();
    let snapshot = snapshot(scratch.path());
    let whole = scratch.path().join("whole");
    let run = Run::begin(&whole, config(), snapshot.clone()).unwrap();
    assert_eq!(go(&run, usize::MAX), Outcome::Finished);

    let parts = scratch.path().join("parts");
    let run = Run::begin(&parts, config(), snapshot).unwrap();
    assert_eq!(go(&run, 3), Outcome::Stopped);
    drop(run);
    // A kill loses what came after the last checkpoint, and may cut a line off.
    let telemetry = parts.join("telemetry.jsonl");
    let told = fs::read_to_string(&telemetry).unwrap();
    let late = r#"{"at":1,"event":"step","step":3,"epoch":0,"loss":9.0,"grad_norm":1.0,"learning_rate":0.1,"tokens":1,"labels":1,"seconds":1.0,"samples":[]}"#;
    fs::write(&telemetry, format!("{told}{late}\n{}", &late[..40])).unwrap();
    let run = Run::open(&parts).unwrap();
    assert_eq!(*run.config(), config());
    assert_eq!(go(&run, 7), Outcome::Stopped);
    assert_eq!(go(&run, usize::MAX), Outcome::Finished);

    for name in ["last", "best"] {
        let weights =
            |dir: &Path| fs::read(dir.join(name).join("adapter_model.safetensors")).unwrap();
        assert_eq!(weights(&whole), weights(&parts), "{name}");
    }
    let shown = |dir: &Path| -> Vec<(usize, u64)> {
        let all = lines(dir).unwrap().into_iter();
        all.filter_map(|line| match line {
            Line::Step { step, loss, .. } => Some((step, loss.to_bits())),
            _ => None,
        })
        .collect()
    };
    assert_eq!(
        shown(&whole),
        shown(&parts),
        "each step is told once, with the loss that counts"
    );
    assert_eq!(shown(&whole).len(), 12);
}

#[test]
fn a_run_tells_what_it_sees_and_gets_better() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("run");
    let run = Run::begin(&dir, config(), snapshot(scratch.path())).unwrap();
    assert_eq!(go(&run, usize::MAX), Outcome::Finished);
    let all = lines(&dir).unwrap();
    assert!(
        matches!(all[0], Line::Started { steps: 12, trainable } if trainable > 0),
        "{:?}",
        all[0]
    );
    assert!(matches!(all.last(), Some(Line::Finished { step: 12 })));
    let looks: Vec<f64> = all
        .iter()
        .filter_map(|line| match line {
            Line::Evaluated { loss, .. } => Some(*loss),
            _ => None,
        })
        .collect();
    assert_eq!(looks.len(), 3);
    assert!(looks[2] < looks[0], "{looks:?}");
    let mut seen: Vec<usize> = Vec::new();
    for line in &all {
        if let Line::Step {
            epoch: 0, samples, ..
        } = line
        {
            seen.extend(samples.iter().map(|(number, _)| *number));
        }
    }
    seen.sort_unstable();
    assert_eq!(
        seen,
        (0..8).collect::<Vec<_>>(),
        "an epoch sees each row once, the two held out never"
    );
}

#[test]
fn what_cannot_be_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let all = snapshot(scratch.path());
    let dir = scratch.path().join("run");
    let run = Run::begin(&dir, config(), all.clone()).unwrap();
    assert!(
        matches!(Run::open(&dir), Err(RunError::Busy(_))),
        "one process at a time"
    );
    drop(run);
    assert!(matches!(
        Run::begin(&dir, config(), all.clone()),
        Err(RunError::Taken(_))
    ));
    assert!(matches!(Run::open(scratch.path()), Err(RunError::NoRun(_))));
    let none = scratch.path().join("none");
    assert!(matches!(
        Run::begin(&none, config(), Snapshot::default()),
        Err(RunError::Nothing)
    ));
    let mut wrong = config();
    wrong.settings.epochs = 0;
    let fresh = scratch.path().join("fresh");
    assert!(matches!(
        Run::begin(&fresh, wrong, all),
        Err(RunError::Training(_))
    ));
    assert!(
        !fresh.exists(),
        "nothing is left in the way of the next try"
    );
    // Pictures are those of the manifest, or the run does not go on.
    let run = Run::open(&dir).unwrap();
    image::GrayImage::new(40, 40)
        .save(scratch.path().join("diagram.png"))
        .unwrap();
    let told = run.go(Box::new(decode), &Device::Cpu, &|| false, &mut |_| {});
    assert!(
        told.unwrap_err()
            .to_string()
            .contains("diagram.png has changed")
    );
}

#[test]
fn a_loss_that_is_no_number_names_its_rows() {
    let scratch = tempfile::tempdir().unwrap();
    let mut wild = config();
    wild.settings.schedule.learning_rate = 1e30;
    wild.settings.max_grad_norm = None;
    let dir = scratch.path().join("run");
    let run = Run::begin(&dir, wild, snapshot(scratch.path())).unwrap();
    let told = run.go(Box::new(decode), &Device::Cpu, &|| false, &mut |_| {});
    let told = told.unwrap_err().to_string();
    assert!(told.contains("with the rows line "), "{told}");
}

#[test]
fn looking_in_vain_ends_a_run_early() {
    let scratch = tempfile::tempdir().unwrap();
    let mut hopeless = config();
    hopeless.settings.epochs = 30;
    hopeless.settings.schedule.learning_rate = 0.0;
    hopeless.eval_every_steps = 2;
    hopeless.patience = Some(2);
    let dir = scratch.path().join("run");
    let run = Run::begin(&dir, hopeless, snapshot(scratch.path())).unwrap();
    assert_eq!(go(&run, usize::MAX), Outcome::Finished);
    let steps = lines(&dir)
        .unwrap()
        .iter()
        .filter(|line| matches!(line, Line::Step { .. }))
        .count();
    assert_eq!(steps, 6, "the first look, and two that were no better");
}
