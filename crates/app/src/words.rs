//! Texts compared by their words.

use store::annotate::Measures;
pub use worddiff::{Diff, Hunk, HunkKind, Piece, PieceKind, ThreeWay};

/// What the store asks of two texts when work is handed in.
pub(crate) const MEASURES: Measures = Measures {
    kept: |draft, text| worddiff::diff(draft, text).kept,
    agreement,
};

/// The word-level difference of two texts.
pub fn diff(before: &str, after: &str) -> Diff {
    worddiff::diff(before, after)
}

/// A base and two texts made of it, aligned.
pub fn three_way(base: &str, one: &str, other: &str) -> ThreeWay {
    worddiff::three_way(base, one, other)
}

/// Loads the dictionary of [`diff`] ahead of its first use.
pub fn warm_diff() {
    worddiff::warm();
}

/// Twice the words in common by the words of both, 0–1; 1 where neither has any.
#[expect(
    clippy::cast_precision_loss,
    reason = "word counts stay far below 2^52"
)]
fn agreement(one: &str, other: &str) -> f64 {
    let n_one = worddiff::words(one).len() as f64;
    let n_all = n_one + worddiff::words(other).len() as f64;
    if n_all == 0.0 {
        return 1.0;
    }
    2.0 * worddiff::diff(one, other).kept * n_one / n_all
}
