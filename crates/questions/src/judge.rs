//! Whether an answer is right: letters, words, numbers with units, from a person or out of a model's text.
//! Letters are read in `letters.rs`, statements in `truth.rs`, numbers and units in `measure.rs`.

use domain::{Choice, QuestionContent, QuestionKind};

use crate::letters::read_choice;
use crate::measure::{Measure, number};
use crate::text::folded;
use crate::truth::truth;

/// An answer as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Indices of the options that were picked.
    pub picked: Vec<u32>,
    /// Whether it is right; `None` when no answer could be read.
    pub correct: Option<bool>,
    /// Name of the rule by which it was read.
    pub rule: &'static str,
}

/// Reads an answer and compares it with the key.
pub fn judge(content: &QuestionContent, answer: &str) -> Judged {
    match content.kind {
        QuestionKind::SingleChoice | QuestionKind::MultipleChoice => {
            choice(&content.choices, answer)
        }
        QuestionKind::TrueFalse => {
            let (said, rule) = truth(answer);
            Judged {
                picked: Vec::new(),
                correct: said.zip(content.truth).map(|(said, truth)| said == truth),
                rule,
            }
        }
        QuestionKind::FillIn => {
            let (correct, rule) = fill_in(content, answer);
            Judged {
                picked: Vec::new(),
                correct,
                rule,
            }
        }
    }
}

/// Whoever names two options where one is asked for has not picked the right one of them.
fn choice(choices: &[Choice], answer: &str) -> Judged {
    let (picked, rule) = read_choice(choices, answer);
    let key: Vec<u32> = (0..)
        .zip(choices)
        .filter(|(_, choice)| choice.right)
        .map(|(index, _)| index)
        .collect();
    Judged {
        correct: (!picked.is_empty()).then(|| picked == key),
        picked,
        rule,
    }
}

fn fill_in(content: &QuestionContent, answer: &str) -> (Option<bool>, &'static str) {
    let said = folded(answer);
    if said.is_empty() {
        return (None, "unread");
    }
    if content.accepted.iter().any(|one| folded(one) == said) {
        return (Some(true), "words");
    }
    let asked = Measure::of(&content.unit);
    let Some((value, unit)) = number(answer) else {
        return (Some(false), "words");
    };
    let given = Measure::of(&unit);
    let accepted: Vec<(f64, Measure)> = content
        .accepted
        .iter()
        .filter_map(|one| number(one))
        .map(|(value, unit)| (value, Measure::of(&unit).or(&asked)))
        .collect();
    // Without a unit or a tolerance only plain numbers are numbers: "5G" and "802.11ac" are names.
    let names = content.tolerance.is_none() && asked.is_none();
    if accepted.is_empty()
        || (names && !(given.counts() && accepted.iter().all(|one| one.1.is_none())))
    {
        return (Some(false), "words");
    }
    let margin = content.tolerance.unwrap_or(0.0) * asked.scale;
    let mut comparable = false;
    for (right, measure) in &accepted {
        // A number says what is asked for; without a unit asked for, what is counted does not matter.
        let given = given.or(measure);
        if !(given.same_kind(measure) || measure.is_none() && given.counts()) {
            continue;
        }
        comparable = true;
        let scale = if measure.is_none() { 1.0 } else { given.scale };
        let (value, right) = (value * scale, right * measure.scale);
        if (value - right).abs() <= margin + right.abs() * 1e-9 {
            return (Some(true), "number");
        }
    }
    (
        Some(false),
        if comparable { "number" } else { "other_unit" },
    )
}
