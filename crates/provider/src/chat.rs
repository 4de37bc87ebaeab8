//! What is asked and what comes back: messages, pictures, sampling, answers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use image::DynamicImage;
use serde::{Deserialize, Serialize};

/// A chat to be continued by one answer.
#[derive(Debug, Clone)]
pub struct Request {
    /// The chat so far, oldest first; not empty.
    pub messages: Vec<Message>,
    /// How the answer is drawn.
    pub sampling: Sampling,
}

/// How the tokens of an answer are drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// 0 always takes the likeliest token; at most 2.
    pub temperature: f64,
    /// Only the likeliest tokens that together have this probability, 0–1.
    pub top_p: Option<f64>,
    /// Only this many of the likeliest tokens, at least 1.
    pub top_k: Option<u32>,
    /// Above 1 makes tokens that already occurred less likely.
    pub repetition_penalty: Option<f64>,
    /// The answer is cut after this many tokens, at least 1.
    pub max_new_tokens: u32,
    /// Makes a draw repeatable, where the provider supports it.
    pub seed: Option<u64>,
    /// The answer ends before the first of these texts.
    pub stop: Vec<String>,
}

impl Default for Sampling {
    /// The likeliest tokens, at most 1,024 of them.
    fn default() -> Self {
        Self {
            temperature: 0.0,
            top_p: None,
            top_k: None,
            repetition_penalty: None,
            max_new_tokens: 1024,
            seed: None,
            stop: Vec::new(),
        }
    }
}

/// One turn of a chat.
#[derive(Debug, Clone)]
pub struct Message {
    /// Whose turn it is.
    pub role: Role,
    /// What is said and shown, in this order.
    pub parts: Vec<Part>,
}

impl Message {
    /// A turn that is only text.
    pub fn text(role: Role, text: impl Into<String>) -> Self {
        Self {
            role,
            parts: vec![Part::Text(text.into())],
        }
    }
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Whoever sets the rules.
    System,
    /// Whoever asks.
    User,
    /// The model.
    Assistant,
}

/// A piece of a turn.
#[derive(Debug, Clone)]
pub enum Part {
    /// Words.
    Text(String),
    /// A picture that is sent along.
    Image(Picture),
    /// A picture that the server fetches by itself, `http:` or `https:`; local models refuse it.
    ImageUrl(String),
}

/// A decoded, upright picture; a copy costs nothing.
#[derive(Clone)]
pub struct Picture(Arc<DynamicImage>);

impl Picture {
    /// Takes a picture that is already upright.
    pub fn new(image: DynamicImage) -> Self {
        Self(Arc::new(image))
    }

    /// The pixels.
    pub fn image(&self) -> &DynamicImage {
        &self.0
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}x{})", self.0.width(), self.0.height())
    }
}

/// What a provider tells while it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    /// Further text of the answer.
    Text(String),
    /// Nothing new yet: a chance to cancel.
    Waiting,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// The model had said everything, or came to a stop text.
    Stop,
    /// It reached [`Sampling::max_new_tokens`] or the end of its context.
    Length,
    /// The sink broke off.
    Cancelled,
}

/// What a provider answered, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The whole text.
    pub text: String,
    /// Why it ended.
    pub finish: Finish,
    /// Tokens of the chat, pictures included, where the provider counts them.
    pub prompt_tokens: Option<u32>,
    /// Tokens of the answer, where the provider counts them.
    pub new_tokens: Option<u32>,
    /// Mean natural log-probability of the answer's tokens, at most 0, where the provider tells it.
    pub mean_logprob: Option<f64>,
    /// From the last attempt's start to the first text; `None` without text.
    pub first_token: Option<Duration>,
    /// From the last attempt's start to the end.
    pub took: Duration,
    /// The model that answered, as the provider names it.
    pub model: String,
}
