//! The project's own chores: `cargo xtask run`, `test`, `check`, `bindings`, `cuda`.
//! Reads the command line and hands over; each chore is a module.
#![expect(
    clippy::print_stdout,
    reason = "a chore's progress is what it has to say on stdout"
)]

mod bindings;
mod check;
mod command;
mod cuda;
mod display;
mod picture;
mod prepare;
mod programs;
mod run;
mod sample;
mod steps;
mod system;
mod tally;
mod test;
mod tree;
mod ui;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask CHORE

  run [--keep] [-- ARGS]     Installs what is missing, builds, opens the desk on the sample workspace
                             (or on the workspace named in ARGS). With no display the desk opens on a
                             virtual one and a picture of it is saved; --keep leaves it running.
  test [--thorough] [PART [-- ARGS]]
                             Installs what tests need, runs `check` and every test. PART is rust, ui or
                             e2e: that part alone, ARGS going to its runner. --thorough adds the long tests.
  check                      Formatting, clippy, crate boundaries, linked libraries, bindings, schema, file sizes.
  bindings                   Writes the TypeScript bindings anew from the Rust commands and types.
  cuda [--compute-cap N] [-- CARGO ARGS]
                             Builds the command line with CUDA, on x86-64 Linux with or without a GPU; downloads the
                             CUDA compiler if none is here. N is like 90 (H100, H200) or 89 (RTX 4090).
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some(chore) = parse(&words) else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    let result = match chore {
        Chore::Help => {
            print!("{USAGE}");
            Ok(())
        }
        Chore::Run { keep, desk_args } => run::run(keep, &desk_args),
        Chore::Test(wanted) => return ExitCode::from(u8::from(!test::test(&wanted))),
        Chore::Check => check::check(),
        Chore::Bindings => bindings::write(),
        Chore::Cuda(wanted) => cuda::cuda(&wanted),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// One invocation, understood.
#[derive(Debug, PartialEq)]
enum Chore {
    Help,
    Run { keep: bool, desk_args: Vec<String> },
    Test(test::Wanted),
    Check,
    Bindings,
    Cuda(cuda::Wanted),
}

/// Understands the command line; `None` is a mistake in it.
fn parse(words: &[&str]) -> Option<Chore> {
    let (ours, theirs) = match words.iter().position(|&word| word == "--") {
        Some(at) => (&words[..at], &words[at + 1..]),
        None => (words, &[][..]),
    };
    let theirs: Vec<String> = theirs.iter().map(ToString::to_string).collect();
    let (&chore, options) = ours.split_first()?;
    match (chore, options, theirs.is_empty()) {
        ("help" | "--help" | "-h", [], true) => Some(Chore::Help),
        ("check", [], true) => Some(Chore::Check),
        ("bindings", [], true) => Some(Chore::Bindings),
        ("run", [], _) => Some(Chore::Run {
            keep: false,
            desk_args: theirs,
        }),
        ("run", ["--keep"], _) => Some(Chore::Run {
            keep: true,
            desk_args: theirs,
        }),
        ("test", options, _) => test::Wanted::parse(options, theirs).map(Chore::Test),
        ("cuda", options, _) => cuda::Wanted::parse(options, theirs).map(Chore::Cuda),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn understands_the_command_line() {
        let strings = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(parse(&["check"]), Some(Chore::Check));
        assert_eq!(
            parse(&["run", "--keep", "--", "/some/workspace"]),
            Some(Chore::Run {
                keep: true,
                desk_args: strings(&["/some/workspace"])
            })
        );
        assert_eq!(
            parse(&["test", "--thorough", "rust", "--", "undo"]),
            Some(Chore::Test(test::Wanted {
                thorough: true,
                part: Some(test::Part::Rust),
                filters: strings(&["undo"]),
            }))
        );
        assert_eq!(
            parse(&["cuda", "--compute-cap", "8.9", "--", "-j1"]),
            Some(Chore::Cuda(cuda::Wanted {
                compute_cap: Some("89".to_owned()),
                cargo_args: strings(&["-j1"]),
            }))
        );
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for words in [
            &[][..],
            &["polish"],
            &["check", "--", "x"],
            &["run", "--fast"],
            &["test", "everything"],
            &["test", "--", "undo"],
            &["cuda", "--compute-cap"],
            &["cuda", "--compute-cap", "fast"],
        ] {
            assert_eq!(parse(words), None, "{words:?}");
        }
    }
}
