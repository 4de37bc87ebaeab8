//! The model against reference numbers, and against files that strangers may bring.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene should stop there"
)]

mod config;
mod fixtures;
