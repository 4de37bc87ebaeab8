//! The structure of a diagram: Mermaid text as a graph and a picture.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use sha2::{Digest, Sha256};
use specta::Type;

use crate::session::lock;
use crate::{PictureFile, Session};

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
    /// Size of the picture in pixels.
    pub width: u32,
    /// Size of the picture in pixels.
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
    /// Share of the second's edges that the first has, 0–1.
    pub edge_precision: f64,
    /// Share of the first's edges that the second has, 0–1.
    pub edge_recall: f64,
    /// Names the picture of the second, as [`Structure::picture`]; `None` where nothing can be drawn.
    pub picture: Option<String>,
    /// Whether the differences are drawn into that picture.
    pub marked: bool,
}

impl Session {
    /// Reads a Mermaid text, draws it, and says what a detailed caption does not mention of it. A text
    /// that cannot be read is an answer, not a failure.
    ///
    /// # Errors
    /// When the picture cannot be kept.
    pub fn structure(&self, source: &str, detailed: &str) -> Result<Structure> {
        let graph = match diagram::parse(source) {
            Ok(graph) => graph,
            Err(problem) => return Ok(Structure::unread(problem)),
        };
        let mut structure = Structure::of(&graph, detailed);
        match diagram::svg(source) {
            Ok(svg) => {
                let (name, width, height) = self.draw(&svg.text)?;
                structure.picture = Some(name);
                (structure.width, structure.height) = (width, height);
            }
            Err(problem) => structure.problem = Some(told(problem)),
        }
        Ok(structure)
    }

    /// The file of a picture that [`Self::structure`] named.
    ///
    /// # Errors
    /// When there is none.
    pub fn structure_picture(&self, name: &str) -> Result<PictureFile> {
        if name.len() != 64 || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            bail!("`{name}` names no picture");
        }
        Ok(PictureFile {
            path: self.drawn_dir(name).join("whole.png"),
            media_type: "image/png",
        })
    }

    /// How the structure of `other` differs from that of `gold`, with a picture of `other` into which that
    /// is drawn; `None` where one cannot be read.
    ///
    /// # Errors
    /// When the picture cannot be kept.
    pub fn structure_diff(&self, gold: &str, other: &str) -> Result<Option<StructureDiff>> {
        let (Ok(read_gold), Ok(read_other)) = (diagram::parse(gold), diagram::parse(other)) else {
            return Ok(None);
        };
        let mut diff = StructureDiff::from(diagram::compare(&read_gold, &read_other));
        if let Ok((svg, marked)) = diagram::svg_marked(gold, other) {
            diff.picture = Some(self.draw(&svg.text)?.0);
            diff.marked = marked;
        }
        Ok(Some(diff))
    }

    /// Draws an SVG in the decoder's worker, as any stranger's picture, and keeps it by its content. Returns
    /// its name and its size in pixels.
    fn draw(&self, svg: &str) -> Result<(String, u32, u32)> {
        let digest = Sha256::digest(svg);
        let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let dir = self.drawn_dir(&name);
        let size = dir.join("size");
        if let Ok(known) = std::fs::read_to_string(&size)
            && let Some((width, height)) = known.split_once(' ')
        {
            return Ok((name, width.parse()?, height.parse()?));
        }
        let mut file = tempfile::Builder::new()
            .suffix(".svg")
            .tempfile()
            .context("keeping the drawing")?;
        file.write_all(svg.as_bytes())
            .context("keeping the drawing")?;
        let mut decoder = lock(&self.decoder);
        let decoder =
            decoder.get_or_insert_with(|| picture::Decoder::new(picture::Limits::default()));
        let prepared = decoder
            .prepare(file.path(), &dir)
            .context("drawing the structure")?;
        std::fs::write(&size, format!("{} {}", prepared.width, prepared.height))
            .with_context(|| format!("writing `{}`", size.display()))?;
        Ok((name, prepared.width, prepared.height))
    }

    fn drawn_dir(&self, name: &str) -> PathBuf {
        let derived = self.workspace.root().join("derived");
        derived.join("structure").join(name)
    }
}

impl Structure {
    fn unread(problem: diagram::Problem) -> Self {
        Self {
            family: None,
            nodes: Vec::new(),
            edges: Vec::new(),
            groups: Vec::new(),
            picture: None,
            width: 0,
            height: 0,
            problem: Some(told(problem)),
        }
    }

    fn of(graph: &diagram::Graph, detailed: &str) -> Self {
        let open = diagram::unmentioned(graph, detailed);
        let nodes = graph.nodes.iter().enumerate();
        let edges = graph.edges.iter().enumerate();
        let groups = graph.groups.iter().map(|group| StructureGroup {
            label: group.label.clone(),
            members: graph
                .nodes
                .iter()
                .filter(|node| node.group.as_ref() == Some(&group.id))
                .map(|node| node.label.clone())
                .collect(),
        });
        Self {
            family: Some(graph.family.as_str().to_owned()),
            nodes: nodes
                .map(|(index, node)| StructureNode {
                    id: node.id.clone(),
                    label: node.label.clone(),
                    mentioned: !open.nodes.contains(&index),
                })
                .collect(),
            edges: edges
                .map(|(index, edge)| StructureEdge {
                    from: graph.label(&edge.from).to_owned(),
                    to: graph.label(&edge.to).to_owned(),
                    label: edge.label.clone(),
                    directed: edge.directed,
                    mentioned: !open.edges.contains(&index),
                })
                .collect(),
            groups: groups.collect(),
            picture: None,
            width: 0,
            height: 0,
            problem: None,
        }
    }
}

impl From<diagram::GraphDiff> for StructureDiff {
    fn from(diff: diagram::GraphDiff) -> Self {
        Self {
            missing_nodes: diff.missing_nodes,
            invented_nodes: diff.invented_nodes,
            relabelled_nodes: diff.relabelled_nodes,
            missing_edges: diff.missing_edges,
            invented_edges: diff.invented_edges,
            reversed_edges: diff.reversed_edges,
            relabelled_edges: diff.relabelled_edges,
            node_f1: diff.node_f1,
            edge_f1: diff.edge_f1,
            edge_precision: diff.edge_precision,
            edge_recall: diff.edge_recall,
            picture: None,
            marked: false,
        }
    }
}

fn told(problem: diagram::Problem) -> StructureProblem {
    StructureProblem {
        line: problem.line,
        message: problem.message,
    }
}
