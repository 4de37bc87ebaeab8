//! What a diagram is made of, whatever language it was written in.

/// A family of diagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Boxes and arrows.
    Flowchart,
    /// Participants and messages in time.
    Sequence,
    /// States and transitions.
    State,
    /// Classes and relations.
    Class,
    /// Entities and relationships.
    Er,
    /// Services and groups.
    Architecture,
    /// Blocks in a grid.
    Block,
    /// Any other: it is drawn, and its graph is not known.
    Other,
}

impl Family {
    /// The name used on the command line and as a diagram's kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flowchart => "flowchart",
            Self::Sequence => "sequence",
            Self::State => "state",
            Self::Class => "class",
            Self::Er => "er",
            Self::Architecture => "architecture",
            Self::Block => "block",
            Self::Other => "other",
        }
    }
}

/// A node, state, class, entity, service, block or participant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its id in the text; unique in the graph.
    pub id: String,
    /// What stands in it; the id where nothing does.
    pub label: String,
    /// Id of the innermost group it is in.
    pub group: Option<String>,
}

/// An edge, transition, relation or message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Id of the node it begins at.
    pub from: String,
    /// Id of the node it ends at.
    pub to: String,
    /// What stands on it.
    pub label: Option<String>,
    /// Whether it has an arrow at `to` and none at `from`.
    pub directed: bool,
}

/// A subgraph, composite state, or frame such as `alt` or `loop`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// What stands on it.
    pub label: String,
    /// Id of the group it is in.
    pub parent: Option<String>,
}

/// A diagram as nodes, edges and groups, each in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// What kind it is.
    pub family: Family,
    /// Nodes.
    pub nodes: Vec<Node>,
    /// Edges; of a sequence diagram the messages in order of time.
    pub edges: Vec<Edge>,
    /// Groups, outer ones first where the text tells.
    pub groups: Vec<Group>,
}

impl Graph {
    /// What stands in the node of this id; the id itself where there is no such node.
    pub fn label<'a>(&'a self, id: &'a str) -> &'a str {
        let node = self.nodes.iter().find(|node| node.id == id);
        node.map_or(id, |node| node.label.as_str())
    }
}
