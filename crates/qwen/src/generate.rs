//! Writes text: reads prompts of different lengths as one batch, then one token a step for each.

use std::ops::ControlFlow;

use candle_core::{IndexOp, Tensor};
use candle_transformers::generation::{LogitsProcessor, Sampling as Choice};
use candle_transformers::utils::apply_repeat_penalty;
use thiserror::Error;

use crate::cache::Cache;
use crate::chat::Prompt;
use crate::config::GenerationDefaults;
use crate::model::Qwen;
use crate::ops::{self, Mode, Span};
use crate::positions::Positions;

/// Positions of a prompt that are read at once; bounds the memory that activations take.
const READ_AT_ONCE: usize = 1024;

/// Positions of new text for which a cache has room from the start.
const ROOM: usize = 256;

/// How the next token is chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampling {
    /// Divisor of the scores; 0 takes the likeliest token always.
    pub temperature: f64,
    /// Probability mass that is sampled from, in (0, 1]; all if `None`.
    pub top_p: Option<f64>,
    /// Number of likeliest tokens that are sampled from, at least 1; all if `None`.
    pub top_k: Option<usize>,
    /// Divides a score above zero, and multiplies one below, of each token seen in prompt or text; 1
    /// changes nothing.
    pub repetition_penalty: f32,
    /// Most tokens that are written.
    pub max_new_tokens: usize,
    /// Tokens before which no stop token is chosen.
    pub min_new_tokens: usize,
    /// Tokens that end a text.
    pub stop_tokens: Vec<u32>,
    /// The same seed gives the same text on the same device.
    pub seed: u64,
}

impl Sampling {
    /// Greedy, as long as `max_new_tokens`, ending with what the checkpoint's makers say ends a text.
    pub fn greedy(max_new_tokens: usize, defaults: &GenerationDefaults) -> Self {
        Self {
            temperature: 0.0,
            top_p: None,
            top_k: None,
            repetition_penalty: 1.0,
            max_new_tokens,
            min_new_tokens: 0,
            stop_tokens: defaults.eos_token_id.clone(),
            seed: 0,
        }
    }

    fn choice(&self) -> Choice {
        let temperature = self.temperature;
        match (temperature < 1e-7, self.top_k, self.top_p) {
            (true, _, _) => Choice::ArgMax,
            (_, None, None) => Choice::All { temperature },
            (_, Some(k), None) => Choice::TopK { k, temperature },
            (_, None, Some(p)) => Choice::TopP { p, temperature },
            (_, Some(k), Some(p)) => Choice::TopKThenTopP { k, p, temperature },
        }
    }
}

/// Why a text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The model ended it.
    Stop,
    /// It is as long as was asked for, or as the model's context.
    Length,
    /// Whoever listened asked to stop.
    Cancelled,
}

/// One new token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Which of the prompts it continues.
    pub row: usize,
    /// Its id; a stop token is not told.
    pub token: u32,
    /// Natural logarithm of its probability, before penalty and temperature.
    pub log_prob: f32,
}

/// What is told while a text comes about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress {
    /// One more layer of the model has read its part of the prompts: a chance to end the work.
    Reading,
    /// A token was chosen.
    Token(Step),
}

/// Whoever hears of progress; a break ends the work.
type Listener<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// The text that continues one prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// Ids of the new tokens, without the stop token.
    pub ids: Vec<u32>,
    /// For each of them the natural logarithm of its probability, before penalty and temperature.
    pub log_probs: Vec<f32>,
    /// For each of them its score after the penalty.
    pub scores: Vec<f32>,
    /// Why it ended.
    pub finish: Finish,
}

