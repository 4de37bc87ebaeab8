//! The `callout` program as people and scripts use it: started, fed, and read.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bench;
mod corpus;
mod draft;
mod editing;
#[cfg(unix)]
mod engine;
mod export;
mod generate;
mod glossary;
mod hostile;
mod import;
mod jobs;
mod leading;
mod listed;
mod model;
mod parity;
mod past;
mod questions;
mod queue;
mod regions;
mod together;
mod train;
mod usage;
mod workspace;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// What a run of the program left.
#[derive(Debug)]
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Run {
    #[track_caller]
    fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// The one document on standard output.
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// The program, as user `alice`.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callout"));
    command.env("USER", "alice").stdin(Stdio::null());
    command
}

fn callout<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Run {
    let output = program().args(args).output().unwrap();
    Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder of its own with a workspace in it.
struct Desk {
    dir: TempDir,
}

impl Desk {
    fn empty() -> Self {
        let desk = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        desk.run("init", [""; 0]).exits(0);
        desk
    }

    /// With the twelve pictures of the sample.
    fn sample() -> Self {
        let desk = Self::empty();
        desk.run("import", [sample()]).exits(0);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn workspace(&self) -> PathBuf {
        self.path("workspace")
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Runs a subcommand, such as `status` or `region draw`, on the workspace.
    fn run<A: AsRef<OsStr>>(&self, subcommand: &str, args: impl IntoIterator<Item = A>) -> Run {
        let workspace = self.workspace();
        let args: Vec<_> = args.into_iter().collect();
        let args = args.iter().map(AsRef::as_ref);
        callout(
            subcommand
                .split(' ')
                .map(OsStr::new)
                .chain([workspace.as_os_str()])
                .chain(args),
        )
    }

    /// Runs a subcommand that succeeds, and returns its answer.
    #[track_caller]
    fn ask<A: AsRef<OsStr>>(&self, subcommand: &str, args: impl IntoIterator<Item = A>) -> Value {
        let args: Vec<_> = args
            .into_iter()
            .map(|arg| arg.as_ref().to_owned())
            .collect();
        let json = OsStr::new("--json").to_owned();
        self.run(subcommand, args.into_iter().chain([json]))
            .exits(0)
            .json()
    }

    /// Runs a subcommand that is refused, and returns what it says as `--json` tells it.
    #[track_caller]
    fn refused<A: AsRef<OsStr>>(
        &self,
        subcommand: &str,
        args: impl IntoIterator<Item = A>,
    ) -> Value {
        let args: Vec<_> = args
            .into_iter()
            .map(|arg| arg.as_ref().to_owned())
            .collect();
        let json = OsStr::new("--json").to_owned();
        let run = self
            .run(subcommand, args.into_iter().chain([json]))
            .exits(1);
        assert!(run.err.starts_with("error: "), "{run:#?}");
        run.json()["error"].clone()
    }

    #[track_caller]
    fn annotate(&self, diagram: &str, text: &str, more: &[&str]) -> Value {
        let file = self.write("text.txt", text);
        let args = [diagram, "--text", file.to_str().unwrap()];
        self.ask("annotate", args.iter().chain(more))
    }

    /// Nothing is damaged, and there is one original for each diagram.
    #[track_caller]
    fn is_sound_with(&self, diagrams: u64) {
        let status = self.ask("status", [""; 0]);
        assert_eq!(status["diagrams"], diagrams);
        assert_eq!(status["problems"], serde_json::json!([]));
        let originals = files_below(&self.workspace().join("images"));
        assert_eq!(originals.len() as u64, diagrams, "{originals:?}");
    }
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/sample")
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([(x / 7) as u8, (y / 5) as u8, (x ^ y) as u8])
    });
    encoded(&picture, image::ImageFormat::Png)
}

fn encoded(picture: &image::RgbImage, format: image::ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}
