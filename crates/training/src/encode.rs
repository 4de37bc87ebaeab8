//! Rows as samples: pictures decoded and cut into patches, texts as token ids.

use std::path::{Path, PathBuf};

use finetune::Sample;
use image::DynamicImage;
use qwen::chat::{ChatError, ChatTemplate};
use qwen::config::Config;
use qwen::load::LoadError;
use qwen::processor::{PreprocessorConfig, Processor, ProcessorError};
use qwen::tokenizer::{Tokenizer, TokenizerError};

use crate::rows::{Refused, Row};

/// Why a row was not made into a sample.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// A picture was not decoded.
    #[error("cannot read the picture {}: {reason}", path.display())]
    Picture {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A picture was not taken.
    #[error(transparent)]
    Processor(#[from] ProcessorError),
    /// The conversation was not rendered, or has nothing to learn.
    #[error(transparent)]
    Sample(#[from] finetune::Error),
    /// It does not fit into the model's context.
    #[error("it has {tokens} tokens, {limit} are the limit")]
    TooLong {
        /// Its tokens.
        tokens: usize,
        /// Most that are taken.
        limit: usize,
    },
}

/// Why a checkpoint's tokenizer, template or processor was not read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The configuration.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The tokenizer.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The chat template.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// The image processor.
    #[error(transparent)]
    Processor(#[from] ProcessorError),
}

/// Decodes a stranger's picture, or says why not.
pub type Decode = Box<dyn FnMut(&Path) -> Result<DynamicImage, String> + Send>;

/// What makes samples for one base model.
pub struct Encoder {
    tokenizer: Tokenizer,
    template: ChatTemplate,
    processor: Processor,
    decode: Decode,
    limit: usize,
}

/// What an [`Encoder`] is for.
pub struct EncoderOptions {
    /// Decodes pictures.
    pub decode: Decode,
    /// Pictures are shrunk to so many pixels.
    pub max_pixels: Option<u64>,
    /// Most tokens of a sample; never more than the model's context.
    pub max_tokens: Option<usize>,
}

impl Encoder {
    /// Reads what the checkpoint in `base` says of texts and pictures.
    ///
    /// # Errors
    /// When a file is missing or damaged.
    pub fn open(base: &Path, options: EncoderOptions) -> Result<Self, OpenError> {
        let config = Config::from_dir(base).map_err(LoadError::from)?;
        let mut preprocessor = PreprocessorConfig::from_dir(base)?;
        if let Some(max_pixels) = options.max_pixels {
            preprocessor.shrink_to(max_pixels);
        }
        let context = config.max_position_embeddings;
        Ok(Self {
            tokenizer: Tokenizer::from_dir(base, &config)?,
            template: ChatTemplate::from_dir(base)?,
            processor: Processor::new(preprocessor, &config.vision)?,
            decode: options.decode,
            limit: options
                .max_tokens
                .map_or(context, |limit| limit.min(context)),
        })
    }

    /// Parts rows that can be made into samples from those that cannot, so that no run ends at one of these.
    pub fn sift(&mut self, rows: Vec<Row>) -> (Vec<Row>, Vec<Refused>) {
        let mut refused = Vec::new();
        let good = rows.into_iter().filter(|row| match self.encode(row) {
            Ok(_) => true,
            Err(error) => {
                let (id, reason) = (row.id.clone(), error.to_string());
                refused.push(Refused { id, reason });
                false
            }
        });
        (good.collect(), refused)
    }

    /// Makes a row into a sample. Nothing is cut off: a row that is too long is refused.
    ///
    /// # Errors
    /// When a picture is broken, the conversation cannot be rendered, or it is too long.
    pub fn encode(&mut self, row: &Row) -> Result<Sample, EncodeError> {
        let mut images = Vec::with_capacity(row.images.len());
        for path in &row.images {
            let pixels = (self.decode)(path).map_err(|reason| EncodeError::Picture {
                path: path.clone(),
                reason,
            })?;
            images.push(self.processor.image(&pixels)?);
        }
        let sample = Sample::new(&self.tokenizer, &self.template, &row.messages, images)?;
        if sample.input_ids.len() > self.limit {
            return Err(EncodeError::TooLong {
                tokens: sample.input_ids.len(),
                limit: self.limit,
            });
        }
        Ok(sample)
    }
}
