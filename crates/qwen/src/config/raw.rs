//! `config.json` as it is written: flat as published, or with a nested `text_config`. Defaults are those of transformers.

use candle_core::DType;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Activation, Config, VisionConfig, one_or_more};

/// The whole file.
#[derive(Deserialize)]
pub(super) struct Top {
    #[serde(flatten)]
    flat: Text,
    text_config: Option<Text>,
    vision_config: Vision,
    #[serde(default = "image_token_id")]
    image_token_id: u32,
    #[serde(default = "video_token_id")]
    video_token_id: u32,
    #[serde(default = "vision_start_token_id")]
    vision_start_token_id: u32,
    #[serde(default = "vision_end_token_id")]
    vision_end_token_id: u32,
    quantization_config: Option<IgnoredAny>,
}

/// The text tower's part; each value may stand in the file itself or in `text_config`.
#[derive(Default, Deserialize)]
struct Text {
    hidden_size: Option<usize>,
    intermediate_size: Option<usize>,
    num_hidden_layers: Option<usize>,
    num_attention_heads: Option<usize>,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    rms_norm_eps: Option<f64>,
    rope_theta: Option<f64>,
    max_position_embeddings: Option<usize>,
    rope_parameters: Option<Rope>,
    rope_scaling: Option<Rope>,
    vocab_size: Option<usize>,
    tie_word_embeddings: Option<bool>,
    hidden_act: Option<Activation>,
    bos_token_id: Option<u32>,
    #[serde(default, deserialize_with = "one_or_more")]
    eos_token_id: Vec<u32>,
    dtype: Option<String>,
    torch_dtype: Option<String>,
    use_sliding_window: Option<bool>,
}

#[derive(Deserialize)]
struct Rope {
    #[serde(rename = "type")]
    kind: Option<String>,
    rope_type: Option<String>,
    rope_theta: Option<f64>,
    mrope_section: Option<[usize; 3]>,
}

#[derive(Deserialize)]
struct Vision {
    depth: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_heads: usize,
    in_channels: Option<usize>,
    in_chans: Option<usize>,
    #[serde(default = "patch_size")]
    patch_size: usize,
    #[serde(default = "two")]
    temporal_patch_size: usize,
    #[serde(default = "two")]
    spatial_merge_size: usize,
    #[serde(default = "window_size")]
    window_size: usize,
    fullatt_block_indexes: Vec<usize>,
    out_hidden_size: usize,
    #[serde(default = "silu")]
    hidden_act: Activation,
}

fn image_token_id() -> u32 {
    151_655
}

fn video_token_id() -> u32 {
    151_656
}

fn vision_start_token_id() -> u32 {
    151_652
}

fn vision_end_token_id() -> u32 {
    151_653
}

fn patch_size() -> usize {
    14
}

fn two() -> usize {
    2
}

fn window_size() -> usize {
    112
}

fn silu() -> Activation {
    Activation::Silu
}

