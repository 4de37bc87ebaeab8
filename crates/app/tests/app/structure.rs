//! Structures: Mermaid text as a graph and a picture, and two of them compared.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::Bench;

const RING: &str = "flowchart LR\n  subgraph core[\"Core\"]\n    a[\"AMF\"] -->|\"N11\"| s[\"SMF\"]\n  end\n  s -->|\"N4\"| u[\"UPF\"]\n";

#[test]
fn a_structure_is_read_drawn_once_and_held_against_the_text() {
    let bench = Bench::new();
    let said = "The AMF reaches the SMF over N11.";
    let structure = bench.session.structure(RING, said).unwrap();
    assert_eq!(structure.family.as_deref(), Some("flowchart"));
    let nodes: Vec<_> = structure
        .nodes
        .iter()
        .map(|node| (node.label.as_str(), node.mentioned))
        .collect();
    assert_eq!(nodes, [("AMF", true), ("SMF", true), ("UPF", false)]);
    let edges: Vec<_> = structure
        .edges
        .iter()
        .map(|edge| (edge.from.as_str(), edge.to.as_str(), edge.mentioned))
        .collect();
    assert_eq!(edges, [("AMF", "SMF", true), ("SMF", "UPF", false)]);
    assert_eq!(structure.groups[0].members, ["AMF", "SMF"]);

    let name = structure.picture.unwrap();
    let file = bench.session.structure_picture(&name).unwrap();
    let drawn = fs::read(&file.path).unwrap();
    assert!(drawn.starts_with(b"\x89PNG") && structure.width > 50 && structure.height > 20);
    let again = bench.session.structure(RING, "").unwrap();
    assert_eq!(again.picture.as_ref(), Some(&name));
    assert_eq!(
        (again.width, again.height),
        (structure.width, structure.height)
    );
}

#[test]
fn what_cannot_be_read_is_an_answer_with_its_line() {
    let bench = Bench::new();
    let broken = "flowchart LR\n  a --> b\n  a --> [\n";
    let structure = bench.session.structure(broken, "").unwrap();
    assert_eq!((&structure.family, &structure.picture), (&None, &None));
    let problem = structure.problem.unwrap();
    assert_eq!(problem.line, Some(3), "{problem:?}");
    assert!(!problem.message.is_empty());
}

#[test]
fn a_picture_is_named_by_its_content_alone() {
    let bench = Bench::new();
    for name in ["../../callout.db", "", "zz", &"g".repeat(64)] {
        assert!(bench.session.structure_picture(name).is_err(), "{name}");
    }
}

#[test]
fn two_structures_differ_by_edge() {
    let bench = Bench::new();
    let other = "flowchart LR\n  s[\"SMF\"] -->|\"N11\"| a[\"AMF\"]\n  s -->|\"N4\"| u[\"UPF\"]\n  u --> d[\"数据网络\"]\n";
    let diff = bench.session.structure_diff(RING, other).unwrap().unwrap();
    assert_eq!(diff.invented_nodes, ["数据网络"]);
    assert_eq!(diff.reversed_edges.len(), 1, "{diff:?}");
    assert_eq!(diff.invented_edges.len(), 1, "{diff:?}");
    assert!(diff.edge_f1 < 0.5 && diff.node_f1 > 0.8, "{diff:?}");
    assert!(diff.marked, "the differences are drawn into its picture");
    let picture = bench.session.structure_picture(&diff.picture.unwrap());
    assert!(picture.unwrap().path.is_file());
    assert_eq!(
        bench.session.structure_diff(RING, "no diagram").unwrap(),
        None
    );
}

fn drawings(bench: &Bench) -> PathBuf {
    let root = bench.session.workspace().root();
    root.join("derived").join("structure")
}

#[test]
fn drawings_of_what_was_typed_do_not_pile_up() {
    let bench = Bench::new();
    let draw = |label: &str| {
        let source = format!("flowchart LR\n a[{label}]");
        bench
            .session
            .structure(&source, "")
            .unwrap()
            .picture
            .unwrap()
    };
    let is_there = |picture: &str| {
        let file = bench.session.structure_picture(picture).unwrap();
        file.path.is_file()
    };
    let (looked_at, forgotten) = (draw("A"), draw("B"));
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    for (name, at) in [
        (&forgotten, long_ago - Duration::from_secs(1)),
        (&looked_at, long_ago),
    ] {
        let facts = drawings(&bench).join(name).join("drawn.json");
        let file = File::options().write(true).open(facts).unwrap();
        file.set_modified(at).unwrap();
    }
    for index in 0..300 {
        let other = drawings(&bench).join(format!("{index:064x}"));
        fs::create_dir(&other).unwrap();
        let facts = File::create(other.join("drawn.json")).unwrap();
        facts.set_modified(long_ago).unwrap();
    }
    assert_eq!(
        draw("A"),
        looked_at,
        "asked for again, as by the diagram that is open"
    );
    let newest = draw("C");
    let kept = fs::read_dir(drawings(&bench)).unwrap().count();
    assert!(kept <= 256, "{kept} are kept");
    assert!(is_there(&newest) && is_there(&looked_at));
    assert!(!is_there(&forgotten));
    assert_eq!(draw("B"), forgotten);
    assert!(is_there(&forgotten), "what was swept is drawn again");
}

#[test]
fn a_long_structure_is_one_picture() {
    let bench = Bench::new();
    let far = "%%{init: {'flowchart': {'rankSpacing': 3000}}}%%";
    let source = format!("{far}\nflowchart LR\n a --> b --> c");
    let drawn = bench.session.structure(&source, "").unwrap();
    assert_eq!(drawn.problem, None);
    assert!((3000..=4096).contains(&drawn.width), "{}", drawn.width);
    let picture = bench.session.structure_picture(&drawn.picture.unwrap());
    assert!(picture.unwrap().path.is_file());
}

#[test]
fn letters_that_no_font_has_are_told() {
    let bench = Bench::new();
    let drawn = bench
        .session
        .structure("flowchart LR\n a[AMF 核心网 \u{10fffa}]", "")
        .unwrap();
    assert_eq!(drawn.missing_letters, "\u{10fffa}");
    let again = bench
        .session
        .structure("flowchart LR\n a[AMF 核心网 \u{10fffa}]", "")
        .unwrap();
    assert_eq!(
        again.missing_letters, drawn.missing_letters,
        "of a drawing that is kept too"
    );
}
