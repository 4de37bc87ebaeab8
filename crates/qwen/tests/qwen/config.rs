//! Configurations: the fixtures', both layouts, and what must be refused.

use std::fs;

use candle_core::DType;
use qwen::config::{Config, ConfigError, GenerationDefaults};
use serde_json::{Value, json};

use crate::fixtures;

fn published() -> Value {
    let variant = &fixtures::manifest().variants[0];
    fixtures::json(&format!("{}/model/config.json", variant.name))
}

fn read(config: &Value) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("config.json"), config.to_string()).unwrap();
    Config::from_dir(dir.path())
}

#[test]
fn each_variant_is_read() {
    let manifest = fixtures::manifest();
    for variant in &manifest.variants {
        let config = Config::from_dir(&variant.model_dir()).unwrap();
        let raw: Value = fixtures::json(&format!("{}/model/config.json", variant.name));
        assert_eq!(config.tie_word_embeddings, variant.tied);
        let dtype = match variant.dtype.as_str() {
            "bfloat16" => DType::BF16,
            "float16" => DType::F16,
            _ => DType::F32,
        };
        assert_eq!(config.dtype, Some(dtype), "{}", variant.name);
        let weights = fs::read_dir(variant.model_dir()).unwrap();
        let shards = weights.filter(|entry| {
            let path = entry.as_ref().unwrap().path();
            path.extension() == Some("safetensors".as_ref())
        });
        assert_eq!(shards.count(), variant.shards, "{}", variant.name);
        assert_eq!(json!(config.hidden_size), raw["hidden_size"]);
        assert_eq!(json!(config.vision.depth), raw["vision_config"]["depth"]);
        assert_eq!(
            json!(config.mrope_section),
            raw["rope_scaling"]["mrope_section"]
        );
        let defaults = GenerationDefaults::from_dir(&variant.model_dir()).unwrap();
        assert!(!defaults.eos_token_id.is_empty());
        assert!(defaults.repetition_penalty.is_some());
    }
    println!(
        "compared the configurations of {} variants",
        manifest.variants.len()
    );
}

/// What transformers 5 writes: the text tower's values nested, `rope_parameters`, `dtype`, `in_channels`.
#[test]
fn the_nested_layout_says_the_same() {
    let flat = published();
    let mut text = flat.as_object().unwrap().clone();
    let mut top = serde_json::Map::new();
    for key in [
        "image_token_id",
        "video_token_id",
        "vision_start_token_id",
        "vision_end_token_id",
        "tie_word_embeddings",
        "vision_config",
        "model_type",
    ] {
        top.insert(key.to_owned(), text.remove(key).unwrap());
    }
    let vision = top["vision_config"].as_object_mut().unwrap();
    let channels = vision.remove("in_chans").unwrap();
    vision.insert("in_channels".to_owned(), channels);
    let sections = text.remove("rope_scaling").unwrap()["mrope_section"].clone();
    let theta = text.remove("rope_theta").unwrap();
    text.insert(
        "rope_parameters".to_owned(),
        json!({ "rope_type": "default", "rope_theta": theta, "mrope_section": sections }),
    );
    let dtype = text.remove("torch_dtype").unwrap();
    text.insert("dtype".to_owned(), dtype);
    text.insert("model_type".to_owned(), json!("qwen2_5_vl_text"));
    top.insert("text_config".to_owned(), text.into());
    assert_eq!(read(&top.into()).unwrap(), read(&flat).unwrap());
}

#[test]
fn impossible_values_are_refused_with_their_name() {
    fn check(pointer: &str, value: Value, expected: &str) {
        let mut config = published();
        *config.pointer_mut(pointer).unwrap() = value;
        let error = read(&config).unwrap_err();
        let mut message = error.to_string();
        if let Some(source) = std::error::Error::source(&error) {
            message = format!("{message}: {source}");
        }
        assert!(message.contains(expected), "{pointer}: {message}");
    }
    check("/hidden_size", json!(0), "`hidden_size` is 0, not 1 to");
    check("/hidden_size", json!(-1), "invalid value");
    check(
        "/hidden_size",
        json!(u64::MAX),
        "`hidden_size` is 18446744073709551615",
    );
    check(
        "/num_attention_heads",
        json!(61),
        "`num_attention_heads` 61 does not divide `hidden_size`",
    );
    check(
        "/num_key_value_heads",
        json!(61),
        "`num_key_value_heads` 61 does not divide",
    );
    check(
        "/rope_scaling/mrope_section",
        json!([1, 1, 99]),
        "`mrope_section` sums to 101",
    );
    check(
        "/rope_scaling/mrope_section",
        json!([usize::MAX, 1, 1]),
        "`mrope_section` sums to",
    );
    check("/rope_scaling/type", json!("yarn"), "only type `mrope`");
    check("/use_sliding_window", json!(true), "`use_sliding_window`");
    check("/rms_norm_eps", json!(0), "`rms_norm_eps`");
    check("/hidden_act", json!("relu"), "unknown variant `relu`");
    check(
        "/vision_config/fullatt_block_indexes",
        json!([99]),
        "`fullatt_block_indexes`",
    );
    check(
        "/vision_config/out_hidden_size",
        json!(7),
        "`out_hidden_size` 7",
    );
    check("/vision_config/window_size", json!(20), "`window_size`");
    check("/vision_config/patch_size", json!(0), "`patch_size`");
    check("/image_token_id", json!(1 << 30), "`image_token_id`");
    check("/torch_dtype", json!("int8"), "`torch_dtype`");
}

#[test]
fn another_directory_is_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let error = Config::from_dir(dir.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("not a Qwen2.5-VL directory: no `config.json`"),
        "{error}"
    );
    let error = read(&json!({ "model_type": "llama" })).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("not a Qwen2.5-VL directory: `config.json` is of model type `llama`"),
        "{error}"
    );
    fs::write(dir.path().join("config.json"), vec![b' '; (1 << 20) + 1]).unwrap();
    let error = Config::from_dir(dir.path()).unwrap_err();
    assert!(
        error.to_string().contains("more than 1048576 bytes"),
        "{error}"
    );
}

#[test]
fn generation_defaults_may_be_absent_but_not_absurd() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(
        GenerationDefaults::from_dir(dir.path()).unwrap(),
        GenerationDefaults::default()
    );
    let file = dir.path().join("generation_config.json");
    fs::write(&file, r#"{ "eos_token_id": 7, "top_p": null }"#).unwrap();
    let defaults = GenerationDefaults::from_dir(dir.path()).unwrap();
    assert_eq!(defaults.eos_token_id, [7]);
    fs::write(&file, r#"{ "top_p": 1.5 }"#).unwrap();
    let error = GenerationDefaults::from_dir(dir.path()).unwrap_err();
    assert!(error.to_string().contains("`top_p`"), "{error}");
}
