//! `cargo xtask test`: every check and every test, or one part of them.

use crate::command::{cargo, show_and_hear, succeeds};
use crate::display::Screen;
use crate::steps::{Report, Steps};
use crate::system::Need;
use crate::{check, prepare, programs, tally, tree, ui};
use anyhow::Result;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// The integration test of the root package that drives the real window.
const E2E: &str = "e2e";

/// Data that some tests want, where it lies by default as seen from the repository, and what is
/// skipped without it.
const DATA: [(&str, &str, &str); 2] = [
    (
        "CALLOUT_CORPUS",
        "../shared/corpus",
        "tests on real diagrams",
    ),
    ("CALLOUT_PEERS", "../shared/bench", "comparisons with peers"),
];

/// What to run.
#[derive(Debug, Default, PartialEq)]
pub struct Wanted {
    /// The long tests too.
    pub thorough: bool,
    /// Only this part; `None` is everything, checks included.
    pub part: Option<Part>,
    /// Passed to the part's runner.
    pub filters: Vec<String>,
}

/// A part of the tests that can run alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Rust,
    Ui,
    E2e,
}

impl Wanted {
    /// Understands `[--thorough] [PART]`; filters need a part, since the runners' languages differ.
    pub fn parse(options: &[&str], filters: Vec<String>) -> Option<Self> {
        let mut wanted = Self {
            filters,
            ..Self::default()
        };
        for &option in options {
            match option {
                "--thorough" => wanted.thorough = true,
                "rust" if wanted.part.is_none() => wanted.part = Some(Part::Rust),
                "ui" if wanted.part.is_none() => wanted.part = Some(Part::Ui),
                "e2e" if wanted.part.is_none() => wanted.part = Some(Part::E2e),
                _ => return None,
            }
        }
        (wanted.part.is_some() || wanted.filters.is_empty()).then_some(wanted)
    }

    fn has(&self, part: Part) -> bool {
        self.part.is_none_or(|wanted| wanted == part)
    }
}

/// Runs what is wanted, then prints a table of the steps and, last of all, how many tests passed and failed.
/// Says whether all was well.
pub fn test(wanted: &Wanted) -> bool {
    let mut steps = Steps::start();
    let finished = all_steps(&mut steps, wanted);
    steps.print_table();
    let result = finished.and_then(|()| steps.result());
    if let Err(error) = &result {
        println!("{error:#}");
    }
    println!("{}", steps.tally());
    result.is_ok()
}

fn all_steps(steps: &mut Steps, wanted: &Wanted) -> Result<()> {
    if wanted.part == Some(Part::Ui) {
        prepare::front_end(steps)?;
    } else {
        prepare::tools_and_ui(steps, &[Need::Desk, Need::Screen, Need::Driver])?;
    }
    if wanted.part.is_none() {
        check::add_steps(steps)?;
    }
    let surroundings = Surroundings::find(steps, wanted.thorough);
    if wanted.has(Part::Rust) {
        add_rust(steps, &surroundings, &wanted.filters);
    }
    if wanted.has(Part::Ui) {
        add_front_end(steps, &surroundings, &wanted.filters);
    }
    if wanted.has(Part::E2e) {
        add_e2e(steps, &surroundings, &wanted.filters);
    }
    Ok(())
}

/// The environment the tests run in: variables to set, or to remove.
struct Surroundings {
    thorough: bool,
    variables: Vec<(&'static str, Option<PathBuf>)>,
}

impl Surroundings {
    fn find(steps: &mut Steps, thorough: bool) -> Self {
        let mut variables = Vec::new();
        for (variable, usual, what) in DATA {
            let set = std::env::var_os(variable).filter(|value| !value.is_empty());
            let named = set.map_or_else(|| PathBuf::from(usual), PathBuf::from);
            let folder = tree::root().join(&named).canonicalize().ok();
            match &folder {
                Some(folder) => println!("{variable}={}", folder.display()),
                None => steps.skip(
                    what,
                    &format!("{} is not there; {variable} can name it", named.display()),
                ),
            }
            variables.push((variable, folder));
        }
        if !thorough {
            steps.skip("long tests", "they run under --thorough");
        }
        Self {
            thorough,
            variables,
        }
    }

    fn around<'a>(&self, program: &'a mut Command) -> &'a mut Command {
        for (name, value) in &self.variables {
            match value {
                Some(value) => program.env(name, value),
                None => program.env_remove(name),
            };
        }
        if self.thorough {
            program.env("CALLOUT_THOROUGH", "1")
        } else {
            program.env_remove("CALLOUT_THOROUGH")
        }
    }

    /// The profile of `.config/nextest.toml` that bounds how long a test may take.
    fn nextest_profile(&self) -> &'static str {
        if self.thorough { "thorough" } else { "default" }
    }
}

