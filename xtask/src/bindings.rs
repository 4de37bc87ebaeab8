//! Files in the repository that are made from others: TypeScript bindings and the database schema.
//! The tests that compare them live beside their sources; here they are called by name.

use crate::command::{cargo, show, show_and_hear};
use crate::programs::DESK;
use crate::steps::Report;
use crate::{prepare, tally};
use anyhow::Result;

/// In the desk: writes the bindings when `UPDATE_BINDINGS` is set, and otherwise compares them.
const BINDINGS_TEST: &str = "bindings_are_fresh";
/// In the store: proves that the migrations end in `schema.sql`.
const SCHEMA_TEST: &str = "a_migrated_database_has_the_schema_of_a_fresh_one";

/// Writes the bindings anew.
pub fn write() -> Result<()> {
    let mut steps = crate::steps::Steps::start();
    prepare::tools_and_ui(&mut steps, &[crate::system::Need::Desk])?;
    steps.must("bindings", || {
        show(
            cargo(&["test", "--package", DESK, "--lib", BINDINGS_TEST]).env("UPDATE_BINDINGS", "1"),
        )
    })
}

/// Runs both tests, and makes sure that both exist.
pub fn check() -> Result<Report> {
    let filters = [
        "test",
        "--workspace",
        "--lib",
        "--",
        BINDINGS_TEST,
        SCHEMA_TEST,
    ];
    let heard = show_and_hear(cargo(&filters).env_remove("UPDATE_BINDINGS"))?;
    let n_passed = tally::read(&heard.text).unwrap_or_default().passed;
    let note = match (heard.succeeded, n_passed) {
        (true, 2..) => "both as their sources say".to_owned(),
        (true, _) => format!("no test called {BINDINGS_TEST} or none called {SCHEMA_TEST}"),
        (false, _) => {
            "stale, see above; `cargo xtask bindings` writes the bindings anew".to_owned()
        }
    };
    Ok(Report {
        note,
        failed: !heard.succeeded || n_passed < 2,
        ..Report::default()
    })
}
