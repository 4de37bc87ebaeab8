//! Other tools' formats, in and out; never changes the workspace by itself.
//!
//! In: [`Metadata`] reads the `metadata.jsonl` of Hugging Face's `imagefolder` convention.
//! Out: [`approved`] walks through everything approved; [`export_imagefolder`] and
//! [`export_jsonl`] write it, whole or not at all.
#![warn(missing_docs)]

mod approved;
mod callout;
mod error;
mod imagefolder;
mod jsonl;
mod metadata;
mod names;
mod out;
mod place;
mod questions;
mod row;
mod terms;

pub use approved::{Approved, ApprovedText, Decision, Grounded, approved};
pub use error::{Error, Result};
pub use imagefolder::export_imagefolder;
pub use jsonl::export_jsonl;
pub use metadata::{METADATA, Metadata, Problem};
pub use questions::export_questions;
pub use row::Row;
pub use terms::{read_terms, write_terms};

use serde::{Deserialize, Serialize};

/// What an export wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Exported {
    /// The folder or file, for people.
    pub path: String,
    /// How many diagrams it holds.
    pub diagrams: u32,
    /// How many approved texts it holds.
    pub texts: u32,
}
