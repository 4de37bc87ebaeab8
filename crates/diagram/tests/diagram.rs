//! Diagrams as a telecom expert writes them: read, drawn, compared, looked for in a text.

use diagram::{Family, Graph, compare, parse, svg, svg_marked, unmentioned};

const CORE: &str = "flowchart LR
  subgraph core[5G 核心网]
    A[AMF] -->|N11| B(SMF)
    subgraph user[User plane]
      C[UPF]
    end
  end
  G[gNB] -->|N2| A
  B -.->|N4| C
  G <--> C
  C --- D[DN]";

const REGISTRATION: &str = "sequenceDiagram
  participant U as UE
  participant G as gNB
  participant A as AMF
  U->>G: Registration Request
  G->>A: Initial UE Message
  alt 鉴权成功
    A-->>U: Registration Accept
  else 失败
    A--xU: Registration Reject
  end
  Note over U,A: NAS security
  loop every 10 s
    A->>A: check timer
  end";

fn labels(graph: &Graph) -> Vec<&str> {
    graph.nodes.iter().map(|node| node.label.as_str()).collect()
}

fn edges(graph: &Graph) -> Vec<String> {
    let said = |edge: &diagram::Edge| {
        let arrow = if edge.directed { ">" } else { "-" };
        let label = edge.label.as_deref().unwrap_or_default();
        format!(
            "{}{arrow}{} {label}",
            graph.label(&edge.from),
            graph.label(&edge.to)
        )
    };
    graph.edges.iter().map(said).collect()
}

#[test]
fn a_flowchart_has_its_nodes_groups_and_directions() {
    let graph = parse(CORE).unwrap();
    assert_eq!(graph.family, Family::Flowchart);
    assert_eq!(labels(&graph), ["AMF", "SMF", "UPF", "gNB", "DN"]);
    assert_eq!(
        edges(&graph),
        [
            "AMF>SMF N11",
            "gNB>AMF N2",
            "SMF>UPF N4",
            "gNB-UPF ",
            "UPF-DN "
        ]
    );
    let groups: Vec<_> = graph
        .groups
        .iter()
        .map(|group| (group.label.as_str(), group.parent.as_deref()))
        .collect();
    assert_eq!(groups, [("5G 核心网", None), ("User plane", Some("core"))]);
    let upf = &graph.nodes[2];
    assert_eq!(upf.group.as_deref(), Some("user"), "the innermost group");
}

#[test]
fn a_sequence_has_its_messages_in_order_and_its_frames() {
    let graph = parse(REGISTRATION).unwrap();
    assert_eq!(labels(&graph), ["UE", "gNB", "AMF"]);
    assert_eq!(
        edges(&graph),
        [
            "UE>gNB Registration Request",
            "gNB>AMF Initial UE Message",
            "AMF>UE Registration Accept",
            "AMF>UE Registration Reject",
            "AMF>AMF check timer",
        ]
    );
    let frames: Vec<_> = graph
        .groups
        .iter()
        .map(|group| group.label.as_str())
        .collect();
    assert_eq!(frames, ["alt 鉴权成功", "loop every 10 s"]);
}

#[test]
fn other_families_are_read_too() {
    let check = |source: &str, family: Family, nodes: &[&str], wanted: &[&str]| {
        let graph = parse(source).unwrap();
        assert_eq!(graph.family, family, "{source}");
        assert_eq!(labels(&graph), nodes, "{source}");
        assert_eq!(edges(&graph), wanted, "{source}");
    };
    check(
        "stateDiagram-v2\n[*] --> Idle\nIdle --> Connect: start\nstate Active {\n Up --> Down: fail\n}\nConnect --> Active",
        Family::State,
        &["start", "Idle", "Connect", "Up", "Down"],
        &[
            "start>Idle ",
            "Idle>Connect start",
            "Up>Down fail",
            "Connect>Active ",
        ],
    );
    check(
        "classDiagram\nNE <|-- Router : is a\nNE \"1\" --> \"*\" Port : has",
        Family::Class,
        &["NE", "Router", "Port"],
        &["Router>NE is a", "NE>Port has"],
    );
    check(
        "erDiagram\nDEVICE ||--o{ PORT : has",
        Family::Er,
        &["DEVICE", "PORT"],
        &["DEVICE-PORT has"],
    );
    check(
        "architecture-beta\ngroup core(cloud)[Core]\nservice amf(server)[AMF] in core\nservice smf(server)[SMF] in core\namf:R --> L:smf",
        Family::Architecture,
        &["AMF", "SMF"],
        &["AMF>SMF "],
    );
    check(
        "block-beta\ncolumns 2\na[\"ASIC\"] b\na --> b",
        Family::Block,
        &["ASIC", "b"],
        &["ASIC>b "],
    );
}

