//! Several processes and connections on one workspace at once: nobody is refused, nothing is lost.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::QueueFilter;
use store::Workspace;

use crate::crash::{Acknowledged, start};
use crate::fixture::{Desk, Fixture, Window, global};

#[test]
fn four_processes_write_while_another_reads() {
    let people = ["wei", "lin", "ana", "tom"];
    let mut fixture = Fixture::new();
    for person in people {
        fixture.import(person, "A draft.");
    }
    let writers = people.map(|person| (person, start(&fixture.workspace, person, 40)));
    let mut reads = 0;
    let ended = writers.map(|(person, (mut child, mut pipe))| {
        while child.try_wait().unwrap().is_none() && reads < 200 {
            fixture.read(|connection| {
                fixture
                    .through(&QueueFilter::default())
                    .page(connection, 0, 50)
            });
            Workspace::open(fixture.folder.path()).unwrap();
            reads += 1;
        }
        let mut acknowledged = Acknowledged::default();
        acknowledged.read(&mut pipe, usize::MAX);
        (person, child.wait().unwrap(), acknowledged)
    });
    for (person, status, acknowledged) in ended {
        assert!(status.success(), "{person} was refused");
        assert_eq!(acknowledged.len(), 40, "{person}");
        acknowledged.check(&fixture.workspace, person);
    }
    assert!(reads > 0);
}

#[test]
fn connections_that_write_one_caption_at_once_lose_no_text() {
    let mut fixture = Fixture::new();
    let slot = global(&fixture.import("a.png", "A draft."));
    let done = AtomicBool::new(false);
    let (workspace, slot) = (&fixture.workspace, &slot);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                scope.spawn(move || {
                    let mut desk = Desk::sit(workspace, "wei");
                    for n in 0..25 {
                        desk.revise(slot, &format!("{writer}-{n}")).unwrap();
                    }
                })
            })
            .collect();
        let done = &done;
        scope.spawn(move || {
            let desk = Desk::sit(workspace, "wei");
            while !done.load(Ordering::Relaxed) {
                desk.view(&slot.diagram_id);
            }
        });
        let ended: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        done.store(true, Ordering::Relaxed);
        assert!(ended.iter().all(Result::is_ok), "a writer was refused");
    });
    let chain: HashSet<String> = fixture.chain(slot).into_iter().collect();
    let expected = (0..4).flat_map(|writer| (0..25).map(move |n| format!("{writer}-{n}")));
    assert_eq!(chain, expected.collect());
    assert_eq!(fixture.count("SELECT count(*) FROM revision"), 100);
}

#[test]
fn a_reader_sees_that_another_has_written_and_only_then() {
    let mut fixture = Fixture::new();
    let slot = global(&fixture.import("a.png", "A draft."));
    let watcher = fixture.desk_of("lin");
    let before = watcher.database.data_version().unwrap();
    assert_eq!(watcher.database.data_version().unwrap(), before);
    Window::open(&fixture, &slot).types(&mut fixture, "typed");
    assert_ne!(watcher.database.data_version().unwrap(), before);
}
