//! What each failure is called, and whether it is worth another attempt. No message holds the key.

use std::error::Error;
use std::time::{Duration, SystemTime};

use eventsource_stream::EventStreamError;
use futures_util::StreamExt;
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Response, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::reply::{Fault, reason};
use super::wire::{Broken, MAX_ANSWER_BYTES};
use crate::{ProviderError, ServerConfig};

/// A server that wants a longer wait than this is not waited for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(120);

/// Longest part of a refusal that is read, in bytes.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// Longest part of a server's words that is passed on, in characters.
const MAX_REASON_CHARS: usize = 300;

/// How servers say that a chat is too long: vLLM, SGLang, TGI, llama.cpp, OpenAI.
const TOO_LONG: [&str; 7] = [
    "maximum context length",
    "context_length_exceeded",
    "maximum model length",
    "model's context length",
    "available context size",
    "exceed_context_size",
    "`inputs` tokens + `max_new_tokens`",
];

/// A failed attempt.
pub struct Failure {
    pub error: ProviderError,
    pub again: Again,
}

/// Whether another attempt may help.
pub enum Again {
    Never,
    /// After a while of our own choice.
    Later,
    /// After the time that the server names.
    After(Duration),
}

impl Failure {
    /// The same without another attempt.
    pub fn for_good(self) -> Self {
        Self {
            again: Again::Never,
            ..self
        }
    }
}

/// Names the failures of one attempt.
pub struct Namer<'a> {
    pub config: &'a ServerConfig,
    pub base: &'a Url,
    pub key: Option<&'a SecretString>,
    /// From 1.
    pub attempt: u32,
}

