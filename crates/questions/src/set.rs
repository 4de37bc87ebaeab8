//! Checks against the other questions of the set.

use std::collections::BTreeSet;

use domain::{Finding, QuestionContent, QuestionKind, Severity};
use worddiff::Segmenter;

use crate::check::{about, finding};
use crate::text::{folded, spaced};
use crate::{Context, Other};

/// Share of words or letters in common from which two questions ask the same.
const ALIKE: f64 = 0.85;
/// A place this unlikely by chance is a habit.
const UNLIKELY: f64 = 0.01;
/// Fewer single choices tell nothing of habits.
const ENOUGH: u32 = 12;

pub(crate) fn check(content: &QuestionContent, context: &Context, findings: &mut Vec<Finding>) {
    near_duplicate(content, context, findings);
    if content.kind == QuestionKind::SingleChoice {
        position(content, &context.key_positions, findings);
    }
}

fn near_duplicate(content: &QuestionContent, context: &Context, findings: &mut Vec<Finding>) {
    let mine = spaced(&content.stem);
    if folded(&mine).chars().count() < 6 {
        return;
    }
    let words = bag(&mine);
    let likeness = |other: &str| {
        let theirs = spaced(other);
        let shared = bag(&theirs);
        let union = words.union(&shared).count();
        let jaccard = if union == 0 {
            0.0
        } else {
            share(words.intersection(&shared).count(), union)
        };
        // Two questions that differ in a number or a name alone ask different things.
        if distinct(&words) != distinct(&shared) {
            0.0
        } else {
            jaccard.max(strsim::normalized_levenshtein(&mine, &theirs))
        }
    };
    let near = context
        .others
        .iter()
        .map(|other| (likeness(&other.stem), other))
        .filter(|(likeness, _)| *likeness >= ALIKE);
    // One about the same picture comes before one that merely sounds alike.
    let closest = near.max_by(|one, other| {
        one.1
            .same_diagram
            .cmp(&other.1.same_diagram)
            .then(one.0.total_cmp(&other.0))
    });
    let Some((_, other)) = closest else {
        return;
    };
    findings.push(likeness_found(other));
}

/// What is said of a question that asks nearly the same.
fn likeness_found(other: &Other) -> Finding {
    let Other {
        id,
        stem,
        same_diagram,
    } = other;
    // The same question about another picture has another answer.
    let details = vec![id.to_string(), stem.clone()];
    let found = if *same_diagram {
        finding(
            "near_duplicate",
            Severity::Warning,
            details,
            format!("another question asks nearly the same: “{stem}”"),
            "Ask for something else, or take one of them out.",
        )
    } else {
        finding(
            "near_duplicate_elsewhere",
            Severity::Hint,
            details,
            format!("a question about another diagram asks nearly the same: “{stem}”"),
            "That is fine if the other picture answers it differently.",
        )
    };
    about(&[id.as_str()], found)
}

fn bag(text: &str) -> BTreeSet<String> {
    Segmenter::shared()
        .words(text)
        .into_iter()
        .map(str::to_owned)
        .collect()
}

/// Numbers and words with digits, which make questions different.
fn distinct(words: &BTreeSet<String>) -> Vec<&String> {
    words
        .iter()
        .filter(|word| word.chars().any(|c| c.is_ascii_digit()))
        .collect()
}

/// Whether the key's place holds the key of the set's single choices more often than chance would have it: an
/// exact binomial test, one-sided.
fn position(content: &QuestionContent, positions: &[u32], findings: &mut Vec<Finding>) {
    let Some(place) = content.choices.iter().position(|choice| choice.right) else {
        return;
    };
    let total: u32 = positions.iter().sum::<u32>() + 1;
    let here = positions.get(place).copied().unwrap_or(0) + 1;
    let places = u32::try_from(content.choices.len()).unwrap_or(1).max(2);
    if total < ENOUGH || at_least(here, total, 1.0 / f64::from(places)) >= UNLIKELY {
        return;
    }
    let letter = ('A'..='Z').nth(place).unwrap_or('?');
    let letter = letter.to_string();
    let found = finding(
        "key_position",
        Severity::Warning,
        vec![letter.clone(), here.to_string(), total.to_string()],
        format!("with this one, {here} of {total} keys are {letter}"),
        "Move the key to another place.",
    );
    findings.push(about(&[&letter], found));
}

/// Probability of at least `hits` of `total` where each has probability `p`.
fn at_least(hits: u32, total: u32, p: f64) -> f64 {
    let mut chance = (1.0 - p).powi(i32::try_from(total).unwrap_or(i32::MAX));
    let mut below = 0.0;
    for k in 0..hits {
        below += chance;
        chance *= f64::from(total - k) / f64::from(k + 1) * p / (1.0 - p);
    }
    (1.0 - below).max(0.0)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of words stay far below 2^52"
)]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::at_least;

    #[test]
    fn the_binomial_tail_is_exact() {
        assert!((at_least(0, 10, 0.25) - 1.0).abs() < 1e-12);
        assert!((at_least(10, 10, 0.5) - 0.5f64.powi(10)).abs() < 1e-12);
        // 1 - sum of the first six terms of B(12, 1/4)
        assert!((at_least(6, 12, 0.25) - 0.054_401_576).abs() < 1e-6);
    }
}
