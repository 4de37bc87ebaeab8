//! `callout structure`: what a Mermaid source says, what a text leaves out of it, how two of them differ.

use std::path::PathBuf;

use anyhow::{Result, bail};
use app::{Session, StructureProblem};
use clap::Args;

use super::annotate::read_text;
use crate::answer::Answer;
use crate::args::InWorkspace;
use crate::{Context, plain};

/// Read a Mermaid source: its nodes and edges, and what a text does not mention; or compare two.
#[derive(Debug, Args)]
pub struct Structure {
    #[command(flatten)]
    workspace: InWorkspace,

    /// The Mermaid source; `-` reads standard input.
    source: PathBuf,

    /// A caption; what it does not mention is marked.
    #[arg(long, value_name = "FILE", conflicts_with = "against")]
    text: Option<PathBuf>,

    /// Another Mermaid source, to compare with.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
}

impl Structure {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let session = self.workspace.open(context)?;
        let source = read_text(&self.source)?;
        if let Some(other) = &self.against {
            let other_source = read_text(other)?;
            for (path, source) in [(&self.source, &source), (other, &other_source)] {
                if let Some(problem) = session.structure(source, "")?.problem {
                    bail!("{}: `{}`", said(&problem), path.display());
                }
            }
            return compared(&session, &source, &other_source);
        }
        let text = match &self.text {
            Some(path) => read_text(path)?,
            None => String::new(),
        };
        let structure = session.structure(&source, &text)?;
        let mark = |mentioned: bool| {
            if self.text.is_some() && !mentioned {
                "  (not mentioned)"
            } else {
                ""
            }
        };
        let mut lines: Vec<String> = structure
            .nodes
            .iter()
            .map(|node| format!("{}{}", plain::line(&node.label), mark(node.mentioned)))
            .collect();
        lines.extend(structure.edges.iter().map(|edge| {
            let arrow = if edge.directed { "→" } else { "—" };
            let label = edge
                .label
                .as_deref()
                .map(|label| format!(": {}", plain::line(label)));
            format!(
                "{} {arrow} {}{}{}",
                plain::line(&edge.from),
                plain::line(&edge.to),
                label.unwrap_or_default(),
                mark(edge.mentioned)
            )
        }));
        let problem = structure.problem.as_ref();
        lines.extend(problem.map(said));
        let failed = structure.problem.is_some();
        Ok(Answer::new(&structure, lines.join("\n"))?.failed_if(failed))
    }
}

fn compared(session: &Session, source: &str, other: &str) -> Result<Answer> {
    let Some(diff) = session.structure_diff(source, other)? else {
        bail!("one of the two structures cannot be read");
    };
    let lists = [
        ("missing node", &diff.missing_nodes),
        ("invented node", &diff.invented_nodes),
        ("missing edge", &diff.missing_edges),
        ("invented edge", &diff.invented_edges),
        ("reversed edge", &diff.reversed_edges),
    ];
    let mut lines: Vec<String> = lists
        .into_iter()
        .flat_map(|(name, items)| {
            items
                .iter()
                .map(move |item| format!("{name}: {}", plain::line(item)))
        })
        .collect();
    lines.push(format!(
        "nodes F1 {:.3}, edges F1 {:.3} (precision {:.3}, recall {:.3})",
        diff.node_f1, diff.edge_f1, diff.edge_precision, diff.edge_recall
    ));
    Answer::new(&diff, lines.join("\n"))
}

/// What is wrong with a source, and where.
fn said(problem: &StructureProblem) -> String {
    let line = problem
        .line
        .map_or_else(String::new, |line| format!("line {line}: "));
    format!("{line}{}", plain::line(&problem.message))
}
