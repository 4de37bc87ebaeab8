//! The checks, in the order in which an author meets them.

use domain::{Finding, QuestionContent, QuestionId, QuestionKind, Region, Severity};

use crate::text::{folded, spaced};
use crate::{choices, set};

/// What a question is checked against.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// All captions of the diagram.
    pub captions: Vec<String>,
    /// Its regions.
    pub regions: Vec<Region>,
    /// The other questions.
    pub others: Vec<Other>,
    /// How often each position holds the key of the set's single choices, this question left out.
    pub key_positions: Vec<u32>,
    /// The model that found the key of the question, as it is asked now, without seeing the picture.
    pub found_blind_by: Option<String>,
}

/// Another question, as far as a new one is compared with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// Which.
    pub id: QuestionId,
    /// What it asks.
    pub stem: String,
    /// Whether it is about the same diagram.
    pub same_diagram: bool,
}

/// Everything that is wrong with a question as it stands, errors first. What its author overruled says so.
pub fn check(content: &QuestionContent, context: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    stem(content, &mut findings);
    match content.kind {
        QuestionKind::SingleChoice | QuestionKind::MultipleChoice => {
            choices::check(content, &context.captions, &mut findings);
        }
        QuestionKind::TrueFalse => true_false(content, &mut findings),
        QuestionKind::FillIn => fill_in(content, &mut findings),
    }
    evidence(content, context, &mut findings);
    set::check(content, context, &mut findings);
    for finding in &mut findings {
        let answered = |overruled: &domain::Overruled| {
            overruled.check == finding.check
                && !overruled.note.trim().is_empty()
                && overruled
                    .about
                    .as_ref()
                    .is_none_or(|about| *about == finding.about)
        };
        finding.overruled =
            finding.severity != Severity::Error && content.overruled.iter().any(answered);
    }
    findings.sort_by_key(|finding| match finding.severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Hint => 2,
    });
    findings
}

/// A finding about the question as a whole.
pub(crate) fn finding(
    check: &str,
    severity: Severity,
    details: Vec<String>,
    message: impl Into<String>,
    help: &str,
) -> Finding {
    Finding {
        check: check.to_owned(),
        severity,
        choice: None,
        details,
        about: String::new(),
        message: message.into(),
        help: help.to_owned(),
        overruled: false,
    }
}

/// The same finding, with the texts that it is about.
pub(crate) fn about(texts: &[&str], mut finding: Finding) -> Finding {
    let folded: Vec<String> = texts.iter().map(|text| folded(text)).collect();
    finding.about = folded.join(" | ");
    finding
}

fn stem(content: &QuestionContent, findings: &mut Vec<Finding>) {
    if content.stem.trim().is_empty() {
        findings.push(finding(
            "empty_stem",
            Severity::Error,
            Vec::new(),
            "the question has no words yet",
            "Write what is asked.",
        ));
    }
}

/// Words that give a statement away, since such statements are rarely true.
const ABSOLUTE: [&str; 12] = [
    "always", "never", "only", "all of", "none of", "must", "一定", "从不", "总是", "只有", "所有",
    "绝对",
];

fn true_false(content: &QuestionContent, findings: &mut Vec<Finding>) {
    if content.truth.is_none() {
        findings.push(finding(
            "no_key",
            Severity::Error,
            Vec::new(),
            "it is not said whether the statement is true",
            "Choose true or false.",
        ));
    }
    let said = format!(" {} ", spaced(&content.stem));
    let absolute = ABSOLUTE.iter().find(|word| match word.is_ascii() {
        true => said.contains(&format!(" {word} ")),
        false => said.contains(**word),
    });
    if let (Some(word), Some(false)) = (absolute, content.truth) {
        findings.push(about(
            &[word],
            finding(
                "true_false_giveaway",
                Severity::Warning,
                vec![(*word).to_owned()],
                format!("“{word}” tells that the statement is false"),
                "Say the same without it.",
            ),
        ));
    }
}

fn fill_in(content: &QuestionContent, findings: &mut Vec<Finding>) {
    let accepted: Vec<&String> = content
        .accepted
        .iter()
        .filter(|answer| !answer.trim().is_empty())
        .collect();
    if accepted.is_empty() {
        findings.push(finding(
            "no_accepted_answer",
            Severity::Error,
            Vec::new(),
            "no answer is accepted yet",
            "Write the answer, and other wordings that are right as well.",
        ));
    }
    if !content.stem.contains("__") {
        findings.push(finding(
            "gap_missing",
            Severity::Warning,
            Vec::new(),
            "nothing marks where the answer goes",
            "Put ____ where the answer goes.",
        ));
    }
    let numbers = accepted
        .iter()
        .filter(|answer| crate::measure::number(answer).is_some())
        .count();
    let bad = match content.tolerance {
        Some(tolerance) => !tolerance.is_finite() || tolerance < 0.0 || numbers == 0,
        None => false,
    };
    if bad {
        findings.push(finding(
            "bad_tolerance",
            Severity::Error,
            Vec::new(),
            "a tolerance needs a number to be near to",
            "Give a number as the answer, and a tolerance of 0 or more.",
        ));
    }
}

fn evidence(content: &QuestionContent, context: &Context, findings: &mut Vec<Finding>) {
    let known = |id: &domain::RegionId| context.regions.iter().any(|region| region.id == *id);
    if !content.evidence.iter().any(known) {
        findings.push(finding(
            "no_evidence",
            Severity::Warning,
            Vec::new(),
            "no region of the picture shows the answer",
            "Point at the region that an examinee has to look at.",
        ));
    }
    if content.rationale.trim().is_empty() {
        findings.push(finding(
            "no_rationale",
            Severity::Hint,
            Vec::new(),
            "it is not said why the key is right",
            "One sentence helps whoever verifies it.",
        ));
    }
    if let Some(model) = &context.found_blind_by {
        // Half of all statements are judged rightly by chance.
        let severity = match content.kind {
            QuestionKind::TrueFalse => Severity::Hint,
            _ => Severity::Warning,
        };
        findings.push(about(
            &[model, &content.stem],
            finding(
                "blind_answer",
                severity,
                vec![model.clone()],
                format!("`{model}` found the key without seeing the picture"),
                "Ask for something that only this picture tells.",
            ),
        ));
    }
}

/// Whether two options say the same.
pub(crate) fn same(one: &str, other: &str) -> bool {
    folded(one) == folded(other)
}
