//! The queue in the order of the model's uncertainty, and of where it became worse.

use domain::{DiagramId, DraftScope, Level, QueueFilter, QueueOrder, Redraft};
use store::{jobs, regressions};

use crate::fixture::{Fixture, global};
use crate::jobs::{ENGINE, drafted, engine, one, request, workspace};

const BY_UNCERTAINTY: QueueFilter = QueueFilter {
    state: None,
    search: String::new(),
    order: QueueOrder::Uncertainty,
    kind: None,
    person: None,
    reason: None,
    mark: None,
    done: None,
    handed_in: None,
};

/// Five diagrams whose drafts say `text`: the model was sure of them so far; the last has none.
fn five() -> (Fixture, Vec<DiagramId>, domain::Model) {
    let (mut desk, ids, model) = workspace(5);
    let scope = DraftScope::Ids {
        ids: ids[..4].to_vec(),
    };
    desk.queue(&request(&model, &[Level::Global], scope))
        .unwrap();
    for mean in [Some(-0.5), None, Some(-2.0), Some(-0.5)] {
        let item = desk.claim(ENGINE, 1).unwrap().items[0].id;
        let drafted = drafted("text", mean);
        desk.write(|tx, by| jobs::finish_item(tx, engine(by), item, &drafted))
            .unwrap();
    }
    (desk, ids, model)
}

fn order(desk: &Fixture, filter: &QueueFilter) -> Vec<u32> {
    let page = desk.read(|connection| desk.through(filter).page(connection, 0, 10));
    page.rows.iter().map(|row| row.number).collect()
}

/// Number and index of the diagram next to the one with `number`.
fn step(desk: &Fixture, filter: &QueueFilter, number: u32, forward: bool) -> Option<(u32, u32)> {
    desk.read(|connection| {
        let id = store::table::diagram::find(connection, &number.to_string())?;
        let Some(place) = desk.through(filter).neighbour(connection, &id, forward)? else {
            return Ok(None);
        };
        let number = store::table::diagram::get(connection, &place.id)?.number;
        Ok(Some((number, place.index)))
    })
}

#[test]
fn the_queue_can_begin_where_the_model_was_least_certain() {
    let (desk, ids, _) = five();
    assert_eq!(order(&desk, &BY_UNCERTAINTY), [3, 1, 4, 2, 5]);
    let places = ids.iter().map(|id| {
        let place = desk.read(|connection| desk.through(&BY_UNCERTAINTY).place_of(connection, id));
        place.unwrap().index
    });
    assert_eq!(places.collect::<Vec<_>>(), [1, 3, 0, 2, 4]);
    assert_eq!(step(&desk, &BY_UNCERTAINTY, 1, true), Some((4, 2)));
    assert_eq!(step(&desk, &BY_UNCERTAINTY, 4, false), Some((1, 1)));
    assert_eq!(step(&desk, &BY_UNCERTAINTY, 3, false), None);
    assert_eq!(step(&desk, &BY_UNCERTAINTY, 5, true), None);
}

#[test]
fn uncertainty_orders_what_a_state_and_a_search_let_through() {
    let (mut desk, ids, _) = five();
    desk.submit(&global(&ids[0])).unwrap();
    let mut filter = QueueFilter {
        state: Some(domain::State::Todo),
        ..BY_UNCERTAINTY
    };
    assert_eq!(order(&desk, &filter), [3, 4, 2, 5]);
    assert_eq!(
        step(&desk, &filter, 1, true),
        Some((4, 1)),
        "it has left the filter"
    );
    filter.search = "text".to_owned();
    assert_eq!(order(&desk, &filter), [3, 4, 2]);
    assert_eq!(step(&desk, &filter, 4, true), Some((2, 2)));
    filter.state = None;
    assert_eq!(order(&desk, &filter), [3, 1, 4, 2]);
}

#[test]
fn a_newer_draft_of_a_caption_counts_in_place_of_the_older() {
    let (mut desk, ids, model) = five();
    // A draft of another level does not take its place: the least certain caption decides.
    let other = request(&model, &[Level::Detailed], one(&ids[2]));
    desk.queue(&other).unwrap();
    desk.work();
    assert_eq!(order(&desk, &BY_UNCERTAINTY), [3, 1, 4, 2, 5]);
    let mut again = request(&model, &[Level::Global], one(&ids[2]));
    again.redraft = Redraft::Always;
    desk.queue(&again).unwrap();
    desk.work();
    assert_eq!(order(&desk, &BY_UNCERTAINTY), [1, 3, 4, 2, 5]);
}

#[test]
fn the_order_of_uncertainty_sorts_no_wide_rows() {
    let desk = Fixture::new();
    let plans = [None, Some("submitted")].map(|state| {
        let (index, by) = match state {
            None => ("diagram_by_certainty", "true"),
            Some(_) => ("diagram_by_state_certainty", "state = 'submitted'"),
        };
        desk.read(|connection| {
            let sql = format!(
                "EXPLAIN QUERY PLAN SELECT number AS n, certainty AS c FROM diagram
                 INDEXED BY {index} WHERE {by} AND (c, n) > (0.5, 3) ORDER BY c, n LIMIT 5 OFFSET 9"
            );
            let mut statement = connection.prepare(&sql)?;
            let rows = statement.query_map((), |row| row.get::<_, String>(3))?;
            Ok(rows.map(|row| row.unwrap()).collect::<Vec<_>>().join("; "))
        })
    });
    for plan in plans {
        assert!(plan.contains("COVERING INDEX"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        assert!(plan.starts_with("SEARCH"), "{plan}");
    }
}

/// The share of the characters of both texts that begin them alike.
fn alike(one: &str, other: &str) -> f64 {
    let same = one.bytes().zip(other.bytes());
    let same = same.take_while(|(a, b)| a == b).count();
    2.0 * same as f64 / (one.len() + other.len()) as f64
}

#[test]
fn the_queue_can_begin_where_a_newer_draft_is_worse() {
    let (mut desk, ids, model) = workspace(3);
    let draft = |desk: &mut Fixture, n: usize, text: &str| {
        let scope = DraftScope::Ids {
            ids: vec![ids[n].clone()],
        };
        let again = domain::DraftRequest {
            redraft: Redraft::Always,
            ..request(&model, &[Level::Global], scope)
        };
        desk.queue(&again).unwrap();
        let item = desk.claim(ENGINE, 1).unwrap().items[0].id;
        desk.write(|tx, by| {
            jobs::finish_item(tx, engine(by), item, &drafted(text, None))?;
            regressions::note(tx, &ids[n], &alike)
        })
        .unwrap();
    };
    for (n, id) in ids.iter().enumerate() {
        draft(&mut desk, n, "abcdefgh");
        desk.revise(&global(id), "abcdefgh").unwrap();
        desk.submit(&global(id)).unwrap();
    }
    let filter = QueueFilter {
        order: QueueOrder::Regression,
        ..BY_UNCERTAINTY
    };
    assert_eq!(order(&desk, &filter), [1, 2, 3], "nothing fell yet");
    draft(&mut desk, 1, "abcdxxxx");
    draft(&mut desk, 2, "abxxxxxx");
    assert_eq!(order(&desk, &filter), [3, 2, 1]);
    draft(&mut desk, 2, "abcdefgh");
    assert_eq!(
        order(&desk, &filter),
        [2, 1, 3],
        "the newest one is as good again"
    );
}
