//! `callout model fetch`: a repository's model into the cache.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use hub::fetch::{Fetched, Progress, Remote, Wanted, fetch};
use hub::{Cache, RepoId};
use indicatif::{ProgressBar, ProgressStyle};

use super::size;
use crate::answer::{Answer, complain};
use crate::plain;

const LINE_EVERY: Duration = Duration::from_secs(5);
const NAME_COLUMNS: usize = 40;

/// Fetch a model from Hugging Face, or go on where an earlier fetch stopped.
///
/// Only what is needed is fetched: configuration, tokenizer, safetensors; never pickles. What is in the cache
/// already is not fetched again. Ctrl-C stops; what came stays. `HF_TOKEN` is sent where it is set,
/// `HF_ENDPOINT` names a mirror, `HTTPS_PROXY` a proxy.
#[derive(Debug, Args)]
pub struct Fetch {
    /// The repository, such as `Qwen/Qwen2.5-VL-3B-Instruct`.
    #[arg(value_name = "REPO")]
    repo: RepoId,

    /// A branch, tag or commit.
    #[arg(long, value_name = "R", default_value = "main")]
    revision: String,

    /// Only this GGUF file of the repository: a text model.
    #[arg(long, value_name = "FILE")]
    gguf: Option<String>,
}

impl Fetch {
    pub fn run(self) -> Result<Answer> {
        let cancel = Arc::new(AtomicBool::new(false));
        stop_on_ctrl_c(Arc::clone(&cancel))?;
        let wanted = Wanted {
            repo: self.repo,
            revision: self.revision,
            gguf: self.gguf,
        };
        let mut bar = Bar::new();
        let fetched = fetch(
            &Remote::from_env(),
            &Cache::from_env(),
            &wanted,
            &mut |step| bar.show(step),
            &cancel,
        );
        bar.clear();
        let fetched = fetched?;
        Answer::new(&fetched, text(&fetched))
    }
}

fn text(fetched: &Fetched) -> String {
    let path = plain::argument(&fetched.path.to_string_lossy());
    let (repo, commit) = (&fetched.repo, &fetched.commit[..7]);
    let files = plain::count(u32::try_from(fetched.files).unwrap_or(u32::MAX), "file");
    let total = size(fetched.total_bytes);
    let received = match fetched.received_bytes {
        0 => "all of it was here".to_owned(),
        n => format!("{} came over the network", size(n)),
    };
    format!("{repo} at {commit}: {files}, {total}; {received}\n{path}")
}

/// The first Ctrl-C stops at the next piece, the second at once; either leaves what came.
fn stop_on_ctrl_c(cancel: Arc<AtomicBool>) -> Result<()> {
    ctrlc::set_handler(move || {
        if cancel.swap(true, Ordering::Relaxed) {
            std::process::exit(1);
        }
    })
    .context("listening for Ctrl-C")
}

/// A bar on a terminal, otherwise a line now and then.
struct Bar {
    bar: Option<ProgressBar>,
    last: Option<Instant>,
}

impl Bar {
    fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(
                "{wide_bar} {binary_bytes}/{binary_total_bytes}, {binary_bytes_per_sec}, {eta} left  {msg:30!}",
            );
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, last: None }
    }

    fn show(&mut self, step: &Progress<'_>) {
        if let Some(bar) = &self.bar {
            bar.set_length(step.total_bytes);
            bar.set_position(step.done_bytes);
            bar.set_message(plain::clipped(step.file, NAME_COLUMNS));
            return;
        }
        if self.last.is_none_or(|last| last.elapsed() >= LINE_EVERY) {
            let name = plain::clipped(step.file, NAME_COLUMNS);
            let (done, total) = (size(step.done_bytes), size(step.total_bytes));
            complain(&format!("{done} of {total}: {name}"));
            self.last = Some(Instant::now());
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
