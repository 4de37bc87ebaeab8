//! An expert who types while the engine writes.

use std::time::{Duration, Instant};

use domain::{JobState, JournalEntry, Level, Slot};

use crate::bench::Bench;
use crate::server::{Server, Step, stream};

const ITEMS: u32 = 30;
const KEYS: u32 = 120;

#[test]
fn an_expert_types_beside_the_engine_and_never_waits() {
    let bench = Bench::new(ITEMS);
    let server = Server::start(|_, _| vec![Step::Send(stream(&["A ", "ring."]))]);
    let job = bench.queue(&bench.server(&server.base_url, 4), 9);
    let slot = Slot {
        diagram_id: bench.ids[0].clone(),
        level: Level::Global,
        region_id: None,
    };
    let mut typed = String::new();
    let slowest = bench.beside_engine(|| {
        let mut version = 0;
        let mut slowest = Duration::ZERO;
        for n in 0..KEYS {
            typed.push(char::from_digit(n % 36, 36).unwrap());
            let begun = Instant::now();
            let saved = bench.session.journal(JournalEntry {
                slot: slot.clone(),
                text: typed.clone(),
                links: Vec::new(),
                editor_state: None,
                base_revision: None,
                version,
            });
            version = saved.unwrap().version;
            slowest = slowest.max(begun.elapsed());
        }
        bench.until(&job, JobState::Done);
        slowest
    });
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    assert_eq!(bench.job(&job).done, ITEMS);
    let caption = &bench.session.diagram(&bench.ids[0]).unwrap().captions[0];
    assert_eq!(caption.text, typed);
    assert!(bench.session.status().unwrap().problems.is_empty());
}
