//! The two architectures behind one call. What the header says was checked by `hub` before.

use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::{Device, Tensor};
use candle_transformers::models::{quantized_qwen2, quantized_qwen3};

use super::{TextModelError, weights_error};

/// More layers than any model has.
const MAX_LAYERS: u64 = 512;
/// Prompts are read in pieces of so many tokens, then in halves of that: candle's `qwen2` keeps a mask for each length
/// that it ever saw.
const PIECE_TOKENS: usize = 128;

/// Weights, and the keys and values of the text that is being written.
pub enum Weights {
    Qwen2(quantized_qwen2::ModelWeights),
    Qwen3(quantized_qwen3::ModelWeights),
}

/// Reads the weights; what the header says comes back with them.
pub fn load(
    file: &Path,
    description: &hub::Description,
    context: usize,
    device: &Device,
) -> Result<(Weights, Content), TextModelError> {
    let wrong = |reason: &str| TextModelError::Weights {
        file: file.to_owned(),
        reason: reason.to_owned(),
    };
    let shape = description
        .shape
        .as_ref()
        .ok_or_else(|| wrong("the header names no sizes"))?;
    if shape.layers > MAX_LAYERS
        || !shape.heads.is_multiple_of(shape.kv_heads)
        || !shape.head_dim.is_multiple_of(2)
    {
        return Err(wrong("the header names sizes that do not fit together"));
    }
    let error = weights_error(file);
    let open = || -> candle_core::Result<(Content, BufReader<File>)> {
        let mut reader = BufReader::new(File::open(file)?);
        Ok((Content::read(&mut reader)?, reader))
    };
    let (content, mut reader) = open().map_err(&error)?;
    let architecture = &description.architecture;
    let mut used = Content {
        magic: content.magic,
        metadata: content.metadata.clone(),
        tensor_infos: open().map_err(&error)?.0.tensor_infos,
        tensor_data_offset: content.tensor_data_offset,
    };
    let context = u32::try_from(context).unwrap_or(u32::MAX);
    let key = format!("{architecture}.context_length");
    used.metadata.insert(key, Value::U32(context));
    // Positions are exact in f32 only, which candle's `qwen3` takes when the file says so.
    used.metadata
        .insert("general.dtype".to_owned(), Value::U32(0));
    let loaded =
        catch_unwind(AssertUnwindSafe(|| match architecture.as_str() {
            "qwen3" => quantized_qwen3::ModelWeights::from_gguf(used, &mut reader, device)
                .map(Weights::Qwen3),
            _ => quantized_qwen2::ModelWeights::from_gguf(used, &mut reader, device)
                .map(Weights::Qwen2),
        }));
    let loaded = loaded.map_err(|_panic| wrong("they are of an impossible shape"))?;
    Ok((loaded.map_err(&error)?, content))
}

/// Rows of the embedding: ids below it exist.
pub fn vocab(content: &Content) -> usize {
    let embedding = content.tensor_infos.get("token_embd.weight");
    embedding
        .and_then(|info| info.shape.dims().first().copied())
        .unwrap_or(0)
}

impl Weights {
    /// Begins a new text.
    pub fn forget(&mut self) {
        match self {
            Self::Qwen2(weights) => weights.clear_kv_cache(),
            Self::Qwen3(weights) => weights.clear_kv_cache(),
        }
    }

    /// Scores (vocabulary) of what comes after `ids`, which stand at `at` and after.
    pub fn forward(
        &mut self,
        ids: &[u32],
        at: usize,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let ids = Tensor::new(ids, device)?.unsqueeze(0)?;
        let scores = match self {
            Self::Qwen2(weights) => weights.forward(&ids, at)?,
            Self::Qwen3(weights) => weights.forward(&ids, at)?,
        };
        scores.squeeze(0)?.to_dtype(candle_core::DType::F32)
    }
}

/// Cuts a prompt into the pieces in which it is read.
pub fn pieces(mut ids: &[u32]) -> Vec<&[u32]> {
    let mut pieces = Vec::new();
    let mut size = PIECE_TOKENS;
    while !ids.is_empty() {
        while size > ids.len() {
            size /= 2;
        }
        let (piece, rest) = ids.split_at(size);
        pieces.push(piece);
        ids = rest;
    }
    pieces
}
