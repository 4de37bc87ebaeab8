//! How two graphs differ: nodes are paired by what stands in them, whatever their ids, so that the pairs are
//! alike as a whole; edges are compared as multisets between the pairs.

use std::collections::BTreeMap;

use pathfinding::kuhn_munkres::kuhn_munkres;
use pathfinding::matrix::Matrix;
use unicode_normalization::UnicodeNormalization;

use crate::{Edge, Graph};

/// Least likeness of two labels that may be one node, by normalised Levenshtein similarity.
const ALIKE: f64 = 0.6;
const SCALE: f64 = 1_000.0;

/// What one graph has and another has not. Nodes are named by their labels, edges as `A → B: label`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GraphDiff {
    /// Nodes of the first that the second lacks.
    pub missing_nodes: Vec<String>,
    /// Nodes of the second that the first lacks.
    pub invented_nodes: Vec<String>,
    /// Nodes of both with other words in them: first's, second's.
    pub relabelled_nodes: Vec<(String, String)>,
    /// Edges of the first that the second lacks.
    pub missing_edges: Vec<String>,
    /// Edges of the second that the first lacks.
    pub invented_edges: Vec<String>,
    /// Edges that point the other way in the second.
    pub reversed_edges: Vec<String>,
    /// Edges of both with other words on them: first's, second's.
    pub relabelled_edges: Vec<(String, String)>,
    /// Harmonic mean of precision and recall of the nodes, 0–1, relabelled ones included.
    pub node_f1: f64,
    /// Harmonic mean of precision and recall of the edges, direction counted and words not, 0–1.
    pub edge_f1: f64,
    /// Share of the second's edges that the first has, 0–1; 1 where it has none.
    pub edge_precision: f64,
    /// Share of the first's edges that the second has, 0–1; 1 where it has none.
    pub edge_recall: f64,
    /// Where all that lies in the two graphs.
    pub(crate) places: Places,
}

/// Where two graphs differ, by index.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Places {
    /// Nodes that are the same: the first's, the second's.
    pub pairs: BTreeMap<usize, usize>,
    /// Nodes of the second.
    pub invented_nodes: Vec<usize>,
    /// Edges of the second.
    pub invented_edges: Vec<usize>,
    /// Edges of the second that point the other way in the first.
    pub reversed_edges: Vec<usize>,
    /// Nodes of the first.
    pub missing_nodes: Vec<usize>,
    /// Edges of the first.
    pub missing_edges: Vec<usize>,
}

/// Compares `other` with `gold`.
pub fn compare(gold: &Graph, other: &Graph) -> GraphDiff {
    let pairs = pair(gold, other);
    let mut diff = GraphDiff::default();
    for (index, node) in gold.nodes.iter().enumerate() {
        match pairs.get(&index) {
            None => {
                diff.missing_nodes.push(node.label.clone());
                diff.places.missing_nodes.push(index);
            }
            Some(matched) => {
                let theirs = &other.nodes[*matched].label;
                if folded(&node.label) != folded(theirs) {
                    diff.relabelled_nodes
                        .push((node.label.clone(), theirs.clone()));
                }
            }
        }
    }
    for (index, node) in other.nodes.iter().enumerate() {
        if !pairs.values().any(|matched| *matched == index) {
            diff.invented_nodes.push(node.label.clone());
            diff.places.invented_nodes.push(index);
        }
    }
    diff.node_f1 = f1(pairs.len(), gold.nodes.len(), other.nodes.len());
    let matched = edges(gold, other, &pairs, &mut diff);
    diff.edge_f1 = f1(matched, gold.edges.len(), other.edges.len());
    diff.edge_precision = share(matched, other.edges.len());
    diff.edge_recall = share(matched, gold.edges.len());
    diff.places.pairs = pairs;
    diff
}

/// Pairs of indices, gold to other: the assignment with the greatest likeness in all. Equal labels win over
/// any number of merely similar ones.
fn pair(gold: &Graph, other: &Graph) -> BTreeMap<usize, usize> {
    if gold.nodes.is_empty() || other.nodes.is_empty() {
        return BTreeMap::new();
    }
    let gold_labels: Vec<String> = gold.nodes.iter().map(|node| folded(&node.label)).collect();
    let other_labels: Vec<String> = other.nodes.iter().map(|node| folded(&node.label)).collect();
    let swapped = gold_labels.len() > other_labels.len();
    let (rows, columns) = if swapped {
        (&other_labels, &gold_labels)
    } else {
        (&gold_labels, &other_labels)
    };
    let weight = |row: usize, column: usize| likeness(&rows[row], &columns[column]);
    let weights = Matrix::from_fn(rows.len(), columns.len(), |(row, column)| {
        weight(row, column)
    });
    let (_, assigned) = kuhn_munkres(&weights);
    assigned
        .into_iter()
        .enumerate()
        .filter(|(row, column)| weight(*row, *column) > 0)
        .map(|(row, column)| {
            if swapped {
                (column, row)
            } else {
                (row, column)
            }
        })
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a likeness of 0 to 1 times a thousand"
)]
fn likeness(one: &str, other: &str) -> i64 {
    if one == other {
        return SCALE as i64 * 10;
    }
    let similar = strsim::normalized_levenshtein(one, other);
    if similar < ALIKE {
        return 0;
    }
    (similar * SCALE) as i64
}

