//! The structure of a diagram: Mermaid text as a graph and a picture.

use anyhow::Result;
use serde::Serialize;
use specta::Type;

use crate::Session;

/// What a Mermaid text says.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct Structure {
    /// Its kind, such as `flowchart` or `sequence`; `None` where the text cannot be read.
    pub family: Option<String>,
    /// Nodes or participants.
    pub nodes: Vec<StructureNode>,
    /// Edges or messages, in order.
    pub edges: Vec<StructureEdge>,
    /// Groups or frames.
    pub groups: Vec<StructureGroup>,
    /// Names the picture: `callout:structure/<picture>`; `None` where nothing can be drawn.
    pub picture: Option<String>,
    /// Size of the picture in CSS pixels.
    pub width: u32,
    /// Size of the picture in CSS pixels.
    pub height: u32,
    /// What is wrong with the text, and on which line from 1.
    pub problem: Option<StructureProblem>,
}

/// A node of a structure.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct StructureNode {
    /// Its id in the text.
    pub id: String,
    /// What stands in it.
    pub label: String,
    /// Whether the detailed caption mentions it.
    pub mentioned: bool,
}

/// An edge of a structure.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct StructureEdge {
    /// Label of where it begins.
    pub from: String,
    /// Label of where it ends.
    pub to: String,
    /// What stands on it.
    pub label: Option<String>,
    /// Whether it points one way.
    pub directed: bool,
    /// Whether the detailed caption mentions it.
    pub mentioned: bool,
}

/// A group of a structure.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct StructureGroup {
    /// What stands on it.
    pub label: String,
    /// Labels of the nodes in it.
    pub members: Vec<String>,
}

/// Why a text cannot be read.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct StructureProblem {
    /// Line of the text, from 1, where it is known.
    pub line: Option<u32>,
    /// What is wrong.
    pub message: String,
}

/// How one structure differs from another; edges are written `A → B: label`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Type)]
pub struct StructureDiff {
    /// Nodes of the first that the second lacks.
    pub missing_nodes: Vec<String>,
    /// Nodes of the second that the first lacks.
    pub invented_nodes: Vec<String>,
    /// Nodes with another label: before, after.
    pub relabelled_nodes: Vec<(String, String)>,
    /// Edges of the first that the second lacks.
    pub missing_edges: Vec<String>,
    /// Edges of the second that the first lacks.
    pub invented_edges: Vec<String>,
    /// Edges that point the other way.
    pub reversed_edges: Vec<String>,
    /// Edges with another label: before, after.
    pub relabelled_edges: Vec<(String, String)>,
    /// Harmonic mean of precision and recall of the nodes, 0–1.
    pub node_f1: f64,
    /// Harmonic mean of precision and recall of the directed edges, 0–1.
    pub edge_f1: f64,
}

impl Session {
    /// Reads a Mermaid text, draws it, and says what a detailed caption does not mention of it. A text
    /// that cannot be read is an answer, not a failure.
    ///
    /// # Errors
    /// When the picture cannot be kept.
    pub fn structure(&self, source: &str, detailed: &str, dark: bool) -> Result<Structure> {
        let _ = (source, detailed, dark);
        Err(store::Error::NotBuilt.into())
    }

    /// How the structure of `other` differs from that of `gold`; `None` where one cannot be read.
    ///
    /// # Errors
    /// None for now.
    pub fn structure_diff(&self, gold: &str, other: &str) -> Result<Option<StructureDiff>> {
        let _ = (gold, other);
        Ok(None)
    }
}
