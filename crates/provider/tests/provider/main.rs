//! The client against real servers on the loopback interface, keys, and prompts as files.
#![expect(clippy::unwrap_used, reason = "a helper of tests may fail")]

mod answers;
mod failures;
mod keys;
mod pictures;
mod prompts;
mod server;
mod waiting;
