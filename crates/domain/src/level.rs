//! The three levels of a caption (DICModel, arXiv 2601.09298), and its structure.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use specta::Type;

/// How much of a diagram a caption speaks of.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Type,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// What the diagram shows and is for.
    Global,
    /// One region: a module, a lane, a phase.
    Partial,
    /// Every element and relation, in reading order.
    Detailed,
    /// Its elements and relations as Mermaid text.
    Structure,
}

impl Level {
    /// All levels, in the order in which they are read.
    pub const ALL: [Self; 4] = [Self::Global, Self::Partial, Self::Detailed, Self::Structure];

    /// The name used in the database, on the command line and in exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Partial => "partial",
            Self::Detailed => "detailed",
            Self::Structure => "structure",
        }
    }
}

/// Text that names no level.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no caption level; the levels are `global`, `partial`, `detailed` and `structure`"
)]
pub struct UnknownLevel(pub String);

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or_else(|| UnknownLevel(text.to_owned()))
    }
}
