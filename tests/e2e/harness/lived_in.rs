//! A workspace in which people have worked: captions at every level, regions, questions, decisions, conversations, a
//! glossary. What it says of the sample's diagrams is true.

use super::workspace::Workspace;
use anyhow::{Context as _, Result};
use app::Session;
use app::domain::{
    Anchor, Choice, DiagramId, DrawnRegion, Level, NewDecision, NewTerm, QuestionContent,
    QuestionKind, QuestionSource, Reason, Region, Shape, Slot, SpanLink,
};

/// Numbers of the sample's diagrams in the queue.
pub const REGISTRATION: u32 = 1;
pub const PDU_SESSION: u32 = 8;

/// Mei captions, Wei writes questions and captions too, Test leads.
pub fn live_in(workspace: &Workspace) -> Result<()> {
    let root = workspace.path();
    let [mei, wei, lead] = ["Mei", "Wei", "Test"].map(|name| Session::open(root.as_ref(), name));
    let (mei, wei, lead) = (mei?, wei?, lead?);
    for (number, kind) in (1..).zip(KINDS) {
        lead.set_diagram_kind(&find(&lead, number)?, kind)?;
    }
    for (en, zh, expansion, forbidden) in TERMS {
        lead.add_term(&NewTerm {
            en: en.to_owned(),
            zh: zh.to_owned(),
            expansion: expansion.to_owned(),
            definition: String::new(),
            forbidden: vec![forbidden.to_owned()],
        })?;
    }
    registration(&mei)?;
    for number in [2, 3, 4, 5, 6] {
        corrected(if number % 2 == 0 { &wei } else { &mei }, number)?;
    }
    for number in [2, 3] {
        let accept = NewDecision::Accept {
            picks: Vec::new(),
            note: String::new(),
            read: None,
        };
        lead.decide(&find(&lead, number)?, &accept)?;
    }
    let back = NewDecision::Return {
        reasons: vec![Reason::MissingElement],
        note: "The WAN side is not described yet.".to_owned(),
        read: None,
    };
    let returned = find(&lead, 4)?;
    lead.start_thread(
        &returned,
        &Anchor::Diagram,
        "Which interface leads to the WAN?",
    )?;
    lead.decide(&returned, &back)?;
    questions(&wei)
}

const KINDS: [&str; 12] = [
    "sequence",
    "state machine",
    "topology",
    "sequence",
    "topology",
    "topology",
    "topology",
    "architecture",
    "sequence",
    "stack",
    "sequence",
    "flowchart",
];

const TERMS: [(&str, &str, &str, &str); 4] = [
    (
        "AMF",
        "接入和移动性管理功能",
        "Access and Mobility Management Function",
        "access manager",
    ),
    (
        "UPF",
        "用户面功能",
        "User Plane Function",
        "user plane node",
    ),
    ("gNB", "5G 基站", "next generation Node B", "5G tower"),
    (
        "PDU session",
        "PDU 会话",
        "Protocol Data Unit session",
        "data call",
    ),
];

fn find(session: &Session, number: u32) -> Result<DiagramId> {
    session.find(&number.to_string())
}

fn slot(id: &DiagramId, level: Level, region: Option<&Region>) -> Slot {
    Slot {
        diagram_id: id.clone(),
        level,
        region_id: region.map(|region| region.id.clone()),
    }
}

fn draft(session: &Session, id: &DiagramId) -> Result<String> {
    let drafts = session.drafts_of(id)?;
    Ok(drafts
        .first()
        .context("the sample has drafts")?
        .text
        .clone())
}

/// The draft of a diagram with a word changed, handed in.
fn corrected(session: &Session, number: u32) -> Result<()> {
    let id = find(session, number)?;
    let text = draft(session, &id)?;
    let global = slot(&id, Level::Global, None);
    let better = text.replacen("This", "The", 1).replacen("该图", "本图", 1);
    session.revise(&global, &better, &[], false)?;
    session.set_reasons(&global, &[Reason::Style])?;
    session.revise(&global, &format!("{better} "), &[], true)?;
    Ok(())
}

