//! Failures as people and windows get them: what is wrong, and what to do next.

mod named;

use serde::Serialize;
use specta::Type;

pub use named::Named;
pub(crate) use named::{of_hub, of_picture};

/// What a window acts on; anything else is [`Code::Other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The diagram, model or job is gone or never was.
    NotFound,
    /// The diagram takes no text, or the step does not exist.
    WrongState,
    /// The workspace belongs to a newer Callout.
    NewerDatabase,
    /// Two texts wait for a choice.
    Conflict,
    /// Other texts are handed in than those that were read.
    NotAsRead,
    /// No workspace is open.
    NoWorkspace,
    /// Everything else.
    Other,
}

/// A failure, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
pub struct Problem {
    /// What a window may act on.
    pub code: Code,
    /// What is wrong and where, with its causes.
    pub message: String,
    /// What to do next, where that is known.
    pub help: Option<String>,
    /// The same for windows in other languages than English, where the failure has a name.
    pub named: Option<Named>,
}

impl Problem {
    /// What a window is told that has no workspace open.
    pub fn no_workspace() -> Self {
        Self {
            code: Code::NoWorkspace,
            message: "no workspace is open".to_owned(),
            help: None,
            named: Some(Named::new("desk.no_workspace", &[])),
        }
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        let code = error.chain().find_map(code_of).unwrap_or(Code::Other);
        let help = error
            .chain()
            .find_map(|cause| made_help(cause).or_else(|| help_of(cause).map(str::to_owned)));
        let problem = Self {
            code,
            message: format!("{error:#}"),
            help,
            named: error.chain().find_map(named::of),
        };
        crate::log::problem(&problem);
        problem
    }
}

fn code_of(cause: &(dyn std::error::Error + 'static)) -> Option<Code> {
    use store::Error;
    match cause.downcast_ref::<Error>()? {
        Error::NoDiagram(_) | Error::NoModel(_) | Error::NoJob(_) => Some(Code::NotFound),
        Error::WrongState(_) | Error::WrongJobState(_) | Error::ReadOnly(_) => {
            Some(Code::WrongState)
        }
        Error::NewerDatabase { .. } => Some(Code::NewerDatabase),
        Error::NotAsRead => Some(Code::NotAsRead),
        Error::OpenConflict(_) => Some(Code::Conflict),
        _ => None,
    }
}

/// Help that names what the failure is about.
fn made_help(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    use provider::{ProviderError, key::KeyError, prompt::PromptError};
    let prompt = cause.downcast_ref::<PromptError>().map(PromptError::help);
    prompt
        .or_else(|| cause.downcast_ref::<KeyError>().map(KeyError::help))
        .or_else(|| cause.downcast_ref::<ProviderError>()?.help())
        .or_else(|| cause.downcast_ref::<hub::Error>()?.help())
}

fn help_of<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a str> {
    cause
        .downcast_ref::<store::Error>()
        .and_then(store::Error::help)
        .or_else(|| {
            cause
                .downcast_ref::<interchange::Error>()
                .and_then(interchange::Error::help)
        })
        .or_else(|| {
            cause
                .downcast_ref::<crate::NotReady>()
                .map(crate::NotReady::help)
        })
        .or_else(|| {
            cause
                .downcast_ref::<crate::NoEngine>()
                .map(crate::NoEngine::help)
        })
        .or_else(|| {
            cause
                .downcast_ref::<picture::Refusal>()
                .and_then(picture::Refusal::help)
        })
}
