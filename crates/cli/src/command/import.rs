//! `callout import`: pictures and folders of pictures.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use app::{Cancel, ImportOptions, ImportProgress, ImportReport};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use picture::Limits;

use crate::answer::{Answer, complain};
use crate::args::InWorkspace;
use crate::{Context, plain};

const LINE_EVERY: Duration = Duration::from_secs(2);
const CURRENT_COLUMNS: usize = 60;

/// Bring in pictures, and folders of pictures with all below them.
///
/// PNG, JPEG, WebP, GIF, BMP, TIFF and SVG are read. Where a folder has a `metadata.jsonl` of Hugging
/// Face's imagefolder convention, its captions become drafts. The same picture twice adds nothing. A
/// file that is refused stops nothing: the report names it and says why. Ctrl-C stops; what came in
/// stays.
///
/// Exit code 0, or 1 when it was stopped, or when files were refused and no picture came in or was
/// here already.
#[derive(Debug, Args)]
pub struct Import {
    #[command(flatten)]
    workspace: InWorkspace,

    /// Pictures and folders.
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    cost: Cost,
}

/// What one picture may cost.
#[derive(Debug, Args)]
#[command(next_help_heading = "What one picture may cost at most")]
pub struct Cost {
    /// Million pixels.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=4_000))]
    max_megapixels: u64,

    /// Memory for decoding, in MiB.
    #[arg(long, value_name = "N", default_value_t = 1_024, value_parser = clap::value_parser!(u64).range(16..=1_048_576))]
    max_memory_mib: u64,

    /// Time for decoding, in seconds.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout_secs: u64,

    /// Size of the file, in MiB.
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..=4_095))]
    max_file_mib: u64,
}

impl Import {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let session = self.workspace.open(context)?;
        let options = ImportOptions {
            limits: self.cost.limits(),
            cancel: Cancel::default(),
        };
        stop_on_ctrl_c(options.cancel.clone())?;
        let mut progress = Progress::new();
        let report = session.import(&self.paths, &options, |step| progress.show(&step))?;
        progress.finish();
        let nothing = report.imported + report.already == 0 && !report.rejected.is_empty();
        Ok(Answer::new(&report, text(&report))?.failed_if(nothing || report.cancelled))
    }
}

impl Cost {
    pub fn limits(&self) -> Limits {
        Limits {
            max_pixels: self.max_megapixels * 1_000_000,
            max_memory_bytes: self.max_memory_mib << 20,
            timeout: Duration::from_secs(self.timeout_secs),
            max_file_bytes: self.max_file_mib << 20,
            ..Limits::default()
        }
    }
}

/// The first Ctrl-C stops after the pictures under way, the second at once.
fn stop_on_ctrl_c(cancel: Cancel) -> Result<()> {
    let mut asked = false;
    ctrlc::set_handler(move || {
        if asked {
            std::process::exit(1);
        }
        asked = true;
        cancel.cancel();
        complain("stopping; once more to stop at once");
    })
    .context("listening for Ctrl-C")
}

fn text(report: &ImportReport) -> String {
    let mut text = format!(
        "imported {} in {:.1} s",
        plain::count(report.imported, "picture"),
        report.seconds
    );
    let n_rejected = u32::try_from(report.rejected.len()).unwrap_or(u32::MAX);
    let others = [
        (report.already, "here already"),
        (n_rejected, "refused"),
        (report.skipped, "left alone, no picture by name"),
    ];
    for (n, what) in others.into_iter().filter(|(n, _)| *n > 0) {
        text.push_str(&format!(", {n} {what}"));
    }
    if report.cancelled {
        text.push_str("; stopped before the end");
    }
    for refused in &report.rejected {
        let (path, reason) = (plain::line(&refused.path), plain::line(&refused.reason));
        text.push_str(&format!("\nrefused {path}: {reason}"));
    }
    text
}

/// A bar on a terminal, otherwise a line now and then.
pub struct Progress {
    bar: Option<ProgressBar>,
    last: Option<Instant>,
}

impl Progress {
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style =
                ProgressStyle::with_template("{wide_bar} {pos}/{len}, {eta} left  {msg:30!}");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, last: None }
    }

    pub fn show(&mut self, step: &ImportProgress) {
        let name = step.current.rsplit('/').next().unwrap_or_default();
        if let Some(bar) = &self.bar {
            bar.set_length(step.total.into());
            bar.set_position(step.done.into());
            bar.set_message(plain::clipped(name, CURRENT_COLUMNS / 2));
            return;
        }
        let due = self.last.is_none_or(|last| last.elapsed() >= LINE_EVERY);
        if due || step.done == step.total {
            let name = plain::clipped(name, CURRENT_COLUMNS);
            complain(&format!("{} of {}: {name}", step.done, step.total));
            self.last = Some(Instant::now());
        }
    }

    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
