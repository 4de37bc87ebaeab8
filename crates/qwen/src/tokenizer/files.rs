//! Reads `tokenizer.json`, or builds the same from `vocab.json`, `merges.txt` and `tokenizer_config.json`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use tokenizers::DecoderWrapper;

use super::TokenizerError;
use crate::file;

/// Most bytes of one of the tokenizer's files; the published ones have 7 MB.
const MAX_TOKENIZER_BYTES: u64 = 64 << 20;

/// How Qwen2 cuts text into words, before BPE.
const WORDS: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

#[derive(Default, Deserialize)]
struct TokenizerConfig {
    #[serde(default)]
    added_tokens_decoder: BTreeMap<String, Value>,
}

/// Reads the tokenizer in `dir`, as it is.
pub(super) fn read(dir: &Path) -> Result<tokenizers::Tokenizer, TokenizerError> {
    let json = match file::text(dir, "tokenizer.json", MAX_TOKENIZER_BYTES)? {
        Some(json) => json,
        None => assemble(dir)?,
    };
    let mut tokenizer: tokenizers::Tokenizer = json
        .parse()
        .map_err(|error: tokenizers::Error| malformed(&*error))?;
    if !matches!(tokenizer.get_decoder(), Some(DecoderWrapper::ByteLevel(_))) {
        return Err(TokenizerError::NotByteLevel);
    }
    // Prompts are neither cut nor padded here, whatever the file says.
    tokenizer.with_padding(None);
    tokenizer
        .with_truncation(None)
        .map_err(|error| malformed(&*error))?;
    Ok(tokenizer)
}

/// The text of a `tokenizer.json` made of the older files.
fn assemble(dir: &Path) -> Result<String, TokenizerError> {
    let no_files = || TokenizerError::NoFiles { folder: dir.into() };
    let vocab: Value = file::json(dir, "vocab.json", MAX_TOKENIZER_BYTES)?.ok_or_else(no_files)?;
    let merges = file::text(dir, "merges.txt", MAX_TOKENIZER_BYTES)?.ok_or_else(no_files)?;
    let merges: Vec<&str> = merges
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("#version"))
        .collect();
    let config: TokenizerConfig =
        file::json(dir, "tokenizer_config.json", MAX_TOKENIZER_BYTES)?.unwrap_or_default();
    let mut added = Vec::new();
    for (id, mut token) in config.added_tokens_decoder {
        let id: u32 = id.parse().map_err(|error| malformed(&error))?;
        token["id"] = id.into();
        added.push((id, token));
    }
    // In the order of ids, as they are given out.
    added.sort_by_key(|(id, _)| *id);
    let added: Vec<Value> = added.into_iter().map(|(_, token)| token).collect();
    let byte_level = json!({
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false,
    });
    let split = json!({
        "type": "Split", "pattern": { "Regex": WORDS }, "behavior": "Isolated", "invert": false,
    });
    let tokenizer = json!({
        "version": "1.0",
        "added_tokens": added,
        "normalizer": { "type": "NFC" },
        "pre_tokenizer": { "type": "Sequence", "pretokenizers": [split, byte_level.clone()] },
        "decoder": byte_level,
        "model": { "type": "BPE", "vocab": vocab, "merges": merges },
    });
    Ok(tokenizer.to_string())
}

fn malformed(error: &(impl std::error::Error + ?Sized)) -> TokenizerError {
    // A parser's message may quote the file.
    let reason: String = error.to_string().chars().take(200).collect();
    TokenizerError::Malformed { reason }
}
