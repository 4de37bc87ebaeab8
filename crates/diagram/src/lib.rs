//! The structure of a diagram: Mermaid text, its graph, its picture, and how two graphs differ.
//!
//! It does no IO. Text may be anybody's: size and time are bounded, and nothing in it is followed or run.
#![warn(missing_docs)]

mod compare;
mod draw;
mod graph;
mod marked;
mod mention;
mod parse;

pub use compare::{GraphDiff, compare};
pub use draw::{Svg, svg};
pub use graph::{Edge, Family, Graph, Group, Node};
pub use marked::svg_marked;
pub use mention::{Unmentioned, unmentioned};
pub use parse::parse;

/// Longest text that is read, in bytes.
pub const MAX_SOURCE_BYTES: usize = 64 << 10;

/// Why a text is no diagram.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// Line of the text, from 1, where it is known.
    pub line: Option<u32>,
    /// What is wrong, for a person.
    pub message: String,
    /// The sort of it.
    pub kind: ProblemKind,
}

/// Sorts of [`Problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// There is no text.
    Empty,
    /// More text than is read.
    TooLong,
    /// The text does not begin with a kind of diagram.
    NoDiagram,
    /// The reader does not understand the text; the message is its own.
    Syntax,
    /// The reader failed.
    Unreadable,
    /// Too much to be drawn while somebody writes.
    TooLarge,
    /// Drawing takes too long.
    TooSlow,
}

impl Problem {
    pub(crate) fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self {
            line: None,
            message: message.into(),
            kind,
        }
    }
}
