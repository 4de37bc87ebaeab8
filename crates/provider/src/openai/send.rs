//! Sends requests and reads what comes back: one attempt after another, each within its limits.

use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use eventsource_stream::Eventsource;
use futures_util::StreamExt;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method, Response, Url, redirect, retry};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::Event;
use super::failure::{Again, Failure, Namer};
use super::reply::Reply;
use super::wire;
use crate::{Answer, ProviderError, ServerConfig, key};

/// Most models that a server's list may have.
const MAX_MODELS: usize = 1000;

/// Largest list of models, in bytes.
const MAX_LIST_BYTES: usize = 4 << 20;

/// First wait before a request is sent again; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// Longest such wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// One server, its key and its connections.
pub struct Server {
    pub config: ServerConfig,
    base: Url,
    client: Client,
    key: Option<SecretString>,
    /// One for each request that may be in flight.
    slots: Semaphore,
}

impl Server {
    /// Checks the settings, fetches the key.
    pub fn new(config: ServerConfig) -> Result<Self, ProviderError> {
        check_numbers(&config)?;
        let base = base_url(&config.base_url)?;
        let client = client(&config, &base)?;
        Ok(Self {
            key: key::resolve(&config.key)?,
            slots: Semaphore::new(config.concurrency as usize),
            base,
            client,
            config,
        })
    }

    /// Answers one chat, in as many attempts as the settings allow.
    pub async fn answer(
        &self,
        body: Vec<u8>,
        tell: &Sender<Event<Answer>>,
    ) -> Result<Answer, ProviderError> {
        let _slot = self.slots.acquire().await;
        let body = bytes::Bytes::from(body);
        let mut attempt = 1;
        loop {
            let namer = self.namer(attempt);
            let failure = match self.attempt(&body, tell, &namer).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let wait = match failure.again {
                _ if attempt > self.config.retries => return Err(failure.error),
                Again::Never => return Err(failure.error),
                Again::After(wait) => wait,
                Again::Later => backoff(attempt),
            };
            sleep(wait).await;
            attempt += 1;
        }
    }

    /// The names of the server's models.
    pub async fn models(&self) -> Result<Vec<String>, ProviderError> {
        let namer = self.namer(1);
        let whole = Duration::from_secs_f64(self.config.timeout_secs);
        let asked = async {
            let response = self.send(Method::GET, "models", None, &namer).await?;
            wire::read(response, MAX_LIST_BYTES, &namer).await
        };
        let bytes = timeout(whole, asked)
            .await
            .unwrap_or_else(|_elapsed| Err(namer.too_slow()))
            .map_err(|failure| failure.error)?;
        let list: Value = serde_json::from_slice(&bytes)
            .map_err(|error| namer.malformed(&format!("not JSON: {error}")).error)?;
        let models = list["data"].as_array();
        let models = models.ok_or_else(|| namer.malformed("it lists no models").error)?;
        let ids = models.iter().filter_map(|model| model["id"].as_str());
        Ok(ids.take(MAX_MODELS).map(str::to_owned).collect())
    }

    async fn attempt(
        &self,
        body: &bytes::Bytes,
        tell: &Sender<Event<Answer>>,
        namer: &Namer<'_>,
    ) -> Result<Answer, Failure> {
        let mut reply = Reply::new(Instant::now());
        // An error means that nobody waits any more; the task is about to be ended.
        tell.send(Event::Begun).unwrap_or_default();
        let whole = Duration::from_secs_f64(self.config.timeout_secs);
        let asked = async {
            let body = Some(body.clone());
            let response = self.send(Method::POST, "chat/completions", body, namer);
            receive(response.await?, &mut reply, tell, namer).await
        };
        let received = timeout(whole, asked).await;
        let received = received.unwrap_or_else(|_elapsed| Err(namer.too_slow()));
        let has_text = reply.has_text();
        let answer = received.and_then(|()| {
            let answer = reply.into_answer(&self.config.model);
            answer.map_err(|fault| namer.fault(fault))
        });
        // What was told cannot be taken back, so it is not said twice.
        answer.map_err(|failure| {
            if has_text {
                failure.for_good()
            } else {
                failure
            }
        })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<bytes::Bytes>,
        namer: &Namer<'_>,
    ) -> Result<Response, Failure> {
        let url = format!("{}/{path}", self.base.as_str().trim_end_matches('/'));
        let mut request = self.client.request(method, url);
        request = request.header(ACCEPT, "text/event-stream, application/json");
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, bearer(key)?);
        }
        if let Some(body) = body {
            let json = HeaderValue::from_static("application/json");
            request = request.header(CONTENT_TYPE, json).body(body);
        }
        let sent = request.send().await;
        let response = sent.map_err(|error| namer.not_sent(error))?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(namer.refusal(response).await)
        }
    }

    fn namer(&self, attempt: u32) -> Namer<'_> {
        Namer {
            config: &self.config,
            base: &self.base,
            key: self.key.as_ref(),
            attempt,
        }
    }
}

