//! Text models in GGUF files, `qwen2` and `qwen3`, through candle-transformers: they rewrite captions, propose questions
//! and answer them blind. They see no pictures.

mod prompt;
mod weights;
mod write;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use candle_core::Device;
use hub::{Fit, Weights as Format};
use provider::{Answer, Delta, Finish, Provider, ProviderError, Request};
use qwen::chat::ChatError;

use crate::device::{DeviceChoice, DeviceError, id_of};
use crate::local::StopText;
use prompt::Prompts;
use weights::Weights;
use write::{Sampler, write};

/// Longest context that is used, in tokens, whatever the file allows: the table of positions grows with it.
const MAX_CONTEXT_TOKENS: usize = 32_768;

/// Which text model, and where it computes.
#[derive(Debug, Clone)]
pub struct TextOptions {
    /// The GGUF file.
    pub file: PathBuf,
    /// Where it computes.
    pub device: DeviceChoice,
}

/// Why a text model was not opened.
#[derive(Debug, thiserror::Error)]
pub enum TextModelError {
    /// The file was not understood.
    #[error(transparent)]
    Hub(#[from] hub::Error),
    /// It is a model of another kind.
    #[error("not a GGUF file of a text model: {}", file.display())]
    OtherKind {
        /// The file or directory.
        file: PathBuf,
    },
    /// The device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// It does not fit into memory; nothing was loaded.
    #[error("the model needs {needed_mib} MiB and only {free_mib} MiB are free on {device}")]
    TooLittleMemory {
        /// MiB that weights, caches and work need.
        needed_mib: u64,
        /// MiB that are free.
        free_mib: u64,
        /// The device.
        device: String,
    },
    /// A tensor or a number is missing, or of another shape.
    #[error("the weights in {} cannot be used: {reason}", file.display())]
    Weights {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// There is no tokenizer, or it does not fit.
    #[error("the tokenizer of {} cannot be used: {reason}", file.display())]
    Tokenizer {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The chat template does not parse.
    #[error(transparent)]
    Chat(#[from] ChatError),
}

impl TextModelError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Hub(error) => error.help(),
            Self::OtherKind { .. } => Some("Give a `.gguf` file of a Qwen2 or Qwen3.".to_owned()),
            Self::Device(error) => Some(error.help().to_owned()),
            Self::TooLittleMemory { .. } => {
                Some("Take a smaller model, or one that is quantised more.".to_owned())
            }
            Self::Weights { .. } | Self::Tokenizer { .. } => {
                Some("Get the file again from where it came from.".to_owned())
            }
            Self::Chat(error) => error.help().map(str::to_owned),
        }
    }
}

/// Why a text was not written.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// It was shown a picture.
    #[error("`{0}` reads text only and cannot see pictures")]
    Picture(String),
    /// The conversation was not made into a prompt.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// The tokenizer refused.
    #[error("the text cannot be encoded: {0}")]
    NotEncoded(String),
    /// The prompt fills the context.
    #[error("the prompt has {tokens} tokens and the model's context only {context}")]
    PromptTooLong {
        /// Tokens of the prompt.
        tokens: usize,
        /// Tokens of the context.
        context: usize,
    },
    /// The device.
    #[error("the device failed while writing")]
    Device(#[from] candle_core::Error),
}

impl TextError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Picture(_) => Some("Ask a Qwen2.5-VL, or a server's model.".to_owned()),
            Self::Chat(error) => error.help().map(str::to_owned),
            Self::NotEncoded(_) => None,
            Self::PromptTooLong { .. } => Some("Shorten the text.".to_owned()),
            Self::Device(_) => Some("Try `--device cpu`.".to_owned()),
        }
    }
}

/// A text model on this machine, ready to write.
pub struct TextModel {
    name: String,
    prompts: Prompts,
    device: Device,
    context: usize,
    vocab: usize,
    /// One text at a time: the weights carry the text's cache.
    weights: Mutex<Weights>,
}

