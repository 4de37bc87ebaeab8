//! The worker's side: this program, run again with a hidden first argument, decodes what it is asked for on its
//! standard input, one JSON line each, and answers on its standard output. It never outlives who started it.

use std::any::Any;
use std::ffi::OsString;
use std::io::{self, BufRead, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde::{Deserialize, Serialize};

use crate::{Limits, Prepared, Refusal, prepare};

/// First argument of a worker; the limits follow as JSON.
pub(crate) const ARGUMENT: &str = "--picture-worker";

/// Stack of the thread that decodes: deeply nested drawings recurse.
const STACK_BYTES: usize = 64 << 20;

/// Memory beyond the picture's own: tables, fonts' indices, threads.
#[cfg(target_os = "linux")]
const SPARE_BYTES: u64 = 64 << 20;

/// Whether this program calls [`serve_if_asked`], so that running it again gives a worker.
static CAN_SERVE: AtomicBool = AtomicBool::new(false);

/// One picture to take. Paths need not be Unicode.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub original: OsString,
    pub part: OsString,
    #[serde(default)]
    pub want: Want,
}

/// What becomes of a picture.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Want {
    /// A folder `part` with what to show.
    #[default]
    View,
    /// A file `part` of its upright pixels, without a header.
    Pixels,
}

pub(crate) type Answer = Result<Prepared, Refusal>;

/// Serves as a picture worker and exits, if this process was started as one; else returns at once.
///
/// Call it first in `main` of every program that makes a [`crate::Decoder`]: without it decoding happens in the
/// program's own process, where no time limit holds.
pub fn serve_if_asked() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments
        .next()
        .is_some_and(|argument| argument == ARGUMENT)
    {
        let limits = arguments
            .next()
            .and_then(|json| serde_json::from_slice(json.as_encoded_bytes()).ok());
        process::exit(limits.map_or(2, serve));
    }
    CAN_SERVE.store(true, Ordering::Relaxed);
}

/// Whether this program can be run again as a worker.
pub(crate) fn can_serve() -> bool {
    CAN_SERVE.load(Ordering::Relaxed)
}

/// Does what is asked; a panic in a decoder becomes a refusal.
pub(crate) fn answer_guarded(request: &Request, limits: &Limits) -> Answer {
    let (original, part) = (Path::new(&request.original), Path::new(&request.part));
    panic::catch_unwind(AssertUnwindSafe(|| match request.want {
        Want::View => prepare::prepare(original, part, limits),
        Want::Pixels => prepare::write_pixels(original, part, limits),
    }))
    .unwrap_or_else(|panic| {
        Err(Refusal::Crashed {
            how: panic_message(&*panic),
        })
    })
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    message.unwrap_or("a panic without words").to_owned()
}

/// Serves until the requests end; returns the exit code.
fn serve(limits: Limits) -> i32 {
    // Panics are answered, not printed: standard error is kept for the allocator's last words.
    panic::set_hook(Box::new(|_| ()));
    let (sender, requests) = mpsc::channel();
    let decoding = thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(move || answer_all(&requests, &limits));
    if decoding.is_err() {
        return 1;
    }
    // Reading goes on while a picture is decoded, so that the end of input ends the process at once.
    for line in io::stdin().lock().lines() {
        let sent = line.ok().is_some_and(|line| sender.send(line).is_ok());
        if !sent {
            return 1;
        }
    }
    0
}

fn answer_all(requests: &Receiver<String>, limits: &Limits) {
    limit_memory(limits);
    for line in requests {
        let answer: Answer = match serde_json::from_str::<Request>(&line) {
            Ok(request) => answer_guarded(&request, limits),
            Err(error) => Err(Refusal::Crashed {
                how: format!("a request that is none ({error})"),
            }),
        };
        if respond(&answer).is_err() {
            process::exit(1);
        }
    }
}

fn respond(answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line)?;
    out.flush()
}

/// Lets the process take the pictures' memory beyond what it already holds, and no more. Counts data only
/// (`RLIMIT_DATA`): fonts are mapped files, and address space that is reserved but unused costs nothing.
#[cfg(target_os = "linux")]
fn limit_memory(limits: &Limits) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let data_kib = status.lines().find_map(|line| {
        line.strip_prefix("VmData:")?
            .trim()
            .strip_suffix(" kB")?
            .parse::<u64>()
            .ok()
    });
    let limit = data_kib.unwrap_or(0) * 1024 + limits.max_memory_bytes + SPARE_BYTES;
    // Where it cannot be set, the checks of the header still hold.
    rlimit::Resource::DATA.set(limit, limit).ok();
    // A crash leaves no core file behind.
    rlimit::Resource::CORE.set(0, 0).ok();
}

#[cfg(not(target_os = "linux"))]
fn limit_memory(_limits: &Limits) {}
