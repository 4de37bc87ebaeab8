//! Running other programs: with their output shown, caught, or both.
//! Knows nothing about which programs the chores need.

use anyhow::{Context as _, Result, bail};
use std::io::{BufRead as _, BufReader, IsTerminal as _, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How long output is still read after the program itself has ended: a process it left behind may hold the pipe open.
const DRAIN: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(50);

/// What a program said, and whether it succeeded.
pub struct Heard {
    pub succeeded: bool,
    /// stdout and stderr as they came, colour codes removed.
    pub text: String,
}

/// A program with arguments, to be run in the repository.
pub fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(crate::tree::root());
    command
}

/// The cargo that started this program.
pub fn cargo(args: &[&str]) -> Command {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    command(&cargo, args)
}

/// Runs a program with its output shown; an exit code other than 0 is an error.
pub fn show(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("starting `{}`", line_of(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", line_of(command));
    }
    Ok(())
}

/// Runs a program silently and returns its stdout; on failure the error holds its stderr.
pub fn stdout_of(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting `{}`", line_of(command)))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!(
            "`{}` ended with {}\n{}",
            line_of(command),
            output.status,
            stderr.trim_end()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether the program exists and succeeds with these arguments.
pub fn succeeds(program: &str, args: &[&str]) -> bool {
    stdout_of(&mut command(program, args)).is_ok()
}

/// Runs a program with its output shown and kept.
pub fn show_and_hear(command: &mut Command) -> Result<Heard> {
    if std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        command
            .env("CARGO_TERM_COLOR", "always")
            .env("FORCE_COLOR", "1");
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting `{}`", line_of(command)))?;
    let (lines, heard) = channel();
    if let Some(stdout) = child.stdout.take() {
        forward_lines(stdout, lines.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        forward_lines(stderr, lines);
    }
    let text = print_lines(&heard, &mut child)?;
    let status = child.wait().context("waiting for a program")?;
    Ok(Heard {
        succeeded: status.success(),
        text: without_colours(&text),
    })
}

/// Asks a process to end, waits up to `patience`, and only then kills it.
pub fn end(child: &mut Child, patience: Duration) {
    if cfg!(unix) {
        // std can only send SIGKILL, after which neither the desk nor an X server tidies up
        succeeds("sh", &["-c", &format!("kill -TERM {}", child.id())]);
        if matches!(wait_at_most(child, patience), Ok(true)) {
            return;
        }
    }
    if child.kill().is_ok() {
        child.wait().ok();
    }
}

/// Waits until the process has ended, or `patience` is over; says whether it ended.
pub fn wait_at_most(child: &mut Child, patience: Duration) -> Result<bool> {
    let started = Instant::now();
    loop {
        if child.try_wait().context("waiting for a process")?.is_some() {
            return Ok(true);
        }
        if started.elapsed() > patience {
            return Ok(false);
        }
        std::thread::sleep(POLL);
    }
}

/// The command as one would type it, the program without its folder.
pub fn line_of(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let mut line = program.to_string_lossy().into_owned();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}

fn forward_lines(from: impl Read + Send + 'static, to: Sender<String>) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(from);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line), Ok(n) if n > 0) {
            if to
                .send(String::from_utf8_lossy(&line).into_owned())
                .is_err()
            {
                return;
            }
            line.clear();
        }
    });
}

fn print_lines(heard: &Receiver<String>, child: &mut Child) -> Result<String> {
    let mut text = String::new();
    let mut ended_at = None;
    loop {
        match heard.recv_timeout(POLL) {
            Ok(line) => {
                print!("{line}");
                text.push_str(&line);
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(text),
            Err(RecvTimeoutError::Timeout) => {
                if ended_at.is_none()
                    && child.try_wait().context("waiting for a program")?.is_some()
                {
                    ended_at = Some(Instant::now());
                }
            }
        }
        if ended_at.is_some_and(|at: Instant| at.elapsed() > DRAIN) {
            return Ok(text);
        }
    }
}

/// Removes terminal colour codes (`ESC [ … letter`).
fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.find(char::is_ascii_alphabetic);
        } else {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_removed() {
        assert_eq!(
            without_colours("\u{1b}[32;1m     Summary\u{1b}[0m [   0.5s]"),
            "     Summary [   0.5s]"
        );
    }

    #[cfg(unix)]
    #[test]
    fn output_and_exit_code_are_both_known() {
        let heard = show_and_hear(&mut command(
            "sh",
            &["-c", "echo out; echo err >&2; exit 3"],
        ))
        .unwrap();
        assert!(!heard.succeeded);
        assert!(
            heard.text.contains("out\n") && heard.text.contains("err\n"),
            "{}",
            heard.text
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_process_left_behind_does_not_hold_us_up() {
        let started = Instant::now();
        let heard = show_and_hear(&mut command("sh", &["-c", "sleep 30 & echo done"])).unwrap();
        assert!(heard.succeeded && heard.text.contains("done"));
        assert!(started.elapsed() < Duration::from_secs(20));
    }
}
