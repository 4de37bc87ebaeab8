//! Files made to harm: each is refused by one sentence that names the file, quickly and in little memory.

use hub::describe;
use serde_json::json;

use crate::{Gguf, model, with_header, write};

#[test]
fn hostile_safetensors_headers_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = model(dir.path());
    let check = |content: &[u8], says: &str| {
        write(&dir, "model.safetensors", content);
        let error = describe(&dir).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert!(
            error.ends_with("model.safetensors") && !error.contains('\n'),
            "{error}"
        );
        assert!(error.len() < 600, "{error}");
    };
    let tensor = |dtype: &str, shape: serde_json::Value, offsets: serde_json::Value| {
        let header = json!({"t": {"dtype": dtype, "shape": shape, "data_offsets": offsets}});
        with_header(&header.to_string(), 8)
    };
    check(b"", "too short");
    check(
        &(1_u64 << 63).to_le_bytes(),
        "claims 9223372036854775808 bytes",
    );
    check(
        &1_000_u64.to_le_bytes(),
        "claims 1000 bytes, the file has 8",
    );
    check(&with_header("nonsense", 0), "bad safetensors header");
    check(&with_header("[]", 0), "bad safetensors header");
    check(
        &with_header(&"[".repeat(1_000_000), 0),
        "bad safetensors header",
    );
    let deep = format!(r#"{{"t": {}"#, r#"{"dtype":"#.repeat(1_000_000));
    check(&with_header(&deep, 0), "bad safetensors header");
    let deep = format!(r#"{{"__metadata__": {}"#, "[".repeat(1_000_000));
    check(&with_header(&deep, 0), "bad safetensors header");
    check(
        &tensor("F32", json!([2]), json!([0, 16])),
        "lies at 0..16, the file holds 8",
    );
    check(&tensor("F32", json!([2]), json!([8, 0])), "lies at 8..0");
    check(
        &tensor("F32", json!([3]), json!([0, 8])),
        "cannot have 8 bytes",
    );
    check(
        &tensor("F32", json!([u64::MAX, u64::MAX]), json!([0, 8])),
        "cannot have",
    );
    check(
        &tensor("F32", json!([-1]), json!([0, 8])),
        "bad safetensors header",
    );
    check(
        &tensor("X9", json!([2]), json!([0, 8])),
        "unknown type `X9`",
    );
    check(
        &tensor("F32", json!(vec![1; 100]), json!([0, 8])),
        "more than 8 axes",
    );
}

#[test]
fn an_index_may_not_leave_its_directory() {
    let dir = tempfile::tempdir().unwrap();
    let dir = model(dir.path());
    std::fs::remove_file(dir.join("model.safetensors")).unwrap();
    let check = |map: serde_json::Value, says: &str| {
        write(
            &dir,
            "model.safetensors.index.json",
            json!({"weight_map": map}).to_string(),
        );
        let error = describe(&dir).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    };
    check(json!({"t": "../../etc/passwd"}), "leaves the directory");
    check(json!({"t": "/etc/passwd"}), "leaves the directory");
    check(json!({"t": ".."}), "leaves the directory");
    check(json!({"t": "a\\b"}), "leaves the directory");
    check(json!({"t": ""}), "leaves the directory");
    check(json!({}), "names no file");
    check(
        json!({"t": "model-00002-of-00002.safetensors"}),
        "`model-00002-of-00002.safetensors` is missing",
    );
    let many: serde_json::Map<_, _> = (0..5_000)
        .map(|n| (n.to_string(), json!(n.to_string())))
        .collect();
    check(many.into(), "more than 4096 files");
}

#[test]
fn impossible_dimensions_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = model(dir.path());
    for value in [json!(0), json!(u64::MAX), json!(-1), json!("many")] {
        let mut config = crate::config();
        config["num_attention_heads"] = value;
        write(&dir, "config.json", config.to_string());
        let error = describe(&dir).unwrap_err().to_string();
        assert!(error.ends_with("config.json"), "{error}");
    }
}

#[test]
fn hostile_gguf_headers_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let check = |file: Gguf, says: &str| {
        let path = write(dir.path(), "bad.gguf", file.finish(0));
        let error = describe(&path).unwrap_err().to_string();
        assert!(
            error.contains(says) && error.ends_with("bad.gguf"),
            "{error}"
        );
    };
    check(
        Gguf::new(u64::MAX, 1),
        "claims 18446744073709551615 tensors",
    );
    check(Gguf::new(1, u64::MAX), "keys");
    check(Gguf::new(100_000, 10_000), "longer than its file");
    let with = |fill: fn(&mut Gguf) -> &mut Gguf| {
        let mut file = Gguf::new(0, 1);
        fill(&mut file);
        file
    };
    check(
        with(|file| file.u64(u64::MAX)),
        "a name of 18446744073709551615 bytes",
    );
    check(
        with(|file| file.text("k").u32(8).u64(u64::MAX)),
        "longer than its file",
    );
    check(
        with(|file| file.text("k").u32(9).u32(10).u64(u64::MAX)),
        "impossibly long",
    );
    check(
        with(|file| file.text("k").u32(9).u32(8).u64(u64::MAX)),
        "longer than its file",
    );
    check(
        with(|file| file.text("k").u32(9).u32(9).u64(3)),
        "unknown type 9",
    );
    check(with(|file| file.text("k").u32(77)), "unknown type 77");
    check(
        with(|file| file.text("general.alignment").u32(4).u32(0)),
        "alignment",
    );
    let tensor = |fill: fn(&mut Gguf) -> &mut Gguf| {
        let mut file = Gguf::new(1, 0);
        fill(file.text("t"));
        file
    };
    check(tensor(|file| file.u32(1_000)), "1000 axes");
    check(
        tensor(|file| file.u32(2).u64(u64::MAX).u64(2).u32(0).u64(0)),
        "impossible",
    );
    check(tensor(|file| file.u32(1).u64(64).u32(0).u64(0)), "cut off");
    check(tensor(|file| file.u32(1).u64(64).u32(99).u64(0)), "type 99");
}
