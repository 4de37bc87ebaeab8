//! What a checkpoint's `config.json` and `generation_config.json` say, checked once at the door. Not what its weights,
//! processor or tokenizer say.

mod check;
mod raw;

use std::path::{Path, PathBuf};

use candle_core::DType;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use crate::file;
pub use crate::file::FileError;

/// Most bytes of a configuration file that are read.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// Shape of the whole model; names are those of `config.json`.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Width of the text tower.
    pub hidden_size: usize,
    /// Inner width of the text tower's gated MLP.
    pub intermediate_size: usize,
    /// Decoder layers.
    pub num_hidden_layers: usize,
    /// Query heads; divides `hidden_size`.
    pub num_attention_heads: usize,
    /// Key and value heads; divides `num_attention_heads`.
    pub num_key_value_heads: usize,
    /// Epsilon of the text tower's RMSNorm.
    pub rms_norm_eps: f64,
    /// Base of the text tower's rotary frequencies.
    pub rope_theta: f64,
    /// Longest context, in tokens.
    pub max_position_embeddings: usize,
    /// Frequencies whose positions are temporal, height and width; they sum to `head_dim() / 2`.
    pub mrope_section: [usize; 3],
    /// Rows of the embedding; at least the tokenizer's vocabulary.
    pub vocab_size: usize,
    /// Whether the head is the embedding, without a weight of its own.
    pub tie_word_embeddings: bool,
    /// Activation of the text tower's MLP.
    pub hidden_act: Activation,
    /// Id of `<|image_pad|>`.
    pub image_token_id: u32,
    /// Id of `<|video_pad|>`.
    pub video_token_id: u32,
    /// Id of `<|vision_start|>`.
    pub vision_start_token_id: u32,
    /// Id of `<|vision_end|>`.
    pub vision_end_token_id: u32,
    /// Id that begins a text, if any.
    pub bos_token_id: Option<u32>,
    /// Ids that end a text; may be empty.
    pub eos_token_id: Vec<u32>,
    /// Type that the weights are said to be stored in.
    pub dtype: Option<DType>,
    /// The vision tower.
    pub vision: VisionConfig,
}

/// Shape of the vision tower; names are those of `vision_config`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisionConfig {
    /// Blocks.
    pub depth: usize,
    /// Width.
    pub hidden_size: usize,
    /// Inner width of the gated MLP.
    pub intermediate_size: usize,
    /// Attention heads; divides `hidden_size`.
    pub num_heads: usize,
    /// Colour channels, 3.
    pub in_channels: usize,
    /// Side of a patch, in pixels.
    pub patch_size: usize,
    /// Frames of a patch.
    pub temporal_patch_size: usize,
    /// Side of the square of patches that becomes one token.
    pub spatial_merge_size: usize,
    /// Side of an attention window, in pixels.
    pub window_size: usize,
    /// Blocks that attend within the whole image; each is below `depth`.
    pub fullatt_block_indexes: Vec<usize>,
    /// Width of the tokens handed to the text tower; equals its `hidden_size`.
    pub out_hidden_size: usize,
    /// Activation of the MLP.
    pub hidden_act: Activation,
}

/// Activation of a gated MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// x · σ(x).
    Silu,
}

/// How the checkpoint's makers sample; what is missing is `None` or empty.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct GenerationDefaults {
    /// Ids that end a text.
    #[serde(deserialize_with = "one_or_more")]
    pub eos_token_id: Vec<u32>,
    /// Whether to sample rather than take the likeliest token.
    pub do_sample: Option<bool>,
    /// Temperature, at least 0.
    pub temperature: Option<f64>,
    /// Probability mass that is sampled from, in (0, 1].
    pub top_p: Option<f64>,
    /// Number of likeliest tokens that are sampled from; 0 means all.
    pub top_k: Option<usize>,
    /// Divisor of the scores of tokens already seen, above 0; 1 changes nothing.
    pub repetition_penalty: Option<f32>,
}

