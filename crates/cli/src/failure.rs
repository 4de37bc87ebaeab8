//! Failures: `error:` and `help:` on standard error, with `--json` an object on standard output too.

use std::process::ExitCode;

use app::{Code, Problem};
use serde_json::json;

use crate::answer::{complain, print};
use crate::plain;

/// Prints a failure; returns the exit code.
pub fn report(error: anyhow::Error, json: bool) -> ExitCode {
    match error.downcast::<clap::Error>() {
        Ok(error) => usage(&error, json),
        Err(error) => {
            let help = error.chain().find_map(model_help);
            let mut failure = Problem::from(error);
            failure.help = failure.help.or(help);
            problem(&failure, json)
        }
    }
}

/// Prints a wrong use, or the help that was asked for; returns the exit code.
pub fn usage(error: &clap::Error, json: bool) -> ExitCode {
    // When neither stream can be written, the exit code still tells.
    error.print().ok();
    if error.use_stderr() && json {
        let text = error.render().to_string();
        let message = text
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("error: ");
        object("usage", message, Some("See `callout help`."));
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn problem(problem: &Problem, json: bool) -> ExitCode {
    complain(&format!("error: {}", plain::line(&problem.message)));
    if let Some(help) = command_line_help(problem) {
        complain(&format!("help: {help}"));
    }
    if json {
        let code = serde_json::to_value(problem.code).unwrap_or_default();
        object(
            code.as_str().unwrap_or("other"),
            &problem.message,
            command_line_help(problem),
        );
    }
    ExitCode::FAILURE
}

/// What to do next; where a window has a button, a command is named here.
fn command_line_help(problem: &Problem) -> Option<&str> {
    match problem.code {
        Code::Conflict => Some(
            "See both with `callout show`, choose with `callout resolve WORKSPACE ID --keep mine|theirs`.",
        ),
        _ => problem.help.as_deref(),
    }
}

/// What `hub` advises; the desk, which links none of its fetching, never meets these.
fn model_help(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    let fetch = cause.downcast_ref().and_then(hub::fetch::FetchError::help);
    fetch
        .or_else(|| cause.downcast_ref().and_then(hub::Error::help))
        .or_else(|| cause.downcast_ref().and_then(hub::RemoveError::help))
        .or_else(|| {
            let run = cause.downcast_ref().and_then(engine::RunError::help);
            run.map(str::to_owned)
        })
        .or_else(|| training_help(cause).map(str::to_owned))
        .or_else(|| {
            cause
                .downcast_ref()
                .and_then(engine::local::LocalError::help)
        })
        .or_else(|| {
            let write = cause
                .downcast_ref()
                .and_then(engine::local::WriteError::help);
            write.map(str::to_owned)
        })
}

/// What training advises.
fn training_help(cause: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    let rows = cause.downcast_ref().map(training::rows::RowsError::help);
    rows.or_else(|| cause.downcast_ref().and_then(training::run::RunError::help))
}

fn object(code: &str, message: &str, help: Option<&str>) {
    let document = json!({"error": {"code": code, "message": message, "help": help}});
    if let Err(error) = print(&document.to_string()) {
        complain(&format!("error: {error:#}"));
    }
}
