//! Who acts, and what for.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{PersonId, Timestamp};

/// Somebody who acts in a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Person {
    /// Stays when the name changes.
    pub id: PersonId,
    /// Unique within the workspace, as given by `--as` or the system's user name.
    pub name: String,
    /// What they may do.
    pub roles: Vec<Role>,
}

impl Person {
    /// Whether they have a role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// What a person does in a workspace. It guards against mistakes, not against who holds the file.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Type,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Writes captions and draws regions.
    Annotator,
    /// Writes questions.
    Author,
    /// Decides on submitted work, sets the rules, says who does what.
    Lead,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 3] = [Self::Annotator, Self::Author, Self::Lead];

    /// The name used in the database and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Annotator => "annotator",
            Self::Author => "author",
            Self::Lead => "lead",
        }
    }
}

/// Text that names no role.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no role; the roles are `annotator`, `author` and `lead`")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// A person as leads see them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct PersonInfo {
    /// Who.
    pub person: Person,
    /// When they first acted.
    pub joined_at: Timestamp,
    /// When they last changed something; `None` if never.
    pub last_at: Option<Timestamp>,
    /// Diagrams with a caption they handed in.
    pub submitted: u32,
    /// Questions of theirs that are ready.
    pub questions: u32,
}

/// A person's name with nothing in it.
#[derive(Debug, thiserror::Error)]
#[error("a person needs a name")]
pub struct EmptyName;
