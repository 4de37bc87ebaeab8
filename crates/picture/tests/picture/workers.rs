//! The worker process itself: it is stopped in time, replaced when it dies, and never outlives who started it.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use image::ImageFormat;
use picture::{Decoder, Limits, Refusal};

use crate::{Bench, encode, quarters, svg};

/// A drawing that takes minutes.
fn slow_svg() -> Vec<u8> {
    let filter = r#"<filter id="f"><feMorphology operator="dilate" radius="300"/><feTurbulence baseFrequency="0.9" numOctaves="900"/></filter>"#;
    svg(
        r#"width="3000" height="3000""#,
        &format!(r##"{filter}<rect width="3000" height="3000" filter="url(#f)"/>"##),
    )
}

#[test]
fn a_slow_picture_is_stopped_and_the_next_one_is_taken() {
    let mut bench = Bench::with_limits(Limits {
        timeout: Duration::from_millis(700),
        ..Limits::default()
    });
    let start = Instant::now();
    let refusal = bench.refuse("slow.svg", &slow_svg());
    assert_eq!(
        refusal.to_string(),
        "takes longer to decode than the limit of 0.7 s"
    );
    assert!(start.elapsed() < Duration::from_secs(10));
    bench
        .prepare("next.png", &encode(&quarters(30, 20), ImageFormat::Png))
        .unwrap();
}

#[test]
fn a_worker_that_dies_or_raves_is_a_refusal() {
    fn check(program: &str, expected: &str) {
        let mut bench = Bench::new();
        bench.decoder = Decoder::with_program(Limits::default(), program);
        for _ in 0..2 {
            let refusal = bench.refuse("a.png", &encode(&quarters(30, 20), ImageFormat::Png));
            assert!(refusal.to_string().starts_with(expected), "{refusal}");
        }
    }
    check("/bin/false", "made the decoder fail: exit status: 1");
    check(
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/picture/data/raving.sh"),
        "made the decoder fail: it answered in an unknown language",
    );
    check(
        "/no/such/program",
        "cannot be decoded, as the decoder did not start: No such file",
    );
}

#[test]
fn an_idle_worker_ends_with_its_input() {
    let mut worker = start_worker();
    drop(worker.stdin.take());
    assert!(worker.wait().unwrap().success());
}

#[test]
fn a_busy_worker_ends_with_its_input() {
    let bench = Bench::new();
    let original = bench.path("slow.svg");
    std::fs::write(&original, slow_svg()).unwrap();
    let mut worker = start_worker();
    let mut requests = worker.stdin.take().unwrap();
    let unix = |path: &str| serde_json::json!({ "Unix": path.as_bytes() });
    let request = serde_json::json!({ "original": unix(&original.to_string_lossy()), "part": unix("/nowhere") });
    writeln!(requests, "{request}").unwrap();
    drop(requests);
    let start = Instant::now();
    assert!(worker.wait().unwrap().success());
    assert!(start.elapsed() < Duration::from_secs(10));
    let mut answer = String::new();
    worker
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut answer)
        .unwrap();
    assert_eq!(answer, "", "it did not wait for the drawing");
}

fn start_worker() -> Child {
    Command::new(env!("CARGO_BIN_EXE_picture-worker"))
        .arg("--picture-worker")
        .arg(serde_json::to_string(&Limits::default()).unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn refusals_cross_the_process_boundary_unchanged() {
    let refusal = Refusal::TooManyPixels {
        width: 1,
        height: 2,
        limit_pixels: 1,
    };
    let back: Refusal = serde_json::from_str(&serde_json::to_string(&refusal).unwrap()).unwrap();
    assert_eq!(back, refusal);
}
