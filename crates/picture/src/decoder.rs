//! The asking side: keeps one worker process warm, kills it when it takes too long, and puts finished views in place.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;

use image::{DynamicImage, ImageBuffer};

use crate::prepare::not_written;
use crate::worker::{self, Answer, Request, Want};
use crate::{Limits, Prepared, Refusal, View, raster};

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
        let outcome = self.ask(original, &part, Want::View).and_then(|prepared| {
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

    /// Decodes the picture at `original` into upright pixels of 8 bits a channel: L, LA, RGB or RGBA. They pass through a
    /// temporary file that is gone afterwards.
    ///
    /// # Errors
    /// A [`Refusal`] that says why the picture was not taken.
    pub fn pixels(&mut self, original: &Path) -> Result<DynamicImage, Refusal> {
        let folder = tempfile::tempdir().map_err(|error| not_written(&error))?;
        let part = folder.path().join("pixels");
        let told = self.ask(original, &part, Want::Pixels)?;
        read_pixels(&part, &told, &self.limits)
    }

    fn ask(&mut self, original: &Path, part: &Path, want: Want) -> Answer {
        let request = Request {
            original: original.into(),
            part: part.into(),
            want,
        };
        let Some(program) = &self.program else {
            return worker::answer_guarded(&request, &self.limits);
        };
        let mut worker = match self.worker.take().and_then(Worker::alive) {
            Some(worker) => worker,
            None => Worker::start(program, &self.limits)?,
        };
        match worker.ask(&request, &self.limits) {
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

    fn ask(&mut self, request: &Request, limits: &Limits) -> Result<Answer, Failure> {
        let mut line = serde_json::to_vec(request).map_err(|_error| Failure::Nonsense)?;
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

/// Takes the pixels that a worker wrote, if they are what it told.
fn read_pixels(file: &Path, told: &Prepared, limits: &Limits) -> Result<DynamicImage, Refusal> {
    let other = || Refusal::Crashed {
        how: "it handed back other pixels than it told".to_owned(),
    };
    let (width, height) = (told.width, told.height);
    let pixels = u64::from(width) * u64::from(height);
    let bytes = fs::metadata(file).map_err(|_error| other())?.len();
    if pixels == 0 || pixels > limits.max_pixels || bytes > 4 * pixels {
        return Err(other());
    }
    let samples = fs::read(file).map_err(|error| raster::unreadable(&error))?;
    let channels = (bytes.is_multiple_of(pixels)).then_some(bytes / pixels);
    let image = match channels {
        Some(1) => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageLuma8),
        Some(2) => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageLumaA8),
        Some(3) => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageRgb8),
        Some(4) => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageRgba8),
        _ => None,
    };
    image.ok_or_else(other)
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
