//! What leaves a workspace, what comes back, and what hostile files can do about it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene should stop there"
)]

mod folder;
mod jsonl;
mod metadata;
mod support;
mod terms;
