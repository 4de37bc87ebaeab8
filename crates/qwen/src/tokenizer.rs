//! Turns text into token ids and back: byte-level BPE of the checkpoint, with its special tokens under our control, since
//! text comes from strangers.

mod files;
mod stream;

use std::collections::HashSet;
use std::path::Path;

use thiserror::Error;

pub use crate::file::FileError;
pub use stream::StreamDecoder;

use crate::config::Config;

/// A checkpoint's tokenizer.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    /// Takes special tokens' literals for plain text.
    bpe: tokenizers::Tokenizer,
    /// Literals and ids of the special tokens, longest first.
    special: Vec<(String, u32)>,
    special_ids: HashSet<u32>,
    named: SpecialIds,
}

/// Ids of the special tokens that Qwen2.5-VL cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpecialIds {
    /// `<|im_start|>`, before each message.
    pub im_start: u32,
    /// `<|im_end|>`, after each message.
    pub im_end: u32,
    /// `<|endoftext|>`, which also pads.
    pub endoftext: u32,
    /// `<|vision_start|>`, before each image.
    pub vision_start: u32,
    /// `<|vision_end|>`, after each image.
    pub vision_end: u32,
    /// `<|image_pad|>`, each standing for one token of an image.
    pub image_pad: u32,
}

/// Why a tokenizer was not taken, or a text not encoded.
#[derive(Debug, Error)]
pub enum TokenizerError {
    /// There is neither `tokenizer.json` nor both `vocab.json` and `merges.txt`.
    #[error("no `tokenizer.json`, and not both `vocab.json` and `merges.txt`, in {}", folder.display())]
    NoFiles {
        /// The checkpoint's folder.
        folder: std::path::PathBuf,
    },
    /// The files do not describe a tokenizer.
    #[error("the tokenizer cannot be built: {reason}")]
    Malformed {
        /// The library's words.
        reason: String,
    },
    /// Not byte-level BPE.
    #[error("the tokenizer is not byte-level BPE")]
    NotByteLevel,
    /// A special token is missing.
    #[error("the tokenizer has no special token `{token}`")]
    NoSpecialToken {
        /// Its literal.
        token: &'static str,
    },
    /// A special token has another id than `config.json` says.
    #[error("the tokenizer's `{token}` is {id}, and `{name}` of `config.json` is {expected}")]
    OtherId {
        /// Its literal.
        token: &'static str,
        /// Its id in the tokenizer.
        id: u32,
        /// The name in `config.json`.
        name: &'static str,
        /// The id in `config.json`.
        expected: u32,
    },
    /// An id for which the model has no embedding.
    #[error("the tokenizer has the id {id}, and the model's `vocab_size` is {vocab_size}")]
    BeyondVocabulary {
        /// The largest id.
        id: u32,
        /// Rows of the embedding.
        vocab_size: usize,
    },
    /// A text was not encoded.
    #[error("the text cannot be encoded: {reason}")]
    NotEncoded {
        /// The library's words.
        reason: String,
    },
    /// A file was not read.
    #[error(transparent)]
    File(#[from] FileError),
}

impl TokenizerError {
    /// Returns what a person can do about it, where there is something.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::NotEncoded { .. } => None,
            _ => Some("Fetch the checkpoint again; its files do not fit together."),
        }
    }
}