/// Why no text was written.
#[derive(Debug, Error)]
pub enum GenerateError {
    /// The prompt fills the context.
    #[error("the prompt has {tokens} tokens and the model's context only {context}")]
    PromptTooLong {
        /// Tokens of the prompt, image tokens included.
        tokens: usize,
        /// Positions that the model was made for.
        context: usize,
    },
    /// Nothing to continue.
    #[error("a prompt is empty")]
    EmptyPrompt,
    /// The device.
    #[error("the device failed while writing")]
    Device(#[from] candle_core::Error),
}

impl GenerateError {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::PromptTooLong { .. } => {
                Some("Shorten the text, or give a smaller picture with `--max-pixels`.")
            }
            Self::EmptyPrompt => None,
            Self::Device(_) => Some("Try `--device cpu`."),
        }
    }
}

/// Continues each prompt. `listen` hears every token as it is chosen, and how reading goes on before; it may
/// end the work at each of these moments.
///
/// # Errors
/// When a prompt is empty or longer than the context, or the device fails.
pub fn generate(
    model: &Qwen,
    prompts: &[Prompt],
    sampling: &Sampling,
    listen: Listener<'_>,
) -> Result<Vec<Generated>, GenerateError> {
    let context = model.config.max_position_embeddings;
    for prompt in prompts {
        let tokens = prompt.input_ids.len();
        if tokens == 0 {
            return Err(GenerateError::EmptyPrompt);
        }
        if tokens >= context {
            return Err(GenerateError::PromptTooLong { tokens, context });
        }
    }
    if prompts.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows: Vec<Row> = prompts
        .iter()
        .zip(0u64..)
        .map(|(prompt, number)| Row::new(prompt, sampling, number))
        .collect();
    match write(model, prompts, sampling, &mut rows, listen) {
        Ok(()) => {}
        Err(Ended::Cancelled) => rows.iter_mut().for_each(|row| row.end(Finish::Cancelled)),
        Err(Ended::Device(error)) => return Err(error.into()),
    }
    Ok(rows.into_iter().map(Row::done).collect())
}

/// Why the work ended early.
enum Ended {
    Cancelled,
    Device(candle_core::Error),
}

impl From<candle_core::Error> for Ended {
    fn from(error: candle_core::Error) -> Self {
        Self::Device(error)
    }
}

/// Tells that reading goes on.
fn reading(listen: Listener<'_>) -> Result<(), Ended> {
    match listen(Progress::Reading) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Ended::Cancelled),
    }
}

fn write(
    model: &Qwen,
    prompts: &[Prompt],
    sampling: &Sampling,
    rows: &mut [Row],
    listen: Listener<'_>,
) -> Result<(), Ended> {
    let context = model.config.max_position_embeddings;
    let mut batch = Batch::read(model, prompts, sampling.max_new_tokens, listen)?;
    loop {
        let mut next = Vec::with_capacity(rows.len());
        for (number, row) in rows.iter_mut().enumerate() {
            next.push(row.choose(&batch.logits.i(number)?, sampling, number, listen)?);
        }
        if rows.iter().any(|row| row.finish == Some(Finish::Cancelled)) {
            return Err(Ended::Cancelled);
        }
        if batch.cache.len() + 1 >= context {
            rows.iter_mut().for_each(|row| row.end(Finish::Length));
        }
        if rows.iter().all(|row| row.finish.is_some()) {
            return Ok(());
        }
        batch.step(model, &next)?;
    }
}

/// Prompts that were read: padded on the left, so that all end together.
struct Batch {
    cache: Cache,
    positions: Vec<Positions>,
    starts: Vec<usize>,
    /// (B, vocabulary) of the last position, f32.
    logits: Tensor,
}

