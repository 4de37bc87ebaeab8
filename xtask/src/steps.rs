//! The record of a chore's steps: what each did, how long it took, how it ended.
//! Prints as it goes and sums up at the end; does no work itself.

use crate::tally::Tally;
use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// What a step reports when it is through.
#[derive(Debug, Default)]
pub struct Report {
    /// A few words for the summary; may be empty.
    pub note: String,
    /// Tests that ran in this step.
    pub tally: Tally,
    /// The step ran to its end and found something wrong.
    pub failed: bool,
}

impl From<()> for Report {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl From<String> for Report {
    fn from(note: String) -> Self {
        Self {
            note,
            ..Self::default()
        }
    }
}

impl From<&str> for Report {
    fn from(note: &str) -> Self {
        note.to_owned().into()
    }
}

/// The steps of one chore, in order.
pub struct Steps {
    started: Instant,
    done: Vec<Done>,
}

struct Done {
    title: &'static str,
    outcome: Outcome,
    took: Duration,
    note: String,
    tally: Tally,
}

#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Ok,
    Failed,
    Skipped,
}

impl Steps {
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            done: Vec::new(),
        }
    }

    /// Runs a step; a failure is recorded and shown, and the chore goes on. Says whether the step was fine.
    pub fn step<R: Into<Report>>(
        &mut self,
        title: &'static str,
        work: impl FnOnce() -> Result<R>,
    ) -> bool {
        println!("==> {title}");
        let started = Instant::now();
        let report = work().map(Into::into).unwrap_or_else(|error| Report {
            note: format!("{error:#}"),
            failed: true,
            ..Report::default()
        });
        let outcome = if report.failed {
            Outcome::Failed
        } else {
            Outcome::Ok
        };
        let done = Done {
            title,
            outcome,
            took: started.elapsed(),
            note: report.note,
            tally: report.tally,
        };
        println!("    {}", done.line());
        self.done.push(done);
        outcome == Outcome::Ok
    }

    /// Runs a step without which the chore cannot go on.
    pub fn must<R: Into<Report>>(
        &mut self,
        title: &'static str,
        work: impl FnOnce() -> Result<R>,
    ) -> Result<()> {
        if self.step(title, work) {
            return Ok(());
        }
        bail!("stopped at “{title}”");
    }

    /// Records a step that does not apply here, and why.
    pub fn skip(&mut self, title: &'static str, why: &str) {
        println!("==> {title}\n    skipped: {why}");
        self.done.push(Done {
            title,
            outcome: Outcome::Skipped,
            took: Duration::ZERO,
            note: why.to_owned(),
            tally: Tally::default(),
        });
    }

    /// Prints the table of all steps.
    pub fn print_table(&self) {
        println!("\n{}", self.table());
        println!("whole: {}", seconds(self.started.elapsed()));
    }

    /// All tests of all steps. A step that failed without naming a failed test counts as one failure.
    pub fn tally(&self) -> Tally {
        self.done.iter().fold(Tally::default(), |sum, done| {
            let mut tally = sum + done.tally;
            if done.outcome == Outcome::Failed && done.tally.failed == 0 {
                tally.failed += 1;
            }
            tally
        })
    }

    /// An error that names the steps that failed, if any did.
    pub fn result(&self) -> Result<()> {
        let failed: Vec<&str> = self
            .done
            .iter()
            .filter(|done| done.outcome == Outcome::Failed)
            .map(|done| done.title)
            .collect();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        Ok(())
    }

    fn table(&self) -> String {
        let width = self
            .done
            .iter()
            .map(|done| done.title.chars().count())
            .max()
            .unwrap_or(0);
        let rows: Vec<String> = self.done.iter().map(|done| done.row(width)).collect();
        rows.join("\n")
    }
}

impl Done {
    fn line(&self) -> String {
        let word = match self.outcome {
            Outcome::Ok => "ok",
            Outcome::Failed => "FAILED",
            Outcome::Skipped => "skipped",
        };
        let line = format!("{word} in {}", seconds(self.took));
        if self.note.is_empty() {
            line
        } else {
            format!("{line}: {}", self.note)
        }
    }

    fn row(&self, width: usize) -> String {
        let word = match self.outcome {
            Outcome::Ok => "ok     ",
            Outcome::Failed => "FAILED ",
            Outcome::Skipped => "skipped",
        };
        let note = self.note.lines().next().unwrap_or_default();
        format!(
            "{word} {:<width$} {:>9}  {note}",
            self.title,
            seconds(self.took)
        )
        .trim_end()
        .to_owned()
    }
}

fn seconds(took: Duration) -> String {
    let secs = took.as_secs_f64();
    if secs < 100.0 {
        return format!("{secs:.1} s");
    }
    format!("{} min {:02} s", took.as_secs() / 60, took.as_secs() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    fn tests_ran(passed: u32, failed: u32) -> Report {
        Report {
            tally: Tally {
                passed,
                failed,
                skipped: 0,
            },
            failed: failed > 0,
            note: String::new(),
        }
    }

    #[test]
    fn a_failed_step_fails_the_chore_and_names_itself() {
        let mut steps = Steps::start();
        assert!(steps.step("build", || Ok(())));
        assert!(!steps.step("clippy", || Err::<(), _>(anyhow!("two warnings"))));
        assert!(steps.step("tests", || Ok(tests_ran(7, 0))));
        assert_eq!(steps.result().unwrap_err().to_string(), "failed: clippy");
        assert_eq!(steps.tally().to_string(), "7 passed, 1 failed");
        assert!(
            steps.table().contains("FAILED  clippy"),
            "{}",
            steps.table()
        );
    }

    #[test]
    fn failed_tests_are_counted_once() {
        let mut steps = Steps::start();
        steps.step("rust", || Ok(tests_ran(10, 2)));
        steps.step("ui", || Ok(tests_ran(5, 0)));
        assert_eq!(steps.tally().to_string(), "15 passed, 2 failed");
        assert!(steps.result().is_err());
    }

    #[test]
    fn times_are_short_to_read() {
        assert_eq!(seconds(Duration::from_millis(1260)), "1.3 s");
        assert_eq!(seconds(Duration::from_secs(605)), "10 min 05 s");
    }
}
