//! Progress of a job on standard error: a bar on a terminal, otherwise a line now and then.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use app::domain::Job;
use indicatif::{ProgressBar, ProgressStyle};

use crate::answer::complain;

/// Without a terminal a line is written so often.
const LINE_EVERY: Duration = Duration::from_secs(5);

pub struct Progress {
    bar: Option<ProgressBar>,
    last: Instant,
}

impl Progress {
    pub fn new(job: &Job) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{wide_bar} {pos}/{len}, {eta} left  {msg}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(job.total.into()).with_style(style)
        });
        Self {
            bar,
            last: Instant::now(),
        }
    }

    pub fn show(&mut self, job: &Job) {
        let ended = job.done + job.failed + job.skipped;
        if let Some(bar) = &self.bar {
            bar.set_position(ended.into());
            if job.failed > 0 {
                bar.set_message(format!("{} failed", job.failed));
            }
        } else if self.last.elapsed() >= LINE_EVERY {
            complain(&format!("{ended} of {}", job.total));
            self.last = Instant::now();
        }
    }

    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