impl Namer<'_> {
    /// No answer's beginning came.
    pub fn not_sent(&self, error: reqwest::Error) -> Failure {
        let chain = causes(&error);
        if error.is_timeout() && error.is_connect() {
            let secs = self.config.connect_timeout_secs;
            return later(self.timed_out(secs, "to accept a connection"));
        }
        if error.is_timeout() {
            let secs = self.config.idle_timeout_secs;
            return never(self.timed_out(secs, "to begin its answer"));
        }
        if chain.iter().any(|cause| cause.contains("dns error")) {
            let host = self.base.host_str().unwrap_or_default().to_owned();
            return never(ProviderError::Dns { host });
        }
        let unreachable = ProviderError::Unreachable {
            server: self.server(),
            reason: self.clean(chain.last().map_or("no reason given", String::as_str)),
        };
        // A certificate does not get better by waiting.
        if chain.iter().any(|cause| cause.contains("certificate")) {
            never(unreachable)
        } else {
            later(unreachable)
        }
    }

    /// The server's answer is a refusal.
    pub async fn refusal(&self, response: Response) -> Failure {
        let status = response.status().as_u16();
        let server = self.server();
        let after = retry_after(response.headers());
        if let 300..400 = status {
            let to = self.destination(response.headers());
            return never(ProviderError::Redirected { server, to });
        }
        let words = words(response).await;
        let reason = self.clean(&words);
        if !matches!(status, 401 | 403 | 404 | 429) && is_too_long(&words) {
            return never(ProviderError::ContextTooLong(reason));
        }
        let error = match status {
            401 | 403 => ProviderError::Unauthorized {
                server,
                what: self.key.map_or("a request without a key", |_| "the key"),
                status,
            },
            404 => ProviderError::NotFound {
                server,
                model: self.config.model.clone(),
                reason,
            },
            413 => ProviderError::RequestTooLarge { server },
            429 => ProviderError::RateLimited {
                server,
                attempts: self.attempt,
            },
            500.. => ProviderError::ServerFailed {
                server,
                status,
                attempts: self.attempt,
                reason,
            },
            _ => ProviderError::Refused {
                server,
                status,
                reason,
            },
        };
        let again = match after {
            _ if status != 429 && status < 500 => Again::Never,
            None => Again::Later,
            Some(after) if after > LONGEST_RETRY_AFTER => Again::Never,
            Some(after) => Again::After(after),
        };
        Failure { error, again }
    }

    /// The stream of events broke.
    pub fn broken(&self, error: EventStreamError<Broken>) -> Failure {
        match error {
            EventStreamError::Transport(Broken::Connection(error)) => self.broken_off(&error),
            EventStreamError::Transport(Broken::TooLarge) => self.too_large(MAX_ANSWER_BYTES),
            EventStreamError::Utf8(_) => self.malformed("its text is not UTF-8"),
            EventStreamError::Parser(_) => self.malformed("its events cannot be read"),
        }
    }

    /// The connection ended while the answer came.
    pub fn broken_off(&self, error: &reqwest::Error) -> Failure {
        if error.is_timeout() {
            let secs = self.config.idle_timeout_secs;
            return never(self.timed_out(secs, "to go on with its answer"));
        }
        self.fault(Fault::Cut)
    }

    /// What came is no answer.
    pub fn fault(&self, fault: Fault) -> Failure {
        let server = self.server();
        match fault {
            Fault::Malformed(reason) => self.malformed(&reason),
            Fault::Cut => later(ProviderError::Cut { server }),
            Fault::Failed(_, reason) if is_too_long(&reason) => {
                never(ProviderError::ContextTooLong(self.clean(&reason)))
            }
            Fault::Failed(Some(status @ 400..500), reason) => never(ProviderError::Refused {
                server,
                status,
                reason: self.clean(&reason),
            }),
            Fault::Failed(status, reason) => later(ProviderError::ServerFailed {
                server,
                status: status.unwrap_or(500),
                attempts: self.attempt,
                reason: self.clean(&reason),
            }),
        }
    }

    /// The answer does not follow the protocol.
    pub fn malformed(&self, reason: &str) -> Failure {
        never(ProviderError::Malformed {
            server: self.server(),
            reason: self.clean(reason),
        })
    }

    /// More came than any answer has.
    pub fn too_large(&self, limit_bytes: usize) -> Failure {
        never(ProviderError::AnswerTooLarge {
            server: self.server(),
            limit_mib: u32::try_from(limit_bytes >> 20).unwrap_or(u32::MAX),
        })
    }

    /// The whole answer took too long.
    pub fn too_slow(&self) -> Failure {
        never(self.timed_out(self.config.timeout_secs, "to finish its answer"))
    }

    fn timed_out(&self, secs: f64, phase: &'static str) -> ProviderError {
        ProviderError::TimedOut {
            server: self.server(),
            secs,
            phase,
        }
    }

    fn server(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }

    /// Where a redirection leads, without what may be secret in it.
    fn destination(&self, headers: &HeaderMap) -> String {
        let to = headers.get(LOCATION).and_then(|to| to.to_str().ok());
        let Some(mut to) = to.and_then(|to| self.base.join(to).ok()) else {
            return "nowhere".to_owned();
        };
        to.set_query(None);
        to.set_fragment(None);
        let user = to.set_username("").and_then(|()| to.set_password(None));
        match user {
            Ok(()) => self.clean(to.as_str()),
            Err(()) => to.scheme().to_owned(),
        }
    }

    /// Strangers' words on one line, of bounded length, without the key.
    fn clean(&self, words: &str) -> String {
        let words = match self.key {
            Some(key) => words.replace(key.expose_secret(), "…"),
            None => words.to_owned(),
        };
        let words: Vec<&str> = words
            .split(|c: char| c.is_whitespace() || c.is_control())
            .collect();
        let line = words.join(" ");
        let line = line.split(' ').filter(|word| !word.is_empty());
        let line = line.collect::<Vec<_>>().join(" ");
        let line: String = line
            .trim_end_matches('.')
            .chars()
            .take(MAX_REASON_CHARS)
            .collect();
        if line.is_empty() {
            "no reason given".to_owned()
        } else {
            line
        }
    }
}

fn never(error: ProviderError) -> Failure {
    Failure {
        error,
        again: Again::Never,
    }
}

fn later(error: ProviderError) -> Failure {
    Failure {
        error,
        again: Again::Later,
    }
}

/// What lies below an error, the deepest last.
fn causes(error: &reqwest::Error) -> Vec<String> {
    let mut chain = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause.filter(|_| chain.len() < 16) {
        chain.push(error.to_string());
        cause = error.source();
    }
    chain
}

fn is_too_long(words: &str) -> bool {
    TOO_LONG.iter().any(|phrase| words.contains(phrase))
}

/// What the body of a refusal says; empty when that is not to be had.
async fn words(response: Response) -> String {
    let mut body = Vec::new();
    let mut pieces = response.bytes_stream();
    while let Some(Ok(piece)) = pieces.next().await {
        body.extend_from_slice(&piece);
        if body.len() > MAX_REFUSAL_BYTES {
            body.truncate(MAX_REFUSAL_BYTES);
            break;
        }
    }
    let text = String::from_utf8_lossy(&body);
    let told = serde_json::from_str::<Value>(&text).map(|value| reason(&value));
    match told {
        Ok(told) if !told.is_empty() => told,
        // A page for people says nothing that fits on a line.
        _ if text.trim_start().starts_with('<') => String::new(),
        _ => text.into_owned(),
    }
}

/// How long the server asks to wait: seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(secs) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(secs).ok();
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}