/// The sequence of a registration, at every level.
fn registration(mei: &Session) -> Result<()> {
    let id = find(mei, REGISTRATION)?;
    let mut regions = Vec::new();
    for (name, y, height) in [
        ("Authentication (5G-AKA)", 342, 485),
        ("NAS security", 849, 148),
        ("Subscription and policy", 1_020, 260),
    ] {
        let shape = Shape::Rectangle {
            x: 28,
            y,
            width: 1_344,
            height,
        };
        let name = Some(name.to_owned());
        regions.push(mei.draw_region(&id, &DrawnRegion { name, shape })?);
    }
    let text = draft(mei, &id)?
        .replace("which selects an SMF", "which selects an AMF")
        .replace(
            "the UDM sends the Authentication Request",
            "the AMF sends the Authentication Request",
        );
    let phase = "authentication phase (5G-AKA)";
    let start = text.find(phase).context("the draft names the phase")?;
    let start = u32::try_from(text[..start].chars().count())?;
    let end = start + u32::try_from(phase.chars().count())?;
    let link = SpanLink {
        start,
        end,
        region_id: regions[0].id.clone(),
    };
    let global = slot(&id, Level::Global, None);
    mei.revise(&global, &text, &[link], false)?;
    mei.set_reasons(&global, &[Reason::WrongTerm, Reason::WrongDirection])?;
    let partial = slot(&id, Level::Partial, Some(&regions[0]));
    mei.revise(&partial, "The AMF asks the AUSF to authenticate the SUCI; the AUSF gets a 5G HE AV and the SUPI from the UDM and answers with a 5G SE AV. The AMF challenges the UE with RAND and AUTN, takes its RES* and has the AUSF confirm it.", &[], false)?;
    let partial = slot(&id, Level::Partial, Some(&regions[1]));
    mei.revise(
        &partial,
        "The AMF sends Security Mode Command to the UE, which answers with Security Mode Complete.",
        &[],
        false,
    )?;
    let detailed = slot(&id, Level::Detailed, None);
    mei.revise(&detailed, "Six participants stand from left to right: UE, gNB (NG-RAN), AMF, AUSF, UDM and PCF. The UE sends 1. Registration Request to the gNB. The gNB selects an AMF and sends it 3. N2 Initial UE Message.", &[], false)?;
    let structure = slot(&id, Level::Structure, None);
    mei.revise(&structure, STRUCTURE, &[], true)?;
    Ok(())
}

const STRUCTURE: &str = "sequenceDiagram
participant UE
participant gNB
participant AMF
participant AUSF
participant UDM
participant PCF
UE->>gNB: Registration Request
gNB->>gNB: Select AMF
gNB->>AMF: N2 Initial UE Message
AMF->>AUSF: Authenticate (SUCI)
AUSF->>UDM: Get auth data (SUCI)
UDM-->>AUSF: 5G HE AV, SUPI
AUSF-->>AMF: 5G SE AV
AMF->>UE: Authentication Request (RAND, AUTN)";

fn questions(wei: &Session) -> Result<()> {
    let id = find(wei, REGISTRATION)?;
    let region = wei.diagram(&id)?.regions[0].id.clone();
    let sent = choice(
        QuestionKind::SingleChoice,
        "Which function sends the Authentication Request (RAND, AUTN) to the UE?",
        &[
            ("AUSF", false),
            ("AMF", true),
            ("UDM", false),
            ("gNB", false),
        ],
    );
    let evidence = QuestionContent {
        evidence: vec![region],
        rationale: "Message 8 runs from the AMF to the UE.".to_owned(),
        category: "direction".to_owned(),
        ..sent
    };
    let first = wei.add_question(&id, &evidence)?;
    wei.make_question_ready(&first.id)?;
    let pdu = find(wei, PDU_SESSION)?;
    let chinese = choice(
        QuestionKind::MultipleChoice,
        "SMF 在选择 UPF 之前，与哪些网元交换了消息？",
        &[("UDM", true), ("PCF", true), ("gNB", false), ("AMF", true)],
    );
    wei.add_question(&pdu, &chinese)?;
    let suggested = choice(
        QuestionKind::SingleChoice,
        "Which message follows Security Mode Command?",
        &[
            ("Registration Accept", false),
            ("Security Mode Complete", true),
            ("5G SE AV", false),
        ],
    );
    let source = QuestionSource::Imported {
        label: "exam-2026.json".to_owned(),
    };
    wei.propose_question(&id, &suggested, &source)?;
    Ok(())
}

fn choice(kind: QuestionKind, stem: &str, options: &[(&str, bool)]) -> QuestionContent {
    let mut content = QuestionContent::empty(kind, Level::Detailed);
    stem.clone_into(&mut content.stem);
    content.choices = options
        .iter()
        .map(|(text, right)| Choice {
            text: (*text).to_owned(),
            right: *right,
        })
        .collect();
    content
}
