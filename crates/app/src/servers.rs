//! Servers, before one is listed as a model: their keys, and whether they answer.

use anyhow::Result;
use domain::KeySource;
use provider::{OpenAi, ServerConfig, key};

/// A person waits for the answer.
const CONNECT_TIMEOUT_SECS: f64 = 5.0;
const ANSWER_TIMEOUT_SECS: f64 = 20.0;

/// Keeps a key in the operating system's keyring as `entry`, in place of one of that name.
///
/// # Errors
/// When it cannot be a key, or there is no keyring.
pub fn keep_key(entry: &str, secret: &str) -> Result<()> {
    Ok(key::store(entry, secret)?)
}

/// Names of the models that a server has, at most 1,000: a check that it is there and takes the key.
///
/// # Errors
/// When it cannot be reached, refuses the key, or is no such server.
pub fn server_models(url: &str, key: Option<&KeySource>) -> Result<Vec<String>> {
    let server = OpenAi::new(ServerConfig {
        base_url: url.trim().to_owned(),
        // No model is asked anything.
        model: "-".to_owned(),
        key: match key {
            None => provider::KeySource::None,
            Some(KeySource::Environment { variable }) => provider::KeySource::Env(variable.clone()),
            Some(KeySource::Keyring { entry }) => provider::KeySource::Keyring(entry.clone()),
        },
        connect_timeout_secs: CONNECT_TIMEOUT_SECS,
        idle_timeout_secs: ANSWER_TIMEOUT_SECS,
        timeout_secs: ANSWER_TIMEOUT_SECS,
        retries: 0,
        ..ServerConfig::default()
    })?;
    Ok(server.models()?)
}
