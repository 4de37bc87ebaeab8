//! What is said of whole models.

use hub::{Kind, describe};
use serde_json::json;

use crate::{TENSORS, config, gguf, model, safetensors, write};

#[test]
fn a_directory_is_described_by_its_headers() {
    let dir = tempfile::tempdir().unwrap();
    let dir = model(&dir.path().join("tiny"));
    let described = describe(&dir).unwrap();
    assert_eq!(described.kind, Kind::Qwen25Vl);
    assert_eq!(described.name, "tiny");
    let n: u64 = TENSORS
        .iter()
        .map(|(_, shape)| shape.iter().product::<u64>())
        .sum();
    assert_eq!(described.parameters, n);
    assert_eq!(described.dtypes["BF16"], n);
    assert_eq!(described.weights.rows_of_256, 64 * 256);
    assert_eq!(described.weights.rows_of_32, 8 * 256 + 256 * 64 + 96 * 32);
    assert_eq!(described.weights.bytes, 2 * n);
    assert_eq!((described.shards, described.tied_head), (1, Some(true)));
    assert_eq!(described.context_tokens, Some(128_000));
    assert_eq!(described.license.as_deref(), Some("apache-2.0"));
    assert_eq!(described.shape.unwrap().head_dim, 64);
}

#[test]
fn shards_are_counted_and_a_missing_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let dir = model(dir.path());
    std::fs::remove_file(dir.join("model.safetensors")).unwrap();
    let halves = TENSORS.split_at(3);
    write(&dir, "model-1.safetensors", safetensors(halves.0, "F32", 4));
    write(
        &dir,
        "model-2.safetensors",
        safetensors(halves.1, "BF16", 2),
    );
    let map = json!({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors", "c": "model-1.safetensors"}});
    write(&dir, "model.safetensors.index.json", map.to_string());
    let described = describe(&dir).unwrap();
    assert_eq!(described.shards, 2);
    assert_eq!(described.dtypes.keys().collect::<Vec<_>>(), ["BF16", "F32"]);
    std::fs::remove_file(dir.join("model-2.safetensors")).unwrap();
    let error = describe(&dir).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("`model-2.safetensors` is missing"),
        "{error}"
    );
}

#[test]
fn the_newer_way_to_write_a_configuration_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let dir = model(dir.path());
    let old = config();
    let new = json!({
        "model_type": "qwen2_5_vl", "tie_word_embeddings": false,
        "text_config": old, "vision_config": old["vision_config"],
    });
    write(&dir, "config.json", new.to_string());
    let described = describe(&dir).unwrap();
    assert_eq!(described.tied_head, Some(false));
    assert_eq!(described.shape.unwrap().hidden, 256);
}

#[test]
fn a_gguf_file_is_described_by_its_header() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path(), "small.gguf", gguf("qwen3"));
    let described = describe(&path).unwrap();
    assert_eq!(
        (described.kind, described.architecture.as_str()),
        (Kind::Gguf, "qwen3")
    );
    assert_eq!(
        (described.parameters, described.weights.bytes),
        (2_048, 2_176)
    );
    assert_eq!(described.context_tokens, Some(4_096));
    let shape = described.shape.unwrap();
    assert_eq!((shape.layers, shape.head_dim, shape.vocab), (2, 16, 3));
    let path = write(dir.path(), "other.gguf", gguf("llama"));
    let error = describe(&path).unwrap_err().to_string();
    assert!(error.contains("`llama`"), "{error}");
}

#[test]
fn an_adapter_names_its_base() {
    let dir = tempfile::tempdir().unwrap();
    let settings = json!({"peft_type": "LORA", "r": 8, "base_model_name_or_path": "org/base"});
    write(dir.path(), "adapter_config.json", settings.to_string());
    let tensors: [(&str, &[u64]); 1] = [("q_proj.lora_A.weight", &[8, 64])];
    write(
        dir.path(),
        "adapter_model.safetensors",
        safetensors(&tensors, "F32", 4),
    );
    let described = describe(dir.path()).unwrap();
    assert_eq!((described.kind, described.rank), (Kind::Adapter, Some(8)));
    assert_eq!(described.base_model.as_deref(), Some("org/base"));
    assert_eq!(described.parameters, 512);
}

#[test]
fn what_is_no_model_is_called_what_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let check = |path: &std::path::Path, says: &str| {
        let error = describe(path).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.help().is_some());
    };
    check(dir.path(), "no `config.json`");
    check(&dir.path().join("nothing"), "no directory");
    write(dir.path(), "config.json", r#"{"model_type": "llama"}"#);
    check(dir.path(), "`model_type` is `llama`");
    write(dir.path(), "config.json", "[");
    check(dir.path(), "config.json");
    write(dir.path(), "config.json", config().to_string());
    check(dir.path(), "`model.safetensors` is missing");
    let model = model(dir.path());
    std::fs::remove_file(model.join("tokenizer.json")).unwrap();
    check(dir.path(), "`tokenizer.json` is missing");
}
