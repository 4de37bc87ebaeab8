//! How much memory a model needs, before it is loaded.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::describe::{Description, Kind};
use crate::device::DeviceKind;

/// The type that weights are computed in, or quantised to when they are loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weights {
    /// 32 bits a weight.
    F32,
    /// 16 bits a weight, with the range of 32.
    Bf16,
    /// 16 bits a weight.
    F16,
    /// Blocks of 32 weights in 34 bytes.
    Q8_0,
    /// Blocks of 256 weights in 144 bytes; rows that are no multiple of 256 as [`Weights::Q8_0`].
    Q4K,
}

/// Memory that a model needs, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Need {
    /// Weights as they lie in memory.
    pub weights_bytes: u64,
    /// Keys and values of every token of the context.
    pub cache_bytes: u64,
    /// Activations, scores of attention and logits while a prompt is read; an estimate.
    pub working_bytes: u64,
}

/// Tokens of a prompt that go through the decoder at once.
const PROMPT_TOKENS: u64 = 2_048;
/// Patches of one picture of that many tokens: two by two become one token.
const PICTURE_PATCHES: u64 = 4 * PROMPT_TOKENS;
/// Queries whose scores are in memory at once.
const QUERY_BLOCK: u64 = 256;
/// What the program itself, the tokenizer and the picture take.
const PROGRAM_BYTES: u64 = 128 << 20;

impl Need {
    /// All of it.
    pub fn total(&self) -> u64 {
        self.weights_bytes
            .saturating_add(self.cache_bytes)
            .saturating_add(self.working_bytes)
    }
}

/// Estimates the memory for `context_tokens` of prompt and answer. A GGUF file is quantised already: `weights`
/// changes nothing for it. Of an adapter only its own weights are counted.
pub fn memory_need(
    description: &Description,
    weights: Weights,
    context_tokens: u64,
    device: DeviceKind,
) -> Need {
    let number_bytes = match (device, weights) {
        (DeviceKind::Cuda, Weights::F32) | (DeviceKind::Cpu, _) => 4,
        (DeviceKind::Cuda, _) => 2,
    };
    Need {
        weights_bytes: weights_bytes(description, weights),
        cache_bytes: cache_bytes(description, context_tokens, number_bytes),
        working_bytes: working_bytes(description, context_tokens, number_bytes),
    }
}

fn weights_bytes(description: &Description, weights: Weights) -> u64 {
    let counts = description.weights;
    if description.kind == Kind::Gguf {
        return counts.bytes;
    }
    let (of_256, of_32) = (counts.rows_of_256, counts.rows_of_32);
    match weights {
        Weights::F32 => description.parameters.saturating_mul(4),
        Weights::Bf16 | Weights::F16 => description.parameters.saturating_mul(2),
        Weights::Q8_0 => {
            blocks(of_256.saturating_add(of_32), 32, 34).saturating_add(counts.others_bytes)
        }
        Weights::Q4K => blocks(of_256, 256, 144)
            .saturating_add(blocks(of_32, 32, 34))
            .saturating_add(counts.others_bytes),
    }
}

fn blocks(elements: u64, block: u64, block_bytes: u64) -> u64 {
    (elements / block).saturating_mul(block_bytes)
}

fn cache_bytes(description: &Description, context_tokens: u64, number_bytes: u64) -> u64 {
    let Some(shape) = &description.shape else {
        return 0;
    };
    product(&[
        2,
        shape.layers,
        shape.kv_heads,
        shape.head_dim,
        context_tokens,
        number_bytes,
    ])
}

/// The larger of two moments, for one is over when the other begins: a picture in the vision tower, a prompt
/// in the decoder. In each: four streams as wide as the residual one (input, normed, queries, sum), three as
/// wide as the feed-forward layer (gate, up, product), and scores for a block of queries in every head. The
/// decoder also has the logits of one token.
fn working_bytes(description: &Description, context_tokens: u64, number_bytes: u64) -> u64 {
    let Some(shape) = &description.shape else {
        return 0;
    };
    let moment = |tokens: u64, keys: u64, hidden: u64, intermediate: u64, heads: u64| {
        let streams = hidden.saturating_mul(4) + intermediate.saturating_mul(3);
        let scores = product(&[heads, QUERY_BLOCK, keys]);
        product(&[tokens, streams]).saturating_add(scores)
    };
    let tokens = context_tokens.min(PROMPT_TOKENS);
    let decoder = moment(
        tokens,
        context_tokens,
        shape.hidden,
        shape.intermediate,
        shape.heads,
    );
    let decoder = decoder.saturating_add(shape.vocab);
    let vision = shape.vision.as_ref().map_or(0, |vision| {
        moment(
            PICTURE_PATCHES,
            PICTURE_PATCHES,
            vision.hidden,
            vision.intermediate,
            vision.heads,
        )
    });
    decoder
        .max(vision)
        .saturating_mul(number_bytes)
        .saturating_add(PROGRAM_BYTES)
}

fn product(factors: &[u64]) -> u64 {
    factors
        .iter()
        .fold(1, |product: u64, n| product.saturating_mul(*n))
}

impl Weights {
    /// All of them, the largest first.
    pub const ALL: [Self; 5] = [Self::F32, Self::Bf16, Self::F16, Self::Q8_0, Self::Q4K];

    /// As it is typed: `f32`, `bf16`, `f16`, `q8_0`, `q4_k`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
            Self::Q8_0 => "q8_0",
            Self::Q4K => "q4_k",
        }
    }
}

impl FromStr for Weights {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|known| known.as_str() == text);
        known.ok_or_else(|| format!("`{text}` is none of `f32`, `bf16`, `f16`, `q8_0`, `q4_k`"))
    }
}

impl fmt::Display for Weights {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
