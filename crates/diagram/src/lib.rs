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
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            line: None,
            message: message.into(),
        }
    }
}
