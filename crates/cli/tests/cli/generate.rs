//! `callout generate`: the reference's text from the reference's pictures, and a clear sentence for
//! whatever cannot be answered.

use std::fs;
use std::path::{Path, PathBuf};

use image::RgbImage;
use serde_json::Value;
use tempfile::TempDir;

use crate::{Run, callout};

pub fn fixtures() -> PathBuf {
    let root = std::env::var_os("CALLOUT_FIXTURES").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures")),
        PathBuf::from,
    );
    root.join("qwen2_5_vl")
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

pub fn variants() -> Vec<PathBuf> {
    let manifest = read(&fixtures().join("manifest.json"));
    let all = manifest["variants"].as_array().unwrap();
    all.iter()
        .map(|variant| fixtures().join(variant["name"].as_str().unwrap()))
        .collect()
}

fn generate(model: &Path, more: &[&str]) -> Run {
    let model = model.to_str().unwrap();
    callout(
        ["generate", "--json", "--device", "cpu", "--model", model]
            .iter()
            .chain(more),
    )
}

/// Images and text of a conversation that is one question, images first.
fn question(case: &Value) -> Option<(Vec<String>, String)> {
    let [message] = case["messages"].as_array()?.as_slice() else {
        return None;
    };
    if let Some(text) = message["content"].as_str() {
        return Some((Vec::new(), text.to_owned()));
    }
    let (mut images, mut text) = (Vec::new(), None);
    for part in message["content"].as_array()? {
        match part["image"].as_str() {
            Some(name) if text.is_none() => {
                let file = fixtures().join(format!("images/{name}.png"));
                images.push(file.to_str()?.to_owned());
            }
            Some(_) => return None,
            None => text = part["text"].as_str(),
        }
    }
    Some((images, text?.to_owned()))
}

#[test]
fn pictures_and_questions_get_the_answer_of_the_reference() {
    let mut asked = 0;
    for variant in variants() {
        let goldens = read(&variant.join("goldens.json"));
        for (name, case) in goldens["generation"].as_object().unwrap() {
            let Some((images, text)) = question(case) else {
                continue;
            };
            let penalty = case["repetition_penalty"].to_string();
            let length = case["max_new_tokens"].to_string();
            let mut args = vec!["--prompt", &text, "--max-new-tokens", &length];
            args.extend(["--repetition-penalty", &penalty]);
            images
                .iter()
                .for_each(|image| args.extend(["--image", image]));
            let answer = generate(&variant.join("model"), &args).exits(0).json();
            let mut expected = case["new_ids"].as_array().unwrap().clone();
            if case["ended_with_eos"] == true {
                expected.pop();
            }
            assert_eq!(answer["token_ids"], Value::from(expected), "{name}");
            assert_eq!(
                answer["prompt_tokens"],
                case["prompt_ids"].as_array().unwrap().len()
            );
            for figure in ["first_token_s", "decode_tokens_per_s", "peak_rss_mb"] {
                assert!(answer[figure].as_f64().unwrap() > 0.0, "{figure}");
            }
            asked += 1;
        }
    }
    assert!(asked > 0, "no question in the fixtures");
}

#[test]
fn an_adapter_changes_the_answer_and_merged_or_not_it_is_the_same() {
    let variant = &variants()[0];
    let adapter = variant.join("lora/final");
    let ask = |more: &[&str]| {
        let mut args = vec!["--prompt", "Which link is down?", "--max-new-tokens", "16"];
        args.extend(more);
        generate(&variant.join("model"), &args).exits(0).json()["token_ids"].clone()
    };
    let adapter = adapter.to_str().unwrap();
    let beside = ask(&["--adapter", adapter]);
    assert_ne!(beside, ask(&[]));
    assert_eq!(beside, ask(&["--adapter", adapter, "--merge"]));
}

#[test]
fn text_is_printed_for_people_without_control_characters() {
    let model = variants()[0].join("model");
    let model = model.to_str().unwrap();
    let run = callout([
        "generate",
        "--model",
        model,
        "--prompt",
        "Which link is down?",
        "--max-new-tokens",
        "24",
    ])
    .exits(0);
    assert!(
        run.out.ends_with('\n') && run.out.trim().len() > 10,
        "{run:?}"
    );
    assert!(
        !run.out
            .chars()
            .any(|c| c.is_control() && c != '\n' && c != '\t'),
        "{run:?}"
    );
}

#[test]
fn speed_is_measured_with_the_peers_keys() {
    let args = ["--new", "8", "--runs", "1"];
    let figures = measured("generate", &args);
    assert_eq!(figures["new_tokens"], 8);
    assert_eq!(figures["threads"], 2);
    for key in [
        "prompt_tokens",
        "first_token_s",
        "decode_tokens_per_s",
        "peak_rss_mb",
    ] {
        assert!(figures[key].as_f64().unwrap() > 0.0, "{key}");
    }
}

