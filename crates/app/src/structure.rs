//! The structure of a diagram: Mermaid text as a graph and a picture.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use specta::Type;

use crate::session::lock;
use crate::{Named, PictureFile, Session};

/// Drawings that are kept for showing them at once again.
const MOST_DRAWINGS: usize = 256;

/// The file beside a drawing that says what it is; without it the drawing is made again.
const FACTS: &str = "drawn.json";

/// A drawing that is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Drawn {
    name: String,
    width: u32,
    height: u32,
    missing_letters: String,
}

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
    /// Letters that no font of this computer has: the picture shows boxes in their place.
    pub missing_letters: String,
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
    /// The same for windows in other languages than English.
    pub named: Named,
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
                let drawn = self.draw(&svg.text)?;
                structure.picture = Some(drawn.name);
                (structure.width, structure.height) = (drawn.width, drawn.height);
                structure.missing_letters = drawn.missing_letters;
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
            diff.picture = Some(self.draw(&svg.text)?.name);
            diff.marked = marked;
        }
        Ok(Some(diff))
    }

    /// Draws an SVG in the decoder's worker, as any stranger's picture, and keeps it by its content.
    fn draw(&self, svg: &str) -> Result<Drawn> {
        let digest = Sha256::digest(svg);
        let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let dir = self.drawn_dir(&name);
        let facts = dir.join(FACTS);
        if let Some(known) = std::fs::read_to_string(&facts)
            .ok()
            .and_then(|text| serde_json::from_str::<Drawn>(&text).ok())
        {
            // Keeps it from being swept; where that fails it is drawn again one day.
            File::options()
                .write(true)
                .open(&facts)
                .and_then(|file| file.set_modified(SystemTime::now()))
                .ok();
            return Ok(known);
        }
        let mut file = tempfile::Builder::new()
            .suffix(".svg")
            .tempfile()
            .context("keeping the drawing")?;
        file.write_all(svg.as_bytes())
            .context("keeping the drawing")?;
        let prepared = lock(&self.drawer)
            .get_or_insert_with(|| picture::Decoder::new(drawing_limits()))
            .prepare(file.path(), &dir)
            .context("drawing the structure")?;
        let drawn = Drawn {
            name,
            width: prepared.width,
            height: prepared.height,
            missing_letters: prepared.missing_letters,
        };
        std::fs::write(&facts, serde_json::to_vec(&drawn)?)
            .with_context(|| format!("writing `{}`", facts.display()))?;
        sweep(&self.workspace.root().join("derived").join("structure"));
        Ok(drawn)
    }

    fn drawn_dir(&self, name: &str) -> PathBuf {
        let derived = self.workspace.root().join("derived");
        derived.join("structure").join(name)
    }
}

/// A drawing never needs tiles.
fn drawing_limits() -> picture::Limits {
    picture::Limits {
        max_drawn_side_px: picture::MAX_WHOLE_SIDE_PX,
        ..picture::Limits::default()
    }
}

/// Each state of a text while it is typed gives a drawing. Once there are more than [`MOST_DRAWINGS`], half of them
/// go, the ones that were not asked for longest first; what cannot be removed now is left for the next time.
fn sweep(drawings: &Path) {
    let Ok(entries) = std::fs::read_dir(drawings) else {
        return;
    };
    let mut dated: Vec<(SystemTime, PathBuf)> = entries
        .flatten()
        .map(|entry| {
            let facts = entry.path().join(FACTS);
            let asked = std::fs::metadata(facts).or_else(|_| entry.metadata());
            let asked = asked.and_then(|found| found.modified());
            (asked.unwrap_or(SystemTime::UNIX_EPOCH), entry.path())
        })
        .collect();
    if dated.len() <= MOST_DRAWINGS {
        return;
    }
    dated.sort();
    for (_, drawing) in &dated[..dated.len() - MOST_DRAWINGS / 2] {
        // Without its facts a drawing is made again, so half of one is never shown.
        std::fs::remove_file(drawing.join(FACTS)).ok();
        std::fs::remove_dir_all(drawing).ok();
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
            missing_letters: String::new(),
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
            missing_letters: String::new(),
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
    use diagram::ProblemKind as Kind;
    let key = match problem.kind {
        Kind::Empty => "structure.empty",
        Kind::TooLong => "structure.too_long",
        Kind::NoDiagram => "structure.no_diagram",
        Kind::Syntax => "structure.syntax",
        Kind::Unreadable => "structure.unreadable",
        Kind::TooLarge => "structure.too_large",
        Kind::TooSlow => "structure.too_slow",
    };
    StructureProblem {
        line: problem.line,
        named: Named::new(key, &[&problem.message]),
        message: problem.message,
    }
}
