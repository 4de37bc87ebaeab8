//! Files that have grown too long to be read in one go. Tests and generated files may be long.

use super::Problem;
use crate::tree::{files_below, root};
use anyhow::{Context as _, Result};
use std::path::Path;

const MAX_LINES: usize = 700;
const SUFFIXES: [&str; 4] = ["rs", "ts", "svelte", "css"];

/// Written from the Rust commands and types, however many there are.
const GENERATED: &str = "ui/src/backend/bindings.ts";

/// Looks at every source file in the repository.
pub fn check() -> Result<Vec<Problem>> {
    let root = root();
    let mut problems = Vec::new();
    for file in files_below(&root)? {
        let place = file
            .strip_prefix(&root)
            .unwrap_or(&file)
            .to_string_lossy()
            .replace('\\', "/");
        if !is_source(Path::new(&place)) || is_test(&place) {
            continue;
        }
        let text = std::fs::read_to_string(&file).with_context(|| format!("reading {place}"))?;
        problems.extend(problem_of(&place, &text));
    }
    Ok(problems)
}

fn problem_of(place: &str, text: &str) -> Option<Problem> {
    let n_lines = text.lines().count();
    (n_lines > MAX_LINES && place != GENERATED).then(|| Problem {
        place: format!("{place}:{}", MAX_LINES + 1),
        what: format!("{n_lines} lines, {MAX_LINES} are the limit"),
        remedy: "split it along its subjects into modules of 150 lines or so".to_owned(),
    })
}

fn is_source(path: &Path) -> bool {
    path.extension()
        .is_some_and(|suffix| SUFFIXES.iter().any(|known| suffix == *known))
}

fn is_test(place: &str) -> bool {
    let (folders, name) = place.rsplit_once('/').unwrap_or(("", place));
    folders.split('/').any(|folder| folder == "tests")
        || name == "tests.rs"
        || [".test.ts", ".spec.ts"]
            .iter()
            .any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(place: &str, n_lines: usize, expected: Option<&str>) {
        let found = problem_of(place, &"x\n".repeat(n_lines)).map(|problem| problem.place);
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn the_limit_is_inclusive() {
        check("crates/store/src/lib.rs", 700, None);
        check(
            "crates/store/src/lib.rs",
            701,
            Some("crates/store/src/lib.rs:701"),
        );
    }

    #[test]
    fn generated_files_may_be_long() {
        check("ui/src/backend/bindings.ts", 900, None);
    }

    #[test]
    fn tests_are_known_by_their_place() {
        for place in [
            "tests/e2e/main.rs",
            "crates/store/src/tests.rs",
            "ui/src/shell/Queue.test.ts",
        ] {
            assert!(is_test(place), "{place}");
        }
        for place in [
            "crates/app/src/contests.rs",
            "ui/src/test-setup.ts",
            "xtask/src/test.rs",
        ] {
            assert!(!is_test(place), "{place}");
        }
    }
}
