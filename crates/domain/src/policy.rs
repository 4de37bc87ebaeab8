//! The rules that a lead sets for a workspace.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{ModelId, Role};

/// How a workspace is worked in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Policy {
    /// Share of diagrams whose draft annotators do not see, 0–100 %. Diagrams that were begun keep
    /// what they had.
    pub hidden_draft_percent: u32,
    /// Share of diagrams that a second person captions without seeing the first one's text, 0–100 %.
    /// Diagrams that were begun keep what they had.
    pub second_annotation_percent: u32,
    /// How long a claim holds after the last keystroke, in minutes, 1 to 10,080.
    pub lease_minutes: u32,
    /// Roles of somebody who acts for the first time.
    pub join_roles: Vec<Role>,
    /// The model that answers each question without the picture once it is written, so that questions which need
    /// no picture are found; `None` for no such check.
    #[serde(default)]
    pub blind_examinee: Option<ModelId>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            hidden_draft_percent: 0,
            second_annotation_percent: 0,
            lease_minutes: 60,
            join_roles: Role::ALL.to_vec(),
            blind_examinee: None,
        }
    }
}

/// Rules that cannot be.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadPolicy {
    /// A share above 100 %.
    #[error("a share of {0} % is more than everything")]
    Share(u32),
    /// A lease of no time, or of more than a week.
    #[error("a lease of {0} minutes is not between 1 and 10,080")]
    Lease(u32),
}

impl Policy {
    /// Says what cannot be.
    ///
    /// # Errors
    /// [`BadPolicy`].
    pub fn check(&self) -> Result<(), BadPolicy> {
        for share in [self.hidden_draft_percent, self.second_annotation_percent] {
            if share > 100 {
                return Err(BadPolicy::Share(share));
            }
        }
        if !(1..=10_080).contains(&self.lease_minutes) {
            return Err(BadPolicy::Lease(self.lease_minutes));
        }
        Ok(())
    }
}
