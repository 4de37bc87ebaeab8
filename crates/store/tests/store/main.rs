//! The workspace as its users see it: every test drives the public API over a real database file.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a helper of tests may fail, and a writer's acknowledgements are what it prints"
)]

mod annotating;
mod board;
mod captions;
mod contention;
mod crash;
mod crowd;
mod decisions;
mod desk;
mod engines;
mod exam;
mod fixture;
mod interleavings;
mod jobs;
mod many;
mod permanence;
mod queue;
mod review;
mod roles;
mod search;
mod uncertainty;