impl Batch {
    fn read(
        model: &Qwen,
        prompts: &[Prompt],
        max_new: usize,
        listen: Listener<'_>,
    ) -> Result<Self, Ended> {
        let longest = prompts
            .iter()
            .map(|prompt| prompt.input_ids.len())
            .max()
            .unwrap_or(0);
        let starts: Vec<usize> = prompts
            .iter()
            .map(|prompt| longest - prompt.input_ids.len())
            .collect();
        let (mut embeds, mut positions) = (Vec::new(), Vec::new());
        for (prompt, start) in prompts.iter().zip(&starts) {
            let x = embed(model, prompt, listen)?.pad_with_zeros(0, *start, 0)?;
            embeds.push(x.unsqueeze(0)?);
            let grids: Vec<[u32; 3]> = prompt.images.iter().map(|image| image.grid_thw).collect();
            positions.push(Positions::of(&prompt.input_ids, &grids, &model.config));
        }
        let mut batch = Self {
            cache: model.cache(longest + max_new.min(ROOM)),
            positions,
            starts,
            logits: Tensor::zeros(1, candle_core::DType::F32, model.device())?,
        };
        let x = Tensor::cat(&embeds, 0)?;
        let mut first = 0;
        while first < longest {
            let n = READ_AT_ONCE.min(longest - first);
            let rows = batch.padded_positions(first..first + n);
            let hidden = batch.forward(model, &x.narrow(1, first, n)?, &rows, listen)?;
            first += n;
            if first == longest {
                batch.score(model, &hidden)?;
            }
        }
        Ok(batch)
    }

    /// Positions of a stretch of the padded prompts; padding stands anywhere.
    fn padded_positions(&self, stretch: std::ops::Range<usize>) -> Vec<[Vec<i64>; 3]> {
        self.positions
            .iter()
            .zip(&self.starts)
            .map(|(positions, start)| {
                [0, 1, 2].map(|axis| {
                    let row = &positions.rows[axis];
                    stretch
                        .clone()
                        .map(|at| at.checked_sub(*start).map_or(0, |at| row[at]))
                        .collect()
                })
            })
            .collect()
    }

    /// Reads one more token of each row.
    fn step(&mut self, model: &Qwen, tokens: &[u32]) -> Result<(), Ended> {
        let ids = Tensor::from_slice(tokens, tokens.len(), model.device())?;
        let x = model.text.embed_tokens.rows(&ids)?.unsqueeze(1)?;
        let rows: Vec<[Vec<i64>; 3]> = self
            .positions
            .iter()
            .zip(&self.starts)
            .map(|(positions, start)| {
                let at = self.cache.len() - start;
                positions.after(at, at + 1)
            })
            .collect();
        let unheard = &mut |_| ControlFlow::Continue(());
        let hidden = self.forward(model, &x, &rows, unheard)?;
        self.score(model, &hidden)?;
        Ok(())
    }

    fn forward(
        &mut self,
        model: &Qwen,
        x: &Tensor,
        rows: &[[Vec<i64>; 3]],
        listen: Listener<'_>,
    ) -> Result<Tensor, Ended> {
        let span = Span::Causal {
            starts: self.starts.as_slice().into(),
        };
        let pass = model.pass(rows, span, Mode::Inference)?;
        let mut x = x.clone();
        for (number, layer) in model.text.layers.iter().enumerate() {
            x = layer.forward(&x, &pass, Some((&mut self.cache, number)))?;
            reading(listen)?;
        }
        self.cache.advance(x.dim(1)?);
        Ok(x)
    }

    /// Scores what comes after the last of the hidden states (B, S, hidden).
    fn score(&mut self, model: &Qwen, hidden: &Tensor) -> candle_core::Result<()> {
        let last = hidden.narrow(1, hidden.dim(1)? - 1, 1)?.squeeze(1)?;
        let normal = model.text.normalise(&last, Mode::Inference)?;
        self.logits = model
            .text
            .logits(&normal)?
            .to_dtype(candle_core::DType::F32)?;
        Ok(())
    }
}

