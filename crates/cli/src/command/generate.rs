//! `callout generate`: one answer of a model on this machine, without a workspace.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use engine::device::DeviceChoice;
use engine::local::{Local, LocalOptions, Written};
use hub::{Cache, Weights};
use picture::{Decoder, Limits};
use provider::{Message, Part, Picture, Role};
use qwen::generate::{Finish, Sampling};
use serde_json::json;

use crate::answer::Answer;
use crate::{Context, plain};

/// Ask a model on this machine about pictures, and print what it writes.
///
/// Greedy unless `--temperature` says otherwise. Text is printed as it is written.
#[derive(Debug, Args)]
pub struct Generate {
    #[command(flatten)]
    model: WhichModel,

    /// A picture to show before the text; may be given several times.
    #[arg(long = "image", value_name = "FILE", num_args = 1..)]
    images: Vec<PathBuf>,

    /// What to ask.
    #[arg(long, value_name = "TEXT")]
    prompt: String,

    /// What the system message says; by default what the model's template says.
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,

    /// Write at most so many tokens.
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..))]
    max_new_tokens: u32,

    /// Divides the scores before sampling; 0 takes the likeliest token always.
    #[arg(long, value_name = "T", default_value_t = 0.0, value_parser = temperature)]
    temperature: f64,

    /// Sample from the likeliest tokens that together have this probability, above 0 and at most 1.
    #[arg(long, value_name = "P", value_parser = probability)]
    top_p: Option<f64>,

    /// Sample from so many of the likeliest tokens.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    top_k: Option<u32>,

    /// Makes tokens of the prompt and the text less likely; 1 changes nothing.
    #[arg(long, value_name = "R", default_value_t = 1.0, value_parser = penalty)]
    repetition_penalty: f64,

    /// Seed of sampling: the same seed gives the same text.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

/// Which model on this machine, and how it is loaded.
#[derive(Debug, Args)]
pub struct WhichModel {
    /// Directory of a Qwen2.5-VL checkpoint, or its name in the Hugging Face cache.
    #[arg(long, value_name = "DIR")]
    model: String,

    /// PEFT adapter directory to put on top.
    #[arg(long, value_name = "DIR")]
    adapter: Option<PathBuf>,

    /// Add the adapter into the weights instead of computing it beside them.
    #[arg(long, requires = "adapter")]
    merge: bool,

    /// Where to compute: `auto`, `cpu`, `cuda` or `cuda:1`.
    #[arg(long, value_name = "D", default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,

    /// Hold weights in blocks of 8 or 4 bits: `q8_0` or `q4_k`. Less memory, faster writing.
    #[arg(long, value_name = "Q", value_parser = quantization, conflicts_with = "dtype")]
    quantize: Option<Weights>,

    /// Hold weights as `f32`, `bf16` or `f16`; by default as the checkpoint has them.
    #[arg(long, value_name = "TYPE", value_parser = number_format)]
    dtype: Option<Weights>,

    /// Shrink pictures to so many pixels; 784 of them make a token.
    #[arg(long, value_name = "N")]
    max_pixels: Option<u64>,

    /// Threads on the processor; all of them by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

impl WhichModel {
    pub fn open(&self) -> Result<Local> {
        if let Some(threads) = self.threads {
            engine::use_threads(usize::from(threads));
        }
        Ok(engine::local::open(&LocalOptions {
            dir: hub::locate(&Cache::from_env(), &self.model)?,
            adapter: self.adapter.clone(),
            merge: self.merge,
            device: self.device,
            weights: self.quantize.or(self.dtype),
            max_pixels: self.max_pixels,
        })?)
    }
}

impl Generate {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let local = self.model.open()?;
        let prompt = local.prompt(&self.messages()?)?;
        let sampling = Sampling {
            temperature: self.temperature,
            top_p: self.top_p,
            top_k: self.top_k.map(|k| k as usize),
            repetition_penalty: self.repetition_penalty as f32,
            seed: self.seed,
            ..local.greedy(self.max_new_tokens as usize)
        };
        let mut out = std::io::stdout();
        let mut closed = None;
        let written = local.write(&prompt, &sampling, &mut |new| {
            if context.json {
                return ControlFlow::Continue(());
            }
            let text = plain::paragraphs(new);
            match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    closed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        match closed {
            Some(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(error).context("writing to standard output")
            }
            _ => answer(&local, &written),
        }
    }

    fn messages(&self) -> Result<Vec<Message>> {
        let system = self.system.iter();
        let mut messages: Vec<Message> = system
            .map(|text| Message::text(Role::System, text.as_str()))
            .collect();
        let mut parts = self
            .images
            .iter()
            .map(|file| Ok(Part::Image(Picture::new(pixels(file)?))))
            .collect::<Result<Vec<_>>>()?;
        parts.push(Part::Text(self.prompt.clone()));
        messages.push(Message {
            role: Role::User,
            parts,
        });
        Ok(messages)
    }
}

/// A picture from a stranger, decoded in a process of its own.
pub fn pixels(file: &std::path::Path) -> Result<image::DynamicImage> {
    Decoder::new(Limits::default())
        .pixels(file)
        .with_context(|| format!("reading the picture {}", file.display()))
}

fn answer(local: &Local, written: &Written) -> Result<Answer> {
    let finish = match written.tokens.finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::Cancelled => "cancelled",
    };
    let figures = json!({
        "text": written.text,
        "token_ids": written.tokens.ids,
        "log_probs": written.tokens.log_probs,
        "finish": finish,
        "prompt_tokens": written.prompt_tokens,
        "new_tokens": written.tokens.ids.len(),
        "first_token_s": written.first_token.map(|first| first.as_secs_f64()),
        "decode_tokens_per_s": written.tokens_per_s(),
        "mean_log_prob": written.mean_log_prob(),
        "device": engine::device::id_of(local.model().device()),
        "weights": local.model().weights_format(),
        "peak_rss_mb": engine::peak_rss_mb(),
    });
    // The text itself is on standard output already, without its last line end.
    Answer::new(&figures, "")
}

fn quantization(text: &str) -> Result<Weights, String> {
    match text.parse()? {
        weights @ (Weights::Q8_0 | Weights::Q4K) => Ok(weights),
        _ => Err("takes `q8_0` or `q4_k`; for number formats there is `--dtype`".to_owned()),
    }
}

fn number_format(text: &str) -> Result<Weights, String> {
    match text.parse()? {
        weights @ (Weights::F32 | Weights::Bf16 | Weights::F16) => Ok(weights),
        _ => Err("takes `f32`, `bf16` or `f16`; for blocks there is `--quantize`".to_owned()),
    }
}

fn temperature(text: &str) -> Result<f64, String> {
    number(text, "at least 0", |x| x >= 0.0)
}

fn probability(text: &str) -> Result<f64, String> {
    number(text, "above 0 and at most 1", |x| x > 0.0 && x <= 1.0)
}

fn penalty(text: &str) -> Result<f64, String> {
    number(text, "above 0", |x| x > 0.0)
}

fn number(text: &str, range: &str, fits: impl Fn(f64) -> bool) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if x.is_finite() && fits(x) => Ok(x),
        _ => Err(format!("takes a number {range}")),
    }
}
