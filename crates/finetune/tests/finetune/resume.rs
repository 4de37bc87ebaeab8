//! Runs that are broken off, killed and resumed.

use std::io::{BufRead as _, BufReader, Read as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};

use candle_core::Device;
use finetune::lora::LoraSettings;
use finetune::settings::{Method, Towers};
use finetune::{Error, Event, Sample, Samples, Settings, Trainer};
use qwen::model::Qwen;

use crate::cases::{self, Cases};
use crate::fixtures::{self, Variant};

/// Names the folder of a run that another process is to begin.
const RUN: &str = "CALLOUT_TEST_FINETUNE_RUN";

/// Names the method of that run.
const FULL: &str = "CALLOUT_TEST_FINETUNE_FULL";

/// Everything that draws random numbers, over several epochs.
fn settings(full: bool) -> Settings {
    let lora = LoraSettings {
        dropout: 0.1,
        rank: 4,
        ..LoraSettings::default()
    };
    Settings {
        method: match full {
            true => Method::Full(Towers {
                language: true,
                vision: true,
                merger: true,
            }),
            false => Method::Lora(lora),
        },
        epochs: 3,
        batch_size: 1,
        accumulation: 2,
        seed: 3,
        save_every_steps: 1,
        ..Settings::default()
    }
}

fn samples(variant: &Variant, model: &Qwen) -> Vec<Sample> {
    let cases = Cases::of(variant);
    cases
        .names()
        .iter()
        .flat_map(|case| cases.samples(case, model))
        .collect()
}

fn resume(variant: &Variant, run: &Path) -> Trainer {
    Trainer::resume(&variant.model_dir(), run, &Device::Cpu).unwrap()
}

/// What a run without interruption ends with.
fn uninterrupted(variant: &Variant, full: bool) -> Trainer {
    let run = tempfile::tempdir().unwrap();
    let mut trainer = cases::begin(variant, run.path(), settings(full), None);
    let samples = samples(variant, trainer.model());
    cases::train(&mut trainer, &samples, usize::MAX);
    trainer
}

/// Goes on after five steps, and compares every bit.
fn goes_on(variant: &Variant, run: &Path, full: bool) {
    let mut resumed = resume(variant, run);
    let samples = samples(variant, resumed.model());
    let done = resumed.position().step;
    let reports = cases::train(&mut resumed, &samples, usize::MAX);
    let whole = uninterrupted(variant, full);
    assert_eq!(reports.first().unwrap().step, done);
    assert_eq!(resumed.position(), whole.position());
    assert!(
        cases::weights(resumed.model()) == cases::weights(whole.model()),
        "bit by bit"
    );
}

#[test]
fn a_run_that_was_broken_off_goes_on_as_if_it_had_not() {
    for variant in fixtures::manifest().variants {
        let run = tempfile::tempdir().unwrap();
        let mut trainer = cases::begin(&variant, run.path(), settings(false), None);
        let samples = samples(&variant, trainer.model());
        cases::train(&mut trainer, &samples, 5);
        drop(trainer);
        goes_on(&variant, run.path(), false);
    }
}

#[test]
fn a_run_that_was_killed_goes_on_as_if_it_had_not() {
    let variant = &fixtures::manifest().variants[0];
    for full in [false, true] {
        let run = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "resume::begins_a_run_that_is_killed",
                "--nocapture",
            ])
            .env(RUN, run.path())
            .env(FULL, full.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(
            told.any(|line| line.unwrap().contains("step 5 done")),
            "the child trains"
        );
        // In the middle of a step's work: the checkpoint of this step is not yet there.
        child.kill().unwrap();
        child.wait().unwrap();
        let torn = run.path().join("checkpoint-000006.partial");
        std::fs::create_dir(&torn).unwrap();
        std::fs::write(torn.join("state.json"), "{").unwrap();
        goes_on(variant, run.path(), full);
    }
}

/// Not a test by itself: the process that the test above kills.
#[test]
fn begins_a_run_that_is_killed() {
    let Some(run) = std::env::var_os(RUN) else {
        return;
    };
    let full = std::env::var(FULL).unwrap() == "true";
    let variant = &fixtures::manifest().variants[0];
    let mut trainer = cases::begin(variant, Path::new(&run), settings(full), None);
    let samples = samples(variant, trainer.model());
    let read = |number: usize| Ok(samples[number].clone());
    let data = Samples {
        len: samples.len(),
        read: &read,
    };
    trainer
        .train(&data, &mut |event| {
            if let Event::Step(report) = event
                && report.step == 5
            {
                println!("step 5 done");
                // Waits for its end.
                std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
            }
            ControlFlow::Continue(())
        })
        .unwrap();
}

#[test]
fn old_checkpoints_go() {
    let variant = &fixtures::manifest().variants[0];
    let run = tempfile::tempdir().unwrap();
    let mut trainer = cases::begin(variant, run.path(), settings(false), None);
    let samples = samples(variant, trainer.model());
    cases::train(&mut trainer, &samples, 4);
    let mut names: Vec<String> = std::fs::read_dir(run.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["checkpoint-000003", "checkpoint-000004", "initial"]);
}

#[test]
fn what_does_not_belong_to_the_run_is_refused() {
    let variant = &fixtures::manifest().variants[0];
    let scratch = tempfile::tempdir().unwrap();
    let run = scratch.path().join("run");
    let mut trainer = cases::begin(variant, &run, settings(false), None);
    let samples = samples(variant, trainer.model());
    let empty = Trainer::resume(&variant.model_dir(), &run, &Device::Cpu);
    assert!(matches!(empty, Err(Error::NoCheckpoint { .. })));
    cases::train(&mut trainer, &samples, 1);

    let model = variant.model_dir();
    let second = Trainer::new(&model, &run, settings(false), None, &Device::Cpu);
    let told = second.err().unwrap().to_string();
    assert!(told.contains("holds another run's checkpoint"), "{told}");

    let read = |number: usize| Ok(samples[number].clone());
    let fewer = Samples {
        len: 2,
        read: &read,
    };
    let told = resume(variant, &run).train(&fewer, &mut |_| ControlFlow::Continue(()));
    let told = told.unwrap_err().to_string();
    assert!(
        told.contains("began with 7 samples, and there are 2"),
        "{told}"
    );

    let base = scratch.path().join("base");
    std::fs::create_dir(&base).unwrap();
    for entry in std::fs::read_dir(variant.model_dir()).unwrap() {
        let entry = entry.unwrap();
        std::fs::write(
            base.join(entry.file_name()),
            std::fs::read(entry.path()).unwrap(),
        )
        .unwrap();
    }
    assert!(
        Trainer::resume(&base, &run, &Device::Cpu).is_ok(),
        "a copy is the same"
    );
    let config = base.join("config.json");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}\n")).unwrap();
    let told = Trainer::resume(&base, &run, &Device::Cpu)
        .err()
        .unwrap()
        .to_string();
    assert!(told.contains("the base model has changed"), "{told}");
}
