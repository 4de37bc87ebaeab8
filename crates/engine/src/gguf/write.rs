//! Writes text token by token: reads the prompt in pieces, then chooses, tells and reads one token a step.

use std::ops::ControlFlow;

use candle_core::{Device, IndexOp, Tensor};
use candle_transformers::generation::{LogitsProcessor, Sampling as Choice};
use candle_transformers::utils::apply_repeat_penalty;
use provider::Finish;

use super::weights::{Weights, pieces};

/// Chooses tokens, and remembers how likely they were.
pub struct Sampler<'a> {
    processor: LogitsProcessor,
    penalty: f32,
    max_new: usize,
    stop: &'a [u32],
    log_probs: Vec<f64>,
}

impl<'a> Sampler<'a> {
    pub fn new(asked: &provider::Sampling, stop: &'a [u32], room: usize) -> Self {
        let temperature = asked.temperature;
        let k = asked.top_k.and_then(|k| usize::try_from(k).ok());
        let choice = match (temperature < 1e-7, k, asked.top_p) {
            (true, _, _) => Choice::ArgMax,
            (_, None, None) => Choice::All { temperature },
            (_, Some(k), None) => Choice::TopK { k, temperature },
            (_, None, Some(p)) => Choice::TopP { p, temperature },
            (_, Some(k), Some(p)) => Choice::TopKThenTopP { k, p, temperature },
        };
        Self {
            processor: LogitsProcessor::from_sampling(asked.seed.unwrap_or(0), choice),
            penalty: asked.repetition_penalty.unwrap_or(1.0) as f32,
            max_new: room.min(usize::try_from(asked.max_new_tokens).unwrap_or(usize::MAX)),
            stop,
            log_probs: Vec::new(),
        }
    }

    pub fn new_tokens(&self) -> usize {
        self.log_probs.len()
    }

    pub fn mean_log_prob(&self) -> Option<f64> {
        let n = self.log_probs.len();
        (n > 0).then(|| self.log_probs.iter().sum::<f64>() / n as f64)
    }

    /// The next token; `None` when the model ends the text.
    fn choose(&mut self, scores: &Tensor, seen: &[u32]) -> candle_core::Result<Option<u32>> {
        let penalised = match self.penalty == 1.0 {
            true => scores.clone(),
            false => apply_repeat_penalty(scores, self.penalty, seen)?,
        };
        let token = self.processor.sample(&penalised)?;
        if self.stop.contains(&token) {
            return Ok(None);
        }
        self.log_probs.push(log_prob(scores, token)?);
        Ok(Some(token))
    }
}

/// Continues a prompt. `listen` hears each token, and `None` while the prompt is read; it may end the work.
pub fn write(
    weights: &mut Weights,
    prompt: &[u32],
    sampler: &mut Sampler<'_>,
    device: &Device,
    listen: &mut dyn FnMut(Option<u32>) -> ControlFlow<()>,
) -> candle_core::Result<Finish> {
    weights.forget();
    let mut seen: Vec<u32> = Vec::with_capacity(prompt.len());
    let mut scores = None;
    for piece in pieces(prompt) {
        if listen(None).is_break() {
            return Ok(Finish::Cancelled);
        }
        scores = Some(weights.forward(piece, seen.len(), device)?);
        seen.extend(piece);
    }
    while let Some(current) = scores.take() {
        if sampler.new_tokens() >= sampler.max_new {
            break;
        }
        let Some(token) = sampler.choose(&current, &seen)? else {
            return Ok(Finish::Stop);
        };
        if listen(Some(token)).is_break() {
            return Ok(Finish::Cancelled);
        }
        scores = Some(weights.forward(&[token], seen.len(), device)?);
        seen.push(token);
    }
    Ok(Finish::Length)
}

/// Mean negative log-likelihood of the ids after the first, in nats.
pub fn surprise(weights: &mut Weights, ids: &[u32], device: &Device) -> candle_core::Result<f64> {
    weights.forget();
    let mut sum = 0.0;
    for (at, pair) in ids.windows(2).enumerate() {
        let scores = weights.forward(&pair[..1], at, device)?;
        sum -= log_prob(&scores, pair[1])?;
    }
    Ok(sum / ids.len().saturating_sub(1).max(1) as f64)
}

fn log_prob(scores: &Tensor, token: u32) -> candle_core::Result<f64> {
    let all = scores.log_sum_exp(0)?.to_scalar::<f32>()?;
    let own = scores.i(token as usize)?.to_scalar::<f32>()?;
    Ok(f64::from(own - all))
}