impl Top {
    /// Brings both layouts to one; an error is what is missing or not supported.
    pub(super) fn into_config(self) -> Result<Config, String> {
        if self.quantization_config.is_some() {
            return Err(
                "`quantization_config`: weights quantised on disk are not supported".into(),
            );
        }
        let tied_at_top = self.flat.tie_word_embeddings;
        let text = match self.text_config {
            Some(nested) => nested.or(self.flat),
            None => self.flat,
        };
        if text.use_sliding_window == Some(true) {
            return Err("`use_sliding_window`: a sliding window is not supported".into());
        }
        let rope = text
            .rope_parameters
            .or(text.rope_scaling)
            .ok_or("`rope_scaling` is missing")?;
        for kind in [&rope.kind, &rope.rope_type].into_iter().flatten() {
            if !matches!(kind.as_str(), "mrope" | "default") {
                return Err("`rope_scaling`: only type `mrope` is supported".into());
            }
        }
        let hidden_size = required(text.hidden_size, "hidden_size")?;
        let num_attention_heads = required(text.num_attention_heads, "num_attention_heads")?;
        if text
            .head_dim
            .is_some_and(|head_dim| head_dim.checked_mul(num_attention_heads) != Some(hidden_size))
        {
            return Err("`head_dim` is not `hidden_size` / `num_attention_heads`".into());
        }
        Ok(Config {
            hidden_size,
            intermediate_size: required(text.intermediate_size, "intermediate_size")?,
            num_hidden_layers: required(text.num_hidden_layers, "num_hidden_layers")?,
            num_attention_heads,
            num_key_value_heads: text.num_key_value_heads.unwrap_or(8),
            rms_norm_eps: text.rms_norm_eps.unwrap_or(1e-5),
            rope_theta: rope.rope_theta.or(text.rope_theta).unwrap_or(1e6),
            max_position_embeddings: text.max_position_embeddings.unwrap_or(32_768),
            mrope_section: required(rope.mrope_section, "mrope_section")?,
            vocab_size: required(text.vocab_size, "vocab_size")?,
            tie_word_embeddings: tied_at_top.or(text.tie_word_embeddings).unwrap_or(false),
            hidden_act: text.hidden_act.unwrap_or(Activation::Silu),
            image_token_id: self.image_token_id,
            video_token_id: self.video_token_id,
            vision_start_token_id: self.vision_start_token_id,
            vision_end_token_id: self.vision_end_token_id,
            bos_token_id: text.bos_token_id,
            eos_token_id: text.eos_token_id,
            dtype: text
                .dtype
                .or(text.torch_dtype)
                .as_deref()
                .map(dtype)
                .transpose()?,
            vision: self.vision_config.into(),
        })
    }
}

impl Text {
    /// These values, and the other's where they are missing.
    fn or(self, other: Self) -> Self {
        Self {
            hidden_size: self.hidden_size.or(other.hidden_size),
            intermediate_size: self.intermediate_size.or(other.intermediate_size),
            num_hidden_layers: self.num_hidden_layers.or(other.num_hidden_layers),
            num_attention_heads: self.num_attention_heads.or(other.num_attention_heads),
            num_key_value_heads: self.num_key_value_heads.or(other.num_key_value_heads),
            head_dim: self.head_dim.or(other.head_dim),
            rms_norm_eps: self.rms_norm_eps.or(other.rms_norm_eps),
            rope_theta: self.rope_theta.or(other.rope_theta),
            max_position_embeddings: self
                .max_position_embeddings
                .or(other.max_position_embeddings),
            rope_parameters: self.rope_parameters.or(other.rope_parameters),
            rope_scaling: self.rope_scaling.or(other.rope_scaling),
            vocab_size: self.vocab_size.or(other.vocab_size),
            tie_word_embeddings: self.tie_word_embeddings.or(other.tie_word_embeddings),
            hidden_act: self.hidden_act.or(other.hidden_act),
            bos_token_id: self.bos_token_id.or(other.bos_token_id),
            eos_token_id: match self.eos_token_id.is_empty() {
                true => other.eos_token_id,
                false => self.eos_token_id,
            },
            dtype: self.dtype.or(other.dtype),
            torch_dtype: self.torch_dtype.or(other.torch_dtype),
            use_sliding_window: self.use_sliding_window.or(other.use_sliding_window),
        }
    }
}

impl From<Vision> for VisionConfig {
    fn from(raw: Vision) -> Self {
        Self {
            depth: raw.depth,
            hidden_size: raw.hidden_size,
            intermediate_size: raw.intermediate_size,
            num_heads: raw.num_heads,
            in_channels: raw.in_channels.or(raw.in_chans).unwrap_or(3),
            patch_size: raw.patch_size,
            temporal_patch_size: raw.temporal_patch_size,
            spatial_merge_size: raw.spatial_merge_size,
            window_size: raw.window_size,
            fullatt_block_indexes: raw.fullatt_block_indexes,
            out_hidden_size: raw.out_hidden_size,
            hidden_act: raw.hidden_act,
        }
    }
}

fn required<T>(value: Option<T>, name: &str) -> Result<T, String> {
    value.ok_or_else(|| format!("`{name}` is missing"))
}

fn dtype(name: &str) -> Result<DType, String> {
    match name {
        "float32" => Ok(DType::F32),
        "bfloat16" => Ok(DType::BF16),
        "float16" => Ok(DType::F16),
        _ => Err("`torch_dtype` is not `float32`, `bfloat16` or `float16`".into()),
    }
}
