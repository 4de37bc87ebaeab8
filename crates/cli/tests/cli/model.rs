//! `callout model`: what is in the cache, what is said of it, and that removing asks first. How fetching goes is
//! tested in `hub`.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::{Run, program};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A cache of its own.
struct Models {
    dir: TempDir,
}

impl Models {
    fn none() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// With the tiny checkpoint of the fixtures as `org/tiny`, and with an unfinished one.
    fn some() -> Self {
        let models = Self::none();
        let snapshot = models.snapshot();
        fs::create_dir_all(&snapshot).unwrap();
        for entry in fs::read_dir(fixture()).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), snapshot.join(entry.file_name())).unwrap();
        }
        let blobs = models.dir.path().join("models--org--begun/blobs");
        fs::create_dir_all(&blobs).unwrap();
        fs::write(blobs.join("x.incomplete"), "x").unwrap();
        models
    }

    fn snapshot(&self) -> PathBuf {
        let repo = self.dir.path().join("models--org--tiny");
        repo.join("snapshots").join(COMMIT)
    }

    fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Run {
        // No port 0 exists, so nothing answers.
        let output = program()
            .arg("model")
            .args(args)
            .env("HF_HUB_CACHE", self.dir.path())
            .env("HF_ENDPOINT", "http://127.0.0.1:0")
            .env_remove("HF_HUB_OFFLINE")
            .output()
            .unwrap();
        Run {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn fixture() -> PathBuf {
    let fixtures = std::env::var_os("CALLOUT_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures"),
        PathBuf::from,
    );
    fixtures.join("qwen2_5_vl/tied_f32/model")
}

#[test]
fn without_a_model_the_list_says_how_to_get_one() {
    let run = Models::none().run(["list"]).exits(0);
    assert!(run.out.contains("callout model fetch"), "{run:?}");
    let run = Models::none().run(["list", "/nowhere"]).exits(1);
    assert!(run.err.contains("/nowhere"), "{run:?}");
}

#[test]
fn models_are_listed_whole_or_not() {
    let models = Models::some();
    let run = models.run(["list"]).exits(0);
    let lines: Vec<_> = run.out.lines().map(str::trim).collect();
    assert!(lines[1].starts_with("org/begun"), "{run:?}");
    assert!(lines[1].contains("unfinished"), "{run:?}");
    assert!(lines[2].starts_with("org/tiny"), "{run:?}");
    assert!(
        lines[2].contains("Qwen2.5-VL") && lines[2].contains("F32"),
        "{run:?}"
    );
    let listed = models.run(["list", "--json"]).exits(0).json();
    assert_eq!(listed["models"][1]["description"]["revision"], COMMIT);
}

#[test]
fn a_model_is_shown_with_what_it_needs() {
    let models = Models::some();
    let run = models.run(["show", "org/tiny"]).exits(0);
    for says in ["org/tiny", "tied", "q4_k", "fits", COMMIT] {
        assert!(run.out.contains(says), "{says}: {run:?}");
    }
    let by_path = models.run([OsStr::new("show"), fixture().as_os_str()]);
    assert!(by_path.exits(0).out.starts_with("model\n"));
    let shown = models.run(["show", "org/tiny", "--json"]).exits(0).json();
    let memory = shown["memory"].as_array().unwrap();
    let of = |weights: &str| {
        let mut rows = memory.iter().filter(|row| row["device"] == "cpu");
        rows.find(|row| row["weights"] == weights).unwrap()["weights_bytes"].as_u64()
    };
    assert_eq!(of("f32"), shown["parameters"].as_u64().map(|n| n * 4));
    assert!(of("q8_0") < of("f32"));
    assert_eq!(shown["kind"], "qwen2_5_vl");
}

#[test]
fn what_is_not_there_is_said_with_what_to_do() {
    let models = Models::none();
    let run = models.run(["show", "org/none"]).exits(1);
    assert!(
        run.err.contains("help: ") && run.err.contains("model fetch org/none"),
        "{run:?}"
    );
    let run = models.run(["fetch", "org/none"]).exits(1);
    assert!(run.err.contains("cannot reach `127.0.0.1:0`"), "{run:?}");
    assert!(run.err.contains("just a directory"), "{run:?}");
    let failed = models.run(["fetch", "org/none", "--json"]).exits(1).json();
    let help: &Value = &failed["error"]["help"];
    assert!(help.as_str().unwrap().contains("HF_ENDPOINT"), "{failed}");
    let run = models.run(["fetch", "../etc"]).exits(2);
    assert!(run.err.contains("names no repository"), "{run:?}");
}

#[test]
fn removing_asks_and_stays_in_the_cache() {
    let models = Models::some();
    let run = models.run(["remove", "org/tiny"]).exits(2);
    assert!(run.err.contains("--yes"), "{run:?}");
    let outside = models.run([
        OsStr::new("remove"),
        fixture().as_os_str(),
        OsStr::new("--yes"),
    ]);
    assert!(outside.exits(1).err.contains("delete `"));
    assert!(fixture().join("config.json").exists() && models.snapshot().exists());
    let run = models.run(["remove", "org/tiny", "--yes"]).exits(0);
    assert!(run.out.contains("free again"), "{run:?}");
    assert!(!models.snapshot().exists());
    models.run(["remove", "org/tiny", "--yes"]).exits(1);
}