/// Embeddings of a prompt, (S, hidden).
fn embed(model: &Qwen, prompt: &Prompt, listen: Listener<'_>) -> Result<Tensor, Ended> {
    if prompt.images.is_empty() {
        return Ok(model.join(&prompt.input_ids, None)?);
    }
    let width = model.config.vision.patch_dim();
    let parts = prompt
        .images
        .iter()
        .map(|image| Tensor::from_slice(&image.pixel_values, ((), width), model.device()))
        .collect::<candle_core::Result<Vec<_>>>()?;
    let grids: Vec<[u32; 3]> = prompt.images.iter().map(|image| image.grid_thw).collect();
    let pixels = Tensor::cat(&parts, 0)?.to_dtype(model.compute_type())?;
    let seen =
        model
            .vision
            .forward_while(&pixels, &grids, &model.config, Mode::Inference, &mut || {
                listen(Progress::Reading).is_continue()
            })?;
    match seen {
        Some(seen) => Ok(model.join(&prompt.input_ids, Some(&seen))?),
        None => Err(Ended::Cancelled),
    }
}

/// A text being written.
struct Row {
    /// Prompt and text, for the penalty.
    seen: Vec<u32>,
    processor: LogitsProcessor,
    ids: Vec<u32>,
    log_probs: Vec<f32>,
    scores: Vec<f32>,
    finish: Option<Finish>,
}

impl Row {
    fn new(prompt: &Prompt, sampling: &Sampling, number: u64) -> Self {
        Self {
            seen: prompt.input_ids.clone(),
            processor: LogitsProcessor::from_sampling(
                sampling.seed.wrapping_add(number),
                sampling.choice(),
            ),
            ids: Vec::new(),
            log_probs: Vec::new(),
            scores: Vec::new(),
            finish: (sampling.max_new_tokens == 0).then_some(Finish::Length),
        }
    }

    /// Chooses the next token by scores (vocabulary); a row that ended repeats its last, unheard.
    fn choose(
        &mut self,
        logits: &Tensor,
        sampling: &Sampling,
        number: usize,
        listen: Listener<'_>,
    ) -> candle_core::Result<u32> {
        if self.finish.is_some() {
            return Ok(self.seen.last().copied().unwrap_or(0));
        }
        let raw = logits.to_vec1::<f32>()?;
        let scores = self.penalised(logits, sampling)?;
        let token = self.processor.sample(&scores)?;
        if sampling.stop_tokens.contains(&token) {
            self.end(Finish::Stop);
            return Ok(token);
        }
        let log_prob = raw[token as usize] - ops::log_sum_exp(&raw);
        self.seen.push(token);
        self.ids.push(token);
        self.log_probs.push(log_prob);
        self.scores.push(scores.i(token as usize)?.to_scalar()?);
        let heard = listen(Progress::Token(Step {
            row: number,
            token,
            log_prob,
        }));
        if heard.is_break() {
            self.end(Finish::Cancelled);
        } else if self.ids.len() >= sampling.max_new_tokens {
            self.end(Finish::Length);
        }
        Ok(token)
    }

    /// Scores after the penalty, with stop tokens ruled out while the text is too short.
    fn penalised(&self, logits: &Tensor, sampling: &Sampling) -> candle_core::Result<Tensor> {
        let scores = match sampling.repetition_penalty == 1.0 {
            true => logits.clone(),
            false => apply_repeat_penalty(logits, sampling.repetition_penalty, &self.seen)?,
        };
        if self.ids.len() >= sampling.min_new_tokens {
            return Ok(scores);
        }
        let mut all = scores.to_vec1::<f32>()?;
        for stop in &sampling.stop_tokens {
            if let Some(score) = all.get_mut(*stop as usize) {
                *score = f32::NEG_INFINITY;
            }
        }
        Tensor::from_vec(all, scores.shape(), scores.device())
    }

    fn end(&mut self, finish: Finish) {
        self.finish = self.finish.or(Some(finish));
    }

    fn done(self) -> Generated {
        Generated {
            ids: self.ids,
            log_probs: self.log_probs,
            scores: self.scores,
            finish: self.finish.unwrap_or(Finish::Length),
        }
    }
}
