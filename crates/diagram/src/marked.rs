//! A structure's picture with its differences from another drawn into it: what it made up in dashed red, what it
//! turned round in dotted amber, what it lacks as a grey ghost. Flowcharts take such marks; other families are
//! drawn as they are.

use std::fmt::Write as _;

use crate::compare::compare;
use crate::{Edge, Family, Graph, Problem, Svg, parse, svg};

const INVENTED: &str = "stroke:#c5221f,stroke-width:2.5px,stroke-dasharray:7 4";
const REVERSED: &str = "stroke:#b06000,stroke-width:2.5px,stroke-dasharray:2 3";
const MISSING: &str = "stroke:#8a919e,stroke-width:2px,stroke-dasharray:1 4";
const INVENTED_NODE: &str = "fill:#fdecea,stroke:#c5221f,stroke-width:2.5px,stroke-dasharray:7 4";
const MISSING_NODE: &str =
    "fill:#f4f5f7,stroke:#8a919e,stroke-width:2px,stroke-dasharray:1 4,color:#636a77";
/// Begins the names that are written into the source; no person names a node so.
const GHOST: &str = "calloutGhost";

/// Draws `source` with its differences from `gold` marked; says whether anything could be marked.
///
/// # Errors
/// As [`svg`], for either text.
pub fn svg_marked(gold: &str, source: &str) -> Result<(Svg, bool), Problem> {
    let (gold, other) = (parse(gold)?, parse(source)?);
    if other.family == Family::Flowchart {
        let marked = format!("{}\n{}", source.trim_end(), marks(&gold, &other));
        // A source that takes no more lines is drawn as it is.
        if let Ok(drawn) = svg(&marked) {
            return Ok((drawn, true));
        }
    }
    Ok((svg(source)?, false))
}

/// The lines that draw the differences.
fn marks(gold: &Graph, other: &Graph) -> String {
    let places = compare(gold, other).places;
    let mut lines = String::new();
    // Writing into a text cannot fail.
    let mut line = |text: String| writeln!(lines, "{text}").unwrap_or(());
    for index in &places.missing_nodes {
        let label = quoted(&gold.nodes[*index].label);
        line(format!("{GHOST}{index}[\"{label}\"]"));
        line(format!("style {GHOST}{index} {MISSING_NODE}"));
    }
    for index in &places.invented_nodes {
        line(format!("style {} {INVENTED_NODE}", other.nodes[*index].id));
    }
    let ours = |id: &str| {
        let index = gold.nodes.iter().position(|node| node.id == id)?;
        Some(match places.pairs.get(&index) {
            Some(theirs) => other.nodes[*theirs].id.clone(),
            None => format!("{GHOST}{index}"),
        })
    };
    let mut n_edges = other.edges.len();
    for index in &places.missing_edges {
        let edge = &gold.edges[*index];
        let (Some(from), Some(to)) = (ours(&edge.from), ours(&edge.to)) else {
            continue;
        };
        line(format!("{from} {} {to}", arrow(edge)));
        line(format!("linkStyle {n_edges} {MISSING}"));
        n_edges += 1;
    }
    for (indices, style) in [
        (&places.invented_edges, INVENTED),
        (&places.reversed_edges, REVERSED),
    ] {
        for index in indices {
            line(format!("linkStyle {index} {style}"));
        }
    }
    lines
}

fn arrow(edge: &Edge) -> String {
    let stroke = if edge.directed { "-->" } else { "---" };
    match &edge.label {
        Some(label) => format!("{stroke}|\"{}\"|", quoted(label)),
        None => stroke.to_owned(),
    }
}

/// A label as it may stand between quotation marks.
fn quoted(label: &str) -> String {
    let plain = label.replace(['\n', '\r'], " ");
    plain.replace('#', "#35;").replace('"', "#quot;")
}
