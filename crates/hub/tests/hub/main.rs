//! Models on disk as people have them: cached, copied, broken, hostile; and fetched from a server in this process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod described;
mod fetched;
mod found;
mod hostile;
mod needs;
mod server;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// A tiny checkpoint of the architecture: four matrices that can be quantised, and what cannot.
const TENSORS: [(&str, &[u64]); 6] = [
    ("model.embed_tokens.weight", &[8, 256]),
    ("model.layers.0.mlp.gate_proj.weight", &[64, 256]),
    ("model.layers.0.mlp.down_proj.weight", &[256, 64]),
    ("model.norm.weight", &[256]),
    ("visual.blocks.0.attn.qkv.weight", &[96, 32]),
    ("visual.patch_embed.proj.weight", &[32, 3, 2, 14, 14]),
];

fn config() -> Value {
    json!({
        "model_type": "qwen2_5_vl", "hidden_size": 256, "intermediate_size": 64, "num_hidden_layers": 1,
        "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 8,
        "max_position_embeddings": 128_000, "tie_word_embeddings": true,
        "vision_config": {"hidden_size": 32, "intermediate_size": 64, "num_heads": 2},
    })
}

/// A safetensors file with zeros.
fn safetensors(tensors: &[(&str, &[u64])], dtype: &str, width: u64) -> Vec<u8> {
    let mut header = serde_json::Map::new();
    let mut end = 0;
    for (name, shape) in tensors {
        let begin = end;
        end += shape.iter().product::<u64>() * width;
        header.insert(
            (*name).to_owned(),
            json!({"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}),
        );
    }
    with_header(&Value::Object(header).to_string(), end)
}

fn with_header(header: &str, data_bytes: u64) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.resize(file.len() + usize::try_from(data_bytes).unwrap(), 0);
    file
}

/// The files of the tiny checkpoint in one shard.
fn model_files() -> Vec<(String, Vec<u8>)> {
    let files = [
        (
            "README.md",
            b"---\nlicense: apache-2.0\ntags: [a]\n---\nlicense: mit\n".to_vec(),
        ),
        ("config.json", config().to_string().into_bytes()),
        ("model.safetensors", safetensors(&TENSORS, "BF16", 2)),
        ("tokenizer.json", b"{}".to_vec()),
    ];
    files
        .map(|(name, content)| (name.to_owned(), content))
        .to_vec()
}

fn write(dir: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path
}

fn model(dir: &Path) -> PathBuf {
    for (name, content) in model_files() {
        write(dir, &name, content);
    }
    dir.to_owned()
}

/// A GGUF file with one matrix of 32 × 64 in Q8_0.
fn gguf(architecture: &str) -> Vec<u8> {
    let mut file = Gguf::new(1, 8);
    file.text_value("general.architecture", architecture);
    for (key, value) in [
        ("context_length", 4_096),
        ("embedding_length", 64),
        ("block_count", 2),
        ("feed_forward_length", 128),
        ("attention.head_count", 4),
        ("attention.head_count_kv", 2),
    ] {
        file.text(&format!("{architecture}.{key}"));
        file.u32(4).u32(value);
    }
    file.text("tokenizer.ggml.tokens");
    file.u32(9).u32(8).u64(3);
    for token in ["a", "b", "c"] {
        file.text(token);
    }
    file.text("blk.0.ffn_up.weight");
    file.u32(2).u64(64).u64(32).u32(8).u64(0);
    file.finish(64 * 32 / 32 * 34)
}

struct Gguf(Vec<u8>);

impl Gguf {
    fn new(n_tensors: u64, n_keys: u64) -> Self {
        let mut file = Self(b"GGUF".to_vec());
        file.u32(3).u64(n_tensors).u64(n_keys);
        file
    }

    fn u32(&mut self, n: u32) -> &mut Self {
        self.0.extend(n.to_le_bytes());
        self
    }

    fn u64(&mut self, n: u64) -> &mut Self {
        self.0.extend(n.to_le_bytes());
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.u64(text.len() as u64).0.extend(text.as_bytes());
        self
    }

    fn text_value(&mut self, key: &str, value: &str) {
        self.text(key).u32(8).text(value);
    }

    fn finish(mut self, data_bytes: usize) -> Vec<u8> {
        let begin = self.0.len().next_multiple_of(32);
        self.0.resize(begin + data_bytes, 0);
        self.0
    }
}