fn add_rust(steps: &mut Steps, surroundings: &Surroundings, filters: &[String]) {
    steps.step("Rust tests", || rust(surroundings, filters));
    if filters.is_empty() {
        let args = ["test", "--workspace", "--doc", "--no-fail-fast"];
        steps.step("documentation tests", || {
            hear(surroundings.around(&mut cargo(&args)))
        });
    }
}

/// All Rust tests but the window's. One feature set (`--workspace`) throughout, so that nothing is built twice.
fn rust(surroundings: &Surroundings, filters: &[String]) -> Result<Report> {
    let mut runner = if has_nextest() {
        nextest("not binary(=e2e)", surroundings)
    } else {
        cargo_test(&tree::metadata()?)
    };
    hear_tests(surroundings.around(&mut runner).args(filters))
}

/// cargo-nextest on the tests that an expression in its language picks.
fn nextest(expression: &str, surroundings: &Surroundings) -> Command {
    let mut runner = cargo(&["nextest", "run", "--workspace", "--no-fail-fast"]);
    runner.args([
        "--profile",
        surroundings.nextest_profile(),
        "-E",
        expression,
    ]);
    runner
}

/// Plain `cargo test` on everything but the window's tests; it can only be told what to run, not what to leave.
fn cargo_test(metadata: &Value) -> Command {
    let mut runner = cargo(&["test", "--workspace", "--no-fail-fast", "--lib", "--bins"]);
    for name in test_targets(metadata).iter().filter(|name| *name != E2E) {
        runner.args(["--test", name]);
    }
    runner.arg("--");
    runner
}

fn add_front_end(steps: &mut Steps, surroundings: &Surroundings, filters: &[String]) {
    steps.step("front-end types", || hear(&mut ui::npm(&["run", "check"])));
    steps.step("front-end tests", || {
        hear_tests(
            surroundings
                .around(&mut ui::npm(&["test", "--"]))
                .args(filters),
        )
    });
}

fn add_e2e(steps: &mut Steps, surroundings: &Surroundings, filters: &[String]) {
    let title = "window tests";
    if !cfg!(target_os = "linux") {
        steps.skip(title, "they drive WebKitGTK, so they need Linux");
    } else if steps.step("build", programs::build_with_tests) {
        steps.step(title, || e2e(surroundings, filters));
    }
}

/// The tests in the real window, one at a time, on a display where nobody is disturbed.
fn e2e(surroundings: &Surroundings, filters: &[String]) -> Result<Report> {
    let screen = Screen::start()?;
    let mut runner = if has_nextest() {
        let mut runner = nextest("binary(=e2e)", surroundings);
        runner.arg("-j1");
        runner
    } else {
        let mut runner = cargo(&["test", "--workspace", "--test", E2E]);
        runner.args(["--", "--test-threads=1"]);
        runner
    };
    hear_tests(screen.hold(surroundings.around(&mut runner)).args(filters))
}

/// Runs a test runner and reads its summary. That nothing ran is a failure too.
fn hear_tests(runner: &mut Command) -> Result<Report> {
    let mut report = hear(runner)?;
    if report.tally.passed + report.tally.failed == 0 {
        report.note = "no test ran".to_owned();
        report.failed = true;
    }
    Ok(report)
}

/// Runs a program and reads its summary, if it prints one.
fn hear(runner: &mut Command) -> Result<Report> {
    let heard = show_and_hear(runner)?;
    let tally = tally::read(&heard.text);
    let note = match tally {
        Some(tally) => tally.to_string(),
        None if heard.succeeded => String::new(),
        None => "see above".to_owned(),
    };
    Ok(Report {
        note,
        tally: tally.unwrap_or_default(),
        failed: !heard.succeeded,
    })
}

fn has_nextest() -> bool {
    succeeds("cargo", &["nextest", "--version"])
}

/// The names of all integration tests in the workspace.
fn test_targets(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let ours = packages.filter(|package| package["source"].is_null());
    let targets = ours.flat_map(|package| package["targets"].as_array().into_iter().flatten());
    targets
        .filter(|target| target["kind"][0] == "test")
        .filter_map(|target| Some(target["name"].as_str()?.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_part_is_named_at_most_once() {
        assert_eq!(Wanted::parse(&["rust", "ui"], Vec::new()), None);
        assert_eq!(Wanted::parse(&[], vec!["undo".to_owned()]), None);
        let all = Wanted::parse(&["--thorough"], Vec::new()).unwrap();
        assert!(all.thorough && all.has(Part::Rust) && all.has(Part::E2e));
        let ui = Wanted::parse(&["ui"], Vec::new()).unwrap();
        assert!(ui.has(Part::Ui) && !ui.has(Part::Rust));
    }

    #[test]
    fn only_our_own_integration_tests_are_listed() {
        let metadata = json!({"packages": [
            {"source": null, "targets": [{"kind": ["lib"], "name": "app"}, {"kind": ["test"], "name": "e2e"}]},
            {"source": "registry", "targets": [{"kind": ["test"], "name": "theirs"}]},
        ]});
        assert_eq!(test_targets(&metadata), ["e2e"]);
    }
}
