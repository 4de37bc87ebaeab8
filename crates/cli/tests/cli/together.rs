//! Several processes at work in one workspace at once.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::{Desk, callout};

const WRITERS: usize = 4;
/// One for each of the two people.
const DIAGRAMS: [&str; 2] = ["1", "2"];
const TEXTS: usize = 25;

#[test]
fn four_writers_and_two_readers_lose_nothing() {
    let desk = Desk::sample();
    let done = AtomicBool::new(false);
    let revisions = thread::scope(|scope| {
        let readers = [(); 2].map(|()| scope.spawn(|| read_until(&desk, &done)));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn({
                    let desk = &desk;
                    move || write(desk, writer)
                })
            })
            .collect();
        // A writer that failed must not leave the readers reading for ever.
        let ended: Vec<_> = writers
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect();
        done.store(true, Ordering::Relaxed);
        readers
            .into_iter()
            .for_each(|reader| reader.join().unwrap());
        ended
            .into_iter()
            .flat_map(Result::unwrap)
            .collect::<Vec<_>>()
    });
    let distinct: BTreeSet<_> = revisions.iter().cloned().collect();
    assert_eq!(distinct.len(), WRITERS * TEXTS);
    let mut logged = BTreeSet::new();
    for number in DIAGRAMS {
        let shown = desk.ask("show", [number]);
        let log = shown["audit"].as_array().unwrap().iter();
        let revised = log.filter(|entry| entry["action"] == "revise");
        logged.extend(revised.map(|entry| entry["after"].as_str().unwrap().to_owned()));
        assert_eq!(shown["texts"].as_array().unwrap().len(), 1);
    }
    assert_eq!(logged, distinct);
    desk.is_sound_with(12);
}

/// Writers 0 and 1 are the same person on the same caption, and so are 2 and 3 on another.
fn write(desk: &Desk, writer: usize) -> Vec<String> {
    let (person, number) = (["ann", "bob"][writer / 2], DIAGRAMS[writer / 2]);
    let write = |text: usize| {
        let file = desk.write(
            &format!("text-{writer}-{text}.txt"),
            format!("{writer} 第 {text}"),
        );
        let run = desk.run(
            "annotate",
            [
                number,
                "--text",
                file.to_str().unwrap(),
                "--as",
                person,
                "--json",
            ],
        );
        let written = run.exits(0).json();
        assert_eq!(written["conflict"], serde_json::Value::Null);
        written["revision"].as_str().unwrap().to_owned()
    };
    (0..TEXTS).map(write).collect()
}

fn read_until(desk: &Desk, done: &AtomicBool) {
    while !done.load(Ordering::Relaxed) {
        assert_eq!(
            desk.ask("list", ["--search", "registration"])["total"]
                .as_u64()
                .unwrap()
                .min(1),
            1
        );
    }
}

#[test]
fn two_imports_of_the_same_pictures_bring_each_once() {
    let desk = Desk::empty();
    let reports = thread::scope(|scope| {
        let import = || desk.ask("import", [crate::sample()]);
        let imports = [scope.spawn(import), scope.spawn(import)];
        imports.map(|import| import.join().unwrap())
    });
    for report in &reports {
        let sum = report["imported"].as_u64().unwrap() + report["already"].as_u64().unwrap();
        assert_eq!(sum, 12, "{report}");
    }
    assert_eq!(
        reports
            .iter()
            .map(|report| report["imported"].as_u64().unwrap())
            .sum::<u64>(),
        12
    );
    desk.is_sound_with(12);
}

#[test]
fn of_two_that_make_the_same_workspace_one_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("workspace");
    let init = || callout(["init".as_ref(), path.as_os_str()]).code;
    let mut codes = thread::scope(|scope| {
        let both = [scope.spawn(init), scope.spawn(init)];
        both.map(|one| one.join().unwrap())
    });
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(1)]);
    callout(["status".as_ref(), path.as_os_str()]).exits(0);
}
