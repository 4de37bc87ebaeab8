//! Engines that die, engines that meet, and desks that write meanwhile.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use domain::{
    DiagramId, Job, JobId, JobRequest, JobState, Level, PartialText, Telemetry, TelemetryEvent,
    Timestamp,
};
use store::annotate::By;
use store::jobs::{self, Worker};
use store::table::job;
use store::{Workspace, runs};

use crate::fixture::{Desk, Fixture, Window, global, now};
use crate::jobs::{ENGINE, all, drafted, request};

const WORKSPACE: &str = "CALLOUT_TEST_ENGINE";
const PERSON: &str = "engine";

fn jobs_of(n: usize) -> (Fixture, Vec<DiagramId>, Job) {
    let mut desk = Fixture::new();
    let ids: Vec<_> = (0..n)
        .map(|n| desk.import_with(&format!("d{n}.png"), Vec::new()))
        .collect();
    let model = desk.add_model("qwen");
    let job = desk
        .queue(&request(&model, &[Level::Global], all()))
        .unwrap();
    (desk, ids, job)
}

/// An engine: takes the lock, adopts, and drafts without end, saying what it has finished.
fn run_engine(workspace: &Workspace) {
    let lock = workspace
        .engine_lock(now())
        .unwrap()
        .expect("the lock is free");
    let mut desk = Desk::sit(workspace, PERSON);
    let name = format!("test:{}", std::process::id());
    desk.write(|tx, by| jobs::adopt(tx, &lock, by.at)).unwrap();
    while let Some(claim) = desk.claim(&name, 2) {
        for item in claim.items {
            let text = format!("draft of item {}", item.id);
            assert!(desk.finish(&name, item.id, &text));
            println!("drafted-item {}", item.id);
        }
    }
}

fn start_engine(workspace: &Workspace) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "engines::a_killed_engine_loses_no_finished_draft",
            "--nocapture",
        ])
        .env(WORKSPACE, workspace.root())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pipe = BufReader::new(child.stdout.take().unwrap());
    (child, pipe)
}

/// Reads up to `n` acknowledgements.
fn finished(pipe: &mut impl BufRead, n: usize) -> Vec<u32> {
    let mut items = Vec::new();
    let mut line = String::new();
    while items.len() < n && pipe.read_line(&mut line).unwrap() > 0 {
        if let Some(at) = line.find("drafted-item ").filter(|_| line.ends_with('\n')) {
            items.push(line[at + 13..].trim_end().parse().unwrap());
        }
        line.clear();
    }
    items
}

#[test]
fn a_killed_engine_loses_no_finished_draft() {
    if let Some(root) = std::env::var_os(WORKSPACE) {
        return run_engine(&Workspace::open(root.as_ref()).unwrap());
    }
    let (mut desk, ids, job) = jobs_of(40);
    let mut acknowledged = Vec::new();
    for (round, id) in ids.iter().enumerate().take(8) {
        let (mut engine, mut pipe) = start_engine(&desk.workspace);
        acknowledged.extend(finished(&mut pipe, 1 + round % 4));
        engine.kill().unwrap();
        engine.wait().unwrap();
        acknowledged.extend(finished(&mut pipe, usize::MAX));
        // The desk writes between two engines.
        desk.revise(&global(id), &format!("expert {round}"))
            .unwrap();
    }
    let (mut engine, mut pipe) = start_engine(&desk.workspace);
    acknowledged.extend(finished(&mut pipe, usize::MAX));
    assert!(engine.wait().unwrap().success());
    let done = desk.job(&job);
    assert_eq!(
        (done.state, done.done, done.total),
        (JobState::Done, 40, 40)
    );
    // No item was done twice: what was told as finished is there once, as it was told.
    acknowledged.sort_unstable();
    let told = acknowledged.len();
    acknowledged.dedup();
    assert_eq!(acknowledged.len(), told, "an item was drafted twice");
    assert_eq!(desk.count("SELECT count(*) FROM draft"), 40);
    for item in acknowledged {
        let sql = format!("SELECT count(*) FROM draft WHERE text = 'draft of item {item}'");
        assert_eq!(desk.count(&sql), 1);
    }
    assert_eq!(desk.database.problems().unwrap(), [""; 0]);
    for (round, id) in ids[..8].iter().enumerate() {
        assert_eq!(desk.head(&global(id)), Some(format!("expert {round}")));
    }
}

