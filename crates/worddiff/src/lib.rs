//! The one word-level diff of the project, for English and Chinese.
//!
//! It compares plain strings and says which words stayed, went and came. It does no IO,
//! knows nothing of captions or revisions, and does not draw anything.

mod diff;
mod segment;
mod terms;
mod three_way;

pub use diff::{Diff, Hunk, HunkKind};
pub use segment::Segmenter;
pub use terms::{Found, TermFinder, Wording};
pub use three_way::{Piece, PieceKind, ThreeWay};

#[cfg(test)]
mod tests;