#[test]
fn labels_are_plain_text() {
    let graph = parse("flowchart TD\n a[\"<b>核心</b><br/>网\"] --> b[\"x > y & z\"]").unwrap();
    assert_eq!(labels(&graph), ["核心 网", "x > y & z"]);
}

#[test]
fn a_problem_names_its_line() {
    let problem = parse("flowchart TD\n A --> B\n B --> C[open").unwrap_err();
    assert_eq!(problem.line, Some(3), "{problem}");
    let problem = parse("hello world").unwrap_err();
    assert!(problem.message.contains("flowchart LR"), "{problem}");
    assert!(parse(" \n").is_err());
}

#[test]
fn strangers_texts_do_no_harm() {
    let long = format!("flowchart TD\n{}", "A --> B\n".repeat(20_000));
    let many: String = (0..4_000)
        .map(|n| format!("n{n} --> n{}\n", (n * 7) % 4_000))
        .collect();
    let many = format!("flowchart TD\n{many}");
    let deep = format!(
        "flowchart TD\n{}{}",
        "subgraph x\n".repeat(2_000),
        "end\n".repeat(2_000)
    );
    assert!(svg(&long).is_err());
    for source in [&many[..60_000.min(many.len())], &deep] {
        // Drawn or refused, within the time and the size that one drawing may take.
        if let Ok(drawn) = svg(source) {
            assert!(drawn.text.len() < 64 << 20);
        }
    }
    let tricks =
        "%%{init: {\"securityLevel\": \"loose\", \"fontFamily\": \"url(http://evil.example/x)\"}}%%
flowchart LR
  A[\"<img src=x onerror=alert(1)><script>alert(1)</script>\"] --> B
  click A href \"javascript:alert(1)\"
  click B call boom()";
    if let Ok(drawn) = svg(tricks) {
        let text = drawn.text.to_lowercase();
        for bad in [
            "<script",
            "onerror",
            "javascript:",
            "<foreignobject",
            "evil.example",
            "<img",
        ] {
            assert!(!text.contains(bad), "{bad}");
        }
    }
    for source in [
        "sequenceDiagram\nA->>",
        "flowchart\u{0}TD",
        "graph",
        "%%{",
        "---\n---",
    ] {
        // Whatever comes of it, it comes back.
        drop((parse(source), svg(source)));
    }
}

#[test]
fn the_same_text_gives_the_same_picture() {
    for source in [CORE, REGISTRATION] {
        let first = svg(source).unwrap();
        assert!(first.text.starts_with("<svg"));
        assert_eq!(svg(source).unwrap(), first);
    }
}

#[test]
fn a_graph_differs_from_itself_in_nothing() {
    for source in [CORE, REGISTRATION] {
        let graph = parse(source).unwrap();
        let renamed = parse(&source.replace("A[", "Z[").replace("| A", "| Z")).unwrap();
        let diff = compare(&graph, &renamed);
        assert_eq!((diff.node_f1, diff.edge_f1), (1.0, 1.0), "{diff:?}");
        assert!(diff.missing_edges.is_empty() && diff.relabelled_nodes.is_empty());
    }
}

#[test]
fn each_kind_of_mistake_is_told_apart() {
    let gold = parse(CORE).unwrap();
    let told = |source: &str| compare(&gold, &parse(source).unwrap());
    let reversed = told(&CORE.replace("G[gNB] -->|N2| A", "A -->|N2| G[gNB]"));
    assert_eq!(reversed.reversed_edges, ["gNB → AMF: N2"]);
    assert!(reversed.missing_edges.is_empty() && reversed.invented_edges.is_empty());
    assert!((reversed.edge_f1 - 0.8).abs() < 1e-9);

    let dropped = told(&CORE.replace("  C --- D[DN]", ""));
    assert_eq!(dropped.missing_nodes, ["DN"]);
    assert_eq!(dropped.missing_edges, ["UPF — DN"]);

    let relabelled = told(&CORE.replace("N4", "N9"));
    assert_eq!(
        relabelled.relabelled_edges,
        [("SMF → UPF: N4".to_owned(), "SMF → UPF: N9".to_owned())]
    );
    let invented = told(&format!("{CORE}\n  D --> P[PCF]"));
    assert_eq!(invented.invented_nodes, ["PCF"]);
    assert_eq!(invented.invented_edges, ["DN → PCF"]);

    // An equal label is worth more than any similar one: swapping two is two wrong wires, not two new names.
    let swapped = told(
        &CORE
            .replace("[AMF]", "[X]")
            .replace("(SMF)", "(AMF)")
            .replace("[X]", "[SMF]"),
    );
    assert!(swapped.relabelled_nodes.is_empty(), "{swapped:?}");
    assert!(swapped.edge_f1 < 0.7, "{swapped:?}");
    let x = parse("flowchart LR\n a[\"x > y\"] --> b[k]").unwrap();
    let y = parse("flowchart LR\n a[\"x = y\"] --> b[k]").unwrap();
    assert_eq!(compare(&x, &y).relabelled_nodes.len(), 1);
}

#[test]
fn what_a_text_does_not_say_is_found() {
    let graph = parse(CORE).unwrap();
    let text = "The gNB talks to the AMF over N2, and the AMF reaches the SMF by N11. 用户面由 UPF 承担。AMFX is another thing.";
    let open = unmentioned(&graph, text);
    let nodes: Vec<_> = open
        .nodes
        .iter()
        .map(|index| graph.nodes[*index].label.as_str())
        .collect();
    assert_eq!(nodes, ["DN"]);
    assert_eq!(open.edges, [2, 4], "SMF–UPF by N4, and UPF–DN");
    let none = unmentioned(&parse("flowchart LR\n a[AMF]").unwrap(), "only AMFX here");
    assert_eq!(none.nodes, [0]);
    let chinese = parse("flowchart LR\n a[接入网] --> b[核心网]").unwrap();
    assert_eq!(
        unmentioned(&chinese, "信号从接入网进入核心网。").nodes,
        Vec::<usize>::new()
    );
}

#[test]
fn edges_are_found_in_sentences_that_hold_addresses_and_versions() {
    fn check(source: &str, text: &str, open: &[usize]) {
        let graph = parse(source).unwrap();
        assert_eq!(unmentioned(&graph, text).edges, open, "{text}");
    }
    let address = "flowchart LR\n a[Gateway] -->|802.1Q| b[\"10.0.0.1\"]";
    let far = " It is old. It is grey. It hums. It is warm. ";
    check(
        address,
        &format!("{far}The Gateway tags frames by 802.1Q for 10.0.0.1."),
        &[],
    );
    check(
        address,
        &format!("The Gateway is red.{far}Here 802.1Q goes to 10.0.0.1."),
        &[0],
    );
    check(
        address,
        &format!("(The Gateway is red.){far}“Here is 802.1Q.” Then 10.0.0.1!"),
        &[0],
    );
    let chinese = "flowchart LR\n a[接入网] --> b[核心网]";
    check(chinese, "接入网在左。核心网在右。", &[]);
    check(
        chinese,
        "接入网在左。中间是承载网；它有两层！还有网管。核心网在右。",
        &[0],
    );
    check(
        chinese,
        "接入网在左.中间是承载网.它有两层.核心网在右.",
        &[0],
    );
}

#[test]
fn differences_are_drawn_into_the_picture() {
    let gold = "flowchart LR
  A[AMF] -->|N11| B[SMF]
  B -->|N4| C[UPF]
  D[\"a #quot;gNB#quot; #1\"] -->|N2| A";
    let draft = "flowchart LR
  a[AMF] --> b[SMF] & x[PCF]
  c[UPF] -->|N4| b
  c --> b";
    let (drawn, marked) = svg_marked(gold, draft).unwrap();
    assert!(marked);
    let n = |what: &str| drawn.text.matches(what).count();
    // Made up: AMF → PCF, a second UPF → SMF, and PCF; turned round: UPF → SMF; lacking: gNB and its edge.
    let (plain, _) = svg_marked(draft, draft).unwrap();
    for colour in ["#c5221f", "#b06000", "#8a919e"] {
        assert!(n(colour) > 0, "{colour} is drawn: {}", drawn.text);
        assert!(!plain.text.contains(colour), "nothing differs");
    }
    assert!(drawn.text.contains("gNB") && !plain.text.contains("gNB"));
    // The marks are on the right edges: an edge that both have is drawn as ever.
    let (one, _) = svg_marked(
        "flowchart LR\n A --> B --> C",
        "flowchart LR\n A --> B --> C\n A --> C",
    )
    .unwrap();
    assert!(one.text.matches("#c5221f").count() >= 1);
    let (sequence, marked) = svg_marked(REGISTRATION, REGISTRATION).unwrap();
    assert!(!marked && sequence.text == svg(REGISTRATION).unwrap().text);
    svg_marked(gold, "flowchart LR\n A[").unwrap_err();
}

#[test]
fn edges_are_scored_in_both_directions() {
    let gold = parse("flowchart LR\n A --> B --> C --> D").unwrap();
    let draft = parse("flowchart LR\n A --> B\n D --> A").unwrap();
    let diff = compare(&gold, &draft);
    assert!((diff.edge_precision - 0.5).abs() < 1e-9);
    assert!((diff.edge_recall - 1.0 / 3.0).abs() < 1e-9);
}
