//! A Qwen2.5-VL on this machine: loaded after asking whether it fits, and answering chats.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use candle_core::{D, DType, Device, IndexOp};
use hub::{DeviceKind, Fit, Weights};
use provider::{Answer, Delta, Part, Provider, ProviderError, Request};
use qwen::chat::{ChatError, ChatTemplate, Content, Message, Prompt, RenderOptions, Role};
use qwen::config::GenerationDefaults;
use qwen::generate::{self, Finish, GenerateError, Generated, Progress, Sampling};
use qwen::load::{LoadError, LoadOptions, Quantization, load};
use qwen::model::Qwen;
use qwen::ops::Mode;
use qwen::processor::{Patches, PreprocessorConfig, Processor, ProcessorError};
use qwen::tokenizer::{Tokenizer, TokenizerError};

use crate::device::{DeviceChoice, DeviceError, id_of};

/// Tokens of prompt and answer that memory is reckoned for.
const RECKONED_TOKENS: u64 = 4096;

/// Texts of the kind that the model was made for; a trained one finds them likely.
pub const ORDINARY: [&str; 2] = [
    "The network connects the router to the switch, and the server sends a response to the client.",
    "网络由路由器和交换机组成，用户通过核心网访问互联网。",
];

/// Which model, and how.
#[derive(Debug, Clone)]
pub struct LocalOptions {
    /// The checkpoint's directory.
    pub dir: PathBuf,
    /// A PEFT adapter to put on top.
    pub adapter: Option<PathBuf>,
    /// Adds the adapter into the weights instead of computing it beside them.
    pub merge: bool,
    /// Where it computes.
    pub device: DeviceChoice,
    /// Format that weights are held in; as the checkpoint has them if `None`.
    pub weights: Option<Weights>,
    /// Most pixels of a picture after resizing, if fewer than the checkpoint says; one token is 28 × 28.
    pub max_pixels: Option<u64>,
}

/// Why a model was not opened.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The directory was not understood.
    #[error(transparent)]
    Hub(#[from] hub::Error),
    /// It is a model of another kind.
    #[error("not a Qwen2.5-VL directory: {}", dir.display())]
    OtherKind {
        /// The directory.
        dir: PathBuf,
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
    /// The weights, the configuration or the adapter.
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

impl LocalError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Hub(error) => error.help(),
            Self::OtherKind { .. } => {
                Some("Fetch one with `callout model fetch Qwen/Qwen2.5-VL-3B-Instruct`.".to_owned())
            }
            Self::Device(error) => Some(error.help().to_owned()),
            Self::TooLittleMemory { .. } => {
                Some("Try `--quantize q8_0` or `q4_k`, or a smaller model.".to_owned())
            }
            Self::Load(error) => error.help().map(str::to_owned),
            Self::Tokenizer(error) => error.help().map(str::to_owned),
            Self::Chat(error) => error.help().map(str::to_owned),
            Self::Processor(error) => error.help().map(str::to_owned),
        }
    }
}

/// Why a text was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The conversation was not made into a prompt.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// A picture was not taken.
    #[error(transparent)]
    Processor(#[from] ProcessorError),
    /// The model did not write.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// A picture that is only named.
    #[error("a model on this machine fetches no picture from `{0}`")]
    Url(String),
}

impl WriteError {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Chat(error) => error.help(),
            Self::Processor(error) => error.help(),
            Self::Generate(error) => error.help(),
            Self::Url(_) => Some("Give the picture itself."),
        }
    }
}

/// A model on this machine, ready to write.
#[derive(Debug)]
pub struct Local {
    name: String,
    model: Qwen,
    tokenizer: Tokenizer,
    template: ChatTemplate,
    processor: Processor,
    defaults: GenerationDefaults,
    /// One text at a time.
    busy: Mutex<()>,
}

/// What was written, and how fast.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The text, without special tokens.
    pub text: String,
    /// Ids, log-probabilities, and why it ended.
    pub tokens: Generated,
    /// Tokens of the prompt, image tokens included.
    pub prompt_tokens: usize,
    /// From the start until the first token was chosen.
    pub first_token: Option<Duration>,
    /// From the start to the end.
    pub took: Duration,
}

impl Written {
    /// Tokens a second after the first one; `None` with fewer than two.
    pub fn tokens_per_s(&self) -> Option<f64> {
        let after_first = (self.took - self.first_token?).as_secs_f64();
        let count = self.tokens.ids.len().checked_sub(1).filter(|n| *n > 0)?;
        Some(count as f64 / after_first.max(1e-9))
    }

