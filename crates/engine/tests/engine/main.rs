//! The engine on real workspaces, with tiny models of random weights and a server of the test's own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;
mod concurrency;
mod drafts;
mod examine;
mod gguf;
mod requests;
mod server;
mod servers;
