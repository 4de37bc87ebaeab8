//! `cargo xtask check`: what can be wrong with the source without running it.
//! Each check is a function that returns problems; this file only puts them in order.

mod edges;
mod lengths;
mod linked;

use crate::command::{cargo, show};
use crate::steps::{Report, Steps};
use crate::system::Need;
use crate::{bindings, prepare, programs, tree};
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::fmt;

/// Something wrong, where it is, and what to do about it.
#[derive(Debug, PartialEq)]
struct Problem {
    /// `file:line`, or the file alone.
    place: String,
    what: String,
    remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n        {}", self.place, self.what, self.remedy)
    }
}

/// Runs all checks and prints a table of them.
pub fn check() -> Result<()> {
    let mut steps = Steps::start();
    let finished =
        prepare::tools_and_ui(&mut steps, &[Need::Desk]).and_then(|()| add_steps(&mut steps));
    steps.print_table();
    finished.and_then(|()| steps.result())
}

/// Adds the checks to a chore's steps; the quick ones come first. A failure does not stop the others.
pub fn add_steps(steps: &mut Steps) -> Result<()> {
    steps.must("Rust components", prepare::rust_components)?;
    steps.step("formatting", formatting);
    steps.step("file lengths", || {
        listed(&lengths::check()?, "none too long")
    });
    steps.step("crate boundaries", || {
        on_metadata(edges::check, "every use of a crate is on the list")
    });
    steps.step("no model in the desk", || {
        on_metadata(edges::check_desk, "no candle-* in the desk's tree")
    });
    steps.step("clippy", clippy);
    if steps.step("build", programs::build_with_tests) {
        steps.step("linked libraries", linked_libraries);
    }
    steps.step("bindings and schema fresh", bindings::check);
    Ok(())
}

fn formatting() -> Result<()> {
    show(&mut cargo(&["fmt", "--all", "--check"])).context("`cargo fmt --all` mends this")
}

fn clippy() -> Result<()> {
    let lints = ["-D", "warnings", "-W", "clippy::too_many_lines"];
    show(cargo(&["clippy", "--workspace", "--all-targets", "--"]).args(lints))
}

fn on_metadata(check: impl FnOnce(&Value) -> Vec<Problem>, fine: &str) -> Result<Report> {
    listed(&check(&tree::metadata()?), fine)
}

fn linked_libraries() -> Result<Report> {
    if !cfg!(target_os = "linux") {
        return Ok("not looked at: the rule is about Linux libraries".into());
    }
    listed(&linked::check()?, "no window library in the command line")
}

/// Prints the problems, each on its own lines; none is good news, told in `fine`.
fn listed(problems: &[Problem], fine: &str) -> Result<Report> {
    for problem in problems {
        println!("    {problem}");
    }
    if problems.is_empty() {
        return Ok(fine.into());
    }
    Ok(Report {
        note: format!("{} to mend", problems.len()),
        failed: true,
        ..Report::default()
    })
}
