//! Ids: UUIDv7 strings, one type for each noun so that they cannot be swapped.

use serde::{Deserialize, Serialize};
use specta::Type;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Type)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Makes a fresh id; later ids sort after earlier ones (RFC 9562, version 7).
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7().to_string())
            }

            /// Wraps text that is already known to name something: a column, or a command's argument.
            pub fn from_text(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::from_text(text)
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// Names a workspace for life, wherever its folder moves.
    WorkspaceId,
    /// Names a person within a workspace.
    PersonId,
    /// Names a diagram.
    DiagramId,
    /// Names a region of a diagram.
    RegionId,
    /// Names a draft.
    DraftId,
    /// Names one person's caption of one diagram at one level.
    AnnotationId,
    /// Names one immutable revision of an annotation.
    RevisionId,
    /// Names a model that a workspace may draft with.
    ModelId,
    /// Names a job and its folder.
    JobId,
    /// Names a question.
    QuestionId,
    /// Names a conversation.
    ThreadId,
    /// Names an entry of the glossary.
    TermId,
    /// Names a saved filter.
    FilterId,
    /// Names a change to many diagrams.
    BulkId,
}
