//! What a model on disk is: kind, size, types, shape. Reads configuration and headers only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::file::{self, MAX_CONFIG_BYTES};
use crate::safetensors::{self, Tensor};
use crate::{Cache, Error, gguf};

/// What kind of model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A Qwen2.5-VL directory: sees pictures.
    #[serde(rename = "qwen2_5_vl")]
    Qwen25Vl,
    /// A text model in one GGUF file, of architecture `qwen2` or `qwen3`.
    Gguf,
    /// A PEFT adapter directory, of use on top of its base model.
    Adapter,
}

/// What a model on disk is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Description {
    /// Which kind.
    pub kind: Kind,
    /// Name of its repository, or of its folder or file.
    pub name: String,
    /// Its directory, or its GGUF file.
    #[serde(serialize_with = "crate::file::as_text")]
    pub path: PathBuf,
    /// Architecture as its own files state it, such as `qwen2_5_vl`; `lora` for adapters.
    pub architecture: String,
    /// Number of parameters.
    pub parameters: u64,
    /// Bytes of the files with weights.
    pub disk_bytes: u64,
    /// Parameters by type of weight, such as `BF16`.
    pub dtypes: BTreeMap<String, u64>,
    /// Number of files with weights.
    pub shards: usize,
    /// Whether the output head is the embedding; unknown for adapters.
    pub tied_head: Option<bool>,
    /// Longest prompt with answer, in tokens; unknown for adapters.
    pub context_tokens: Option<u64>,
    /// Commit of a cached model.
    pub revision: Option<String>,
    /// License that its `README.md` or GGUF header states.
    pub license: Option<String>,
    /// The model that an adapter belongs to, as the adapter states it.
    pub base_model: Option<String>,
    /// Rank of an adapter.
    pub rank: Option<u64>,
    /// Dimensions that decide how much memory it needs; `None` for adapters.
    pub shape: Option<Shape>,
    /// Its weights by how they can be quantised.
    pub weights: WeightCounts,
}

/// Dimensions of a decoder, and of its vision tower where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// Width of the residual stream.
    pub hidden: u64,
    /// Width inside the feed-forward layers.
    pub intermediate: u64,
    /// Number of decoder layers.
    pub layers: u64,
    /// Number of query heads.
    pub heads: u64,
    /// Number of key and value heads.
    pub kv_heads: u64,
    /// Width of a head.
    pub head_dim: u64,
    /// Number of tokens.
    pub vocab: u64,
    /// The vision tower.
    pub vision: Option<VisionShape>,
}

/// Dimensions of a vision tower.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VisionShape {
    /// Width of the residual stream.
    pub hidden: u64,
    /// Width inside the feed-forward layers.
    pub intermediate: u64,
    /// Number of heads.
    pub heads: u64,
}

/// Numbers of parameters by what quantising on load does to them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct WeightCounts {
    /// In matrices of decoder layers whose rows divide into blocks of 256.
    pub rows_of_256: u64,
    /// In other matrices whose rows divide into blocks of 32, embeddings and vision tower included.
    pub rows_of_32: u64,
    /// All others: norms, biases, convolutions.
    pub others: u64,
    /// Bytes of those others on disk.
    pub others_bytes: u64,
    /// Bytes of all weights on disk.
    pub bytes: u64,
}

/// Describes a model directory or a GGUF file.
pub fn describe(path: &Path) -> Result<Description, Error> {
    match kind(path) {
        Some(Kind::Gguf) => gguf_file(path),
        Some(Kind::Adapter) => adapter(path),
        _ => qwen_vl(path),
    }
}

/// The kind that a path looks like, by names of files and `model_type` only.
pub(crate) fn kind(path: &Path) -> Option<Kind> {
    if is_gguf(path) && path.is_file() {
        return Some(Kind::Gguf);
    }
    if path.join("adapter_config.json").is_file() {
        return Some(Kind::Adapter);
    }
    let config: Config = file::json(&path.join("config.json"), MAX_CONFIG_BYTES).ok()?;
    (config.model_type.as_deref() == Some(QWEN_VL)).then_some(Kind::Qwen25Vl)
}

pub(crate) fn is_gguf(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"))
}

/// `model_type` of the one architecture that sees pictures.
pub(crate) const QWEN_VL: &str = "qwen2_5_vl";
const QWEN_TEXT: [&str; 2] = ["qwen2", "qwen3"];
/// No dimension of a real model comes near; keeps the arithmetic on hostile ones small.
const MAX_DIMENSION: u64 = 1 << 24;