    /// Mean natural logarithm of the tokens' probabilities.
    pub fn mean_log_prob(&self) -> Option<f64> {
        let all = &self.tokens.log_probs;
        let sum: f64 = all.iter().map(|x| f64::from(*x)).sum();
        (!all.is_empty()).then(|| sum / all.len() as f64)
    }
}

/// Opens a model, after asking whether it fits.
///
/// # Errors
/// When the directory holds no whole Qwen2.5-VL, the adapter does not fit, or memory is too little.
pub fn open(options: &LocalOptions) -> Result<Local, LocalError> {
    let description = hub::describe(&options.dir)?;
    if description.kind != hub::Kind::Qwen25Vl {
        return Err(LocalError::OtherKind {
            dir: options.dir.clone(),
        });
    }
    let device = options.device.open()?;
    refuse_too_big(&description, options.weights, &device)?;
    let mut load_options = LoadOptions::on(device);
    load_options.adapter.clone_from(&options.adapter);
    load_options.merge = options.merge;
    match options.weights {
        Some(Weights::F32) => load_options.dtype = Some(DType::F32),
        Some(Weights::Bf16) => load_options.dtype = Some(DType::BF16),
        Some(Weights::F16) => load_options.dtype = Some(DType::F16),
        Some(Weights::Q8_0) => load_options.quantize = Some(Quantization::Q8_0),
        Some(Weights::Q4K) => load_options.quantize = Some(Quantization::Q4K),
        None => {}
    }
    // What is small and often wrong comes first.
    let config = qwen::config::Config::from_dir(&options.dir).map_err(LoadError::from)?;
    let tokenizer = Tokenizer::from_dir(&options.dir, &config)?;
    let template = ChatTemplate::from_dir(&options.dir)?;
    let defaults = GenerationDefaults::from_dir(&options.dir).map_err(LoadError::from)?;
    let processor = processor(&options.dir, options.max_pixels, &config)?;
    Ok(Local {
        name: description.name,
        model: load(&options.dir, &load_options)?,
        tokenizer,
        template,
        processor,
        defaults,
        busy: Mutex::new(()),
    })
}

fn processor(
    dir: &Path,
    max_pixels: Option<u64>,
    config: &qwen::config::Config,
) -> Result<Processor, ProcessorError> {
    let mut own = PreprocessorConfig::from_dir(dir)?;
    if let Some(max_pixels) = max_pixels {
        own.shrink_to(max_pixels);
    }
    Processor::new(own, &config.vision)
}

fn refuse_too_big(
    description: &hub::Description,
    weights: Option<Weights>,
    device: &Device,
) -> Result<(), LocalError> {
    let id = id_of(device);
    let Some(found) = hub::devices().into_iter().find(|found| found.id == id) else {
        return Ok(());
    };
    let weights = weights.unwrap_or_else(|| as_stored(description, found.kind));
    let tokens = description
        .context_tokens
        .unwrap_or(RECKONED_TOKENS)
        .min(RECKONED_TOKENS);
    let need = hub::memory_need(description, weights, tokens, found.kind);
    match hub::fits(&need, &found) {
        Fit::TooBig {
            needed_bytes,
            free_bytes,
        } => Err(LocalError::TooLittleMemory {
            needed_mib: needed_bytes >> 20,
            free_mib: free_bytes >> 20,
            device: found.name,
        }),
        Fit::Fits | Fit::Tight => Ok(()),
    }
}

/// The format that loading keeps when none is named.
fn as_stored(description: &hub::Description, device: DeviceKind) -> Weights {
    let most = description.dtypes.iter().max_by_key(|(_, count)| **count);
    match (most.map(|(dtype, _)| dtype.as_str()), device) {
        (Some("F32"), _) => Weights::F32,
        (Some("F16"), DeviceKind::Cpu) => Weights::F16,
        _ => Weights::Bf16,
    }
}

impl Local {
    /// Greedy, ending where the checkpoint's makers say a text ends.
    pub fn greedy(&self, max_new_tokens: usize) -> Sampling {
        let mut sampling = Sampling::greedy(max_new_tokens, &self.defaults);
        if sampling.stop_tokens.is_empty() {
            sampling
                .stop_tokens
                .clone_from(&self.model.config.eos_token_id);
        }
        if sampling.stop_tokens.is_empty() {
            sampling.stop_tokens.push(self.tokenizer.special().im_end);
        }
        sampling
    }