#[test]
fn learning_is_measured_with_the_peers_keys() {
    let steps = [
        "--steps", "2", "--warmup", "1", "--batch", "2", "--lr", "0.01",
    ];
    let with = |more: &[&str]| {
        let args: Vec<&str> = steps.iter().chain(more).copied().collect();
        measured("train", &args)
    };
    let lora = with(&["--rank", "4"]);
    assert_eq!(
        (&lora["mode"], &lora["steps"]),
        (&"lora r=4".into(), &2.into())
    );
    for key in ["tokens_per_s", "step_s_median", "peak_rss_mb", "trainable"] {
        assert!(lora[key].as_f64().unwrap() > 0.0, "{key}");
    }
    let losses = |figures: &Value| {
        let loss = |key: &str| figures[key].as_f64().unwrap();
        (loss("loss_first"), loss("loss_last"))
    };
    let (first, last) = losses(&lora);
    assert!(last < first, "it learns the one row: {first} {last}");
    let again = with(&["--rank", "4", "--checkpointing"]);
    assert_eq!(
        losses(&again),
        (first, last),
        "what is computed again is the same"
    );
    let full = with(&["--method", "full"]);
    assert!(full["trainable"].as_u64() > lora["trainable"].as_u64());
    // Rows this short take blocks of 8 bits.
    let quantised = with(&["--method", "qlora"]);
    assert!(
        quantised["dtype"].as_str().unwrap().starts_with('q'),
        "{quantised}"
    );
}

/// What a benchmark of models says of one row about a picture.
fn measured(what: &str, args: &[&str]) -> Value {
    let scratch = tempfile::tempdir().unwrap();
    let image = fixtures().join("images/diagram.png");
    fs::copy(image, scratch.path().join("diagram.png")).unwrap();
    let row = serde_json::json!({
        "messages": [
            {"role": "user", "content": "<image>Describe the diagram."},
            {"role": "assistant", "content": "A ring of four switches."},
        ],
        "images": ["diagram.png"],
    });
    let data = scratch.path().join("train.jsonl");
    fs::write(&data, format!("{row}\n")).unwrap();
    let model = variants()[0].join("model");
    let paths = [
        "--model",
        model.to_str().unwrap(),
        "--data",
        data.to_str().unwrap(),
        "--threads",
        "2",
        "--json",
    ];
    let all = ["bench", what].into_iter().chain(paths);
    callout(all.chain(args.iter().copied())).exits(0).json()
}

/// One sentence that says `part`, and exit code 1.
#[track_caller]
fn refused(run: Run, part: &str) {
    let run = run.exits(1);
    let message = run.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains(part), "`{message}` does not say `{part}`");
    assert!(
        !message.contains('\n') && !run.err.contains("panicked"),
        "{run:?}"
    );
}

/// A copy of a model directory in which one file was changed.
fn changed(file: &str, change: impl FnOnce(String) -> String) -> (TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("model");
    fs::create_dir(&dir).unwrap();
    for entry in fs::read_dir(variants()[0].join("model")).unwrap() {
        let entry = entry.unwrap();
        fs::write(dir.join(entry.file_name()), fs::read(entry.path()).unwrap()).unwrap();
    }
    let path = dir.join(file);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, change(text)).unwrap();
    (scratch, dir)
}

#[test]
fn what_cannot_be_answered_is_refused_in_one_sentence() {
    let model = variants()[0].join("model");
    let scratch = tempfile::tempdir().unwrap();
    let ask = ["--prompt", "Hello"];
    refused(generate(&scratch.path().join("none"), &ask), "none");
    refused(generate(scratch.path(), &ask), "config.json");
    let ribbon = scratch.path().join("ribbon.png");
    RgbImage::new(1, 201).save(&ribbon).unwrap();
    let with = |image: &Path| {
        generate(
            &model,
            &["--prompt", "Hello", "--image", image.to_str().unwrap()],
        )
    };
    refused(with(&ribbon), "200");
    let fake = scratch.path().join("fake.png");
    fs::write(&fake, "no picture").unwrap();
    refused(with(&fake), "fake.png");
    let adapter = scratch.path().to_str().unwrap();
    refused(
        generate(&model, &["--prompt", "Hello", "--adapter", adapter]),
        "adapter_config.json",
    );
    let long = "link ".repeat(5000);
    refused(
        generate(&model, &["--prompt", &long]),
        "the model's context only",
    );
    generate(&model, &["--prompt", "Hello", "--quantize", "q2"]).exits(2);
    generate(&model, &["--prompt", "Hello", "--temperature", "-1"]).exits(2);
    let on_gpu = [
        "generate", "--json", "--device", "cuda:99", "--prompt", "Hello", "--model",
    ];
    refused(
        callout(on_gpu.iter().copied().chain(model.to_str())),
        "CUDA",
    );
}

#[test]
fn broken_checkpoints_are_refused_in_one_sentence() {
    let ask = ["--prompt", "Hello"];
    let (_scratch, dir) = changed("tokenizer.json", |text| {
        text.replace("<|image_pad|>", "<|other|>")
    });
    refused(generate(&dir, &ask), "<|image_pad|>");
    let (_scratch, dir) = changed("config.json", |text| text.replace("qwen2_5_vl", "qwen9"));
    refused(generate(&dir, &ask), "qwen9");
    let wide = |text: String| text.replace("\"vocab_size\": 1792", "\"vocab_size\": 99999999");
    let (_scratch, dir) = changed("config.json", wide);
    generate(&dir, &ask).exits(1);
}