/// The part of `config.json` that is of use here; newer writers put the decoder's part into `text_config`.
#[derive(Debug, Default, Deserialize)]
struct Config {
    model_type: Option<String>,
    hidden_size: Option<u64>,
    intermediate_size: Option<u64>,
    num_hidden_layers: Option<u64>,
    num_attention_heads: Option<u64>,
    num_key_value_heads: Option<u64>,
    vocab_size: Option<u64>,
    max_position_embeddings: Option<u64>,
    tie_word_embeddings: Option<bool>,
    text_config: Option<Box<Config>>,
    vision_config: Option<VisionConfig>,
}

#[derive(Debug, Deserialize)]
struct VisionConfig {
    hidden_size: Option<u64>,
    intermediate_size: Option<u64>,
    num_heads: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct AdapterConfig {
    peft_type: Option<String>,
    base_model_name_or_path: Option<String>,
    r: Option<u64>,
}

fn qwen_vl(dir: &Path) -> Result<Description, Error> {
    let config_path = dir.join("config.json");
    if !dir.is_dir() || !config_path.exists() {
        let found = if dir.is_dir() {
            "no `config.json`"
        } else {
            "no directory and no `.gguf` file"
        };
        return Err(not_a_model(dir, found));
    }
    let config: Config = file::json(&config_path, MAX_CONFIG_BYTES)?;
    if config.model_type.as_deref() != Some(QWEN_VL) {
        let model_type: String = config.model_type.as_deref().unwrap_or("none").into();
        let model_type: String = model_type.chars().take(80).collect();
        return Err(not_a_model(dir, &format!("`model_type` is `{model_type}`")));
    }
    let mut description = blank(dir, Kind::Qwen25Vl, QWEN_VL);
    let text = config.text_config.as_deref();
    let number = |of: fn(&Config) -> Option<u64>, name: &str| {
        let value = text.and_then(of).or_else(|| of(&config));
        dimension(value, name, &config_path)
    };
    let (hidden, heads) = (
        number(|c| c.hidden_size, "hidden_size")?,
        number(|c| c.num_attention_heads, "num_attention_heads")?,
    );
    let vision = config.vision_config.as_ref();
    let seen = |of: fn(&VisionConfig) -> Option<u64>, name: &str| {
        dimension(vision.and_then(of), name, &config_path)
    };
    description.shape = Some(Shape {
        hidden,
        intermediate: number(|c| c.intermediate_size, "intermediate_size")?,
        layers: number(|c| c.num_hidden_layers, "num_hidden_layers")?,
        heads,
        kv_heads: number(|c| c.num_key_value_heads, "num_key_value_heads")?,
        head_dim: hidden / heads,
        vocab: number(|c| c.vocab_size, "vocab_size")?,
        vision: Some(VisionShape {
            hidden: seen(|v| v.hidden_size, "vision_config.hidden_size")?,
            intermediate: seen(|v| v.intermediate_size, "vision_config.intermediate_size")?,
            heads: seen(|v| v.num_heads, "vision_config.num_heads")?,
        }),
    });
    description.context_tokens = Some(number(
        |c| c.max_position_embeddings,
        "max_position_embeddings",
    )?);
    let tied = config.tie_word_embeddings;
    let tied = tied.or(text.and_then(|text| text.tie_word_embeddings));
    // Absent means tied, as in transformers.
    description.tied_head = Some(tied.unwrap_or(true));
    weigh(&mut description, dir, "model.safetensors")?;
    if !dir.join("tokenizer.json").is_file() {
        return Err(Error::Missing {
            file: "tokenizer.json".to_owned(),
            dir: dir.to_owned(),
        });
    }
    Ok(description)
}

fn adapter(dir: &Path) -> Result<Description, Error> {
    let path = dir.join("adapter_config.json");
    let config: AdapterConfig = file::json(&path, MAX_CONFIG_BYTES)?;
    let peft_type: String = config.peft_type.unwrap_or_default();
    if peft_type != "LORA" {
        let peft_type: String = peft_type.chars().take(80).collect();
        return Err(not_a_model(dir, &format!("`peft_type` is `{peft_type}`")));
    }
    let mut description = blank(dir, Kind::Adapter, "lora");
    description.base_model = config.base_model_name_or_path;
    description.rank = config.r;
    weigh(&mut description, dir, "adapter_model.safetensors")?;
    Ok(description)
}

fn gguf_file(path: &Path) -> Result<Description, Error> {
    let header = gguf::read_header(path)?;
    let text = |key: &str| header.texts.get(key).cloned();
    let architecture = text("general.architecture").unwrap_or_default();
    if !QWEN_TEXT.contains(&architecture.as_str()) {
        let shown: String = architecture.chars().take(80).collect();
        return Err(not_a_model(
            path,
            &format!("its architecture is `{shown}`; `qwen2` and `qwen3` are known"),
        ));
    }
    if header.numbers.get("split.count").is_some_and(|n| *n > 1) {
        return Err(not_a_model(path, "one part of a GGUF file that was split"));
    }
    let key = |name: &str| format!("{architecture}.{name}");
    let value = |name: &str| header.numbers.get(&key(name)).copied();
    let number = |name: &str| dimension(value(name), &key(name), path);
    let (hidden, heads) = (number("embedding_length")?, number("attention.head_count")?);
    let mut description = blank(path, Kind::Gguf, &architecture);
    let vocab = header.lengths.get("tokenizer.ggml.tokens").copied();
    description.shape = Some(Shape {
        hidden,
        intermediate: number("feed_forward_length")?,
        layers: number("block_count")?,
        heads,
        kv_heads: number("attention.head_count_kv")?,
        head_dim: match value("attention.key_length") {
            Some(n) => dimension(Some(n), &key("attention.key_length"), path)?,
            None => hidden / heads,
        },
        vocab: dimension(vocab, "tokenizer.ggml.tokens", path)?,
        vision: None,
    });
    description.context_tokens = Some(number("context_length")?);
    description.tied_head = Some(!header.has_output);
    description.license = text("general.license").or(description.license);
    description.parameters = header
        .dtypes
        .values()
        .fold(0, |sum, n| sum.saturating_add(*n));
    description.disk_bytes = file::open(path)?.1;
    description.shards = 1;
    description.weights = WeightCounts {
        others: description.parameters,
        others_bytes: header.tensor_bytes,
        bytes: header.tensor_bytes,
        ..WeightCounts::default()
    };
    description.dtypes = header.dtypes;
    Ok(description)
}

/// Counts the weights in the headers of all shards.
fn weigh(description: &mut Description, dir: &Path, single: &str) -> Result<(), Error> {
    let shards = safetensors::shards(dir, single)?;
    for shard in &shards {
        add(&mut description.disk_bytes, file::open(shard)?.1);
        safetensors::read_header(shard, |tensor| {
            add(&mut description.parameters, tensor.elements);
            let of_type = description.dtypes.entry(tensor.dtype.to_owned());
            add(of_type.or_default(), tensor.elements);
            description.weights.add(tensor);
        })?;
    }
    description.shards = shards.len();
    Ok(())
}

impl WeightCounts {
    fn add(&mut self, tensor: &Tensor<'_>) {
        add(&mut self.bytes, tensor.bytes);
        let row = match tensor.shape {
            [_, row] if !tensor.name.contains("lora_") => *row,
            _ => 0,
        };
        if row > 0 && row.is_multiple_of(256) && is_of_decoder(tensor.name) {
            add(&mut self.rows_of_256, tensor.elements);
        } else if row > 0 && row.is_multiple_of(32) {
            add(&mut self.rows_of_32, tensor.elements);
        } else {
            add(&mut self.others, tensor.elements);
            add(&mut self.others_bytes, tensor.bytes);
        }
    }
}

/// Hostile headers may claim the same bytes many times.
fn add(sum: &mut u64, n: u64) {
    *sum = sum.saturating_add(n);
}

/// Whether a matrix is of a decoder layer, which alone goes down to 4 bits a weight.
fn is_of_decoder(name: &str) -> bool {
    name.contains("layers.")
}

fn blank(path: &Path, kind: Kind, architecture: &str) -> Description {
    let dir = if path.is_dir() {
        Some(path)
    } else {
        path.parent()
    };
    let origin = dir.and_then(Cache::origin);
    let own = path.file_name().map(|name| name.to_string_lossy());
    let own = own.map_or_else(|| path.display().to_string(), |name| name.into_owned());
    let (name, revision) = match origin {
        Some((repo, commit)) if path.is_dir() => (repo.to_string(), Some(commit)),
        Some((repo, commit)) => (format!("{repo}/{own}"), Some(commit)),
        None => (own, None),
    };
    Description {
        kind,
        name,
        path: path.to_owned(),
        architecture: architecture.to_owned(),
        parameters: 0,
        disk_bytes: 0,
        dtypes: BTreeMap::new(),
        shards: 0,
        tied_head: None,
        context_tokens: None,
        revision,
        license: dir.and_then(|dir| file::license(&dir.join("README.md"))),
        base_model: None,
        rank: None,
        shape: None,
        weights: WeightCounts::default(),
    }
}

fn dimension(value: Option<u64>, name: &str, path: &Path) -> Result<u64, Error> {
    match value {
        Some(value) if (1..=MAX_DIMENSION).contains(&value) => Ok(value),
        Some(value) => Err(Error::malformed(
            path,
            format!("`{name}` is {value}; 1 to {MAX_DIMENSION} is possible"),
        )),
        None => Err(Error::malformed(path, format!("`{name}` is missing"))),
    }
}

fn not_a_model(path: &Path, found: &str) -> Error {
    Error::NotAModel {
        found: found.to_owned(),
        path: path.to_owned(),
    }
}
