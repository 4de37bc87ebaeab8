//! How fast a model on this machine writes and learns: what `callout bench` measures of models.

mod train;

use std::ops::ControlFlow;
use std::time::Instant;

use image::DynamicImage;
use provider::{Message, Part, Picture, Role};
use qwen::chat::Prompt;
use qwen::generate::Sampling;
use serde::Serialize;

use crate::local::{Local, WriteError};
use crate::peak_rss_mb;

pub use train::{TrainFigures, TrainOptions, train};

/// Times of greedy drafting with one picture; medians.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GenerateFigures {
    /// What wrote.
    pub engine: String,
    /// Threads that computed on the processor.
    pub threads: usize,
    /// Where weights were.
    pub device: String,
    /// Bytes of weight matrices in memory, in MB.
    pub weights_mb: f64,
    /// Tokens of the prompt, image tokens included.
    pub prompt_tokens: usize,
    /// Tokens that were written each time.
    pub new_tokens: usize,
    /// From pixel values to the first token, in seconds.
    pub first_token_s: f64,
    /// Tokens a second after the first.
    pub decode_tokens_per_s: f64,
    /// Most memory this process ever held, in MiB, as the peer counts it. Linux only.
    pub peak_rss_mb: Option<f64>,
}

/// Writes `new` tokens about `picture`, `runs` times after a warm-up; the picture is made into patches before.
///
/// # Errors
/// When the picture is not taken or the device fails.
pub fn generate(
    local: &Local,
    picture: DynamicImage,
    prompt: &str,
    (new, runs): (usize, usize),
) -> Result<GenerateFigures, WriteError> {
    let message = Message {
        role: Role::User,
        parts: vec![
            Part::Image(Picture::new(picture)),
            Part::Text(prompt.to_owned()),
        ],
    };
    let prompt = local.prompt(&[message])?;
    timed(local, &prompt, 2)?;
    let first = median(
        (0..runs)
            .map(|_| timed(local, &prompt, 1))
            .collect::<Result<_, _>>()?,
    );
    let full = median(
        (0..runs)
            .map(|_| timed(local, &prompt, new))
            .collect::<Result<_, _>>()?,
    );
    Ok(GenerateFigures {
        engine: concat!("callout ", env!("CARGO_PKG_VERSION")).to_owned(),
        threads: crate::threads(),
        device: crate::device::id_of(local.model().device()),
        weights_mb: local.model().weights_bytes() as f64 / 1e6,
        prompt_tokens: prompt.input_ids.len(),
        new_tokens: new,
        first_token_s: first,
        decode_tokens_per_s: new.saturating_sub(1) as f64 / (full - first).max(1e-9),
        peak_rss_mb: peak_rss_mb(),
    })
}

/// Seconds for so many tokens, without an end before them.
fn timed(local: &Local, prompt: &Prompt, new: usize) -> Result<f64, WriteError> {
    let sampling = Sampling {
        min_new_tokens: new,
        repetition_penalty: local.defaults().repetition_penalty.unwrap_or(1.0),
        ..local.greedy(new)
    };
    let started = Instant::now();
    local.write(prompt, &sampling, &mut |_| ControlFlow::Continue(()))?;
    Ok(started.elapsed().as_secs_f64())
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}
