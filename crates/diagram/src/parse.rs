//! Mermaid text to a graph, by merman's semantic models.

use std::panic::{AssertUnwindSafe, catch_unwind};

use merman::{Engine, Error, ParseOptions};
use serde_json::Value;

use crate::{Edge, Family, Graph, Group, MAX_SOURCE_BYTES, Node, Problem, ProblemKind};

/// Reads a Mermaid text.
///
/// # Errors
/// [`Problem`] with the line, where the text is no diagram, is longer than [`MAX_SOURCE_BYTES`], or is past
/// the limits of the reader.
pub fn parse(source: &str) -> Result<Graph, Problem> {
    check_size(source)?;
    let parsed = guarded(|| Engine::new().parse_diagram_sync(source, ParseOptions::strict()))?;
    let parsed = parsed
        .map_err(|error| told(source, &error))?
        .ok_or_else(no_diagram)?;
    let family = family(&parsed.meta.diagram_type);
    let model = parsed.model.into_unmanaged_value();
    Ok(match family {
        Family::Flowchart => flowchart(&model),
        Family::Sequence => sequence(&model),
        Family::State => state(&model),
        Family::Class => class(&model),
        Family::Er => er(&model),
        Family::Architecture => architecture(&model),
        Family::Block => block(&model),
        Family::Other => empty(Family::Other),
    })
}

pub(crate) fn check_size(source: &str) -> Result<(), Problem> {
    if source.trim().is_empty() {
        return Err(Problem::new(ProblemKind::Empty, "there is no text yet"));
    }
    if source.len() > MAX_SOURCE_BYTES {
        return Err(Problem::new(
            ProblemKind::TooLong,
            format!("the text is longer than {} KiB", MAX_SOURCE_BYTES >> 10),
        ));
    }
    Ok(())
}

/// Runs the library on a stranger's text; a panic in it is the text's problem, not the program's.
pub(crate) fn guarded<T>(f: impl FnOnce() -> T) -> Result<T, Problem> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|_panic| {
        Problem::new(
            ProblemKind::Unreadable,
            "this text cannot be read; make it simpler",
        )
    })
}

pub(crate) fn no_diagram() -> Problem {
    Problem::new(
        ProblemKind::NoDiagram,
        "the text does not begin with a kind of diagram, such as `flowchart LR` or `sequenceDiagram`",
    )
}

/// The reader's word, with the line that it is about.
fn told(source: &str, error: &Error) -> Problem {
    match error {
        Error::DiagramParse { diagnostic, .. } => Problem {
            line: diagnostic.span().map(|span| line(source, span.start)),
            message: diagnostic.message().to_owned(),
            kind: ProblemKind::Syntax,
        },
        Error::DetectType(_) => no_diagram(),
        other => Problem::new(ProblemKind::Syntax, other.to_string()),
    }
}

/// The line, from 1, of a byte of the text.
fn line(source: &str, at: usize) -> u32 {
    let before = &source.as_bytes()[..at.min(source.len())];
    let breaks = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(breaks + 1).unwrap_or(u32::MAX)
}

fn family(diagram_type: &str) -> Family {
    match diagram_type {
        name if name.starts_with("flowchart") || name == "graph" => Family::Flowchart,
        name if name.starts_with("sequence") => Family::Sequence,
        name if name.starts_with("state") => Family::State,
        name if name.starts_with("class") => Family::Class,
        name if name.starts_with("er") => Family::Er,
        name if name.starts_with("architecture") => Family::Architecture,
        name if name.starts_with("block") => Family::Block,
        _ => Family::Other,
    }
}

fn empty(family: Family) -> Graph {
    Graph {
        family,
        nodes: Vec::new(),
        edges: Vec::new(),
        groups: Vec::new(),
    }
}

/// A field's text; empty where there is none.
fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

/// A field's text as a label: line breaks are spaces, markup is gone; `None` where nothing is left.
fn label(value: &Value, key: &str) -> Option<String> {
    let mut plain = String::new();
    let mut rest = value[key].as_str()?;
    // `<br/>` and other tags; a lone `<`, as in `x<y`, stays.
    while let Some(open) = rest.find('<') {
        let (before, tag) = rest.split_at(open);
        plain.push_str(before);
        let is_tag = tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        match tag.find('>').filter(|_| is_tag) {
            Some(close) => {
                plain.push(' ');
                rest = &tag[close + 1..];
            }
            None => {
                plain.push('<');
                rest = &tag[1..];
            }
        }
    }
    plain.push_str(rest);
    let words: Vec<&str> = plain.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value[key].as_array().into_iter().flatten()
}

