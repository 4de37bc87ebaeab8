//! What a subcommand has to say, and how it reaches standard output.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;

/// The answer of a subcommand, for programs and for people.
#[derive(Debug)]
pub struct Answer {
    json: Value,
    text: String,
    notes: Vec<String>,
    failed: bool,
}

impl Answer {
    /// An answer in both forms; `text` gets its last line end here.
    pub fn new(json: &impl Serialize, text: impl Into<String>) -> Result<Self> {
        Ok(Self {
            json: serde_json::to_value(json).context("writing the answer as JSON")?,
            text: text.into(),
            notes: Vec::new(),
            failed: false,
        })
    }

    /// Adds a line for standard error.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Makes the exit code 1 though there is an answer.
    #[must_use]
    pub fn failed_if(self, failed: bool) -> Self {
        Self { failed, ..self }
    }

    pub fn print(self, json: bool) -> Result<ExitCode> {
        let text = if json {
            self.json.to_string()
        } else {
            self.text.trim_end().to_owned()
        };
        print(&text)?;
        for note in &self.notes {
            complain(&format!("note: {note}"));
        }
        Ok(if self.failed {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}

/// Writes a line to standard output. A reader that has seen enough (`| head`) is no failure.
pub fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("writing to standard output")
        }
        _ => Ok(()),
    }
}

/// Writes a line to standard error; when that is closed, nobody is there to be told.
pub fn complain(text: &str) {
    writeln!(io::stderr().lock(), "{text}").ok();
}