    /// What the checkpoint's makers say of sampling.
    pub fn defaults(&self) -> &GenerationDefaults {
        &self.defaults
    }

    /// The model itself.
    pub fn model(&self) -> &Qwen {
        &self.model
    }

    /// Makes a conversation into what the model reads.
    ///
    /// # Errors
    /// When a picture is too elongated or only named, or the template fails.
    pub fn prompt(&self, messages: &[provider::Message]) -> Result<Prompt, WriteError> {
        let mut images = Vec::new();
        let messages = messages
            .iter()
            .map(|message| self.message(message, &mut images))
            .collect::<Result<Vec<_>, _>>()?;
        let options = RenderOptions {
            add_generation_prompt: true,
            add_vision_id: false,
        };
        Ok(Prompt::new(
            &self.tokenizer,
            &self.template,
            &messages,
            images,
            options,
        )?)
    }

    fn message(
        &self,
        message: &provider::Message,
        images: &mut Vec<Patches>,
    ) -> Result<Message, WriteError> {
        let mut parts = Vec::new();
        for part in &message.parts {
            parts.push(match part {
                Part::Text(text) => qwen::chat::Part::Text { text: text.clone() },
                Part::Image(picture) => {
                    images.push(self.processor.image(picture.image())?);
                    qwen::chat::Part::Image
                }
                Part::ImageUrl(url) => return Err(WriteError::Url(url.clone())),
            });
        }
        let role = match message.role {
            provider::Role::System => Role::System,
            provider::Role::User => Role::User,
            provider::Role::Assistant => Role::Assistant,
        };
        let content = match parts.as_slice() {
            [qwen::chat::Part::Text { text }] => Content::Text(text.clone()),
            _ => Content::Parts(parts),
        };
        Ok(Message { role, content })
    }

