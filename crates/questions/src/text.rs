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
