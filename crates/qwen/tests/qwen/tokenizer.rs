//! Text to ids and back: every case of the reference, streams, and tokenizers that must be refused.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use qwen::config::Config;
use qwen::tokenizer::{Tokenizer, TokenizerError};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fixtures;

#[derive(Deserialize)]
struct Reference {
    vocab_size_tokenizer: usize,
    special_ids: std::collections::BTreeMap<String, u32>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    ids: Vec<u32>,
    decoded: String,
    decoded_skip_special: String,
}

fn reference() -> Reference {
    let reference: Reference = fixtures::json("text/tokenizer_cases.json");
    assert!(!reference.cases.is_empty(), "no cases");
    reference
}

pub fn tokenizer() -> Tokenizer {
    let dir = fixtures::manifest().variants[0].model_dir();
    Tokenizer::from_dir(&dir, &Config::from_dir(&dir).unwrap()).unwrap()
}

#[test]
fn every_case_of_the_reference_agrees() {
    let reference = reference();
    let mut compared = 0;
    for variant in fixtures::manifest().variants {
        let dir = variant.model_dir();
        let config = Config::from_dir(&dir).unwrap();
        let published = Tokenizer::from_dir(&dir, &config).unwrap();
        compared += check_cases(&published, &reference);
        // The same from the older files.
        let older = tempfile::tempdir().unwrap();
        for name in ["vocab.json", "merges.txt", "tokenizer_config.json"] {
            fs::copy(dir.join(name), older.path().join(name)).unwrap();
        }
        let assembled = Tokenizer::from_dir(older.path(), &config).unwrap();
        compared += check_cases(&assembled, &reference);
    }
    println!("compared {compared} quantities of texts");
}

fn check_cases(tokenizer: &Tokenizer, reference: &Reference) -> usize {
    assert_eq!(tokenizer.vocab_size(), reference.vocab_size_tokenizer);
    for (token, id) in &reference.special_ids {
        assert_eq!(tokenizer.id(token), Some(*id), "{token}");
    }
    let mut compared = 1 + reference.special_ids.len();
    for case in &reference.cases {
        let ids = tokenizer.encode(&case.text).unwrap();
        assert_eq!(ids, case.ids, "{:?}", case.text);
        assert_eq!(tokenizer.decode(&ids, false), case.decoded);
        assert_eq!(tokenizer.decode(&ids, true), case.decoded_skip_special);
        assert_eq!(streamed(tokenizer, &ids, true), case.decoded_skip_special);
        compared += ids.len() + 3;
    }
    compared
}

fn streamed(tokenizer: &Tokenizer, ids: &[u32], skip_special: bool) -> String {
    let mut stream = tokenizer.stream(skip_special);
    let mut text: String = ids.iter().map(|&id| stream.push(id)).collect();
    text.push_str(&stream.finish());
    text
}

#[test]
fn a_stream_never_shows_half_a_character() {
    let tokenizer = tokenizer();
    let text = "光纤🚀링크émigré😀";
    let ids = tokenizer.encode_plain(text).unwrap();
    let mut stream = tokenizer.stream(true);
    let mut shown = String::new();
    let mut held_back = 0;
    for &id in &ids {
        let piece = stream.push(id);
        assert!(!piece.contains('\u{FFFD}'), "after {shown:?}: {piece:?}");
        held_back += usize::from(piece.is_empty());
        shown.push_str(&piece);
        assert!(text.starts_with(&shown));
    }
    assert_eq!(shown, text);
    assert!(
        held_back > 0,
        "no token of this text ends within a character"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever a model says, bytes that are no UTF-8 included.
    #[test]
    fn a_stream_equals_decoding_at_once(ids in prop::collection::vec(0u32..2000, 0..40)) {
        let tokenizer = tokenizer_once();
        for skip_special in [false, true] {
            prop_assert_eq!(streamed(tokenizer, &ids, skip_special), tokenizer.decode(&ids, skip_special));
        }
    }

    #[test]
    fn plain_text_comes_back_without_special_tokens(text in r"([a-z ]|<\|im_end\|>|<\|image_pad\|>|基|🚀){0,12}") {
        let tokenizer = tokenizer_once();
        let ids = tokenizer.encode_plain(&text).unwrap();
        prop_assert_eq!(tokenizer.decode(&ids, true), text);
        prop_assert_eq!(tokenizer.count(&tokenizer.decode(&ids, true)).unwrap(), ids.len());
    }
}

fn tokenizer_once() -> &'static Tokenizer {
    static TOKENIZER: std::sync::LazyLock<Tokenizer> = std::sync::LazyLock::new(tokenizer);
    &TOKENIZER
}

#[test]
fn a_stream_that_never_makes_sense_is_not_held_back() {
    let tokenizer = tokenizer();
    // The second byte of some character, alone, again and again.
    let ids = tokenizer.encode_plain("é").unwrap();
    let tail = *ids.last().unwrap();
    if ids.len() < 2 {
        return;
    }
    let mut stream = tokenizer.stream(true);
    for _ in 0..1000 {
        assert_eq!(stream.push(tail), "\u{FFFD}");
    }
}

#[test]
fn tokenizers_that_do_not_fit_are_refused() {
    fn check(change: impl Fn(&Path, &mut Config), expected: &str) {
        let source = fixtures::manifest().variants[0].model_dir();
        let mut config = Config::from_dir(&source).unwrap();
        let dir = tempfile::tempdir().unwrap();
        fs::copy(
            source.join("tokenizer.json"),
            dir.path().join("tokenizer.json"),
        )
        .unwrap();
        change(dir.path(), &mut config);
        let error = Tokenizer::from_dir(dir.path(), &config).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    fn rewrite(dir: &Path, change: impl Fn(&mut Value)) {
        let path = dir.join("tokenizer.json");
        let mut json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut json);
        fs::write(&path, json.to_string()).unwrap();
    }
    let without = |token: &'static str| {
        move |dir: &Path, _: &mut Config| {
            rewrite(dir, |json| {
                let added = json["added_tokens"].as_array_mut().unwrap();
                added.retain(|one| one["content"] != token);
            });
        }
    };
    check(without("<|im_start|>"), "no special token `<|im_start|>`");
    check(without("<|image_pad|>"), "no special token `<|image_pad|>`");
    check(
        |_, config| config.image_token_id += 1,
        "`image_token_id` of `config.json`",
    );
    check(|_, config| config.vocab_size = 1, "`vocab_size` is 1");
    check(
        |dir, _| rewrite(dir, |json| json["decoder"] = json!({ "type": "Fuse" })),
        "not byte-level BPE",
    );
    check(
        |dir, _| fs::write(dir.join("tokenizer.json"), "{").unwrap(),
        "the tokenizer cannot be built",
    );
    check(
        |dir, _| fs::remove_file(dir.join("tokenizer.json")).unwrap(),
        "no `tokenizer.json`",
    );
}

#[test]
fn padding_and_truncation_of_the_file_are_ignored() {
    let source = fixtures::manifest().variants[0].model_dir();
    let dir = tempfile::tempdir().unwrap();
    let path = source.join("tokenizer.json");
    let mut json: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    json["truncation"] =
        json!({ "direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0 });
    fs::write(dir.path().join("tokenizer.json"), json.to_string()).unwrap();
    let config = Config::from_dir(&source).unwrap();
    let tokenizer: Result<_, TokenizerError> = Tokenizer::from_dir(dir.path(), &config);
    assert!(tokenizer.unwrap().count("one two three four five").unwrap() > 2);
}
