//! What the database itself forbids, whoever asks.

use crate::fixture::{Fixture, Window, global};

/// One row in each of the tables that are never rewritten.
fn written() -> Fixture {
    let mut desk = Fixture::new();
    let slot = global(&desk.import("a.png", "A draft."));
    let mut window = Window::open(&desk, &slot);
    window.types(&mut desk, "typed");
    window.commits(&mut desk);
    desk
}

fn check_refused(sql: &str, reason: &str) {
    let mut desk = written();
    let result = desk.write(|tx, _| Ok(tx.execute(sql, ()).map_err(|error| error.to_string())));
    assert_eq!(result.unwrap().unwrap_err(), reason, "{sql}");
}

#[test]
fn drafts_are_never_changed_or_removed() {
    check_refused("UPDATE draft SET text = 'x'", "a draft is immutable");
    check_refused("DELETE FROM draft", "a draft is kept");
    check_refused(
        "INSERT OR REPLACE INTO draft SELECT * FROM draft",
        "a draft is kept",
    );
}

#[test]
fn revisions_are_never_changed_or_removed() {
    check_refused("UPDATE revision SET text = 'x'", "a revision is immutable");
    check_refused(
        "UPDATE revision SET created_at = 0",
        "a revision is immutable",
    );
    check_refused("DELETE FROM revision", "a revision is kept");
    check_refused(
        "INSERT OR REPLACE INTO revision SELECT * FROM revision",
        "a revision is kept",
    );
}

#[test]
fn the_log_is_only_appended_to() {
    check_refused(
        "UPDATE audit SET note = 'x'",
        "the audit log is append-only",
    );
    check_refused("DELETE FROM audit", "the audit log is append-only");
    check_refused(
        "INSERT OR REPLACE INTO audit SELECT * FROM audit",
        "the audit log is append-only",
    );
}

#[test]
fn the_same_picture_never_makes_a_second_diagram() {
    let mut desk = Fixture::new();
    let new = crate::fixture::new_diagram("a.png");
    let import = |desk: &mut Fixture| {
        desk.write(|tx, by| store::intake::import(tx, by, &new, &[]))
            .unwrap()
    };
    assert!(import(&mut desk).is_some());
    assert_eq!(import(&mut desk), None);
    assert_eq!(desk.count("SELECT count(*) FROM diagram"), 1);
    assert_eq!(
        desk.count("SELECT count(*) FROM audit WHERE action = 'import'"),
        1
    );
}
