use std::sync::{Arc, mpsc};
use std::time::Duration;

use app::Session;
use app::domain::{JournalEntry, Level, Slot, State};

use crate::{Bench, bmp};

fn slot(session: &Session) -> Slot {
    Slot {
        diagram_id: session.find("1").unwrap(),
        level: Level::Global,
        region_id: None,
    }
}

#[test]
fn others_changes_are_noticed_and_ones_own_are_not() {
    let Bench { folder, session } = Bench::new();
    let path = folder.path().join("in/a.bmp");
    std::fs::write(&path, bmp(5, 5, 1)).unwrap();
    session
        .import(&[path], &Default::default(), |_| {})
        .unwrap();
    let session = Arc::new(session);
    let (sender, receiver) = mpsc::channel();
    app::watch(&session, move || sender.send(()).unwrap()).unwrap();
    let entry = JournalEntry {
        slot: slot(&session),
        text: "typed".into(),
        links: Vec::new(),
        editor_state: None,
        base_revision: None,
        version: 0,
    };
    session.journal(entry).unwrap();
    session.release(&slot(&session).diagram_id).unwrap();
    assert!(receiver.recv_timeout(Duration::from_millis(700)).is_err());
    let other = Session::open(session.workspace().root(), "Lei").unwrap();
    other.revise(&slot(&other), "另一个人", &[], false).unwrap();
    receiver.recv_timeout(Duration::from_secs(5)).unwrap();
}

#[test]
fn submitting_with_a_text_does_both_or_neither() {
    let bench = Bench::new();
    bench.write("a.bmp", &bmp(5, 5, 1));
    bench.import(&bench.input());
    let slot = slot(&bench.session);
    assert!(bench.session.revise(&slot, "  \n", &[], true).is_err());
    let view = bench.session.diagram(&slot.diagram_id).unwrap();
    assert_eq!(view.diagram.state, State::Todo);
    let done = bench.session.revise(&slot, "a\r\nb", &[], true).unwrap();
    assert_eq!(done.state, State::Submitted);
    let view = bench.session.diagram(&slot.diagram_id).unwrap();
    assert_eq!(view.captions[0].text, "a\nb");
    assert!(view.read_only);
}

#[test]
fn failures_say_what_to_do() {
    let bench = Bench::new();
    bench.write("a.bmp", &bmp(5, 5, 1));
    bench.import(&bench.input());
    let id = bench.session.find("1").unwrap();
    let problem = app::Problem::from(bench.session.approve(&id).unwrap_err());
    assert_eq!(problem.code, app::Code::WrongState);
    assert_eq!(problem.help.as_deref(), Some("Submit it first."));
    let missing = bench.session.find("ffff").unwrap_err();
    assert_eq!(app::Problem::from(missing).code, app::Code::NotFound);
}