fn node(id: String, label: Option<String>, group: Option<String>) -> Node {
    Node {
        label: label.unwrap_or_else(|| id.clone()),
        id,
        group,
    }
}

fn flowchart(model: &Value) -> Graph {
    let mut graph = empty(Family::Flowchart);
    let members = |group: &Value| -> Vec<String> {
        list(group, "nodes")
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    // Inner groups come first, so the first that lists a node is its innermost.
    let groups: Vec<(String, Vec<String>)> = list(model, "subgraphs")
        .map(|group| (text(group, "id"), members(group)))
        .collect();
    let holder = |id: &str| {
        let mut holding = groups
            .iter()
            .filter(|(_, nodes)| nodes.iter().any(|node| node == id));
        holding.next().map(|(group, _)| group.clone())
    };
    for group in list(model, "subgraphs") {
        let id = text(group, "id");
        graph.groups.push(Group {
            label: label(group, "title").unwrap_or_else(|| id.clone()),
            parent: holder(&id).filter(|parent| *parent != id),
            id,
        });
    }
    graph.groups.reverse();
    let is_group = |id: &str| groups.iter().any(|(group, _)| group == id);
    for one in list(model, "nodes") {
        let id = text(one, "id");
        if !is_group(&id) {
            let group = holder(&id);
            graph.nodes.push(node(id, label(one, "label"), group));
        }
    }
    for edge in list(model, "edges") {
        let kind = text(edge, "type");
        graph.edges.push(Edge {
            from: text(edge, "from"),
            to: text(edge, "to"),
            label: label(edge, "label"),
            directed: kind != "arrow_open" && !kind.starts_with("double"),
        });
    }
    graph
}

/// Mermaid's numbers for the lines of a sequence diagram.
mod line_type {
    pub const NOTE: u64 = 2;
    pub const LOOP: u64 = 10;
    pub const ALT: u64 = 12;
    pub const OPT: u64 = 15;
    pub const PAR: u64 = 19;
    pub const RECT: u64 = 22;
    pub const CRITICAL: u64 = 27;
    pub const BREAK: u64 = 30;
}

fn sequence(model: &Value) -> Graph {
    let mut graph = empty(Family::Sequence);
    for id in list(model, "actorOrder").filter_map(Value::as_str) {
        let actor = &model["actors"][id];
        graph
            .nodes
            .push(node(id.to_owned(), label(actor, "description"), None));
    }
    for message in list(model, "messages") {
        let kind = message["type"].as_u64().unwrap_or(u64::MAX);
        let ends = (message["from"].as_str(), message["to"].as_str());
        if let (Some(from), Some(to)) = ends
            && kind != line_type::NOTE
        {
            graph.edges.push(Edge {
                from: from.to_owned(),
                to: to.to_owned(),
                label: label(message, "message"),
                directed: true,
            });
        } else if let Some(frame) = frame(kind) {
            let said = label(message, "message").unwrap_or_default();
            graph.groups.push(Group {
                id: format!("frame{}", graph.groups.len() + 1),
                label: format!("{frame} {said}").trim().to_owned(),
                parent: None,
            });
        }
    }
    graph
}

/// The word of a frame that begins with a line of this kind.
fn frame(kind: u64) -> Option<&'static str> {
    match kind {
        line_type::LOOP => Some("loop"),
        line_type::ALT => Some("alt"),
        line_type::OPT => Some("opt"),
        line_type::PAR => Some("par"),
        line_type::RECT => None,
        line_type::CRITICAL => Some("critical"),
        line_type::BREAK => Some("break"),
        _ => None,
    }
}

