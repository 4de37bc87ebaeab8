//! Which server is asked, which model there, and with whose key. Holds no secret.

use serde::{Deserialize, Serialize};

/// A server that speaks OpenAI's chat-completions protocol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Where its paths begin, `/v1` included: `http://localhost:8000/v1`.
    pub base_url: String,
    /// The model's name there.
    pub model: String,
    /// Where its key comes from.
    pub key: KeySource,
    /// Longest wait for a connection, in seconds, above 0 and at most a day.
    pub connect_timeout_secs: f64,
    /// Longest silence between two pieces of an answer, the first included, in seconds.
    pub idle_timeout_secs: f64,
    /// Longest time for a whole answer, in seconds; it begins anew at each attempt.
    pub timeout_secs: f64,
    /// Requests in flight at once, 1–256.
    pub concurrency: u32,
    /// How often a request is sent again when the server is busy or cannot be reached, 0–10.
    pub retries: u32,
    /// Longer sides of pictures are scaled down to this, in pixels, 28–8,192.
    pub max_image_side_px: u32,
    /// Whether log-probabilities are asked for; some servers refuse the question.
    pub logprobs: bool,
}

impl Default for ServerConfig {
    /// A server on this machine, without a key.
    fn default() -> Self {
        Self {
            base_url: "http://localhost:8000/v1".to_owned(),
            model: String::new(),
            key: KeySource::None,
            connect_timeout_secs: 10.0,
            idle_timeout_secs: 300.0,
            timeout_secs: 1800.0,
            concurrency: 4,
            retries: 4,
            max_image_side_px: 2048,
            logprobs: true,
        }
    }
}

/// Where a server's key is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from", content = "name")]
pub enum KeySource {
    /// The server wants none.
    #[default]
    None,
    /// The environment variable of this name; `CALLOUT_API_KEY` by custom.
    Env(String),
    /// The entry of this name in the operating system's keyring.
    Keyring(String),
}
