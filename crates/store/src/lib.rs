//! The workspace: a folder with one SQLite database and the original pictures.
//!
//! Only this crate speaks SQL. It knows no model, no window and no clock: times are passed in.
//! Reads take a [`Connection`], writes take a [`Transaction`]; [`Database`] hands out both.
#![warn(missing_docs)]

pub mod annotate;
mod database;
mod engine_lock;
mod enqueue;
mod error;
mod images;
pub mod intake;
pub mod jobs;
mod migrate;
pub mod queue;
pub mod review;
pub mod runs;
pub mod table;
pub mod view;
mod words;
mod workspace;

pub use database::Database;
pub use engine_lock::{EngineLock, EngineNote};
pub use error::{Error, Result};
pub use images::Incoming;
pub use rusqlite::{Connection, Transaction};
pub use words::{index_text, match_query};
pub use workspace::Workspace;
