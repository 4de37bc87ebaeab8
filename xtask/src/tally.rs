//! How many tests passed and failed, read from what the test runners print
//! (cargo-nextest, cargo test, Vitest).

use std::fmt;
use std::ops::Add;

/// Counts of tests.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub passed: u32,
    pub failed: u32,
    /// Tests the runner left out, in its own words skipped or ignored.
    pub skipped: u32,
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// Adds up every summary line in a runner's output; `None` when there is none.
///
/// Nextest repeats what a failed test printed, the summary of the program it ran in included, so
/// where nextest sums up only its own lines count.
pub fn read(output: &str) -> Option<Tally> {
    let nextest = output.lines().any(|line| is_nextest(line.trim()));
    output
        .lines()
        .map(str::trim)
        .filter(|line| !nextest || is_nextest(line))
        .filter_map(summary_of)
        .reduce(Tally::add)
}

fn is_nextest(line: &str) -> bool {
    line.starts_with("Summary [")
}

/// Reads one line such as
/// `Summary [ 0.5s] 10 tests run: 9 passed (1 slow), 1 failed, 2 skipped` (nextest),
/// `test result: ok. 3 passed; 0 failed; 1 ignored; …` (cargo test) or
/// `Tests  2 failed | 10 passed (12)` (Vitest).
fn summary_of(line: &str) -> Option<Tally> {
    let counts = if is_nextest(line) {
        line.split_once(" run: ")?.1
    } else if let Some(rest) = line.strip_prefix("test result: ") {
        rest.split_once(". ")?.1
    } else {
        line.strip_prefix("Tests ")?
    };
    let mut tally = None;
    for part in counts.split([',', ';', '|']) {
        let mut words = part.split_whitespace();
        let (Some(Ok(count)), Some(kind)) = (words.next().map(str::parse::<u32>), words.next())
        else {
            continue;
        };
        let tally = tally.get_or_insert_with(Tally::default);
        match kind {
            "passed" => tally.passed += count,
            "failed" | "timed" | "exec" => tally.failed += count,
            "skipped" | "ignored" | "todo" => tally.skipped += count,
            _ => {}
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &str, expected: &str) {
        let shown = read(output).map_or("nothing".to_owned(), |tally| tally.to_string());
        assert_eq!(shown, expected, "{output}");
    }

    #[test]
    fn nextest() {
        check(
            "     Summary [   0.514s] 10 tests run: 9 passed (1 slow), 1 failed, 2 skipped",
            "9 passed, 1 failed, 2 skipped",
        );
        check(
            "     Summary [   3.2s] 4/9 tests run: 2 passed, 1 failed, 1 timed out, 0 skipped",
            "2 passed, 2 failed",
        );
        check(
            "     Summary [   0.1s] 1 test run: 1 passed (1 leaky), 0 skipped",
            "1 passed, 0 failed",
        );
        check(
            "    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.10s\n\
             Summary [   27.1s] 246 tests run: 245 passed, 1 failed, 0 skipped",
            "245 passed, 1 failed",
        );
    }

    #[test]
    fn cargo_test_adds_up_all_binaries() {
        check(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 5 filtered out; finished in 0.00s\n\
             test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
            "5 passed, 1 failed, 1 skipped",
        );
    }

    #[test]
    fn vitest_counts_tests_not_files() {
        check(
            " Test Files  1 failed | 2 passed (3)\n      Tests  2 failed | 10 passed | 1 skipped (13)\n",
            "10 passed, 2 failed, 1 skipped",
        );
        check(
            " Test Files  2 passed (2)\n      Tests  12 passed (12)\n",
            "12 passed, 0 failed",
        );
    }

    #[test]
    fn other_output_is_not_a_summary() {
        check("Tests are fun\nSummary: none\n", "nothing");
        check("compiled, nothing ran", "nothing");
    }
}