/// One edge between paired nodes, as indices of gold's nodes; `None` for a node that gold lacks.
type Ends = (Option<usize>, Option<usize>, bool);

/// Edges that no round has matched yet.
struct Unmatched<'a, 'b> {
    /// Indices of gold's edges.
    open: Vec<usize>,
    /// The other graph's.
    theirs: &'b mut Vec<(Ends, &'a Edge)>,
}

impl Unmatched<'_, '_> {
    /// Takes out every pair for which `wanted` holds, and tells `found` of it.
    fn take(
        &mut self,
        wanted: &dyn Fn(usize, &Ends, &Edge) -> bool,
        found: &mut dyn FnMut(usize, &Edge),
    ) {
        let Self { open, theirs } = self;
        open.retain(|index| {
            let at = theirs
                .iter()
                .position(|(ends, edge)| wanted(*index, ends, edge));
            match at {
                Some(at) => {
                    found(*index, theirs.remove(at).1);
                    false
                }
                None => true,
            }
        });
    }
}

/// Matches edges in three rounds: same ends and words, same ends, turned round. Says how many had the same ends.
fn edges(
    gold: &Graph,
    other: &Graph,
    pairs: &BTreeMap<usize, usize>,
    diff: &mut GraphDiff,
) -> usize {
    let place = |graph: &Graph, id: &str| graph.nodes.iter().position(|node| node.id == id);
    let back: BTreeMap<usize, usize> = pairs.iter().map(|(gold, other)| (*other, *gold)).collect();
    let here = |id: &str| place(gold, id);
    let there = |id: &str| place(other, id).and_then(|index| back.get(&index).copied());
    let of_gold = |edge: &Edge| tidy(here(&edge.from), here(&edge.to), edge.directed);
    let of_other = |edge: &Edge| tidy(there(&edge.from), there(&edge.to), edge.directed);
    let ours: Vec<Ends> = gold.edges.iter().map(of_gold).collect();
    let mut theirs: Vec<(Ends, &Edge)> = other
        .edges
        .iter()
        .map(|edge| (of_other(edge), edge))
        .collect();
    let mut left = Unmatched {
        open: (0..gold.edges.len()).collect(),
        theirs: &mut theirs,
    };
    let known = |ends: &Ends| ends.0.is_some() && ends.1.is_some();
    let words = |label: &Option<String>| folded(label.as_deref().unwrap_or_default());
    let mut matched = 0;
    left.take(
        &|index, ends, edge| {
            known(ends)
                && ours[index] == *ends
                && words(&gold.edges[index].label) == words(&edge.label)
        },
        &mut |_, _| matched += 1,
    );
    let mut relabelled = Vec::new();
    left.take(
        &|index, ends, _| known(ends) && ours[index] == *ends,
        &mut |index, edge| {
            relabelled.push((said(gold, &gold.edges[index]), said(other, edge)));
        },
    );
    matched += relabelled.len();
    diff.relabelled_edges = relabelled;
    left.take(
        &|index, ends, edge| {
            let (from, to, directed) = ours[index];
            known(ends) && edge.directed && directed && (to, from, true) == *ends
        },
        &mut |index, edge| {
            diff.reversed_edges.push(said(gold, &gold.edges[index]));
            diff.places.reversed_edges.extend(index_of(other, edge));
        },
    );
    diff.places.missing_edges.clone_from(&left.open);
    diff.missing_edges = left
        .open
        .iter()
        .map(|index| said(gold, &gold.edges[*index]))
        .collect();
    diff.invented_edges = theirs.iter().map(|(_, edge)| said(other, edge)).collect();
    let invented = theirs.iter().filter_map(|(_, edge)| index_of(other, edge));
    diff.places.invented_edges = invented.collect();
    matched
}

/// Which of the graph's edges this very one is.
fn index_of(graph: &Graph, edge: &Edge) -> Option<usize> {
    graph
        .edges
        .iter()
        .position(|other| std::ptr::eq(other, edge))
}

/// The ends of an edge; without direction, in one order.
fn tidy(from: Option<usize>, to: Option<usize>, directed: bool) -> Ends {
    if !directed && from > to {
        (to, from, directed)
    } else {
        (from, to, directed)
    }
}

fn said(graph: &Graph, edge: &Edge) -> String {
    let arrow = if edge.directed { "→" } else { "—" };
    let ends = format!(
        "{} {arrow} {}",
        graph.label(&edge.from),
        graph.label(&edge.to)
    );
    match &edge.label {
        Some(label) => format!("{ends}: {label}"),
        None => ends,
    }
}

/// Compatible characters, case and white space made alike; `x>y` and `x<y` stay different.
pub(crate) fn folded(text: &str) -> String {
    let normalised: String = text.nfkc().collect::<String>().to_lowercase();
    normalised.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of nodes stay far below 2^52"
)]
fn f1(matched: usize, gold: usize, other: usize) -> f64 {
    if gold + other == 0 {
        return 1.0;
    }
    2.0 * matched as f64 / (gold + other) as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of edges stay far below 2^52"
)]
fn share(matched: usize, all: usize) -> f64 {
    if all == 0 {
        return 1.0;
    }
    matched as f64 / all as f64
}
