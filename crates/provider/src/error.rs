//! What can go wrong while a chat is answered, and what to do about it.

use std::error::Error;

use crate::key::KeyError;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// A setting that cannot be.
    #[error("setting `{setting}` of the server is wrong: {reason}")]
    Config {
        /// Its name in `ServerConfig`.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The request cannot be sent as it is.
    #[error("the request cannot be sent: {0}")]
    Request(String),
    /// There is no key where it should be.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The name of the server is not known.
    #[error("no address is known for the server `{host}`")]
    Dns {
        /// The name.
        host: String,
    },
    /// The server does not take connections.
    #[error("the server at `{server}` cannot be reached: {reason}")]
    Unreachable {
        /// Where it should be.
        server: String,
        /// What the operating system says.
        reason: String,
    },
    /// It was too slow.
    #[error("the server at `{server}` took longer than {secs} s {phase}")]
    TimedOut {
        /// Where it is.
        server: String,
        /// How long it was waited for, in seconds.
        secs: f64,
        /// What was waited for: `to …`.
        phase: &'static str,
    },
    /// 401 or 403.
    #[error("the server at `{server}` refuses {what} (HTTP {status})")]
    Unauthorized {
        /// Where it is.
        server: String,
        /// `the key` or `a request without a key`.
        what: &'static str,
        /// 401 or 403.
        status: u16,
    },
    /// 404.
    #[error("the server at `{server}` has no model `{model}` or no such path (HTTP 404): {reason}")]
    NotFound {
        /// Where it is.
        server: String,
        /// The model that was asked for.
        model: String,
        /// What the server says.
        reason: String,
    },
    /// 429 after all attempts.
    #[error("the server at `{server}` is too busy: HTTP 429 after {attempts} attempts")]
    RateLimited {
        /// Where it is.
        server: String,
        /// How often it was asked.
        attempts: u32,
    },
    /// 5xx after all attempts.
    #[error("the server at `{server}` failed (HTTP {status}) after {attempts} attempts: {reason}")]
    ServerFailed {
        /// Where it is.
        server: String,
        /// 500–599.
        status: u16,
        /// How often it was asked.
        attempts: u32,
        /// What the server says.
        reason: String,
    },
    /// The chat does not fit the model's context.
    #[error("the chat is too long for the model's context: {0}")]
    ContextTooLong(String),
    /// 413.
    #[error("the server at `{server}` finds the request too large (HTTP 413)")]
    RequestTooLarge {
        /// Where it is.
        server: String,
    },
    /// Any other refusal.
    #[error("the server at `{server}` refuses the request (HTTP {status}): {reason}")]
    Refused {
        /// Where it is.
        server: String,
        /// The HTTP status.
        status: u16,
        /// What the server says.
        reason: String,
    },
    /// It sends elsewhere.
    #[error("the server at `{server}` sends the request on to `{to}`")]
    Redirected {
        /// Where it is.
        server: String,
        /// The other address.
        to: String,
    },
    /// Its answer does not follow the protocol.
    #[error("the server at `{server}` answered something that is not a chat completion: {reason}")]
    Malformed {
        /// Where it is.
        server: String,
        /// What is wrong.
        reason: String,
    },
    /// The stream ended before the answer did.
    #[error("the answer of the server at `{server}` was cut off in the middle")]
    Cut {
        /// Where it is.
        server: String,
    },
    /// The answer is longer than any answer may be.
    #[error("the answer of the server at `{server}` is larger than {limit_mib} MiB")]
    AnswerTooLarge {
        /// Where it is.
        server: String,
        /// The limit.
        limit_mib: u32,
    },
    /// A model on the local device failed; the message is the model's.
    #[error("{message}")]
    Local {
        /// One sentence.
        message: String,
        /// What to do about it.
        help: Option<String>,
        /// What lies below.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

impl ProviderError {
    /// What to do about it, as a sentence.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Config { .. } => "Correct the server's settings.",
            Self::Key(error) => return Some(error.help()),
            Self::Request(_) | Self::Malformed { .. } => return self.help_of_protocol(),
            Self::Local { help, .. } => return help.clone(),
            Self::Dns { .. } => "Check the server's address for a slip, and the network.",
            Self::Unreachable { .. } => {
                "Check that the server runs, that its address and port are right, and that no proxy or firewall is between."
            }
            Self::TimedOut { .. } => {
                "The model may still be loading; try again, or allow more time in the server's settings."
            }
            Self::Unauthorized { .. } => {
                "Store the right key, and check that it may use this model."
            }
            Self::NotFound { .. } => {
                "Ask the server which models it has; its address usually ends in `/v1`."
            }
            Self::RateLimited { .. } => "Wait a while, or allow fewer requests at once.",
            Self::ServerFailed { .. } => {
                "Look into the server's log; it may have run out of memory."
            }
            Self::ContextTooLong(_) => {
                "Use smaller pictures, a shorter context or prompt, or fewer new tokens."
            }
            Self::RequestTooLarge { .. } => {
                "Lower the longest side of pictures in the server's settings."
            }
            Self::Refused { .. } => {
                "If it names a field that it does not know, leave that setting at its default or turn log-probabilities off."
            }
            Self::Redirected { .. } => {
                "Enter the other address as the server's own, if you trust it: the key is not sent along."
            }
            Self::Cut { .. } => "Try again; the server or a proxy closed the connection.",
            Self::AnswerTooLarge { .. } => "Allow fewer new tokens.",
        };
        Some(help.to_owned())
    }

    fn help_of_protocol(&self) -> Option<String> {
        matches!(self, Self::Malformed { .. }).then(|| {
            "Check that the address is that of an OpenAI-compatible server; it usually ends in `/v1`."
                .to_owned()
        })
    }
}
