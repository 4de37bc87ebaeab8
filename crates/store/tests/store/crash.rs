//! A writer that is killed at any moment loses nothing that it was told is kept.
//!
//! The writer is this test binary run again: it writes without end, and prints one line for each text
//! after the call that keeps it has returned.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use domain::{Level, Slot};
use store::table::revision;
use store::{Workspace, review, table};

use crate::fixture::{Desk, Fixture, Window, global, slot, thorough};

const WORKSPACE: &str = "CALLOUT_TEST_WORKSPACE";
const PERSON: &str = "CALLOUT_TEST_PERSON";
const ROUNDS: &str = "CALLOUT_TEST_ROUNDS";
const ACKNOWLEDGED: &str = "kept";

/// The text that counts `n`; long enough to fill several pages of the database now and then.
fn text(n: u64) -> String {
    let filler = "会话 session ".repeat(usize::try_from(n % 97).unwrap() * 8);
    format!("{n} {filler}end")
}

fn count_in(text: &str) -> u64 {
    text.split(' ').next().unwrap().parse().unwrap()
}

/// The two captions that the person writes in turn.
fn slots(desk: &Desk, person: &str) -> [Slot; 2] {
    let filter = domain::QueueFilter {
        state: None,
        search: person.to_owned(),
        ..domain::QueueFilter::default()
    };
    let page = desk.read(|connection| desk.through(&filter).page(connection, 0, 1));
    let id = &page.rows[0].id;
    [global(id), slot(id, Level::Detailed)]
}

/// Starts a writer; its acknowledgements come out of the pipe.
pub fn start(workspace: &Workspace, person: &str, rounds: u64) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "crash::a_killed_writer_loses_nothing",
            "--nocapture",
        ])
        .env(WORKSPACE, workspace.root())
        .env(PERSON, person)
        .env(ROUNDS, rounds.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pipe = BufReader::new(child.stdout.take().unwrap());
    (child, pipe)
}

/// The writer: types, pauses, hands in and reopens; a caption's texts count upwards.
fn write(workspace: &Workspace, person: &str, rounds: u64) {
    let mut desk = Desk::sit(workspace, person);
    let slots = slots(&desk, person);
    let mut n = slots
        .iter()
        .filter_map(|slot| desk.working_text(slot))
        .map(|text| count_in(&text))
        .max()
        .unwrap_or(0);
    for round in 0..rounds {
        let which = usize::try_from(round % 2).unwrap();
        if !desk.state(&slots[which].diagram_id).takes_text() {
            desk.write(|tx, by| review::reopen(tx, by, &slots[which].diagram_id))
                .unwrap();
        }
        let mut window = Window::open(&desk, &slots[which]);
        for _ in 0..1 + round % 3 {
            n += 1;
            window.types(&mut desk, &text(n));
            println!("{ACKNOWLEDGED} {which} {n} typed");
        }
        let committed = match round % 5 {
            4 => desk.submit(&slots[which]).unwrap(),
            _ => window.commits(&mut desk),
        };
        println!(
            "{ACKNOWLEDGED} {which} {n} {}",
            committed.head_revision.unwrap()
        );
    }
}

/// What the writer was told is kept: the last typed text of each caption, and each revision's text.
#[derive(Default)]
pub struct Acknowledged {
    typed: HashMap<usize, u64>,
    revisions: HashMap<String, u64>,
}

impl Acknowledged {
    /// Reads up to `n_lines` from the pipe and says how many came; one that was cut off does not count.
    pub fn read(&mut self, pipe: &mut impl BufRead, n_lines: usize) -> usize {
        let mut line = String::new();
        let mut n_read = 0;
        while n_read < n_lines && pipe.read_line(&mut line).unwrap() > 0 {
            // The test harness begins the first line itself.
            if let Some(at) = line.find(ACKNOWLEDGED).filter(|_| line.ends_with('\n')) {
                self.take(line[at..].trim_end());
                n_read += 1;
            }
            line.clear();
        }
        n_read
    }

    fn take(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let (which, n) = (words[1].parse().unwrap(), words[2].parse().unwrap());
        match words[3] {
            "typed" => self.typed.insert(which, n),
            revision => self.revisions.insert(revision.to_owned(), n).map(|_| 0),
        };
    }

    pub fn check(&self, workspace: &Workspace, person: &str) {
        let workspace = Workspace::open(workspace.root()).unwrap();
        let desk = Desk::sit(&workspace, person);
        assert_eq!(desk.database.problems().unwrap(), [""; 0]);
        let slots = slots(&desk, person);
        for (which, n) in &self.typed {
            // The text after it may have been kept without an answer, never the one before.
            let kept = desk.working_text(&slots[*which]).unwrap();
            assert!(count_in(&kept) >= *n, "typed {n}, kept {}", count_in(&kept));
            assert_eq!(kept, text(count_in(&kept)));
        }
        for (id, n) in &self.revisions {
            let id = domain::RevisionId::from_text(id);
            let kept = desk.read(|connection| revision::get(connection, &id));
            assert_eq!(kept.text, text(*n));
        }
        desk.read(table::workspace::id);
    }

    pub fn len(&self) -> usize {
        self.revisions.len()
    }
}

/// Any number below `end`.
fn any_below(end: u64) -> u64 {
    RandomState::new().build_hasher().finish() % end
}

#[test]
fn a_killed_writer_loses_nothing() {
    if let (Some(root), Ok(person), Ok(rounds)) = (
        std::env::var_os(WORKSPACE),
        std::env::var(PERSON),
        std::env::var(ROUNDS),
    ) {
        let workspace = Workspace::open(root.as_ref()).unwrap();
        return write(&workspace, &person, rounds.parse().unwrap());
    }
    let mut fixture = Fixture::new();
    fixture.import("wei", "A draft.");
    let mut acknowledged = Acknowledged::default();
    for _ in 0..if thorough() { 400 } else { 40 } {
        let (mut writer, mut pipe) = start(&fixture.workspace, "wei", u64::MAX);
        let n_lines = 1 + usize::try_from(any_below(20)).unwrap();
        let n_read = acknowledged.read(&mut pipe, n_lines);
        assert_eq!(n_read, n_lines, "the writer ended by itself");
        // Then at any moment of what it is doing next.
        std::thread::sleep(Duration::from_micros(any_below(20_000)));
        writer.kill().unwrap();
        writer.wait().unwrap();
        acknowledged.read(&mut pipe, usize::MAX);
        acknowledged.check(&fixture.workspace, "wei");
    }
    assert!(
        acknowledged.len() > 40,
        "only {} revisions",
        acknowledged.len()
    );
}
