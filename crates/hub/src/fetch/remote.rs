//! The server: where it is, who asks, and how long it is waited for.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use ureq::config::RedirectAuthHeaders;
use ureq::http::{Response, header};
use ureq::{Agent, Body};

use super::FetchError;
use crate::cache::{home, variable};

/// A hub.
#[derive(Clone)]
pub struct Remote {
    /// Address without a slash at the end.
    pub endpoint: String,
    /// Token of the person, sent to this host only.
    pub token: Option<String>,
    /// Whether nothing may be fetched.
    pub offline: bool,
    /// How often a transfer that brings nothing is tried.
    pub attempts: u32,
    /// Wait before the second attempt; doubled with each.
    pub pause: Duration,
    /// Longest silence within a transfer.
    pub patience: Duration,
}

const CONNECT_PATIENCE: Duration = Duration::from_secs(20);

impl Remote {
    /// A hub at this address, asked without a token.
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into().trim_end_matches('/').to_owned(),
            token: None,
            offline: false,
            attempts: 5,
            pause: Duration::from_secs(1),
            patience: Duration::from_secs(60),
        }
    }

    /// As Python has it: `HF_ENDPOINT`, `HF_TOKEN` or the file of `hf auth login`, `HF_HUB_OFFLINE`.
    pub fn from_env() -> Self {
        let endpoint = text("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_owned());
        Self {
            token: token(),
            offline: is_set("HF_HUB_OFFLINE") || is_set("TRANSFORMERS_OFFLINE"),
            ..Self::new(endpoint)
        }
    }

    /// Host of the address, for messages.
    pub(super) fn host(&self) -> String {
        let host = self.endpoint.split("://").last().unwrap_or_default();
        // What precedes `@` is a secret.
        let host = host.rsplit('@').next().unwrap_or_default();
        host.chars().take(100).collect()
    }

    pub(super) fn unreachable(&self, error: ureq::Error) -> FetchError {
        FetchError::Unreachable {
            host: self.host(),
            source: Box::new(error),
        }
    }

    pub(super) fn bad_answer(&self, why: impl Into<String>) -> FetchError {
        FetchError::BadAnswer {
            host: self.host(),
            why: why.into(),
        }
    }

    /// Connections that give up on a silent server; whoever began with TLS stays with it.
    pub(super) fn agent(&self) -> Agent {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(self.endpoint.starts_with("https://"))
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .timeout_connect(Some(CONNECT_PATIENCE))
            .timeout_recv_response(Some(self.patience))
            .user_agent(concat!("callout/", env!("CARGO_PKG_VERSION")));
        config.build().into()
    }

    /// Asks for `url`, from byte `begin` on where that is not 0.
    pub(super) fn get(
        &self,
        agent: &Agent,
        url: &str,
        begin: u64,
    ) -> Result<Response<Body>, ureq::Error> {
        // Bytes are counted and hashed, so they must come as they are.
        let mut request = agent.get(url).header(header::ACCEPT_ENCODING, "identity");
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if begin > 0 {
            request = request.header(header::RANGE, format!("bytes={begin}-"));
        }
        request.call()
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Remote")
            .field("host", &self.host())
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("offline", &self.offline)
            .finish_non_exhaustive()
    }
}

fn token() -> Option<String> {
    const MAX_BYTES: u64 = 4_096;
    if let Some(token) = text("HF_TOKEN").or_else(|| text("HUGGING_FACE_HUB_TOKEN")) {
        return Some(token);
    }
    if is_set("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
        return None;
    }
    let path = variable("HF_TOKEN_PATH").map_or_else(|| home().join("token"), PathBuf::from);
    if std::fs::metadata(&path).ok()?.len() > MAX_BYTES {
        return None;
    }
    let token = std::fs::read_to_string(path).ok()?.trim().to_owned();
    (!token.is_empty()).then_some(token)
}

fn text(name: &str) -> Option<String> {
    let value = variable(name)?.into_string().ok()?.trim().to_owned();
    (!value.is_empty()).then_some(value)
}

fn is_set(name: &str) -> bool {
    text(name).is_some_and(|value| {
        ["1", "on", "yes", "true"].contains(&value.to_ascii_lowercase().as_str())
    })
}
