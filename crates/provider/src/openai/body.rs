//! The body of a request, as JSON. Fields that are not every server's are sent only when they are set.

use reqwest::Url;
use serde_json::{Map, Value, json};

use super::picture;
use crate::{Message, Part, ProviderError, Request, Sampling, ServerConfig};

/// Longest address of a picture, in bytes.
const MAX_URL_BYTES: usize = 8 * 1024;

/// Most stop texts.
const MAX_STOPS: usize = 16;

/// The body as bytes.
///
/// # Errors
/// [`ProviderError::Request`] saying which part of the request cannot be sent.
pub fn of(request: &Request, config: &ServerConfig) -> Result<Vec<u8>, ProviderError> {
    check(&request.sampling)?;
    if request.messages.is_empty() {
        return Err(wrong("it has no message"));
    }
    let messages = request.messages.iter();
    let messages: Result<Vec<Value>, _> = messages
        .map(|message| message_value(message, config))
        .collect();
    let mut body = Map::new();
    body.insert("model".into(), json!(config.model));
    body.insert("messages".into(), json!(messages?));
    body.insert("stream".into(), json!(true));
    body.insert("stream_options".into(), json!({"include_usage": true}));
    if config.logprobs {
        body.insert("logprobs".into(), json!(true));
    }
    insert_sampling(&mut body, &request.sampling);
    Ok(Value::Object(body).to_string().into_bytes())
}

fn insert_sampling(body: &mut Map<String, Value>, sampling: &Sampling) {
    body.insert("max_tokens".into(), json!(sampling.max_new_tokens));
    body.insert("temperature".into(), json!(sampling.temperature));
    let penalty = json!(sampling.repetition_penalty);
    let optional = [
        ("top_p", json!(sampling.top_p)),
        ("top_k", json!(sampling.top_k)),
        ("seed", json!(sampling.seed)),
        // vLLM and SGLang know the first name, llama.cpp the second.
        ("repetition_penalty", penalty.clone()),
        ("repeat_penalty", penalty),
    ];
    for (name, value) in optional {
        if !value.is_null() {
            body.insert(name.into(), value);
        }
    }
    if !sampling.stop.is_empty() {
        body.insert("stop".into(), json!(sampling.stop));
    }
}

/// A turn; plain text as a string, since some servers' templates take nothing else.
fn message_value(message: &Message, config: &ServerConfig) -> Result<Value, ProviderError> {
    let content = match message.parts.as_slice() {
        [] => return Err(wrong("a message is empty")),
        [Part::Text(text)] => json!(text),
        parts => {
            let parts = parts.iter().map(|part| part_value(part, config));
            Value::Array(parts.collect::<Result<_, _>>()?)
        }
    };
    Ok(json!({"role": message.role, "content": content}))
}

fn part_value(part: &Part, config: &ServerConfig) -> Result<Value, ProviderError> {
    let url = match part {
        Part::Text(text) => return Ok(json!({"type": "text", "text": text})),
        Part::Image(image) => picture::data_url(image, config.max_image_side_px)?,
        Part::ImageUrl(url) => checked_url(url)?,
    };
    Ok(json!({"type": "image_url", "image_url": {"url": url}}))
}

fn checked_url(url: &str) -> Result<String, ProviderError> {
    let parsed = Url::parse(url).ok().filter(|parsed| {
        url.len() <= MAX_URL_BYTES
            && matches!(parsed.scheme(), "http" | "https")
            && parsed.username().is_empty()
            && parsed.password().is_none()
    });
    let refused = || wrong("a picture's address is not a plain `http:` or `https:` one");
    Ok(parsed.ok_or_else(refused)?.into())
}

fn check(sampling: &Sampling) -> Result<(), ProviderError> {
    let positive = |value: f64| value.is_finite() && value > 0.0;
    let problem = if !(0.0..=2.0).contains(&sampling.temperature) {
        "`temperature` must be 0–2"
    } else if sampling.top_p.is_some_and(|p| !positive(p) || p > 1.0) {
        "`top_p` must be above 0 and at most 1"
    } else if sampling.top_k == Some(0) {
        "`top_k` must be at least 1"
    } else if sampling.repetition_penalty.is_some_and(|p| !positive(p)) {
        "`repetition_penalty` must be above 0"
    } else if sampling.max_new_tokens == 0 {
        "`max_new_tokens` must be at least 1"
    } else if sampling.stop.len() > MAX_STOPS || sampling.stop.iter().any(String::is_empty) {
        "`stop` takes at most 16 texts, none of them empty"
    } else {
        return Ok(());
    };
    Err(wrong(problem))
}

fn wrong(problem: &str) -> ProviderError {
    ProviderError::Request(problem.to_owned())
}
