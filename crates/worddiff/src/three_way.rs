//! Three texts side by side: a base and two that were made of it.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{Hunk, HunkKind, Segmenter};

/// A base and two texts made of it, cut into stretches that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ThreeWay {
    /// The stretches in reading order. All `base`s joined are the base; so for `one` and `other`.
    pub pieces: Vec<Piece>,
}

/// One stretch of a [`ThreeWay`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Piece {
    /// Who changed it.
    pub kind: PieceKind,
    /// Its wording in the base.
    pub base: String,
    /// Its wording in the first text.
    pub one: String,
    /// Its wording in the second text.
    pub other: String,
}

/// Who changed a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum PieceKind {
    /// The same in all three.
    Same,
    /// Only the first text differs from the base.
    One,
    /// Only the second text differs from the base.
    Other,
    /// Both changed it, to the same words.
    Both,
    /// Both changed it, to different words.
    Apart,
}

impl Segmenter {
    /// Aligns two texts with the base that both were made of, as diff3 does, by words: changes of either
    /// text that touch in the base make one stretch.
    pub fn three_way(&self, base: &str, one: &str, other: &str) -> ThreeWay {
        let (one, other) = (self.diff(base, one).hunks, self.diff(base, other).hunks);
        let mut changed: Vec<(usize, usize)> = changes(&one).chain(changes(&other)).collect();
        changed.sort_unstable();
        let mut pieces = Vec::new();
        let mut done = 0;
        let mut rest = changed.into_iter().peekable();
        while let Some((start, mut end)) = rest.next() {
            while let Some((_, next_end)) = rest.next_if(|(next, _)| *next <= end) {
                end = end.max(next_end);
            }
            if done < start {
                pieces.push(same(&base[done..start]));
            }
            let (one, other) = (within(&one, start, end), within(&other, start, end));
            pieces.push(Piece {
                kind: kind(&base[start..end], &one, &other),
                base: base[start..end].to_owned(),
                one,
                other,
            });
            done = end;
        }
        if done < base.len() {
            pieces.push(same(&base[done..]));
        }
        ThreeWay { pieces }
    }
}

fn same(text: &str) -> Piece {
    Piece {
        kind: PieceKind::Same,
        base: text.to_owned(),
        one: text.to_owned(),
        other: text.to_owned(),
    }
}

fn kind(base: &str, one: &str, other: &str) -> PieceKind {
    match (one == base, other == base) {
        (true, true) => PieceKind::Same,
        (false, true) => PieceKind::One,
        (true, false) => PieceKind::Other,
        (false, false) if one == other => PieceKind::Both,
        (false, false) => PieceKind::Apart,
    }
}

/// Each hunk with the bytes of the base that it covers.
fn placed(hunks: &[Hunk]) -> impl Iterator<Item = (usize, usize, &Hunk)> {
    hunks.iter().scan(0, |at, hunk| {
        let start = *at;
        *at += hunk.before.len();
        Some((start, *at, hunk))
    })
}

/// Stretches of the base that were changed; an insertion covers nothing.
fn changes(hunks: &[Hunk]) -> impl Iterator<Item = (usize, usize)> {
    placed(hunks)
        .filter(|(.., hunk)| hunk.kind != HunkKind::Equal)
        .map(|(start, end, _)| (start, end))
}

/// What became of the bytes `start..end` of the base, which hold every change that they touch.
fn within(hunks: &[Hunk], start: usize, end: usize) -> String {
    placed(hunks)
        .filter(|(from, to, _)| *from <= end && *to >= start)
        .map(|(from, to, hunk)| match hunk.kind {
            HunkKind::Equal => {
                let (first, last) = (start.max(from), end.min(to));
                &hunk.before[first - from..last.max(first) - from]
            }
            _ => hunk.after.as_str(),
        })
        .collect()
}
