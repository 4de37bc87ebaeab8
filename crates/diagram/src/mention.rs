//! What of a graph a text does not speak of yet.

use crate::Graph;
use crate::compare::folded;

/// Parts of a graph that a text does not mention.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unmentioned {
    /// Indices of nodes.
    pub nodes: Vec<usize>,
    /// Indices of edges.
    pub edges: Vec<usize>,
}

/// Looks for every label in a text, in English and Chinese. An edge counts as mentioned when both its ends
/// and the words on it occur within two neighbouring sentences.
pub fn unmentioned(graph: &Graph, text: &str) -> Unmentioned {
    let whole = folded(text);
    let sentences: Vec<String> = sentences(text)
        .into_iter()
        .map(folded)
        .filter(|sentence| !sentence.is_empty())
        .collect();
    let pairs: Vec<String> = match sentences.as_slice() {
        [one] => vec![one.clone()],
        more => more.windows(2).map(|two| two.join(" ")).collect(),
    };
    let nodes = graph.nodes.iter().enumerate();
    let edges = graph.edges.iter().enumerate();
    Unmentioned {
        nodes: nodes
            .filter(|(_, node)| !occurs(&whole, &folded(&node.label)))
            .map(|(index, _)| index)
            .collect(),
        edges: edges
            .filter(|(_, edge)| {
                let mut wanted = vec![
                    folded(graph.label(&edge.from)),
                    folded(graph.label(&edge.to)),
                ];
                wanted.extend(edge.label.as_deref().map(folded));
                let told = |place: &String| wanted.iter().all(|label| occurs(place, label));
                !pairs.iter().any(told)
            })
            .map(|(index, _)| index)
            .collect(),
    }
}

/// The sentences of a text. A Latin mark ends one only before white space, a Chinese letter or the end, whatever
/// closing marks stand between: `10.0.0.1` and `802.1Q` are no ends.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, mark) in text.char_indices() {
        let next = at + mark.len_utf8();
        let ends = match mark {
            '。' | '！' | '？' | '；' | '\n' => true,
            '.' | '!' | '?' | ';' => text[next..]
                .chars()
                .find(|c| !matches!(c, ')' | ']' | '"' | '\'' | '”' | '’' | '」' | '』' | '）'))
                .is_none_or(|c| c.is_whitespace() || is_chinese(c)),
            _ => false,
        };
        if ends {
            found.push(&text[start..at]);
            start = next;
        }
    }
    found.push(&text[start..]);
    found
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether `label` stands in `text` as words of its own: `amf` is not in `amfx`, and Chinese has no such ends.
fn occurs(text: &str, label: &str) -> bool {
    if label.is_empty() {
        return true;
    }
    let joins = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (first, last) = (label.chars().next(), label.chars().next_back());
    text.match_indices(label).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        let cut = |edge: Option<char>, beside: Option<char>| {
            !edge.is_some_and(joins) || !beside.is_some_and(joins)
        };
        cut(first, before) && cut(last, after)
    })
}
