//! Three texts side by side: a base and two that were made of it.

use serde::{Deserialize, Serialize};
use specta::Type;

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

/// Aligns two texts with the base that both were made of.
pub fn three_way(base: &str, one: &str, other: &str) -> ThreeWay {
    ThreeWay {
        pieces: vec![Piece {
            kind: PieceKind::Apart,
            base: base.to_owned(),
            one: one.to_owned(),
            other: other.to_owned(),
        }],
    }
}
