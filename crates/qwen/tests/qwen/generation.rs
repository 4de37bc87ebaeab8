//! Generated text against the reference, with its scores; alone, in a batch, stopped and cancelled.

use std::ops::ControlFlow;

use qwen::chat::Prompt;
use qwen::config::GenerationDefaults;
use qwen::generate::{Finish, GenerateError, Generated, Progress, Sampling, generate};
use qwen::load::Trainable;
use qwen::model::Qwen;
use qwen::processor::Patches;
use serde_json::Value;

use crate::compare::{Tally, flat};
use crate::fixtures::{self, Variant};
use crate::scene::{self, Pictures};

const TOLERANCE: f64 = 1e-4;

struct Case {
    name: String,
    prompt: Prompt,
    sampling: Sampling,
    new_ids: Vec<u32>,
    scores: Vec<f64>,
    ended: bool,
}

fn cases(variant: &Variant, pictures: &Pictures) -> Vec<Case> {
    let goldens: Value = fixtures::json(&format!("{}/goldens.json", variant.name));
    let defaults = GenerationDefaults::from_dir(&variant.model_dir()).unwrap();
    let listed = goldens["generation"].as_object().unwrap();
    assert!(!listed.is_empty(), "no generation cases");
    listed
        .iter()
        .map(|(name, case)| {
            let read = |key: &str| case[key].clone();
            let images: Vec<String> = serde_json::from_value(read("images")).unwrap();
            let max_new = case["max_new_tokens"].as_u64().unwrap();
            Case {
                name: name.clone(),
                prompt: Prompt {
                    input_ids: serde_json::from_value(read("prompt_ids")).unwrap(),
                    images: images.iter().map(|name| patches(pictures, name)).collect(),
                },
                sampling: Sampling {
                    repetition_penalty: case["repetition_penalty"].as_f64().unwrap() as f32,
                    ..Sampling::greedy(usize::try_from(max_new).unwrap(), &defaults)
                },
                new_ids: serde_json::from_value(read("new_ids")).unwrap(),
                scores: serde_json::from_value(read("score_of_chosen")).unwrap(),
                ended: case["ended_with_eos"].as_bool().unwrap(),
            }
        })
        .collect()
}

fn patches(pictures: &Pictures, name: &str) -> Patches {
    let joined = pictures.joined(&[name.to_owned()]);
    Patches {
        pixel_values: flat(joined.pixel_values.as_ref().unwrap())
            .iter()
            .map(|x| *x as f32)
            .collect(),
        grid_thw: joined.grids[0],
        // Only the prompt's own pads count here.
        image_tokens: 0,
    }
}

