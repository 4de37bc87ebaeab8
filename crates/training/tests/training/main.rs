//! Data sets and their splits.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene should stop there"
)]

mod rows;
mod runs;
mod snapshot;
