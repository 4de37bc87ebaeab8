//! `callout bench train`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use engine::bench::{TrainFigures, TrainOptions};
use engine::device::DeviceChoice;
use finetune::settings::BaseFormat;
use hub::Cache;
use training::rows::{Options, read};

use crate::command::train::Tuning;

/// The flags are those of `torch_train_bench.py`.
#[derive(Debug, Args)]
pub struct Train {
    /// Directory of a Qwen2.5-VL checkpoint, or its name in the Hugging Face cache.
    #[arg(long, value_name = "DIR")]
    model: String,
    /// Rows to learn from.
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Where images lie; by default beside the rows.
    #[arg(long, value_name = "DIR")]
    image_root: Option<PathBuf>,
    /// Samples that are computed together.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    batch: u16,
    /// What learns.
    #[arg(long, value_enum, default_value = "lora")]
    method: Tuning,
    /// Rank of the adapter.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=4096))]
    rank: u16,
    /// Timed steps.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    steps: u32,
    /// Steps before the timed ones.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=1000))]
    warmup: u32,
    /// Compute each layer again in the backward instead of keeping what it computed.
    #[arg(long)]
    checkpointing: bool,
    /// Keep what the frozen vision tower makes of pictures, in this folder.
    #[arg(long, value_name = "DIR")]
    vision_cache: Option<PathBuf>,
    /// Learning rate.
    #[arg(long, value_name = "X", default_value_t = 1e-4)]
    lr: f64,
    /// Shrink pictures to so many pixels.
    #[arg(long, value_name = "N")]
    max_pixels: Option<u64>,
    /// Where to compute: `auto`, `cpu`, `cuda` or `cuda:1`.
    #[arg(long, value_name = "D", default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
    /// Threads on the processor; all of them by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

impl Train {
    pub fn figures(&self) -> Result<TrainFigures> {
        if let Some(threads) = self.threads {
            engine::use_threads(usize::from(threads));
        }
        let options = Options {
            image_root: self.image_root.clone(),
            ..Options::default()
        };
        engine::bench::train(&TrainOptions {
            base: hub::locate(&Cache::from_env(), &self.model)?,
            rows: read(&self.data, &options)?.rows,
            batch: usize::from(self.batch),
            rank: (self.method != Tuning::Full).then_some(usize::from(self.rank)),
            steps: self.steps as usize,
            warmup: self.warmup as usize,
            recompute: self.checkpointing,
            format: match self.method {
                Tuning::Qlora => BaseFormat::Q4K,
                Tuning::Lora | Tuning::Full => BaseFormat::AsStored,
            },
            learning_rate: self.lr,
            max_pixels: self.max_pixels,
            vision_cache: self.vision_cache.clone(),
            device: self.device,
        })
    }
}
