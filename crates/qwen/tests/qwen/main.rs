//! The model against reference numbers, and against files that strangers may bring.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene should stop there"
)]

mod adapters;
mod chat;
mod compare;
mod config;
mod fixtures;
mod forward;
mod generation;
mod gradients;
mod loading;
mod processor;
mod scene;
mod text;
mod tokenizer;
mod vision;
