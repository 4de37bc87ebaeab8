//! A picture worker on its own, for tests and for timing one picture by hand: `picture-worker PICTURE FOLDER`.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use picture::{Decoder, Limits};

fn main() -> ExitCode {
    picture::serve_if_asked();
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [original, dest] = arguments.as_slice() else {
        return ExitCode::from(2);
    };
    let outcome = Decoder::new(Limits::default()).prepare(Path::new(original), Path::new(dest));
    let (line, code) = match outcome {
        Ok(prepared) => (format!("{prepared:?}"), ExitCode::SUCCESS),
        Err(refusal) => (
            format!("{} {refusal}", original.to_string_lossy()),
            ExitCode::FAILURE,
        ),
    };
    if writeln!(std::io::stdout(), "{line}").is_err() {
        ExitCode::FAILURE
    } else {
        code
    }
}