#[test]
fn one_engine_has_a_workspace_and_the_lock_is_free_when_it_is_gone() {
    let desk = Fixture::new();
    let workspace = &desk.workspace;
    assert!(!workspace.engine_is_running().unwrap());
    let lock = workspace.engine_lock(now()).unwrap().unwrap();
    assert!(workspace.engine_is_running().unwrap());
    assert!(workspace.engine_lock(now()).unwrap().is_none());
    assert_eq!(workspace.engine_note().unwrap().pid, std::process::id());
    drop(lock);
    assert!(!workspace.engine_is_running().unwrap());
    std::fs::write(workspace.root().join("engine.lock"), "nonsense").unwrap();
    assert_eq!(workspace.engine_note(), None);
    let lock = workspace.engine_lock(now()).unwrap();
    assert!(lock.is_some() && workspace.engine_note().is_some());
}

#[test]
fn somebody_who_looks_does_not_keep_an_engine_from_starting() {
    let desk = Fixture::new();
    let workspace = &desk.workspace;
    drop(workspace.engine_lock(now()).unwrap());
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                workspace.engine_is_running().unwrap();
                std::thread::yield_now();
            }
        });
        let got = (0..300).all(|_| workspace.engine_lock(now()).unwrap().is_some());
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(got);
    });
}

#[test]
fn what_a_silent_engine_held_is_queued_again() {
    let (mut desk, _, job) = jobs_of(3);
    let item = desk.claim(ENGINE, 2).unwrap().items[0].id;
    let heard = desk.job(&job).heartbeat_at.unwrap();
    let stale = |desk: &mut Desk, before: Timestamp| {
        desk.write(|tx, by| jobs::adopt_stale(tx, before, by.at))
            .unwrap()
    };
    assert!(stale(&mut desk, heard).is_empty());
    let later = now();
    let beat = Worker {
        name: ENGINE,
        at: later,
    };
    desk.write(|tx, _| jobs::heartbeat(tx, beat)).unwrap();
    assert!(stale(&mut desk, later).is_empty());
    assert_eq!(stale(&mut desk, now()), std::slice::from_ref(&job.id));
    let again = desk.job(&job);
    assert_eq!((again.state, again.worker), (JobState::Queued, None));
    // The engine was only slow: what it brings now is not taken, and another one drafts it.
    assert!(!desk.finish(ENGINE, item, "late"));
    let claim = desk.claim("host:2", 1).unwrap();
    assert_eq!(claim.items[0].id, item);
    assert!(!desk.finish(ENGINE, item, "late"));
    assert!(desk.finish("host:2", item, "in time"));
    assert_eq!(desk.count("SELECT count(*) FROM draft"), 1);
}

