//! What a server answers, put together from the pieces of a stream. Fields that are missing or of an unexpected
//! shape are passed over, except the text's own.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use crate::{Answer, Finish};

/// How a stream says that nothing follows.
const END: &str = "[DONE]";

/// An answer on its way.
#[derive(Debug)]
pub struct Reply {
    begun: Instant,
    first_token: Option<Duration>,
    text: String,
    finish_reason: Option<String>,
    has_choice: bool,
    ended: bool,
    model: Option<String>,
    prompt_tokens: Option<u32>,
    new_tokens: Option<u32>,
    logprob_sum: f64,
    n_logprobs: u32,
}

/// Why a piece, or the whole, is no answer.
#[derive(Debug)]
pub enum Fault {
    /// It does not follow the protocol.
    Malformed(String),
    /// The server says in the stream that it failed, with the status it names.
    Failed(Option<u16>, String),
    /// It stops before its end.
    Cut,
}

#[derive(Deserialize)]
struct Chunk {
    model: Option<String>,
    choices: Option<Vec<Choice>>,
    usage: Option<Value>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u32,
    delta: Option<Piece>,
    message: Option<Piece>,
    finish_reason: Option<String>,
    logprobs: Option<Value>,
}

#[derive(Deserialize)]
struct Piece {
    content: Option<String>,
}

impl Reply {
    /// Nothing yet of an answer that was asked for at `begun`.
    pub fn new(begun: Instant) -> Self {
        Self {
            begun,
            first_token: None,
            text: String::new(),
            finish_reason: None,
            has_choice: false,
            ended: false,
            model: None,
            prompt_tokens: None,
            new_tokens: None,
            logprob_sum: 0.0,
            n_logprobs: 0,
        }
    }

    /// Whether text has come.
    pub fn has_text(&self) -> bool {
        !self.text.is_empty()
    }

    /// Whether the answer is whole: what may still come is its count of tokens.
    pub fn is_whole(&self) -> bool {
        self.finish_reason.is_some() || self.ended
    }

    /// Whether nothing follows.
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// Says that nothing follows.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Takes the data of one event; gives the text that is new.
    pub fn take(&mut self, data: &str) -> Result<Option<String>, Fault> {
        if data.trim() == END {
            self.ended = true;
            return Ok(None);
        }
        let chunk: Chunk = serde_json::from_str(data)
            .map_err(|error| Fault::Malformed(format!("not the JSON of an answer: {error}")))?;
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(failed(&error));
        }
        if let Some(model) = chunk.model.filter(|model| !model.is_empty()) {
            self.model = Some(model.chars().take(200).collect());
        }
        if let Some(usage) = chunk.usage {
            self.prompt_tokens = count(&usage, "prompt_tokens").or(self.prompt_tokens);
            self.new_tokens = count(&usage, "completion_tokens").or(self.new_tokens);
        }
        let choices = chunk.choices.unwrap_or_default();
        let choice = choices.into_iter().find(|choice| choice.index == 0);
        Ok(choice.and_then(|choice| self.take_choice(choice)))
    }

    /// The answer, if it is one.
    pub fn into_answer(self, model: &str) -> Result<Answer, Fault> {
        if !self.has_choice {
            return Err(if self.ended {
                Fault::Malformed("it holds no choice".to_owned())
            } else {
                Fault::Cut
            });
        }
        let finish = match self.finish_reason.as_deref() {
            None if !self.ended => return Err(Fault::Cut),
            Some("abort" | "error") => return Err(Fault::Cut),
            Some("content_filter") => {
                let reason = "its filter stopped the answer".to_owned();
                return Err(Fault::Failed(Some(400), reason));
            }
            Some("length") => Finish::Length,
            // TGI says `eos_token` and `stop_sequence`.
            _ => Finish::Stop,
        };
        let n_logprobs = (self.n_logprobs > 0).then_some(self.n_logprobs);
        Ok(Answer {
            text: self.text,
            finish,
            prompt_tokens: self.prompt_tokens,
            new_tokens: self.new_tokens.or(n_logprobs),
            mean_logprob: n_logprobs.map(|n| self.logprob_sum / f64::from(n)),
            first_token: self.first_token,
            took: self.begun.elapsed(),
            model: self.model.unwrap_or_else(|| model.to_owned()),
        })
    }

    fn take_choice(&mut self, choice: Choice) -> Option<String> {
        self.has_choice = true;
        for logprob in logprobs(choice.logprobs.as_ref()) {
            self.logprob_sum += logprob;
            self.n_logprobs += 1;
        }
        if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
            self.finish_reason = Some(reason);
        }
        let piece = choice.delta.or(choice.message)?;
        let text = piece.content.filter(|text| !text.is_empty())?;
        self.first_token.get_or_insert_with(|| self.begun.elapsed());
        self.text.push_str(&text);
        Some(text)
    }
}

/// The tokens' log-probabilities: `content[].logprob`, or `token_logprobs[]` as in the older protocol.
fn logprobs(value: Option<&Value>) -> Vec<f64> {
    let list = |name: &str| value.and_then(|value| value[name].as_array());
    let new = list("content").into_iter().flatten();
    let old = list("token_logprobs").into_iter().flatten();
    new.map(|token| &token["logprob"])
        .chain(old)
        .filter_map(Value::as_f64)
        .collect()
}

fn count(usage: &Value, name: &str) -> Option<u32> {
    usage[name].as_u64().and_then(|n| u32::try_from(n).ok())
}

fn failed(error: &Value) -> Fault {
    let status = error["code"].as_u64().or(error["status"].as_u64());
    let status = status.and_then(|status| u16::try_from(status).ok());
    Fault::Failed(
        status.filter(|status| (400..600).contains(status)),
        reason(error),
    )
}

/// What a server says of a failure, wherever it puts that.
pub fn reason(error: &Value) -> String {
    let inner = ["error", "detail", "message"];
    match error {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.first().map(reason).unwrap_or_default(),
        Value::Object(fields) => inner
            .iter()
            .chain(&["msg"])
            .find_map(|name| fields.get(*name))
            .map(reason)
            .unwrap_or_default(),
        _ => String::new(),
    }
}
