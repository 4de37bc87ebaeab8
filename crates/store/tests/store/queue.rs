//! The queue: pages, filters, counts, and where a diagram is.

use domain::{DiagramId, QueueFilter, State};
use store::queue::{self, MAX_PAGE_ROWS};
use store::{Error, table};

use crate::fixture::{Desk, Fixture, Window, global};

fn filter(state: Option<State>, search: &str) -> QueueFilter {
    QueueFilter {
        state,
        search: search.to_owned(),
        ..QueueFilter::default()
    }
}

/// Twelve diagrams `d1`…`d12`; 3, 6, 9 and 12 are submitted, 4 is begun; odd ones mention 会话.
fn twelve() -> (Fixture, Vec<DiagramId>) {
    let mut desk = Fixture::new();
    let ids: Vec<DiagramId> = (1..=12)
        .map(|number| {
            let draft = if number % 2 == 1 {
                "会话管理"
            } else {
                "user plane"
            };
            desk.import(&format!("d{number}.png"), draft)
        })
        .collect();
    for number in [3, 6, 9, 12] {
        desk.submit(&global(&ids[number - 1])).unwrap();
    }
    Window::open(&desk, &global(&ids[3])).types(&mut desk, "begun");
    (desk, ids)
}

fn numbers(desk: &Desk, filter: &QueueFilter, offset: u32, limit: u32) -> (u32, Vec<u32>) {
    let page = desk.read(|connection| desk.through(filter).page(connection, offset, limit));
    assert_eq!(page.offset, offset);
    (page.total, page.rows.iter().map(|row| row.number).collect())
}

fn check_page(filter: &QueueFilter, (offset, limit): (u32, u32), total: u32, expected: &[u32]) {
    let (desk, _) = twelve();
    let found = numbers(&desk, filter, offset, limit);
    assert_eq!(found, (total, expected.to_vec()), "{filter:?}");
}

#[test]
fn pages_come_in_order_of_import() {
    check_page(&filter(None, ""), (0, 5), 12, &[1, 2, 3, 4, 5]);
    check_page(&filter(None, "  "), (10, 5), 12, &[11, 12]);
    check_page(&filter(None, ""), (12, 5), 12, &[]);
    check_page(&filter(None, ""), (0, 0), 12, &[]);
}

#[test]
fn filters_combine() {
    check_page(
        &filter(Some(State::Submitted), ""),
        (0, 9),
        4,
        &[3, 6, 9, 12],
    );
    check_page(&filter(Some(State::Submitted), ""), (1, 2), 4, &[6, 9]);
    check_page(&filter(None, "会话"), (1, 2), 6, &[3, 5]);
    check_page(&filter(Some(State::Submitted), "会话"), (0, 9), 2, &[3, 9]);
    check_page(&filter(Some(State::Submitted), "会话"), (1, 9), 2, &[9]);
    check_page(&filter(Some(State::Returned), ""), (0, 9), 0, &[]);
    check_page(&filter(None, "nowhere"), (0, 9), 0, &[]);
}

#[test]
fn a_page_has_an_upper_bound() {
    let mut desk = Fixture::new();
    crate::many::fill(&mut desk, MAX_PAGE_ROWS + 1);
    let (total, rows) = numbers(&desk, &QueueFilter::default(), 0, u32::MAX);
    assert_eq!(
        (total, rows.len()),
        (MAX_PAGE_ROWS + 1, MAX_PAGE_ROWS as usize)
    );
}

#[test]
fn rows_say_where_a_diagram_stands_and_how_its_caption_begins() {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("图一.png", &"长".repeat(300)));
    let row = |desk: &Desk| {
        desk.read(|connection| desk.through(&QueueFilter::default()).page(connection, 0, 1))
            .rows
            .remove(0)
    };
    let fresh = row(&desk);
    assert_eq!(
        (fresh.name.as_str(), fresh.state, fresh.conflict),
        ("图一.png", State::Todo, false)
    );
    assert_eq!(fresh.excerpt, "长".repeat(120));
    Window::open(&desk, &slot).types(&mut desk, "typed");
    desk.revise(&slot, "by command").unwrap();
    let contested = row(&desk);
    assert_eq!(
        (contested.excerpt.as_str(), contested.conflict),
        ("by command", true)
    );
    desk.resolve(&slot, domain::Keep::Mine).unwrap();
    let settled = row(&desk);
    assert_eq!(
        (settled.excerpt.as_str(), settled.conflict),
        ("typed", false)
    );
}