fn state(model: &Value) -> Graph {
    let mut graph = empty(Family::State);
    for one in list(model, "nodes") {
        let id = text(one, "id");
        let parent = one["parentId"].as_str().map(str::to_owned);
        let shape = text(one, "shape");
        if one["type"] == "group" || shape.starts_with("note") && one["isGroup"] == true {
            graph.groups.push(Group {
                label: label(one, "label").unwrap_or_else(|| id.clone()),
                id,
                parent,
            });
            continue;
        }
        let label = match shape.as_str() {
            "stateStart" => Some("start".to_owned()),
            "stateEnd" => Some("end".to_owned()),
            _ => label(one, "label"),
        };
        graph.nodes.push(node(id, label, parent));
    }
    for edge in list(model, "edges") {
        graph.edges.push(Edge {
            from: text(edge, "start"),
            to: text(edge, "end"),
            label: label(edge, "label"),
            directed: true,
        });
    }
    graph
}

fn class(model: &Value) -> Graph {
    let mut graph = empty(Family::Class);
    for (id, one) in model["classes"].as_object().into_iter().flatten() {
        let parent = one["parent"].as_str().map(str::to_owned);
        graph
            .nodes
            .push(node(id.clone(), label(one, "label"), parent));
    }
    for relation in list(model, "relations") {
        let kind = &relation["relation"];
        let (begins, ends) = (&kind["type1"], &kind["type2"]);
        let none = |end: &Value| end.as_i64() == Some(-1);
        // `A <|-- B` points at A.
        let backwards = none(ends) && !none(begins);
        let (one, other) = (text(relation, "id1"), text(relation, "id2"));
        let (from, to) = if backwards {
            (other, one)
        } else {
            (one, other)
        };
        graph.edges.push(Edge {
            from,
            to,
            label: label(relation, "title"),
            directed: none(begins) != none(ends),
        });
    }
    graph
}

fn er(model: &Value) -> Graph {
    let mut graph = empty(Family::Er);
    for (name, entity) in model["entities"].as_object().into_iter().flatten() {
        let shown = label(entity, "alias").or_else(|| Some(name.clone()));
        graph.nodes.push(node(text(entity, "id"), shown, None));
    }
    for relation in list(model, "relationships") {
        graph.edges.push(Edge {
            from: text(relation, "entityA"),
            to: text(relation, "entityB"),
            label: label(relation, "roleA"),
            directed: false,
        });
    }
    graph
}

fn architecture(model: &Value) -> Graph {
    let mut graph = empty(Family::Architecture);
    let within = |one: &Value| one["in"].as_str().map(str::to_owned);
    for group in list(model, "groups") {
        let id = text(group, "id");
        graph.groups.push(Group {
            label: label(group, "title").unwrap_or_else(|| id.clone()),
            parent: within(group),
            id,
        });
    }
    for service in list(model, "services") {
        graph.nodes.push(node(
            text(service, "id"),
            label(service, "title"),
            within(service),
        ));
    }
    for edge in list(model, "edges") {
        let into = |key: &str| edge[key].as_bool().unwrap_or(false);
        let (left, right) = (text(edge, "lhsId"), text(edge, "rhsId"));
        let backwards = into("lhsInto") && !into("rhsInto");
        let (from, to) = if backwards {
            (right, left)
        } else {
            (left, right)
        };
        graph.edges.push(Edge {
            from,
            to,
            label: label(edge, "title"),
            directed: into("lhsInto") != into("rhsInto"),
        });
    }
    graph
}

fn block(model: &Value) -> Graph {
    let mut graph = empty(Family::Block);
    blocks(model, "blocks", None, &mut graph);
    for edge in list(model, "edges") {
        graph.edges.push(Edge {
            from: text(edge, "start"),
            to: text(edge, "end"),
            label: label(edge, "label"),
            directed: text(edge, "arrowTypeEnd") != text(edge, "arrowTypeStart"),
        });
    }
    graph
}

fn blocks(value: &Value, key: &str, parent: Option<&str>, graph: &mut Graph) {
    for one in list(value, key) {
        let id = text(one, "id");
        let kind = text(one, "type");
        if list(one, "children").next().is_some() {
            graph.groups.push(Group {
                label: label(one, "label").unwrap_or_else(|| id.clone()),
                id: id.clone(),
                parent: parent.map(str::to_owned),
            });
            blocks(one, "children", Some(&id), graph);
        } else if kind != "space" && kind != "edge" {
            graph
                .nodes
                .push(node(id, label(one, "label"), parent.map(str::to_owned)));
        }
    }
}
