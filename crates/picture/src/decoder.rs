//! The asking side: keeps one worker process warm, kills it when it takes too long, and puts finished views in place.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;

use crate::prepare::not_written;
use crate::worker::{self, Answer, Request};
use crate::{Limits, Prepared, Refusal, View};

/// Most of a dead worker's last words that are read.
const MAX_LAST_WORDS_BYTES: u64 = 4096;

/// Prepares pictures one after the other. Make one for each thread.
///
/// Decodes in a worker process if the program called [`crate::serve_if_asked`] or a worker was named, else in its own.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    program: Option<PathBuf>,
    worker: Option<Worker>,
}

impl Decoder {
    /// Makes a decoder whose workers are this program, run again.
    pub fn new(limits: Limits) -> Self {
        let program = worker::can_serve().then(this_program).flatten();
        Self {
            limits,
            program,
            worker: None,
        }
    }

    /// Makes a decoder whose workers are another program, which calls [`crate::serve_if_asked`] first in its `main`.
    pub fn with_program(limits: Limits, program: impl Into<PathBuf>) -> Self {
        Self {
            limits,
            program: Some(program.into()),
            worker: None,
        }
    }

    /// Decodes the picture at `original` and, where the original itself cannot be shown, writes a view into the folder
    /// `dest`. That folder appears only when it is complete, and replaces an older one.
    ///
    /// # Errors
    /// A [`Refusal`] that says why the picture was not taken. Nothing is left behind.
    pub fn prepare(&mut self, original: &Path, dest: &Path) -> Result<Prepared, Refusal> {
        let part = part_beside(dest).map_err(|error| not_written(&error))?;
        let outcome = self.decode(original, &part).and_then(|prepared| {
            if prepared.view != View::Original {
                put_in_place(&part, dest).map_err(|error| not_written(&error))?;
            }
            Ok(prepared)
        });
        if outcome.is_err() {
            // A killed worker leaves what it had written; usually there is nothing.
            fs::remove_dir_all(&part).ok();
        }
        outcome
    }

    fn decode(&mut self, original: &Path, part: &Path) -> Answer {
        let Some(program) = &self.program else {
            return worker::prepare_guarded(original, part, &self.limits);
        };
        let mut worker = match self.worker.take().and_then(Worker::alive) {
            Some(worker) => worker,
            None => Worker::start(program, &self.limits)?,
        };
        match worker.ask(original, part, &self.limits) {
            Ok(answer) => {
                self.worker = Some(worker);
                answer
            }
            Err(end) => Err(worker.end(end, &self.limits)),
        }
    }
}

/// How a worker failed to answer.
enum Failure {
    Late,
    Died,
    Nonsense,
}

/// A worker process. Dropping it ends it.
#[derive(Debug)]
struct Worker {
    child: Child,
    requests: ChildStdin,
    answers: Receiver<String>,
}

impl Worker {
    fn start(program: &Path, limits: &Limits) -> Result<Self, Refusal> {
        Self::spawn(program, limits).map_err(|error| Refusal::NoWorker {
            reason: error.to_string(),
        })
    }

    fn spawn(program: &Path, limits: &Limits) -> io::Result<Self> {
        let mut command = Command::new(program);
        command
            .arg(worker::ARGUMENT)
            .arg(serde_json::to_string(limits)?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // Ctrl-C reaches every process of the terminal's group, and is for the asking program to answer.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let (Some(requests), Some(out)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("it has no pipes"));
        };
        let (sender, answers) = mpsc::sync_channel(1);
        // Ends when the worker closes its output, or when nobody listens any more.
        thread::spawn(move || {
            BufReader::new(out)
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        Ok(Self {
            child,
            requests,
            answers,
        })
    }

    /// Returns a worker that still runs; one that died between two pictures is no picture's fault.
    fn alive(mut self) -> Option<Self> {
        matches!(self.child.try_wait(), Ok(None)).then_some(self)
    }

    fn ask(&mut self, original: &Path, part: &Path, limits: &Limits) -> Result<Answer, Failure> {
        let request = Request {
            original: original.into(),
            part: part.into(),
        };
        let mut line = serde_json::to_vec(&request).map_err(|_error| Failure::Nonsense)?;
        line.push(b'\n');
        self.requests
            .write_all(&line)
            .map_err(|_error| Failure::Died)?;
        let answer = self
            .answers
            .recv_timeout(limits.timeout)
            .map_err(|error| match error {
                RecvTimeoutError::Timeout => Failure::Late,
                RecvTimeoutError::Disconnected => Failure::Died,
            })?;
        serde_json::from_str(&answer).map_err(|_error| Failure::Nonsense)
    }

    /// Ends a worker that failed, and says why in words.
    fn end(mut self, failure: Failure, limits: &Limits) -> Refusal {
        match failure {
            Failure::Late => Refusal::TooSlow {
                limit_ms: u64::try_from(limits.timeout.as_millis()).unwrap_or(u64::MAX),
            },
            Failure::Nonsense => Refusal::Crashed {
                how: "it answered in an unknown language".to_owned(),
            },
            Failure::Died => self.cause_of_death(limits),
        }
    }

    fn cause_of_death(&mut self, limits: &Limits) -> Refusal {
        let status = self.child.wait();
        let mut words = Vec::new();
        if let Some(errors) = self.child.stderr.take() {
            errors
                .take(MAX_LAST_WORDS_BYTES)
                .read_to_end(&mut words)
                .ok();
        }
        let words = String::from_utf8_lossy(&words);
        if words.contains("memory allocation of") {
            return Refusal::TooMuchMemory {
                limit_bytes: limits.max_memory_bytes,
            };
        }
        let status = status
            .as_ref()
            .map_or_else(io::Error::to_string, ExitStatus::to_string);
        let words = words
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty())
            .unwrap_or("it said nothing");
        Refusal::Crashed {
            how: format!("{status}; {words}"),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Both fail only for a worker that is gone already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The program that runs, even if its file was replaced or removed since.
fn this_program() -> Option<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() {
        Some(running)
    } else {
        std::env::current_exe().ok()
    }
}

/// A fresh name beside `dest`, on the same file system; its parent folder exists afterwards.
fn part_beside(dest: &Path) -> io::Result<PathBuf> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = dest
        .file_name()
        .ok_or_else(|| io::Error::other("the destination has no name"))?;
    if let Some(parent) = dest.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut name = name.to_owned();
    name.push(format!(
        ".part-{}-{}",
        process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    ));
    Ok(dest.with_file_name(name))
}

/// Renames the finished folder to its place, moving an older one out of the way first.
fn put_in_place(part: &Path, dest: &Path) -> io::Result<()> {
    if fs::rename(part, dest).is_ok() {
        return Ok(());
    }
    let old = part.with_extension("old");
    fs::rename(dest, &old).or_else(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            Ok(())
        } else {
            Err(error)
        }
    })?;
    fs::rename(part, dest)?;
    if old.exists() {
        fs::remove_dir_all(&old)
    } else {
        Ok(())
    }
}
