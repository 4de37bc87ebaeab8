//! The workspace: a folder with one SQLite database and the original pictures.
//!
//! Only this crate speaks SQL. It knows no model, no window and no clock: times are passed in.
//! Reads take a [`Connection`], writes take a [`Transaction`]; [`Database`] hands out both.
#![warn(missing_docs)]

mod access;
pub mod annotate;
mod boxes;
mod claims;
pub mod dashboard;
mod database;
pub mod decisions;
mod diagnostics;
mod engine_lock;
mod enqueue;
mod error;
pub mod examine;
pub mod glossary;
pub mod history;
mod images;
pub mod intake;
pub mod jobs;
pub mod lead_text;
mod migrate;
pub mod people;
pub mod question_set;
pub mod questions;
pub mod queue;
mod queue_marks;
pub mod regions;
pub mod regressions;
pub mod review;
mod review_view;
pub mod runs;
mod share;
mod submissions;
pub mod table;
pub mod threads;
pub mod view;
mod words;
pub mod work;
mod workspace;

pub use database::Database;
pub use diagnostics::{diagnostics, names};
pub use engine_lock::{EngineLock, EngineNote};
pub use error::{Error, Obstacle, Result};
pub use images::Incoming;
pub use review_view::review_view;
pub use rusqlite::{Connection, Transaction};
pub use words::{index_text, match_query};
pub use workspace::Workspace;
