//! Qwen2.5-VL in Candle.

pub mod adapter;
pub mod cache;
pub mod chat;
pub mod checkpoint;
pub mod config;
mod file;
pub mod generate;
pub mod linear;
pub mod load;
pub mod model;
pub mod ops;
pub mod positions;
pub mod processor;
pub mod text;
pub mod tokenizer;
pub mod vision;
pub mod weight;
