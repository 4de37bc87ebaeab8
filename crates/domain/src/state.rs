//! Where a diagram stands, and which steps lead where.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use specta::Type;

/// Where a diagram stands on its way to an approved caption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has written yet.
    Todo,
    /// Somebody has written, and has not submitted.
    InProgress,
    /// Waits for a lead.
    Submitted,
    /// A lead accepted it; exports carry it.
    Approved,
    /// A lead sent it back to its author.
    Returned,
    /// Left out of the work, with a reason.
    Skipped,
}

impl State {
    /// All states, in the order in which a diagram usually meets them.
    pub const ALL: [Self; 6] = [
        Self::Todo,
        Self::InProgress,
        Self::Submitted,
        Self::Approved,
        Self::Returned,
        Self::Skipped,
    ];

    /// The name used in the database, on the command line and in exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Todo => "todo",
            Self::InProgress => "in_progress",
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Returned => "returned",
            Self::Skipped => "skipped",
        }
    }

    /// Whether the editor takes text: a submitted or approved caption is reopened first.
    pub fn takes_text(self) -> bool {
        matches!(self, Self::Todo | Self::InProgress | Self::Returned)
    }

    /// Whether a step from here to `next` exists.
    pub fn leads_to(self, next: Self) -> bool {
        match next {
            Self::Todo => self == Self::Skipped,
            Self::InProgress => !matches!(self, Self::InProgress | Self::Skipped),
            Self::Submitted => self.takes_text(),
            Self::Approved => self == Self::Submitted,
            Self::Returned => matches!(self, Self::Submitted | Self::Approved),
            Self::Skipped => self.takes_text(),
        }
    }

    /// The step from here to `next`.
    ///
    /// # Errors
    /// [`WrongState`] when no such step exists.
    pub fn step(self, next: Self) -> Result<Self, WrongState> {
        if self.leads_to(next) {
            Ok(next)
        } else {
            Err(WrongState {
                from: self,
                to: next,
            })
        }
    }
}

/// A step between states that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a diagram that is `{}` cannot become `{}`", from.as_str(), to.as_str())]
pub struct WrongState {
    /// Where the diagram stands.
    pub from: State,
    /// Where it was to go.
    pub to: State,
}

impl WrongState {
    /// What to do instead.
    pub fn help(self) -> &'static str {
        match (self.from, self.to) {
            (State::Approved, State::InProgress | State::Submitted) => "Reopen it first.",
            (State::Submitted, State::InProgress | State::Submitted) => {
                "It waits for review: reopen it to go on editing."
            }
            (State::Todo | State::InProgress | State::Returned, State::Approved) => {
                "Submit it first."
            }
            (State::Skipped, _) => "It was left out: take it up again first.",
            (_, State::Skipped) => {
                "Only a diagram that takes text can be left out: reopen it first."
            }
            (_, State::Returned) => "Only submitted or approved work can be returned.",
            _ => "Look at its state with `callout show`.",
        }
    }
}

/// Text that names no state.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no state; the states are `todo`, `in_progress`, `submitted`, `approved`, `returned`, \
     `skipped`"
)]
pub struct UnknownState(pub String);

impl FromStr for State {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(UnknownState(text))
    }
}
