//! The one word-level diff of the project, for English and Chinese.
//!
//! It compares plain strings and says which words stayed, went and came. It does no IO,
//! knows nothing of captions or revisions, and does not draw anything.

mod diff;
mod segment;

pub use diff::{Diff, Hunk, HunkKind, diff};
pub use segment::{warm, words};

#[cfg(test)]
mod tests;
