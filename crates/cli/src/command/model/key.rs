//! `callout model keep-key` and `ask-server`: servers, before one is listed.

use std::io::{IsTerminal, Read};

use anyhow::{Context as _, Result};
use app::domain::KeySource;
use clap::Args;
use serde_json::json;

use crate::answer::{Answer, complain};
use crate::plain;

/// No key is longer than this.
const MAX_KEY_BYTES: u64 = 64 << 10;

/// Keep a server's key in the system's keyring. The key is read from standard input, never from an argument.
#[derive(Debug, Args)]
pub struct KeepKey {
    /// What the entry is called; a key of that name is replaced.
    entry: String,
}

impl KeepKey {
    pub fn run(self) -> Result<Answer> {
        let mut secret = String::new();
        let stdin = std::io::stdin();
        if stdin.is_terminal() {
            complain("note: type or paste the key, Enter, then Ctrl-D; it stays on the screen");
        }
        let read = stdin.lock().take(MAX_KEY_BYTES).read_to_string(&mut secret);
        read.context("reading the key from standard input")?;
        app::keep_key(&self.entry, &secret)?;
        let text = format!("kept the key as `{}`", plain::line(&self.entry));
        Answer::new(&json!({ "entry": self.entry }), text)
    }
}

/// Ask a server which models it has: whether it is there, and takes the key.
#[derive(Debug, Args)]
pub struct AskServer {
    /// Its address, such as `http://localhost:8000/v1`.
    url: String,

    /// Environment variable that holds its key.
    #[arg(long, value_name = "VAR", conflicts_with = "key_entry")]
    key_env: Option<String>,

    /// Entry of the system's keyring that holds its key.
    #[arg(long, value_name = "ENTRY")]
    key_entry: Option<String>,
}

impl AskServer {
    pub fn run(self) -> Result<Answer> {
        let env = self
            .key_env
            .map(|variable| KeySource::Environment { variable });
        let key = env.or(self.key_entry.map(|entry| KeySource::Keyring { entry }));
        let names = app::server_models(&self.url, key.as_ref())?;
        let lines: Vec<String> = names.iter().map(|name| plain::line(name)).collect();
        Answer::new(&json!({ "models": names }), lines.join("\n"))
    }
}