impl Tokenizer {
    /// Reads the tokenizer of the checkpoint in `dir` and checks it against the model's configuration.
    ///
    /// # Errors
    /// If it is missing, malformed, lacks a special token, or has ids that the model does not.
    pub fn from_dir(dir: &Path, config: &Config) -> Result<Self, TokenizerError> {
        let mut bpe = files::read(dir)?;
        bpe.set_encode_special_tokens(true);
        let added = bpe.get_added_tokens_decoder();
        let mut special: Vec<(String, u32)> = added
            .into_iter()
            .filter(|(_, token)| token.special && !token.content.is_empty())
            .map(|(id, token)| (token.content, id))
            .collect();
        special.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.1.cmp(&b.1)));
        let named = SpecialIds::find(&special)?;
        named.check(config)?;
        let last = bpe.get_vocab(true).into_values().max().unwrap_or(0);
        if last as usize >= config.vocab_size {
            return Err(TokenizerError::BeyondVocabulary {
                id: last,
                vocab_size: config.vocab_size,
            });
        }
        Ok(Self {
            special_ids: special.iter().map(|(_, id)| *id).collect(),
            bpe,
            special,
            named,
        })
    }

    /// Returns the ids of the special tokens that the model needs.
    pub fn special(&self) -> SpecialIds {
        self.named
    }

    /// Returns the number of tokens, special and other added ones included.
    pub fn vocab_size(&self) -> usize {
        self.bpe.get_vocab_size(true)
    }

    /// Returns the id of a token by its literal, if there is one.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.bpe.token_to_id(token)
    }

    /// Encodes a text in which the literals of special tokens mean these tokens. Not for text that people write: see
    /// [`Self::encode_plain`].
    ///
    /// # Errors
    /// If the library cannot encode it.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        self.encode_with(text, |plain| self.encode_plain(plain))
    }

    /// Encodes a text in which nothing is a special token, whatever it looks like.
    ///
    /// # Errors
    /// If the library cannot encode it.
    pub fn encode_plain(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let encoding =
            self.bpe
                .encode_fast(text, false)
                .map_err(|error| TokenizerError::NotEncoded {
                    reason: error.to_string(),
                })?;
        Ok(encoding.get_ids().to_vec())
    }

    /// Returns the number of tokens of a text that people write.
    ///
    /// # Errors
    /// If the library cannot encode it.
    pub fn count(&self, text: &str) -> Result<usize, TokenizerError> {
        Ok(self.encode_plain(text)?.len())
    }

    /// Decodes ids to text, without special tokens if `skip_special`. Bytes that are not UTF-8 become U+FFFD; ids that
    /// the tokenizer does not have become nothing.
    pub fn decode(&self, ids: &[u32], skip_special: bool) -> String {
        let mut bytes = Vec::new();
        for &id in ids {
            self.push_bytes(id, skip_special, &mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Starts decoding token by token.
    pub fn stream(&self, skip_special: bool) -> StreamDecoder<'_> {
        StreamDecoder::new(self, skip_special)
    }

    /// Literals and ids of the special tokens, longest first.
    pub(crate) fn specials(&self) -> &[(String, u32)] {
        &self.special
    }

    /// Encodes `text`, handing what stands between special tokens to `encode_plain`.
    pub(crate) fn encode_with(
        &self,
        text: &str,
        encode_plain: impl Fn(&str) -> Result<Vec<u32>, TokenizerError>,
    ) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = Vec::new();
        let (mut plain_from, mut at) = (0, 0);
        while at < text.len() {
            let rest = &text[at..];
            let found = self
                .special
                .iter()
                .find(|(literal, _)| rest.starts_with(literal.as_str()));
            if let Some((literal, id)) = found {
                if plain_from < at {
                    ids.extend(encode_plain(&text[plain_from..at])?);
                }
                ids.push(*id);
                at += literal.len();
                plain_from = at;
            } else {
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        if plain_from < text.len() {
            ids.extend(encode_plain(&text[plain_from..])?);
        }
        Ok(ids)
    }

    /// Appends the bytes of one token.
    fn push_bytes(&self, id: u32, skip_special: bool, bytes: &mut Vec<u8>) {
        if skip_special && self.special_ids.contains(&id) {
            return;
        }
        let Some(token) = self.bpe.id_to_token(id) else {
            return;
        };
        let start = bytes.len();
        for letter in token.chars() {
            match byte_of(letter) {
                Some(byte) => bytes.push(byte),
                None => {
                    // An added token, which stands for itself.
                    bytes.truncate(start);
                    bytes.extend(token.as_bytes());
                    return;
                }
            }
        }
    }
}

impl SpecialIds {
    fn find(special: &[(String, u32)]) -> Result<Self, TokenizerError> {
        let id = |token: &'static str| {
            special
                .iter()
                .find(|(literal, _)| literal == token)
                .map(|(_, id)| *id)
                .ok_or(TokenizerError::NoSpecialToken { token })
        };
        Ok(Self {
            im_start: id("<|im_start|>")?,
            im_end: id("<|im_end|>")?,
            endoftext: id("<|endoftext|>")?,
            vision_start: id("<|vision_start|>")?,
            vision_end: id("<|vision_end|>")?,
            image_pad: id("<|image_pad|>")?,
        })
    }

    fn check(&self, config: &Config) -> Result<(), TokenizerError> {
        let pairs = [
            (
                "<|image_pad|>",
                self.image_pad,
                "image_token_id",
                config.image_token_id,
            ),
            (
                "<|vision_start|>",
                self.vision_start,
                "vision_start_token_id",
                config.vision_start_token_id,
            ),
            (
                "<|vision_end|>",
                self.vision_end,
                "vision_end_token_id",
                config.vision_end_token_id,
            ),
        ];
        match pairs
            .into_iter()
            .find(|(_, id, _, expected)| id != expected)
        {
            Some((token, id, name, expected)) => Err(TokenizerError::OtherId {
                token,
                id,
                name,
                expected,
            }),
            None => Ok(()),
        }
    }
}

/// The byte that a letter of a byte-level token stands for (GPT-2's table): printable Latin-1 for itself, the other
/// bytes in order from U+0100 on.
fn byte_of(letter: char) -> Option<u8> {
    match u32::from(letter) {
        code @ (0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF) => u8::try_from(code).ok(),
        code @ 0x100..=0x120 => u8::try_from(code - 0x100).ok(),
        code @ 0x121..=0x142 => u8::try_from(code - 0x121 + 0x7F).ok(),
        0x143 => Some(0xAD),
        _ => None,
    }
}
