//! `callout draft`: what it drafts, and what it says of models, servers and pictures that will not do.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::{Value, json};

use crate::{Desk, Run, png};

/// A Qwen2.5-VL of random weights.
pub fn untrained() -> PathBuf {
    fixture("tied_f32")
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/qwen2_5_vl")
        .join(name)
        .join("model")
}

/// A workspace with so many small pictures.
pub fn desk_with(n: usize) -> Desk {
    let desk = Desk::empty();
    for n in 0..n {
        let side = 40 + 2 * u32::try_from(n).unwrap();
        desk.write(&format!("in/p{n:02}.png"), png(60, side));
    }
    desk.run("import", [desk.path("in")]).exits(0);
    desk
}

fn draft(desk: &Desk, model: &Path, more: &[&str]) -> Run {
    let model = ["--model", model.to_str().unwrap()];
    let few = ["--max-new-tokens", "6"];
    desk.run("draft", model.iter().chain(&few).chain(more))
}

/// A copy of a fixture, to be damaged.
fn copy(desk: &Desk, name: &str) -> PathBuf {
    let to = desk.path(&format!("model-{name}"));
    std::fs::create_dir_all(&to).unwrap();
    for entry in std::fs::read_dir(fixture(name)).unwrap() {
        let from = entry.unwrap().path();
        std::fs::copy(&from, to.join(from.file_name().unwrap())).unwrap();
    }
    to
}

#[test]
fn captions_are_drafted_once_and_the_summary_says_so() {
    let desk = desk_with(3);
    desk.annotate("1", "An expert's words.", &[]);
    let first = draft(&desk, &untrained(), &["--allow-untrained", "--json"]);
    let first = first.exits(0).json();
    assert_eq!(first["drafted"], 3);
    assert_eq!(
        (&first["failed"], &first["state"]),
        (&json!(0), &json!("done"))
    );
    assert!(first["seconds"].as_f64().unwrap() > 0.0);
    assert!(first["job"].is_string());
    let again = draft(&desk, &untrained(), &["--allow-untrained"]).exits(1);
    assert!(again.err.contains("nothing to draft"), "{again:?}");
    // The workspace knows the model by now.
    let args = [
        "--allow-untrained",
        "--again",
        "--ids",
        "2",
        "--json",
        "--max-new-tokens",
        "3",
    ];
    assert_eq!(desk.run("draft", args).exits(0).json()["drafted"], 1);
    let shown = desk.ask("show", ["1"]);
    assert_eq!(shown["drafts"].as_array().unwrap().len(), 1);
    assert!(shown.to_string().contains("An expert's words."));
    let args = [
        "--allow-untrained",
        "--language",
        "zh",
        "--level",
        "structure,detailed",
        "--limit",
        "2",
        "--json",
        "--max-new-tokens",
        "3",
    ];
    assert_eq!(desk.run("draft", args).exits(0).json()["drafted"], 4);
}

#[test]
fn a_broken_picture_fails_alone_and_is_named() {
    let desk = desk_with(2);
    let originals = crate::files_below(&desk.workspace().join("images"));
    let shown = desk.ask("show", ["2"]);
    let hash = shown["diagram"]["image"]["hash"].as_str().unwrap();
    let broken = originals
        .iter()
        .find(|path| path.to_str().unwrap().contains(hash));
    std::fs::write(broken.unwrap(), b"\x89PNG\r\n\x1a\nnothing").unwrap();
    let run = draft(&desk, &untrained(), &["--allow-untrained"]).exits(1);
    assert!(run.out.contains("drafted 1 caption"), "{run:?}");
    assert!(
        run.out.contains("failed 2 global: the picture p01.png is "),
        "{run:?}"
    );
}

