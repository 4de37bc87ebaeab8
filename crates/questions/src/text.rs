//! Texts made comparable.

use unicode_normalization::UnicodeNormalization;

/// Compatible forms, case, white space and punctuation made alike.
pub(crate) fn folded(text: &str) -> String {
    let normalised: String = text.nfkc().collect::<String>().to_lowercase();
    let kept = normalised.chars().filter(|c| counts(*c));
    kept.collect::<String>().trim_end_matches('.').to_owned()
}

/// Whether a character makes a difference: signs of arithmetic do, other punctuation does not.
fn counts(c: char) -> bool {
    if "+-./<>=%".contains(c) {
        return true;
    }
    !(c.is_whitespace() || c.is_ascii_punctuation() || "，。；：？！、“”‘’（）《》".contains(c))
}

/// Compatible forms and case made alike, white space single.
pub(crate) fn spaced(text: &str) -> String {
    let normalised: String = text.nfkc().collect::<String>().to_lowercase();
    normalised.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Length for the eye: a Chinese character counts as two letters.
pub(crate) fn width(text: &str) -> usize {
    text.trim()
        .chars()
        .map(|c| if u32::from(c) > 0x2E7F { 2 } else { 1 })
        .sum()
}

/// Whether `words` occur in `text`, both [`spaced`]. A Latin word counts as a whole only; Chinese has no spaces, and
/// those around Latin words in it mean nothing.
pub(crate) fn occurs(words: &str, text: &str) -> bool {
    let (words, text) = (tight(words), tight(text));
    let joins = |one: Option<char>, other: Option<char>| {
        let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        latin(one) && latin(other)
    };
    !words.is_empty()
        && text.match_indices(&words).any(|(at, _)| {
            let (before, after) = (&text[..at], &text[at + words.len()..]);
            !joins(before.chars().next_back(), words.chars().next())
                && !joins(words.chars().next_back(), after.chars().next())
        })
}

/// Without the spaces beside Chinese characters.
fn tight(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let beside = |at: usize| {
        let wide = |at: Option<usize>| {
            at.and_then(|at| letters.get(at))
                .is_some_and(|c| u32::from(*c) > 0x2E7F)
        };
        wide(at.checked_sub(1)) || wide(Some(at + 1))
    };
    letters
        .iter()
        .enumerate()
        .filter(|(at, c)| **c != ' ' || !beside(*at))
        .map(|(_, c)| *c)
        .collect()
}