/// Reads a stream of events, or a whole answer from a server that does not stream.
async fn receive(
    response: Response,
    reply: &mut Reply,
    tell: &Sender<Event<Answer>>,
    namer: &Namer<'_>,
) -> Result<(), Failure> {
    let kind = content_type(&response);
    if kind.starts_with("text/html") {
        return Err(namer.malformed("it is a page for people"));
    }
    if kind.starts_with("application/json") {
        let bytes = wire::read(response, wire::MAX_ANSWER_BYTES, namer).await?;
        let new = reply.take(&String::from_utf8_lossy(&bytes));
        reply.end();
        if let Some(text) = new.map_err(|fault| namer.fault(fault))? {
            tell.send(Event::Text(text)).unwrap_or_default();
        }
        return Ok(());
    }
    let mut events = Box::pin(wire::lines(response.bytes_stream()).eventsource());
    while !reply.is_ended() {
        let event = match events.next().await {
            None => break,
            Some(Ok(event)) => event,
            // Only the count of tokens is lost.
            Some(Err(_)) if reply.is_whole() => break,
            Some(Err(error)) => return Err(namer.broken(error)),
        };
        let new = reply.take(&event.data);
        if let Some(text) = new.map_err(|fault| namer.fault(fault))? {
            tell.send(Event::Text(text)).unwrap_or_default();
        }
    }
    Ok(())
}

fn content_type(response: &Response) -> String {
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase()
}

/// Doubles each time, with a random half so that clients do not come back together.
fn backoff(attempt: u32) -> Duration {
    let doubled = FIRST_WAIT * 2u32.saturating_pow(attempt.saturating_sub(1).min(16));
    doubled
        .min(LONGEST_WAIT)
        .mul_f64(0.5 + fastrand::f64() / 2.0)
}

fn bearer(key: &SecretString) -> Result<HeaderValue, Failure> {
    let value = HeaderValue::try_from(format!("Bearer {}", key.expose_secret()));
    // A key is visible ASCII, which is what a header takes.
    let mut value = value.map_err(|_not_a_header| Failure {
        error: ProviderError::Request("its key cannot be sent".to_owned()),
        again: Again::Never,
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn client(config: &ServerConfig, base: &Url) -> Result<Client, ProviderError> {
    let provider = rustls::crypto::ring::default_provider();
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error means that another thread was quicker.
        provider.install_default().unwrap_or_default();
    }
    let mut builder = Client::builder()
        .user_agent(concat!("callout/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .connect_timeout(Duration::from_secs_f64(config.connect_timeout_secs))
        .read_timeout(Duration::from_secs_f64(config.idle_timeout_secs));
    if base.scheme() == "http" {
        // Without certificates to load it also starts where there are none.
        builder = builder.tls_certs_only([]);
    }
    if is_loopback(base) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| ProviderError::Local {
        message: "secure connections cannot be prepared".to_owned(),
        help: Some("Install the operating system's certificates (`ca-certificates`).".to_owned()),
        source: Some(error.into()),
    })
}

fn is_loopback(base: &Url) -> bool {
    match base.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// The address, which holds no secret and no more than scheme, host, port and path.
fn base_url(text: &str) -> Result<Url, ProviderError> {
    let wrong = |reason: &str| ProviderError::Config {
        setting: "base_url",
        reason: reason.to_owned(),
    };
    let url = Url::parse(text).map_err(|error| wrong(&format!("it is no address: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong("it does not begin with `http://` or `https://`"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(
            "it holds a name or password, which belongs in the keyring",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it has a part after `?` or `#`"));
    }
    Ok(url)
}

fn check_numbers(config: &ServerConfig) -> Result<(), ProviderError> {
    let time = |secs: f64| secs > 0.0 && secs <= 86_400.0;
    let checks = [
        (
            "model",
            (1..=512).contains(&config.model.len()),
            "it must name a model, in at most 512 bytes",
        ),
        (
            "connect_timeout_secs",
            time(config.connect_timeout_secs),
            "it must be above 0 and at most 86400",
        ),
        (
            "idle_timeout_secs",
            time(config.idle_timeout_secs),
            "it must be above 0 and at most 86400",
        ),
        (
            "timeout_secs",
            time(config.timeout_secs),
            "it must be above 0 and at most 86400",
        ),
        (
            "concurrency",
            (1..=256).contains(&config.concurrency),
            "it must be 1–256",
        ),
        ("retries", config.retries <= 10, "it must be 0–10"),
        (
            "max_image_side_px",
            (28..=8192).contains(&config.max_image_side_px),
            "it must be 28–8192",
        ),
    ];
    match checks.into_iter().find(|(_, fine, _)| !fine) {
        None => Ok(()),
        Some((setting, _, reason)) => Err(ProviderError::Config {
            setting,
            reason: reason.to_owned(),
        }),
    }
}