/// One sentence, exit 1, and no draft.
#[track_caller]
fn refused(desk: &Desk, run: Run, words: &str) {
    let run = run.exits(1);
    let errors = run.err.lines().filter(|line| line.starts_with("error: "));
    let errors: Vec<_> = errors.collect();
    assert_eq!(errors.len(), 1, "{run:#?}");
    assert!(errors[0].contains(words), "{run:#?}");
    assert!(!run.err.contains("panicked"), "{run:#?}");
    let shown = desk.ask("show", ["1"]);
    assert_eq!(shown["drafts"], json!([]));
}

#[test]
fn a_directory_that_is_no_model_is_refused() {
    let desk = desk_with(1);
    refused(&desk, draft(&desk, &desk.path("in"), &[]), "not a model");
    refused(
        &desk,
        draft(&desk, Path::new("no/such-model"), &[]),
        "no model",
    );
    let run = desk.run("draft", [""; 0]);
    refused(&desk, run, "give one with `--model`");
    let adapter = fixture("tied_f32").join("../lora/final");
    refused(&desk, draft(&desk, &adapter, &[]), "is an adapter");
}

#[test]
fn damaged_weights_are_refused() {
    let desk = desk_with(1);
    let model = copy(&desk, "untied_bf16");
    let shard = model.join("model-00002-of-00002.safetensors");
    let bytes = std::fs::read(&shard).unwrap();
    std::fs::remove_file(&shard).unwrap();
    refused(
        &desk,
        draft(&desk, &model, &[]),
        "`model-00002-of-00002.safetensors` is missing",
    );
    std::fs::write(&shard, &bytes[..bytes.len() / 2]).unwrap();
    refused(
        &desk,
        draft(&desk, &model, &[]),
        "model-00002-of-00002.safetensors",
    );
    let mut hostile = bytes;
    hostile[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    std::fs::write(&shard, &hostile).unwrap();
    refused(
        &desk,
        draft(&desk, &model, &[]),
        "model-00002-of-00002.safetensors",
    );
}

#[test]
fn random_weights_and_weights_that_are_no_numbers_are_refused() {
    let desk = desk_with(1);
    let words = "predicts text no better than chance";
    refused(&desk, draft(&desk, &untrained(), &[]), words);
    let model = copy(&desk, "tied_f32");
    let weights = model.join("model.safetensors");
    let mut bytes = std::fs::read(&weights).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap());
    let begin = 8 + usize::try_from(header).unwrap();
    for number in bytes[begin..].chunks_exact_mut(4) {
        number.copy_from_slice(&f32::NAN.to_le_bytes());
    }
    std::fs::write(&weights, &bytes).unwrap();
    let run = draft(&desk, &model, &[]).exits(1);
    assert!(run.err.contains("error: "), "{run:?}");
}

#[test]
fn a_tokenizer_without_its_special_tokens_is_refused() {
    let desk = desk_with(1);
    let model = copy(&desk, "tied_f32");
    let path = model.join("tokenizer.json");
    let mut tokenizer: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let added = tokenizer["added_tokens"].as_array_mut().unwrap();
    added.retain(|token| token["content"] != "<|vision_start|>");
    std::fs::write(&path, tokenizer.to_string()).unwrap();
    let run = draft(&desk, &model, &["--allow-untrained"]);
    refused(&desk, run, "no special token `<|vision_start|>`");
}

#[test]
fn an_adapter_for_another_model_is_refused() {
    let desk = desk_with(1);
    let adapter = desk.path("adapter");
    let (config, weights) = ("adapter_config.json", "adapter_model.safetensors");
    let made = |from: &str, to: &str| {
        std::fs::create_dir_all(&adapter).unwrap();
        let own = fixture("tied_f32").join("../lora/final");
        let replaced = |name: &str| {
            let bytes = std::fs::read(own.join(name)).unwrap();
            replace(bytes, from.as_bytes(), to.as_bytes())
        };
        std::fs::write(adapter.join(config), replaced(config)).unwrap();
        std::fs::write(adapter.join(weights), replaced(weights)).unwrap();
    };
    for (from, to) in [("\"r\": 8", "\"r\": 5"), (".layers.", ".leyars.")] {
        made(from, to);
        let args = ["--allow-untrained", "--adapter", adapter.to_str().unwrap()];
        refused(&desk, draft(&desk, &untrained(), &args), "adapter");
    }
    let own = fixture("tied_f32").join("../lora/final");
    let own = own.to_str().unwrap();
    let run = draft(
        &desk,
        &untrained(),
        &["--allow-untrained", "--adapter", own, "--json"],
    );
    assert_eq!(run.exits(0).json()["drafted"], 1);
}

