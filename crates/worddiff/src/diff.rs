//! What changed between two texts, word by word, tidied so that a reader sees whole phrases.

use std::ops::Range;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use similar::{Algorithm, DiffTag, capture_diff_slices_deadline};
use specta::Type;

use crate::segment::{Segmenter, is_word};

/// Past this the rest of a hopeless pair is shown as one replacement. Captions need well under
/// a hundredth of it, so the result does not depend on the machine's speed.
const DEADLINE: Duration = Duration::from_secs(1);

/// How one text became another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub struct Diff {
    /// The pieces in reading order; no two neighbours are of the same kind, and no two
    /// neighbours are both changes. All `before`s joined are the old text, all `after`s the new.
    pub hunks: Vec<Hunk>,
    /// Share of the old text's words that stayed, 0–1; spaces, punctuation and symbols do not
    /// count. 1 if the old text has no words.
    pub kept: f64,
}

/// One stretch of a [`Diff`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub struct Hunk {
    /// What happened here.
    pub kind: HunkKind,
    /// The old wording; empty for an insertion.
    pub before: String,
    /// The new wording; empty for a deletion, the same as `before` where equal.
    pub after: String,
}

/// What happened to one stretch of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum HunkKind {
    /// In both texts.
    Equal,
    /// Only in the new text.
    Insert,
    /// Only in the old text.
    Delete,
    /// Worded differently.
    Replace,
}

impl Segmenter {
    /// How far two texts agree: twice the words in common by the words of both, 0–1; 1 where neither has any.
    #[expect(
        clippy::cast_precision_loss,
        reason = "word counts stay far below 2^52"
    )]
    pub fn agreement(&self, one: &str, other: &str) -> f64 {
        let n_one = self.words(one).len() as f64;
        let n_all = n_one + self.words(other).len() as f64;
        if n_all == 0.0 {
            return 1.0;
        }
        2.0 * self.diff(one, other).kept * n_one / n_all
    }

    /// Compares two texts word by word.
    pub fn diff(&self, before: &str, after: &str) -> Diff {
        let (old, new) = (self.tokens(before), self.tokens(after));
        let changes = merged(compare(&old, &new), &old);
        let pieces = merged(
            changes
                .into_iter()
                .flat_map(|p| p.trimmed(&old, &new))
                .collect(),
            &old,
        );
        Diff {
            kept: kept(&pieces, &old),
            hunks: pieces.into_iter().map(|p| p.hunk(&old, &new)).collect(),
        }
    }
}

/// A stretch of tokens in both texts, equal or changed.
#[derive(Clone)]
struct Piece {
    equal: bool,
    old: Range<usize>,
    new: Range<usize>,
}

impl Piece {
    /// Splits what a change begins and ends with in both texts off as equal pieces.
    fn trimmed(self, old: &[&str], new: &[&str]) -> Vec<Self> {
        if self.equal {
            return vec![self];
        }
        let (a, b) = (&old[self.old.clone()], &new[self.new.clone()]);
        let n_head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
        let n_tail = a[n_head..]
            .iter()
            .rev()
            .zip(b[n_head..].iter().rev())
            .take_while(|(x, y)| x == y)
            .count();
        let (old_head, old_tail) = (self.old.start + n_head, self.old.end - n_tail);
        let (new_head, new_tail) = (self.new.start + n_head, self.new.end - n_tail);
        let pieces = [
            Self {
                equal: true,
                old: self.old.start..old_head,
                new: self.new.start..new_head,
            },
            Self {
                equal: false,
                old: old_head..old_tail,
                new: new_head..new_tail,
            },
            Self {
                equal: true,
                old: old_tail..self.old.end,
                new: new_tail..self.new.end,
            },
        ];
        pieces
            .into_iter()
            .filter(|p| !p.old.is_empty() || !p.new.is_empty())
            .collect()
    }

    fn hunk(self, old: &[&str], new: &[&str]) -> Hunk {
        let kind = match (self.equal, self.old.is_empty(), self.new.is_empty()) {
            (true, _, _) => HunkKind::Equal,
            (_, true, _) => HunkKind::Insert,
            (_, _, true) => HunkKind::Delete,
            _ => HunkKind::Replace,
        };
        Hunk {
            kind,
            before: old[self.old].concat(),
            after: new[self.new].concat(),
        }
    }
}

fn compare(old: &[&str], new: &[&str]) -> Vec<Piece> {
    let deadline = Instant::now() + DEADLINE;
    let ops = capture_diff_slices_deadline(Algorithm::Myers, old, new, Some(deadline));
    ops.iter()
        .map(|op| Piece {
            equal: op.tag() == DiffTag::Equal,
            old: op.old_range(),
            new: op.new_range(),
        })
        .collect()
}

/// Joins neighbouring changes, and changes with nothing but a sliver between them.
fn merged(pieces: Vec<Piece>, old: &[&str]) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    for piece in pieces {
        if !piece.equal
            && let [.., change, between] = out.as_slice()
            && !change.equal
            && is_sliver(&old[between.old.clone()])
        {
            out.pop();
        }
        match out.last_mut() {
            Some(last) if last.equal == piece.equal || !piece.equal && !last.equal => {
                (last.old.end, last.new.end) = (piece.old.end, piece.new.end);
            }
            _ => out.push(piece),
        }
    }
    out
}

/// Says whether an unchanged stretch between two changes is not worth showing: it has no word
/// and ends neither a sentence nor a line. Dropping it leaves `kept` as it is.
fn is_sliver(between: &[&str]) -> bool {
    let ends = |t: &&str| t.contains(['\n', '.', '。', '!', '！', '?', '？', ';', '；']);
    !between.iter().any(|t| is_word(t) || ends(t))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "word counts stay far below 2^52"
)]
fn kept(pieces: &[Piece], old: &[&str]) -> f64 {
    let count = |tokens: &[&str]| tokens.iter().filter(|t| is_word(t)).count();
    let total = count(old);
    if total == 0 {
        return 1.0;
    }
    let stayed: usize = pieces
        .iter()
        .filter(|p| p.equal)
        .map(|p| count(&old[p.old.clone()]))
        .sum();
    stayed as f64 / total as f64
}
