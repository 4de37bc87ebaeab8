//! Why a draft had to be changed: one-key tags that tell leads where a model fails.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use specta::Type;

/// What was wrong with a draft, or with a submitted text.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Type,
)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It connects what is not connected, or connects it otherwise.
    WrongRelation,
    /// It leaves an element out.
    MissingElement,
    /// An arrow points the other way.
    WrongDirection,
    /// It uses a wrong technical term.
    WrongTerm,
    /// It tells of something that is not in the picture.
    Invented,
    /// It is right, and badly said.
    Style,
}

impl Reason {
    /// All reasons, in the order in which they are offered.
    pub const ALL: [Self; 6] = [
        Self::WrongRelation,
        Self::MissingElement,
        Self::WrongDirection,
        Self::WrongTerm,
        Self::Invented,
        Self::Style,
    ];

    /// The name used in the database, on the command line and in exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WrongRelation => "wrong_relation",
            Self::MissingElement => "missing_element",
            Self::WrongDirection => "wrong_direction",
            Self::WrongTerm => "wrong_term",
            Self::Invented => "invented",
            Self::Style => "style",
        }
    }
}

/// Text that names no reason.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no reason; the reasons are `wrong_relation`, `missing_element`, `wrong_direction`, \
     `wrong_term`, `invented` and `style`"
)]
pub struct UnknownReason(pub String);

impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .ok_or(UnknownReason(text))
    }
}
