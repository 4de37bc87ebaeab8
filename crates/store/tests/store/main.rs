//! The workspace as its users see it: every test drives the public API over a real database file.

mod captions;
mod contention;
mod crash;
mod fixture;
mod interleavings;
mod many;
mod permanence;
mod queue;
mod review;
mod search;