/// Why a checkpoint's configuration was not taken.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// There is no `config.json`.
    #[error("not a Qwen2.5-VL directory: no `config.json` in {}", folder.display())]
    NoConfig {
        /// The directory.
        folder: PathBuf,
    },
    /// `config.json` describes another model.
    #[error("not a Qwen2.5-VL directory: `config.json` is of model type `{model_type}` in {}", folder.display())]
    OtherModel {
        /// The model type it names.
        model_type: String,
        /// The directory.
        folder: PathBuf,
    },
    /// A value that no working model can have, or that is not supported.
    #[error("`{name}`: {reason} in {}", folder.display())]
    Invalid {
        /// Name of the file.
        name: &'static str,
        /// What is wrong with which value.
        reason: String,
        /// The directory.
        folder: PathBuf,
    },
    /// A file was not read.
    #[error(transparent)]
    File(#[from] FileError),
}

impl ConfigError {
    /// Returns what a person can do about it, where there is something.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::NoConfig { .. } | Self::OtherModel { .. } => {
                Some("Name a folder that holds a Qwen2.5-VL checkpoint in Hugging Face layout.")
            }
            Self::Invalid { .. } | Self::File(_) => {
                Some("Fetch the checkpoint again; its files do not fit together.")
            }
        }
    }
}

impl Config {
    /// Reads and checks `config.json` of the checkpoint in `dir`, in the published flat layout or in the nested one that
    /// transformers 5 writes.
    ///
    /// # Errors
    /// If the directory holds no Qwen2.5-VL, or one whose sizes contradict each other.
    pub fn from_dir(dir: &Path) -> Result<Self, ConfigError> {
        let value = file::json::<serde_json::Value>(dir, "config.json", MAX_CONFIG_BYTES)?
            .ok_or_else(|| ConfigError::NoConfig { folder: dir.into() })?;
        let model_type = value.get("model_type").and_then(|name| name.as_str());
        if model_type != Some("qwen2_5_vl") {
            return Err(ConfigError::OtherModel {
                model_type: model_type.unwrap_or("none").chars().take(80).collect(),
                folder: dir.into(),
            });
        }
        let raw: raw::Top =
            serde_json::from_value(value).map_err(|source| FileError::Malformed {
                name: "config.json".to_owned(),
                folder: dir.into(),
                source,
            })?;
        let invalid = |reason| ConfigError::Invalid {
            name: "config.json",
            reason,
            folder: dir.into(),
        };
        let config = raw.into_config().map_err(invalid)?;
        check::config(&config).map_err(invalid)?;
        Ok(config)
    }

    /// Width of one head of the text tower.
    pub fn head_dim(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }

    /// Query heads that share one key and value head.
    pub fn num_key_value_groups(&self) -> usize {
        self.num_attention_heads / self.num_key_value_heads
    }
}

impl VisionConfig {
    /// Width of one head.
    pub fn head_dim(&self) -> usize {
        self.hidden_size / self.num_heads
    }

    /// Patches that become one token.
    pub fn spatial_merge_unit(&self) -> usize {
        self.spatial_merge_size * self.spatial_merge_size
    }

    /// Side of an attention window, in merged tokens.
    pub fn window_side_tokens(&self) -> usize {
        self.window_size / self.patch_size / self.spatial_merge_size
    }

    /// Values of one patch: channels × frames × side × side.
    pub fn patch_dim(&self) -> usize {
        self.in_channels * self.temporal_patch_size * self.patch_size * self.patch_size
    }
}

impl GenerationDefaults {
    /// Reads `generation_config.json` of the checkpoint in `dir`; without one, nothing is set.
    ///
    /// # Errors
    /// If the file is malformed or a value is out of range.
    pub fn from_dir(dir: &Path) -> Result<Self, ConfigError> {
        const NAME: &str = "generation_config.json";
        let defaults: Self = file::json(dir, NAME, MAX_CONFIG_BYTES)?.unwrap_or_default();
        check::generation(&defaults).map_err(|reason| ConfigError::Invalid {
            name: NAME,
            reason,
            folder: dir.into(),
        })?;
        Ok(defaults)
    }
}

/// Takes one id, a list of ids, or null.
fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Ids {
        None,
        One(u32),
        Many(Vec<u32>),
    }
    Ok(match Ids::deserialize(deserializer)? {
        Ids::None => Vec::new(),
        Ids::One(id) => vec![id],
        Ids::Many(ids) => ids,
    })
}
