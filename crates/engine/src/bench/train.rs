//! How fast a model on this machine learns: what `callout bench train` measures.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use finetune::lora::LoraSettings;
use finetune::schedule::{Decay, Schedule};
use finetune::settings::{BaseFormat, Method, Towers};
use finetune::{Event, Sample, Samples, Settings, StepReport, Trainer};
use picture::{Decoder, Limits};
use serde::Serialize;
use training::encode::{Encoder, EncoderOptions};
use training::rows::Row;

use super::median;
use crate::device::DeviceChoice;
use crate::peak_rss_mb;

/// Most bytes of vision embeddings that are kept.
const CACHE_BYTES: u64 = 4 << 30;

/// What is measured.
#[derive(Debug, Clone)]
pub struct TrainOptions {
    /// The checkpoint.
    pub base: PathBuf,
    /// Rows in the order in which they are taken, again from the first after the last.
    pub rows: Vec<Row>,
    /// Samples that are computed together.
    pub batch: usize,
    /// Rank of the adapter; `None` tunes the language model itself.
    pub rank: Option<usize>,
    /// Timed steps.
    pub steps: usize,
    /// Steps before them.
    pub warmup: usize,
    /// Computes each layer again in the backward.
    pub recompute: bool,
    /// Number format of a frozen base.
    pub format: BaseFormat,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Shrinks pictures to so many pixels.
    pub max_pixels: Option<u64>,
    /// Keeps what the frozen vision tower makes of pictures, in this folder.
    pub vision_cache: Option<PathBuf>,
    /// Where to compute.
    pub device: DeviceChoice,
}

/// Times of training steps: forward, backward, clipping and AdamW, with pictures decoded before. The keys are
/// those of `torch_train_bench.py`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainFigures {
    /// What learned.
    pub engine: String,
    /// What learned of it.
    pub mode: String,
    /// Number format of the base.
    pub dtype: String,
    /// Threads that computed on the processor.
    pub threads: usize,
    /// Samples that were computed together.
    pub batch: usize,
    /// Timed steps.
    pub steps: usize,
    /// Tokens of the longest sample.
    pub seq_len: usize,
    /// Numbers that learned.
    pub trainable: usize,
    /// Tokens of text and images a second, over all timed steps.
    pub tokens_per_s: f64,
    /// Tokens a second that were predicted.
    pub label_tokens_per_s: f64,
    /// Seconds of a step.
    pub step_s_median: f64,
    /// The shortest.
    pub step_s_min: f64,
    /// The longest.
    pub step_s_max: f64,
    /// Most memory this process ever held, in MiB, as the peer counts it. Linux only.
    pub peak_rss_mb: Option<f64>,
    /// The same once the model was loaded.
    pub rss_after_load_mb: Option<f64>,
    /// Mean loss of the first step.
    pub loss_first: f64,
    /// Mean loss of the last step.
    pub loss_last: f64,
}

impl TrainOptions {
    fn settings(&self) -> Settings {
        let lora = |rank| LoraSettings {
            rank,
            alpha: 2.0 * rank as f64,
            ..LoraSettings::default()
        };
        Settings {
            method: self.rank.map_or(Method::Full(Towers::default()), |rank| {
                Method::Lora(lora(rank))
            }),
            base: self.format,
            batch_size: self.batch,
            recompute: self.recompute,
            schedule: Schedule {
                learning_rate: self.learning_rate,
                warmup_steps: 0,
                decay: Decay::Constant,
            },
            ..Settings::default()
        }
    }

    fn samples(&self) -> Result<Vec<Sample>> {
        let mut decoder = Decoder::new(Limits::default());
        let mut encoder = Encoder::open(
            &self.base,
            EncoderOptions {
                decode: Box::new(move |path| {
                    decoder.pixels(path).map_err(|error| error.to_string())
                }),
                max_pixels: self.max_pixels,
                max_tokens: None,
            },
        )?;
        let wanted = (self.warmup + self.steps) * self.batch;
        let rows = self.rows.iter().take(wanted);
        rows.map(|row| {
            encoder
                .encode(row)
                .with_context(|| format!("row `{}`", row.id))
        })
        .collect()
    }
}

/// Trains for some steps and tells how long they took.
///
/// # Errors
/// When a row cannot be made into a sample, the model does not load, or its loss is no number.
pub fn train(options: &TrainOptions) -> Result<TrainFigures> {
    let own = options.samples()?;
    if own.is_empty() || options.steps == 0 {
        bail!("there is nothing to measure");
    }
    let run = tempfile::tempdir()?;
    let device = options.device.open()?;
    let settings = options.settings();
    let mut trainer = Trainer::new(&options.base, run.path(), settings, None, &device)?;
    if let Some(dir) = &options.vision_cache {
        trainer.cache_vision(dir, CACHE_BYTES)?;
    }
    let rss_after_load_mb = peak_rss_mb();
    let (mut last, mut trainable) = (Instant::now(), 0);
    let mut steps: Vec<(f64, StepReport)> = Vec::new();
    let samples = Samples {
        len: (options.warmup + options.steps) * options.batch,
        read: &|number| Ok(own[number % own.len()].clone()),
    };
    trainer.train(&samples, &mut |event| {
        match event {
            Event::Started { n_trainable, .. } => trainable = n_trainable,
            Event::Step(report) => steps.push((last.elapsed().as_secs_f64(), report)),
            Event::Saved { .. } => {}
        }
        last = Instant::now();
        ControlFlow::Continue(())
    })?;
    let timed = &steps[options.warmup..];
    let seconds: Vec<f64> = timed.iter().map(|(seconds, _)| *seconds).collect();
    let whole: f64 = seconds.iter().sum();
    let tokens =
        |of: fn(&StepReport) -> usize| timed.iter().map(|(_, step)| of(step)).sum::<usize>() as f64;
    let extreme =
        |pick: fn(f64, f64) -> f64| seconds.iter().copied().reduce(pick).unwrap_or(f64::NAN);
    Ok(TrainFigures {
        engine: concat!("callout ", env!("CARGO_PKG_VERSION")).to_owned(),
        mode: options
            .rank
            .map_or("full".to_owned(), |rank| format!("lora r={rank}")),
        dtype: trainer.model().weights_format().to_string(),
        threads: crate::threads(),
        batch: options.batch,
        steps: timed.len(),
        seq_len: own
            .iter()
            .map(|sample| sample.input_ids.len())
            .max()
            .unwrap_or(0),
        trainable,
        tokens_per_s: tokens(|step| step.n_tokens) / whole,
        label_tokens_per_s: tokens(|step| step.n_labels) / whole,
        step_s_median: median(seconds.clone()),
        step_s_min: extreme(f64::min),
        step_s_max: extreme(f64::max),
        peak_rss_mb: peak_rss_mb(),
        rss_after_load_mb,
        loss_first: steps.first().map_or(f64::NAN, |(_, step)| step.loss),
        loss_last: steps.last().map_or(f64::NAN, |(_, step)| step.loss),
    })
}