/// Replaces one run of bytes by another of the same length, everywhere.
fn replace(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    for at in 0..bytes.len().saturating_sub(from.len()) {
        if bytes[at..].starts_with(from) {
            bytes[at..at + from.len()].copy_from_slice(to);
        }
    }
    bytes
}

#[test]
fn a_picture_that_no_model_takes_is_refused() {
    let desk = Desk::empty();
    desk.write("in/thin.png", png(3, 700));
    desk.run("import", [desk.path("in")]).exits(0);
    let run = draft(&desk, &untrained(), &["--allow-untrained"]);
    refused(&desk, run, "200");
    let desk = Desk::empty();
    desk.write("in/large.png", png(3000, 3000));
    desk.run("import", [desk.path("in")]).exits(0);
    let run = draft(&desk, &untrained(), &["--allow-untrained"]);
    assert!(run.err.contains("--max-side"), "{run:?}");
    refused(&desk, run, "and the model's context only 4096");
    let args = [
        "--allow-untrained",
        "--max-side",
        "280",
        "--level",
        "global,partial",
    ];
    let run = draft(&desk, &untrained(), &args).exits(0);
    assert!(run.err.contains("no partial caption is drafted"), "{run:?}");
}

/// Answers every request with the same bytes.
pub fn server(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut seen = Vec::new();
                let mut piece = [0; 4096];
                // The request's last byte is its JSON's.
                while !seen.ends_with(b"}") {
                    match stream.read(&mut piece) {
                        Ok(0) | Err(_) => return,
                        Ok(n) => seen.extend(&piece[..n]),
                    }
                }
                stream.write_all(answer.as_bytes()).ok();
            });
        }
    });
    url
}

fn draft_on(desk: &Desk, url: &str) -> Run {
    desk.run(
        "draft",
        ["--server", url, "--server-model", "served", "--json"],
    )
}

#[test]
fn a_server_drafts_too() {
    let desk = desk_with(2);
    let url = server(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n\
         data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"A ring.\"}}]}\n\n\
         data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
    );
    assert_eq!(draft_on(&desk, &url).exits(0).json()["drafted"], 2);
    let shown = desk.ask("show", ["2"]);
    assert_eq!(shown["drafts"][0]["text"], "A ring.");
}

#[test]
fn a_server_that_will_not_do_is_refused() {
    let desk = desk_with(1);
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/v1", listener.local_addr().unwrap())
    };
    let refuses = |answer| server(answer);
    for (url, words) in [
        (nobody, "cannot be reached"),
        (
            refuses(
                "HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}",
            ),
            "(HTTP 401)",
        ),
        (
            refuses(
                "HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}",
            ),
            "HTTP 429",
        ),
        (
            refuses(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{\"a\": [}",
            ),
            "not a chat completion",
        ),
        (
            refuses(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"A r\"}}]}\n\n",
            ),
            "cut off in the middle",
        ),
    ] {
        refused(&desk, draft_on(&desk, &url), words);
    }
    let args = [
        "--server",
        "http://localhost:1/v1",
        "--server-model",
        "m",
        "--key-env",
        "CALLOUT_TEST_NO_SUCH_KEY",
    ];
    refused(&desk, desk.run("draft", args), "`CALLOUT_TEST_NO_SUCH_KEY`");
}
