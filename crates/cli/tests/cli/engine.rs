//! The engine as a process: ended, killed, and started again.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::draft::{desk_with, untrained};
use crate::{Desk, callout, program};

const PATIENCE: Duration = Duration::from_secs(60);
const PICTURES: usize = 8;

/// Queues drafts and leaves them waiting: whoever asked is gone before anything was written.
fn queue(desk: &Desk, tokens: &str) {
    let model = untrained();
    let mut draft = program()
        .args(["draft".as_ref(), desk.workspace().as_os_str()])
        .args(["--model".as_ref(), model.as_os_str()])
        .args(["--max-new-tokens", tokens, "--allow-untrained"])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_for(|| desk.workspace().join("runs").exists().then_some(()));
    draft.kill().unwrap();
    draft.wait().unwrap();
}

fn start(desk: &Desk, more: &[&str]) -> Child {
    program()
        .args(["engine".as_ref(), desk.workspace().as_os_str()])
        .args(more)
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let (_never, tick) = mpsc::channel::<()>();
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited too long");
        assert!(tick.recv_timeout(Duration::from_millis(5)).is_err());
    }
}

/// Bytes of text that have been told so far.
fn told(desk: &Desk) -> u64 {
    let runs = desk.workspace().join("runs");
    let files = crate::files_below(&runs).into_iter();
    let partial = files.filter(|path| path.ends_with("partial.jsonl"));
    partial.map(|path| path.metadata().unwrap().len()).sum()
}

/// How many drafts each diagram has.
fn drafts(desk: &Desk) -> BTreeMap<usize, Vec<Value>> {
    let shown = |n: usize| {
        let shown = desk.ask("show", [n.to_string()]);
        (n, shown["drafts"].as_array().unwrap().clone())
    };
    (1..=PICTURES).map(shown).collect()
}

#[test]
fn a_killed_engine_loses_no_finished_draft_and_the_next_makes_only_what_is_missing() {
    let desk = desk_with(PICTURES);
    queue(&desk, "40");
    let mut kept: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
    for round in 0..6 {
        let before = told(&desk);
        let mut engine = start(&desk, &[]);
        // A few tokens further each time, so that it dies at ever other points.
        wait_for(|| {
            let ended = engine.try_wait().unwrap().is_some();
            (ended || told(&desk) > before + 300 * (1 + round)).then_some(())
        });
        engine.kill().unwrap();
        engine.wait().unwrap();
        let now = drafts(&desk);
        for (n, drafts) in &kept {
            assert_eq!(&now[n], drafts, "what was finished stays as it is");
        }
        kept = now
            .into_iter()
            .filter(|(_, drafts)| !drafts.is_empty())
            .collect();
        if kept.len() == PICTURES {
            break;
        }
    }
    let ended = start(&desk, &["--exit-when-idle", "0"]).wait().unwrap();
    assert!(ended.success());
    for (n, drafts) in drafts(&desk) {
        assert_eq!(drafts.len(), 1, "diagram {n}: {drafts:?}");
    }
    desk.is_sound_with(PICTURES as u64);
}

#[test]
fn an_engine_that_is_terminated_ends_well_and_at_once() {
    let desk = desk_with(1);
    queue(&desk, "3000");
    let before = told(&desk);
    let mut engine = start(&desk, &[]);
    wait_for(|| (told(&desk) > before).then_some(()));
    let refused = callout(["engine".as_ref(), desk.workspace().as_os_str()]).exits(1);
    assert!(
        refused.err.contains(&format!("as process {}", engine.id())),
        "{refused:?}"
    );
    assert!(refused.err.contains("help: "));
    let pid = Pid::from_raw(i32::try_from(engine.id()).unwrap());
    let asked = Instant::now();
    kill(pid, Signal::SIGTERM).unwrap();
    assert_eq!(engine.wait().unwrap().code(), Some(0));
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "{:?}",
        asked.elapsed()
    );
    // Its lock is free, and its text waits again.
    let mut next = start(&desk, &[]);
    let again = told(&desk);
    wait_for(|| (told(&desk) > again).then_some(()));
    next.kill().unwrap();
    next.wait().unwrap();
}

#[test]
fn whoever_drafts_beside_an_engine_waits_for_it() {
    let desk = desk_with(2);
    let mut engine = start(&desk, &[]);
    let note = desk.workspace().join("engine.lock");
    wait_for(|| {
        note.metadata()
            .is_ok_and(|about| about.len() > 0)
            .then_some(())
    });
    let drafted = thread::scope(|scope| {
        let draft = || {
            let model = untrained();
            desk.run(
                "draft",
                [
                    "--model".as_ref(),
                    model.as_os_str(),
                    "--max-new-tokens".as_ref(),
                    "4".as_ref(),
                    "--allow-untrained".as_ref(),
                    "--json".as_ref(),
                ],
            )
        };
        scope.spawn(draft).join().unwrap().exits(0)
    });
    assert_eq!(drafted.json()["drafted"], 2);
    let who = format!("as process {}; waiting for it", engine.id());
    assert!(drafted.err.contains(&who), "{drafted:?}");
    assert!(engine.try_wait().unwrap().is_none(), "it stays");
    engine.kill().unwrap();
    engine.wait().unwrap();
}

#[test]
fn a_draft_that_is_interrupted_is_cancelled() {
    let desk = desk_with(2);
    let model = untrained();
    let draft = program()
        .args(["draft".as_ref(), desk.workspace().as_os_str()])
        .args(["--model".as_ref(), model.as_os_str()])
        .args(["--max-new-tokens", "3000", "--allow-untrained", "--json"])
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for(|| (told_if_any(&desk) > 0).then_some(()));
    let pid = Pid::from_raw(i32::try_from(draft.id()).unwrap());
    kill(pid, Signal::SIGINT).unwrap();
    let output = draft.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["state"], "cancelled");
    assert_eq!(summary["drafted"], 0);
}

fn told_if_any(desk: &Desk) -> u64 {
    match desk.workspace().join("runs").exists() {
        true => told(desk),
        false => 0,
    }
}