    /// Continues a prompt. `listen` hears new text as soon as it is certain, in whole characters, and nothing
    /// (an empty text) while the prompt is read; it may end the work each time.
    ///
    /// # Errors
    /// When the prompt is longer than the context, or the device fails.
    pub fn write(
        &self,
        prompt: &Prompt,
        sampling: &Sampling,
        listen: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Written, WriteError> {
        let _one_at_a_time = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let started = Instant::now();
        let mut first_token = None;
        let mut stream = self.tokenizer.stream(true);
        let mut text = String::new();
        let prompts = std::slice::from_ref(prompt);
        let tokens = generate::generate(&self.model, prompts, sampling, &mut |progress| {
            let Progress::Token(step) = progress else {
                return listen("");
            };
            first_token.get_or_insert_with(|| started.elapsed());
            let new = stream.push(step.token);
            text.push_str(&new);
            listen(&new)
        })?;
        let took = started.elapsed();
        let rest = stream.finish();
        text.push_str(&rest);
        let tokens = tokens
            .into_iter()
            .next()
            .ok_or(GenerateError::EmptyPrompt)?;
        if !rest.is_empty() && tokens.finish != Finish::Cancelled {
            // The text is whole: there is nothing left to end.
            let _answer = listen(&rest);
        }
        Ok(Written {
            text,
            tokens,
            prompt_tokens: prompt.input_ids.len(),
            first_token,
            took,
        })
    }

    /// Mean negative log-likelihood of a token of ordinary text, in nats, and that of guessing. A model
    /// that does no better than guessing has random or broken weights.
    ///
    /// # Errors
    /// When the device fails.
    pub fn surprise(&self) -> Result<(f64, f64), WriteError> {
        let (mut sum, mut count) = (0.0, 0usize);
        for text in ORDINARY {
            let ids = self.tokenizer.encode_plain(text).map_err(ChatError::from)?;
            sum += self.surprise_at(&ids).map_err(GenerateError::from)?;
            count += ids.len().saturating_sub(1);
        }
        let chance = (self.model.config.vocab_size as f64).ln();
        Ok((sum / count.max(1) as f64, chance))
    }

    fn surprise_at(&self, ids: &[u32]) -> candle_core::Result<f64> {
        let logits = self.model.forward(ids, None, Mode::Inference)?;
        let logits = logits.squeeze(0)?.to_dtype(DType::F32)?;
        let lse = logits.log_sum_exp(D::Minus1)?.to_vec1::<f32>()?;
        let mut sum = 0.0;
        for (at, next) in ids.iter().skip(1).enumerate() {
            let score: f32 = logits.i((at, *next as usize))?.to_scalar()?;
            sum += f64::from(lse[at] - score);
        }
        Ok(sum)
    }

    fn sampling(&self, asked: &provider::Sampling) -> Sampling {
        let limit = usize::try_from(asked.max_new_tokens).unwrap_or(usize::MAX);
        let penalty = asked.repetition_penalty.map(|penalty| penalty as f32);
        Sampling {
            temperature: asked.temperature,
            top_p: asked.top_p,
            top_k: asked.top_k.and_then(|k| usize::try_from(k).ok()),
            repetition_penalty: penalty.or(self.defaults.repetition_penalty).unwrap_or(1.0),
            seed: asked.seed.unwrap_or(0),
            ..self.greedy(limit)
        }
    }
}

impl Provider for Local {
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
        let refused = |error: WriteError| ProviderError::Local {
            message: error.to_string(),
            help: error.help().map(str::to_owned),
            source: Some(Box::new(error)),
        };
        let prompt = self.prompt(&request.messages).map_err(refused)?;
        let sampling = self.sampling(&request.sampling);
        let mut until = StopText::new(&request.sampling.stop);
        let mut cancelled = false;
        let written = self.write(&prompt, &sampling, &mut |new| {
            let delta = match until.pass(new) {
                text if text.is_empty() => Delta::Waiting,
                text => Delta::Text(text),
            };
            cancelled = sink(delta).is_break();
            match cancelled || until.found() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        let written = written.map_err(refused)?;
        if let Some(rest) = until.rest().filter(|_| !cancelled) {
            cancelled = sink(Delta::Text(rest)).is_break();
        }
        let finish = match written.tokens.finish {
            _ if until.found() => provider::Finish::Stop,
            _ if cancelled => provider::Finish::Cancelled,
            Finish::Stop => provider::Finish::Stop,
            Finish::Length => provider::Finish::Length,
            Finish::Cancelled => provider::Finish::Cancelled,
        };
        Ok(Answer {
            finish,
            prompt_tokens: u32::try_from(written.prompt_tokens).ok(),
            new_tokens: u32::try_from(written.tokens.ids.len()).ok(),
            mean_logprob: written.mean_log_prob(),
            first_token: written.first_token,
            took: written.took,
            model: self.name.clone(),
            text: until.into_text(),
        })
    }
}

/// Lets text pass until one of some texts comes, holding back what may be the beginning of one.
#[derive(Debug)]
pub(crate) struct StopText<'a> {
    stops: Vec<&'a str>,
    passed: String,
    held: String,
    found: bool,
}

impl<'a> StopText<'a> {
    pub(crate) fn new(stops: &'a [String]) -> Self {
        let stops = stops
            .iter()
            .map(String::as_str)
            .filter(|stop| !stop.is_empty());
        Self {
            stops: stops.collect(),
            passed: String::new(),
            held: String::new(),
            found: false,
        }
    }

    /// Takes new text; returns what is certain.
    pub(crate) fn pass(&mut self, new: &str) -> String {
        if self.found {
            return String::new();
        }
        self.held.push_str(new);
        let first = self
            .stops
            .iter()
            .filter_map(|stop| self.held.find(stop))
            .min();
        let certain = match first {
            Some(at) => {
                self.found = true;
                at
            }
            None => self.held.len() - self.may_begin_a_stop(),
        };
        let text: String = self.held.drain(..certain).collect();
        self.passed.push_str(&text);
        text
    }

    /// Bytes at the end that may be the beginning of a stop text.
    fn may_begin_a_stop(&self) -> usize {
        let held = self.held.as_str();
        let tails = held.char_indices().map(|(at, _)| &held[at..]);
        tails
            .filter(|tail| self.stops.iter().any(|stop| stop.starts_with(tail)))
            .map(str::len)
            .max()
            .unwrap_or(0)
    }

    pub(crate) fn found(&self) -> bool {
        self.found
    }

    /// What was held back and turned out to be no stop text.
    pub(crate) fn rest(&mut self) -> Option<String> {
        if self.found || self.held.is_empty() {
            return None;
        }
        self.passed.push_str(&self.held);
        Some(std::mem::take(&mut self.held))
    }

    pub(crate) fn into_text(self) -> String {
        self.passed
    }
}
