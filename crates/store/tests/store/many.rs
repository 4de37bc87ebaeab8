//! Many diagrams: 100,000 in the thorough run, a few thousand otherwise.

use domain::{Level, QueueFilter, State};
use store::annotate::By;
use store::{intake, queue, table};

use crate::fixture::{Desk, Fixture, draft_of, global, new_diagram, now, thorough};

/// Imports `n` diagrams, `n1` to `n<n>`. Every thousandth caption says `rareword`, every seventh 会话.
pub fn fill(desk: &mut Desk, n: u32) {
    let numbers: Vec<u32> = (1..=n).collect();
    for batch in numbers.chunks(2_000) {
        let by = By {
            person: &desk.person,
            at: now(),
        };
        let imported = desk.database.write(|tx| {
            for number in batch {
                let drafts = [draft_of(Level::Global, None, &caption(*number))];
                intake::import(tx, by, &new_diagram(&format!("n{number}")), &drafts)?;
            }
            Ok(())
        });
        imported.unwrap();
    }
}

fn caption(number: u32) -> String {
    let rare = if number.is_multiple_of(1_000) {
        "rareword"
    } else {
        ""
    };
    let chinese = if number.is_multiple_of(7) {
        "PDU会话管理"
    } else {
        ""
    };
    format!("The common diagram {number} {rare} {chinese}")
}

#[test]
fn many_diagrams_are_paged_counted_and_searched_right() {
    let n = if thorough() { 100_000 } else { 4_000 };
    let mut desk = Fixture::new();
    fill(&mut desk, n);
    let id_of = |desk: &Desk, number: u32| {
        desk.read(|connection| table::diagram::find(connection, &number.to_string()))
    };
    for number in [700, 1_000, n] {
        let id = id_of(&desk, number);
        desk.submit(&global(&id)).unwrap();
    }

    let page = |search: &str, state, offset| {
        let search = search.to_owned();
        let filter = QueueFilter {
            state,
            search,
            ..QueueFilter::default()
        };
        let page = desk.read(|connection| desk.through(&filter).page(connection, offset, 100));
        (page.total, page.rows.first().map(|row| row.number))
    };
    assert_eq!(page("", None, n - 10), (n, Some(n - 9)));
    assert_eq!(page("common", None, n - 10), (n, Some(n - 9)));
    assert_eq!(page("rareword", None, 1), (n / 1_000, Some(2_000)));
    assert_eq!(page("会话", None, 100), (n / 7, Some(707)));
    assert_eq!(page("rareword", Some(State::Submitted), 1), (2, Some(n)));
    assert_eq!(page("", Some(State::Todo), 699), (n - 3, Some(701)));

    let counts = desk.read(|connection| queue::counts(connection, "会话"));
    let submitted = if n.is_multiple_of(7) { 2 } else { 1 };
    assert_eq!((counts.total(), counts.submitted), (n / 7, submitted));

    let todo = QueueFilter {
        state: Some(State::Todo),
        search: String::new(),
        ..QueueFilter::default()
    };
    let last = id_of(&desk, n);
    let before = desk.read(|connection| desk.through(&todo).neighbour(connection, &last, false));
    assert_eq!(before.unwrap().index, n - 4);
}