fn all(model: &Qwen, prompts: &[Prompt], sampling: &Sampling) -> Vec<Generated> {
    generate(model, prompts, sampling, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// The reference's ids end with the stop token where it ended.
fn without_stop(case: &Case) -> &[u32] {
    &case.new_ids[..case.new_ids.len() - usize::from(case.ended)]
}

#[test]
fn generated_text_is_that_of_the_reference() {
    let pictures = Pictures::read();
    for variant in fixtures::manifest().variants {
        let model = scene::model(&variant, Trainable::None);
        for case in cases(&variant, &pictures) {
            let mut tally = Tally::new(format!("generation, {}, {}", variant.name, case.name));
            let ours = &all(&model, std::slice::from_ref(&case.prompt), &case.sampling)[0];
            let expected = without_stop(&case);
            tally.same("new_ids", &ours.ids, expected);
            let scores: Vec<f64> = ours.scores.iter().map(|x| f64::from(*x)).collect();
            tally.close_values("scores", &scores, &case.scores[..expected.len()], TOLERANCE);
            assert_eq!(ours.finish == Finish::Stop, case.ended);
        }
    }
}

#[test]
fn a_batch_of_different_lengths_writes_what_each_writes_alone() {
    let pictures = Pictures::read();
    for variant in fixtures::manifest().variants {
        let model = scene::model(&variant, Trainable::None);
        let mut tally = Tally::new(format!("batched generation, {}", variant.name));
        let all_cases = cases(&variant, &pictures);
        for penalty in [1.0, 1.05] {
            let group: Vec<&Case> = all_cases
                .iter()
                .filter(|case| case.sampling.repetition_penalty == penalty)
                .collect();
            let prompts: Vec<Prompt> = group.iter().map(|case| case.prompt.clone()).collect();
            let Some(first) = group.first() else { continue };
            for (ours, case) in all(&model, &prompts, &first.sampling).iter().zip(&group) {
                tally.same(&case.name, &ours.ids, without_stop(case));
            }
        }
    }
}

#[test]
fn log_probabilities_are_those_of_the_whole_sequence() {
    let pictures = Pictures::read();
    let variant = &fixtures::manifest().variants[0];
    let model = scene::model(variant, Trainable::None);
    let case = &cases(variant, &pictures)[0];
    let ours = &all(&model, std::slice::from_ref(&case.prompt), &case.sampling)[0];
    let mut ids = case.prompt.input_ids.clone();
    ids.extend(&ours.ids);
    let names: Vec<String> = {
        let goldens: Value = fixtures::json(&format!("{}/goldens.json", variant.name));
        serde_json::from_value(goldens["generation"][&case.name]["images"].clone()).unwrap()
    };
    let joined = pictures.joined(&names);
    let logits = model
        .forward(&ids, joined.images(), qwen::ops::Mode::Inference)
        .unwrap();
    let logits = logits.squeeze(0).unwrap();
    let first = case.prompt.input_ids.len() - 1;
    let mut tally = Tally::new("log-probabilities");
    for (step, (token, ours)) in ours.ids.iter().zip(&ours.log_probs).enumerate() {
        let row = logits.get(first + step).unwrap();
        let lse = flat(&row.log_sum_exp(0).unwrap())[0];
        let whole = flat(&row)[*token as usize] - lse;
        tally.close_values("log_prob", &[f64::from(*ours)], &[whole], TOLERANCE);
    }
}

#[test]
fn text_ends_at_a_stop_token_at_its_length_and_when_nobody_listens() {
    let pictures = Pictures::read();
    let variant = &fixtures::manifest().variants[0];
    let model = scene::model(variant, Trainable::None);
    let case = &cases(variant, &pictures)[0];
    let prompt = std::slice::from_ref(&case.prompt);
    let expected = without_stop(case);
    let stop = *expected.iter().find(|id| **id != expected[0]).unwrap();
    let before = expected.iter().position(|id| *id == stop).unwrap();
    let stopping = Sampling {
        stop_tokens: vec![stop],
        ..case.sampling.clone()
    };
    let stopped = &all(&model, prompt, &stopping)[0];
    assert_eq!(
        (stopped.ids.as_slice(), stopped.finish),
        (&expected[..before], Finish::Stop)
    );
    let patient = Sampling {
        min_new_tokens: before + 1,
        max_new_tokens: before + 1,
        ..stopping
    };
    let longer = &all(&model, prompt, &patient)[0];
    assert_eq!(longer.ids.len(), before + 1);
    assert_ne!(longer.ids[before], stop);
    let mut heard = 0;
    let cancelled = generate(&model, prompt, &case.sampling, &mut |progress| {
        heard += usize::from(matches!(progress, Progress::Token(_)));
        match heard {
            3 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    });
    let at_once = generate(&model, prompt, &case.sampling, &mut |_| {
        ControlFlow::Break(())
    });
    let at_once = &at_once.unwrap()[0];
    assert_eq!((at_once.ids.len(), at_once.finish), (0, Finish::Cancelled));
    let cancelled = &cancelled.unwrap()[0];
    assert_eq!(
        (cancelled.ids.len(), cancelled.finish),
        (3, Finish::Cancelled)
    );
}

#[test]
fn sampling_is_repeated_by_its_seed_and_bounded_by_top_k() {
    let pictures = Pictures::read();
    let variant = &fixtures::manifest().variants[0];
    let model = scene::model(variant, Trainable::None);
    let case = &cases(variant, &pictures)[0];
    let prompt = std::slice::from_ref(&case.prompt);
    let hot = |seed, top_k, top_p| {
        let sampling = Sampling {
            temperature: 2.0,
            top_k,
            top_p,
            seed,
            stop_tokens: Vec::new(),
            ..case.sampling.clone()
        };
        all(&model, prompt, &sampling)[0].ids.clone()
    };
    assert_eq!(hot(7, None, None), hot(7, None, None));
    assert_ne!(hot(7, None, None), hot(8, None, None));
    assert_eq!(hot(7, Some(1), None), without_stop(case));
    assert_eq!(hot(7, None, Some(1e-6)), without_stop(case));
}

#[test]
fn a_prompt_longer_than_the_context_is_refused() {
    let variant = &fixtures::manifest().variants[0];
    let model = scene::model(variant, Trainable::None);
    let context = model.config.max_position_embeddings;
    let prompt = Prompt {
        input_ids: vec![1; context],
        images: Vec::new(),
    };
    let sampling = Sampling::greedy(1, &GenerationDefaults::default());
    let refused = generate(&model, &[prompt], &sampling, &mut |_| {
        ControlFlow::Continue(())
    });
    assert!(matches!(
        refused,
        Err(GenerateError::PromptTooLong { tokens, .. }) if tokens == context
    ));
}
