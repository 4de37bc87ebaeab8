//! Qwen2.5-VL in Candle.

pub mod chat;
pub mod config;
mod file;
pub mod processor;
pub mod tokenizer;
