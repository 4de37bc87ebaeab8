//! Answers a chat with images: the trait, the client for OpenAI-compatible servers, keys and prompts.
//!
//! Not here: models on the local device. The engine implements [`Provider`] for those, so that whoever
//! only talks to servers links no model code.

mod chat;
mod config;
mod error;
pub mod key;
mod openai;
pub mod prompt;

pub use chat::{Answer, Delta, Finish, Message, Part, Picture, Request, Role, Sampling};
pub use config::{KeySource, ServerConfig};
pub use error::ProviderError;
pub use openai::OpenAi;

use std::ops::ControlFlow;

/// Something that answers a chat with images: a model on a server, or on the local device.
pub trait Provider: Send + Sync {
    /// The model's name, for people.
    fn label(&self) -> String;

    /// How many requests it takes at once, at least 1; further callers of [`Provider::answer`] wait.
    fn concurrency(&self) -> usize;

    /// Answers one chat, and tells `sink` the text as it comes.
    ///
    /// The sink is also called with [`Delta::Waiting`] about ten times a second while there is no text. When it
    /// breaks, the work ends and what there is comes back with [`Finish::Cancelled`]. The call blocks; it may be
    /// made from any thread.
    ///
    /// # Errors
    /// [`ProviderError`]; text told to the sink before it is no answer.
    fn answer(
        &self,
        request: &Request,
        sink: &mut dyn FnMut(Delta) -> ControlFlow<()>,
    ) -> Result<Answer, ProviderError>;
}
