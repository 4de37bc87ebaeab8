//! Supervised fine-tuning of Qwen2.5-VL in Candle: LoRA, rsLoRA, QLoRA and full tuning.
//!
//! [`Trainer::train`] is the loop. It tells what happens to a sink, and knows no database, clock or
//! window.

pub mod batch;
mod checkpoint;
mod error;
pub mod gradients;
pub mod lora;
pub mod optimizer;
pub mod order;
mod recompute;
pub mod sample;
pub mod schedule;
pub mod settings;
mod trainer;
pub mod vision_cache;

pub use checkpoint::{Position, latest as latest_checkpoint};
pub use error::Error;
pub use sample::Sample;
pub use settings::Settings;
pub use trainer::{Event, Samples, StepReport, Trainer};
