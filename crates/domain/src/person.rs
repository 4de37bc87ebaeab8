//! Who acts.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::PersonId;

/// Somebody who acts in a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Person {
    /// Stays when the name changes.
    pub id: PersonId,
    /// Unique within the workspace, as given by `--as` or the system's user name.
    pub name: String,
}

/// A person's name with nothing in it.
#[derive(Debug, thiserror::Error)]
#[error("a person needs a name")]
pub struct EmptyName;