impl std::fmt::Debug for TextModel {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("TextModel")
            .field("name", &self.name)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

/// Opens a text model, after checking its header and asking whether it fits.
///
/// # Errors
/// When the file is no `qwen2` or `qwen3` text model, is damaged, or memory is too little.
pub fn open(options: &TextOptions) -> Result<TextModel, TextModelError> {
    let file = &options.file;
    let description = hub::describe(file)?;
    if description.kind != hub::Kind::Gguf {
        return Err(TextModelError::OtherKind { file: file.clone() });
    }
    let device = options.device.open()?;
    let context = description.context_tokens.unwrap_or(u64::MAX);
    let context = usize::try_from(context)
        .unwrap_or(usize::MAX)
        .min(MAX_CONTEXT_TOKENS);
    refuse_too_big(&description, &device)?;
    let (weights, content) = weights::load(file, &description, context, &device)?;
    let vocab = weights::vocab(&content);
    Ok(TextModel {
        prompts: Prompts::of(file, &content, vocab)?,
        name: description.name,
        device,
        context,
        vocab,
        weights: Mutex::new(weights),
    })
}

fn refuse_too_big(description: &hub::Description, device: &Device) -> Result<(), TextModelError> {
    const RECKONED_TOKENS: u64 = 4096;
    let id = id_of(device);
    let Some(found) = hub::devices().into_iter().find(|found| found.id == id) else {
        return Ok(());
    };
    let need = hub::memory_need(description, Format::F32, RECKONED_TOKENS, found.kind);
    match hub::fits(&need, &found) {
        Fit::TooBig {
            needed_bytes,
            free_bytes,
        } => Err(TextModelError::TooLittleMemory {
            needed_mib: needed_bytes >> 20,
            free_mib: free_bytes >> 20,
            device: found.name,
        }),
        Fit::Fits | Fit::Tight => Ok(()),
    }
}

impl TextModel {
    /// Token ids of a conversation, with the beginning of the answer.
    ///
    /// # Errors
    /// When it shows a picture, or the template fails.
    pub fn prompt(&self, messages: &[provider::Message]) -> Result<Vec<u32>, TextError> {
        self.prompts.ids(&self.name, messages)
    }

    /// Tokens that end an answer.
    pub fn stop_tokens(&self) -> &[u32] {
        self.prompts.stop_tokens()
    }

    /// Longest prompt with answer, in tokens.
    pub fn context_tokens(&self) -> usize {
        self.context
    }

    /// Mean negative log-likelihood of a token of `text`, in nats, and that of guessing. A model that does no better
    /// than guessing has random or broken weights.
    ///
    /// # Errors
    /// When the device fails.
    pub fn surprise(&self, text: &str) -> Result<(f64, f64), TextError> {
        let ids = self.prompts.plain(text)?;
        let mut weights = self.weights.lock().unwrap_or_else(PoisonError::into_inner);
        let mean = write::surprise(&mut weights, &ids, &self.device)?;
        Ok((mean, (self.vocab.max(2) as f64).ln()))
    }

    fn reply(
        &self,
        request: &Request,
        sink: &mut dyn FnMut(Delta) -> ControlFlow<()>,
    ) -> Result<Answer, TextError> {
        let prompt = self.prompt(&request.messages)?;
        let room = self.context.saturating_sub(prompt.len());
        if room == 0 || prompt.is_empty() {
            return Err(TextError::PromptTooLong {
                tokens: prompt.len(),
                context: self.context,
            });
        }
        let mut weights = self.weights.lock().unwrap_or_else(PoisonError::into_inner);
        let started = Instant::now();
        let mut first_token: Option<Duration> = None;
        let mut stream = self.prompts.stream();
        let mut until = StopText::new(&request.sampling.stop);
        let mut cancelled = false;
        let mut sampler = Sampler::new(&request.sampling, self.stop_tokens(), room);
        let written = write(
            &mut weights,
            &prompt,
            &mut sampler,
            &self.device,
            &mut |token| {
                if token.is_some() {
                    first_token.get_or_insert_with(|| started.elapsed());
                }
                let new = token.map(|token| until.pass(&stream.push(token)));
                let delta = match new {
                    Some(text) if !text.is_empty() => Delta::Text(text),
                    _ => Delta::Waiting,
                };
                cancelled = sink(delta).is_break();
                match cancelled || until.found() {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            },
        );
        let finish = written?;
        let mut rest = until.pass(&stream.finish());
        rest.push_str(&until.rest().unwrap_or_default());
        if !rest.is_empty() && !cancelled {
            cancelled = sink(Delta::Text(rest)).is_break();
        }
        Ok(Answer {
            finish: match finish {
                _ if until.found() => Finish::Stop,
                _ if cancelled => Finish::Cancelled,
                finish => finish,
            },
            prompt_tokens: u32::try_from(prompt.len()).ok(),
            new_tokens: u32::try_from(sampler.new_tokens()).ok(),
            mean_logprob: sampler.mean_log_prob(),
            first_token,
            took: started.elapsed(),
            model: self.name.clone(),
            text: until.into_text(),
        })
    }
}

impl Provider for TextModel {
    fn label(&self) -> String {
        self.name.clone()
    }

    fn concurrency(&self) -> usize {
        1
    }

    fn answer(
        &self,
        request: &Request,
        sink: &mut dyn FnMut(Delta) -> ControlFlow<()>,
    ) -> Result<Answer, ProviderError> {
        self.reply(request, sink)
            .map_err(|error| ProviderError::Local {
                message: error.to_string(),
                help: error.help(),
                source: Some(Box::new(error)),
            })
    }
}

fn weights_error(file: &Path) -> impl Fn(candle_core::Error) -> TextModelError {
    let file = file.to_owned();
    move |error| TextModelError::Weights {
        file: file.clone(),
        // Only the first line: Candle appends where in its code it was.
        reason: error
            .to_string()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
    }
}
