//! Two windows and a command on one caption, in any order: no text that was acknowledged is lost.

use std::collections::{HashMap, HashSet};

use domain::{Keep, RevisionId, Slot};
use proptest::prelude::*;
use store::review;
use store::table::{annotation, conflict, revision};

use crate::fixture::{Desk, Fixture, Window, global};

const DRAFT: &str = "draft";

#[derive(Debug, Clone)]
enum Step {
    /// A window shows what is kept now.
    Look(usize),
    /// A window journals one of a few texts, so that windows happen to agree now and then.
    Type(usize, u8),
    /// A window pauses.
    Pause(usize),
    /// A commit whose answer the windows have not heard yet.
    PauseUnheard,
    Command(u8),
    Settle(Keep),
    SubmitAndReopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0..2usize).prop_map(Step::Look),
        6 => (0..2usize, 0..6u8).prop_map(|(window, text)| Step::Type(window, text)),
        3 => (0..2usize).prop_map(Step::Pause),
        1 => Just(Step::PauseUnheard),
        2 => (0..6u8).prop_map(Step::Command),
        1 => prop_oneof![Just(Keep::Mine), Just(Keep::Theirs)].prop_map(Step::Settle),
        1 => Just(Step::SubmitAndReopen),
    ];
    prop::collection::vec(step, 1..40)
}

/// Text number `n`; 0 is the draft's own.
fn text(n: u8) -> String {
    if n == 0 {
        DRAFT.to_owned()
    } else {
        format!("text {n}")
    }
}

struct Scene {
    desk: Fixture,
    slot: Slot,
    windows: [Window; 2],
    /// What the working copy holds by the last acknowledgement, and its version.
    last: Option<(u32, String)>,
    /// Texts that were acknowledged and that nobody has knowingly typed over.
    owed: HashSet<String>,
    head: Option<RevisionId>,
}

impl Scene {
    fn new() -> Self {
        let mut desk = Fixture::new();
        let slot = global(&desk.import("a.png", DRAFT));
        let windows = [Window::open(&desk, &slot), Window::open(&desk, &slot)];
        Self {
            desk,
            slot,
            windows,
            last: None,
            owed: HashSet::new(),
            head: None,
        }
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Look(window) => self.windows[*window] = Window::open(&self.desk, &self.slot),
            Step::Type(window, n) => self.types(*window, &text(*n)),
            Step::Pause(window) => {
                self.windows[*window].commits(&mut self.desk);
                self.owed.extend(self.desk.working_text(&self.slot));
            }
            Step::PauseUnheard => drop(self.desk.commit(&self.slot)),
            Step::Command(n) => {
                self.desk.revise(&self.slot, &text(*n)).unwrap();
                self.owed.insert(text(*n));
            }
            Step::Settle(keep) => drop(self.desk.resolve(&self.slot, *keep)),
            Step::SubmitAndReopen => self.submit_and_reopen(),
        }
    }

    fn types(&mut self, window: usize, text: &str) {
        let seen = self.windows[window].entry.version;
        if let Some((version, before)) = &self.last
            && *version != seen
        {
            self.owed.insert(before.clone());
        }
        let saved = self.windows[window].types(&mut self.desk, text);
        self.last = Some((saved.version, text.to_owned()));
    }

    fn submit_and_reopen(&mut self) {
        let typed = self.desk.working_text(&self.slot);
        if self.desk.submit(&self.slot).is_ok() {
            self.owed.extend(typed);
            let id = self.slot.diagram_id.clone();
            self.desk
                .write(|tx, by| review::reopen(tx, by, &id))
                .unwrap();
        }
    }

    fn check(&mut self) {
        let (chain, head, open) = self.desk.read(|connection| {
            let Some(found) = annotation::find(connection, &self.slot, &self.desk.person)? else {
                return Ok((Vec::new(), None, None));
            };
            let open = conflict::open(connection, &found.id, found.head.as_ref())?;
            Ok((
                revision::of_annotation(connection, &found.id)?,
                found.head,
                open,
            ))
        });
        self.check_texts(chain.iter().map(|revision| revision.text.clone()).collect());
        let parents: HashMap<_, _> = chain
            .iter()
            .map(|revision| (&revision.id, &revision.parent_id))
            .collect();
        check_acyclic(&parents);
        check_descends(&parents, self.head.as_ref(), head.as_ref());
        let contested = self
            .desk
            .count("SELECT count(*) FROM conflict WHERE resolved_at IS NULL");
        assert_eq!(contested, u32::from(open.is_some()));
        assert!(self.desk.database.problems().unwrap().is_empty());
        self.head = head;
    }

    fn check_texts(&self, mut kept: HashSet<String>) {
        kept.extend(self.desk.working_text(&self.slot));
        kept.insert(DRAFT.to_owned());
        let lost: Vec<_> = self.owed.difference(&kept).collect();
        assert!(lost.is_empty(), "lost {lost:?} of {kept:?}");
        if let Some((_, last)) = &self.last {
            assert!(kept.contains(last), "lost `{last}`, typed last");
        }
    }
}

fn check_acyclic(parents: &HashMap<&RevisionId, &Option<RevisionId>>) {
    for start in parents.keys() {
        let mut at = Some(*start);
        for _ in 0..=parents.len() {
            at = at.and_then(|id| parents[id].as_ref());
        }
        assert_eq!(at, None, "the parents of {start} form a circle");
    }
}

/// The head moves by one child at a time; a step may make several.
fn check_descends(
    parents: &HashMap<&RevisionId, &Option<RevisionId>>,
    old: Option<&RevisionId>,
    new: Option<&RevisionId>,
) {
    let mut at = new;
    while at != old {
        let id = at.expect("the head has left its own chain");
        at = parents[id].as_ref();
    }
}

#[test]
fn no_order_of_two_windows_and_a_command_loses_a_text() {
    let cases = if crate::fixture::thorough() {
        2_000
    } else {
        64
    };
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(steps in steps())| {
        let mut scene = Scene::new();
        for step in &steps {
            scene.run(step);
            scene.check();
        }
    });
}

/// A window that does nothing but type and pause never conflicts with itself.
#[test]
fn one_window_alone_never_conflicts() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", DRAFT));
    let mut window = Window::open(&desk, &slot);
    let mut conflicts = 0;
    let mut pause: Vec<fn(&mut Window, &mut Desk, &Slot)> = vec![|_, _, _| {}];
    pause.push(|window, desk, _| drop(window.commits(desk)));
    pause.push(|_, desk, slot| drop(desk.commit(slot)));
    for round in 0..60_usize {
        let saved = window.types(&mut desk, &text(u8::try_from(round * 7 % 5).unwrap()));
        conflicts += u32::from(saved.conflict.is_some());
        pause[round % 3](&mut window, &mut desk, &slot);
    }
    assert_eq!(conflicts, 0);
}