#[test]
fn what_was_asked_of_a_dead_engine_happens() {
    for (request, state) in [
        (JobRequest::Cancel, JobState::Cancelled),
        (JobRequest::Pause, JobState::Paused),
    ] {
        let (mut desk, _, job) = jobs_of(2);
        desk.claim(ENGINE, 1).unwrap();
        desk.ask(&job, request).unwrap();
        let lock = desk.workspace.engine_lock(now()).unwrap().unwrap();
        desk.write(|tx, by: By<'_>| jobs::adopt(tx, &lock, by.at))
            .unwrap();
        assert_eq!(desk.job(&job).state, state);
    }
}

#[test]
fn experts_write_while_an_engine_finishes_items() {
    let (desk, ids, job) = jobs_of(30);
    let (workspace, ids) = (&desk.workspace, &ids);
    std::thread::scope(|scope| {
        scope.spawn(|| run_engine(workspace));
        for (person, ids) in ["lin", "ana"].into_iter().zip(ids.chunks(15)) {
            scope.spawn(move || {
                let mut desk = Desk::sit(workspace, person);
                for id in ids {
                    let mut window = Window::open(&desk, &global(id));
                    window.types(&mut desk, &format!("{person} types"));
                    window.commits(&mut desk);
                }
            });
        }
    });
    assert_eq!(desk.job(&job).done, 30);
    let ends = desk.count("SELECT count(*) FROM revision WHERE text LIKE '% types'");
    assert_eq!(ends, 30);
    assert_eq!(desk.database.problems().unwrap(), [""; 0]);
}

fn piece(item: u32, n: u32, text: &str) -> PartialText {
    PartialText {
        item,
        diagram: DiagramId::from_text("d"),
        n,
        text: text.to_owned(),
    }
}

#[test]
fn a_run_is_followed_from_where_one_was() {
    let desk = Fixture::new();
    let workspace = &desk.workspace;
    let id = JobId::new();
    assert_eq!(runs::follow(workspace, &id, "").unwrap().cursor, "0.0");
    let mut run = runs::RunFiles::open(workspace, &id).unwrap();
    let line = Telemetry {
        at: now(),
        event: TelemetryEvent::Started {
            worker: ENGINE.to_owned(),
        },
    };
    run.tell(&line).unwrap();
    run.stream(&piece(1, 0, "图")).unwrap();
    let first = runs::follow(workspace, &id, "").unwrap();
    assert_eq!(
        (first.telemetry, first.partial),
        (vec![line], vec![piece(1, 0, "图")])
    );
    run.stream(&piece(1, 1, "片")).unwrap();
    let second = runs::follow(workspace, &id, &first.cursor).unwrap();
    assert_eq!(
        (second.telemetry.len(), &second.partial),
        (0, &vec![piece(1, 1, "片")])
    );
    let third = runs::follow(workspace, &id, &second.cursor).unwrap();
    assert_eq!((third.partial.len(), &third.cursor), (0, &second.cursor));

    // Half a line is read once it is whole; after a kill the next line begins anew.
    let file = workspace.run_folder(&id).join("partial.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}{{\"item\":1,\"dia")).unwrap();
    assert_eq!(
        runs::follow(workspace, &id, &third.cursor).unwrap().partial,
        []
    );
    let mut run = runs::RunFiles::open(workspace, &id).unwrap();
    run.stream(&piece(2, 0, "anew")).unwrap();
    let fourth = runs::follow(workspace, &id, &third.cursor).unwrap();
    assert_eq!(fourth.partial, [piece(2, 0, "anew")]);
}

#[test]
fn following_is_bounded_and_survives_what_is_not_ours() {
    let desk = Fixture::new();
    let workspace = &desk.workspace;
    let id = JobId::new();
    let mut run = runs::RunFiles::open(workspace, &id).unwrap();
    let long = "x".repeat(1_000);
    for n in 0..600 {
        run.stream(&piece(1, n, &long)).unwrap();
    }
    let late = runs::follow(workspace, &id, "").unwrap();
    assert!(late.partial.len() < 70 && late.partial.last().unwrap().n == 599);
    let mut seen = 0;
    let mut cursor = "0.0".to_owned();
    loop {
        let step = runs::follow(workspace, &id, &cursor).unwrap();
        assert!(step.partial.len() < 270);
        seen += step.partial.len();
        cursor = step.cursor;
        if !step.more {
            break;
        }
    }
    assert_eq!(seen, 600);
    let folder = workspace.run_folder(&id);
    std::fs::write(folder.join("partial.jsonl"), vec![0xff_u8; 700_000]).unwrap();
    for cursor in [
        "0.0",
        "18446744073709551615.18446744073709551615",
        "a.b",
        "-1",
    ] {
        assert!(
            runs::follow(workspace, &id, cursor)
                .unwrap()
                .partial
                .is_empty()
        );
    }
}

#[test]
fn a_draft_and_its_item_are_finished_together_or_not_at_all() {
    let (mut desk, _, job) = jobs_of(1);
    let item = desk.claim(ENGINE, 1).unwrap().items[0].id;
    let worker = Worker {
        name: ENGINE,
        at: now(),
    };
    let drafted = drafted("text", None);
    let result: store::Result<()> = desk.write(|tx, _| {
        jobs::finish_item(tx, worker, item, &drafted)?;
        Err(store::Error::NoConflict)
    });
    result.unwrap_err();
    assert_eq!(desk.count("SELECT count(*) FROM draft"), 0);
    assert_eq!(
        desk.read(|connection| job::get(connection, &job.id)).done,
        0
    );
    assert!(desk.finish(ENGINE, item, "text"));
}