#[test]
fn counts_follow_the_search_and_not_the_state() {
    let (desk, _) = twelve();
    let counts = |search| desk.read(|connection| queue::counts(connection, search));
    let all = counts("");
    assert_eq!(
        (all.todo, all.in_progress, all.submitted, all.total()),
        (7, 1, 4, 12)
    );
    let found = counts("会话");
    assert_eq!((found.todo, found.submitted, found.total()), (4, 2, 6));
    assert_eq!(counts("nowhere").total(), 0);
    assert_eq!(counts("。").total(), 0);
}

#[test]
fn a_place_is_counted_within_the_filter() {
    let (desk, ids) = twelve();
    let place = |filter: &QueueFilter, number: usize| {
        desk.read(|connection| desk.through(filter).place_of(connection, &ids[number - 1]))
            .map(|place| place.index)
    };
    assert_eq!(place(&filter(None, ""), 9), Some(8));
    assert_eq!(place(&filter(Some(State::Submitted), ""), 9), Some(2));
    assert_eq!(place(&filter(Some(State::Submitted), "会话"), 9), Some(1));
    assert_eq!(place(&filter(Some(State::Todo), ""), 9), None);
    assert_eq!(place(&filter(None, "user"), 9), None);
    let nobody = DiagramId::new();
    let result = desk.database.read(|connection| {
        desk.through(&filter(None, ""))
            .place_of(connection, &nobody)
    });
    assert!(matches!(result, Err(Error::NoDiagram(_))));
}

#[test]
fn neighbours_are_found_from_a_diagram_that_has_left_the_filter() {
    let (mut desk, ids) = twelve();
    let neighbour = |desk: &Desk, filter: &QueueFilter, number: usize, forward| {
        desk.read(|connection| {
            desk.through(filter)
                .neighbour(connection, &ids[number - 1], forward)
        })
        .map(|place| {
            (
                ids.iter().position(|id| *id == place.id).unwrap() + 1,
                place.index,
            )
        })
    };
    let todo = filter(Some(State::Todo), "");
    assert_eq!(neighbour(&desk, &todo, 5, true), Some((7, 3)));
    desk.submit(&global(&ids[6])).unwrap();
    assert_eq!(neighbour(&desk, &todo, 7, true), Some((8, 3)));
    assert_eq!(neighbour(&desk, &todo, 7, false), Some((5, 2)));
    assert_eq!(neighbour(&desk, &todo, 12, true), None);
    assert_eq!(neighbour(&desk, &todo, 1, false), None);
    assert_eq!(
        neighbour(&desk, &filter(None, ""), 12, false),
        Some((11, 10))
    );
    assert_eq!(
        neighbour(&desk, &filter(None, "会话"), 6, false),
        Some((5, 2))
    );
    assert_eq!(
        neighbour(&desk, &filter(Some(State::Submitted), "会话"), 4, true),
        Some((7, 1))
    );
    assert_eq!(neighbour(&desk, &filter(None, "。"), 6, true), None);
}

#[test]
fn a_diagram_is_named_by_id_beginning_or_number() {
    let (desk, ids) = twelve();
    let find = |typed: &str| {
        desk.database
            .read(|connection| table::diagram::find(connection, typed))
    };
    let whole = ids[4].as_str();
    for typed in [
        whole,
        &whole[..whole.len() - 1],
        &whole.to_uppercase(),
        "5",
        "#5",
    ] {
        assert_eq!(find(typed).unwrap(), ids[4], "{typed}");
    }
    assert!(matches!(find("#99"), Err(Error::NoDiagram(_))));
    for typed in ["", "%", "_", "nonsense", "ffffffff", "' OR 1=1"] {
        assert!(matches!(find(typed), Err(Error::NoDiagram(_))), "{typed}");
    }
    assert!(matches!(find(&whole[..8]), Err(Error::AmbiguousDiagram(_))));
}
