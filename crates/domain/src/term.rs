//! The workspace's glossary.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::TermId;

/// One entry of the glossary; `en` or `zh` is given, or both as a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Term {
    /// Its name for machines.
    pub id: TermId,
    /// The preferred English term, such as `AMF`; may be empty.
    pub en: String,
    /// The preferred Chinese term, such as `接入和移动性管理功能`; may be empty.
    pub zh: String,
    /// What an abbreviation stands for.
    pub expansion: String,
    /// What it means.
    pub definition: String,
    /// Wordings that are not to be used, in either language.
    pub forbidden: Vec<String>,
}

/// An entry about to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct NewTerm {
    /// See [`Term::en`].
    #[serde(default)]
    pub en: String,
    /// See [`Term::zh`].
    #[serde(default)]
    pub zh: String,
    /// See [`Term::expansion`].
    #[serde(default)]
    pub expansion: String,
    /// See [`Term::definition`].
    #[serde(default)]
    pub definition: String,
    /// See [`Term::forbidden`].
    #[serde(default)]
    pub forbidden: Vec<String>,
}

/// A term found in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct TermHit {
    /// First code point, from 0.
    pub start: u32,
    /// The code point after the last.
    pub end: u32,
    /// The entry.
    pub term_id: TermId,
    /// What to write instead; `None` where the wording is the preferred one.
    pub preferred: Option<String>,
}

/// What became of a glossary file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct TermsTaken {
    /// New entries.
    pub added: u32,
    /// Entries that were there and changed.
    pub changed: u32,
    /// Entries that were there already.
    pub same: u32,
}
