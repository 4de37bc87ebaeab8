//! The same choice with its options in other orders, so that whoever prefers a letter is found out.

use domain::{Choice, QuestionContent};

/// A question with its options moved on by `by` places: what was at `by` comes first. Without options it stays.
pub fn rotated(content: &QuestionContent, by: usize) -> QuestionContent {
    let mut turned = content.clone();
    if !turned.choices.is_empty() {
        let by = by % turned.choices.len();
        turned.choices.rotate_left(by);
    }
    turned
}

/// Where options that were picked in a [`rotated`] question stand in the question itself, in order.
pub fn rotated_back(choices: &[Choice], picked: &[u32], by: usize) -> Vec<u32> {
    let n = u32::try_from(choices.len().max(1)).unwrap_or(u32::MAX);
    let by = u32::try_from(by).unwrap_or(0) % n;
    let mut back: Vec<u32> = picked.iter().map(|index| (index + by) % n).collect();
    back.sort_unstable();
    back
}
