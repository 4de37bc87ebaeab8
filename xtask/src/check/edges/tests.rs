//! The rules, tried on made-up metadata.

use super::*;
use serde_json::json;

/// Metadata of crates that use others, each use written `name` or `dev:name`.
fn metadata(crates: &[(&str, &[&str])]) -> Value {
    let kind = |used: &str| {
        if used.starts_with("dev:") {
            json!("dev")
        } else {
            Value::Null
        }
    };
    let name = |used: &str| used.trim_start_matches("dev:").to_owned();
    let packages = crates.iter().map(|(user, uses)| {
        let dependencies: Vec<Value> =
            uses.iter().map(|used| json!({"name": name(used), "kind": kind(used)})).collect();
        let manifest = format!("/nowhere/{user}/Cargo.toml");
        json!({"id": user, "name": user, "source": null, "manifest_path": manifest, "dependencies": dependencies})
    });
    let nodes = crates.iter().map(|(user, uses)| {
        let deps: Vec<Value> = uses
            .iter()
            .map(|used| json!({"pkg": name(used), "dep_kinds": [{"kind": kind(used)}]}))
            .collect();
        json!({"id": user, "deps": deps})
    });
    json!({
        "packages": packages.collect::<Vec<_>>(),
        "resolve": {"nodes": nodes.collect::<Vec<_>>()},
        "workspace_root": "/nowhere",
    })
}

fn check_edges(crates: &[(&str, &[&str])], expected: &[&str]) {
    let found: Vec<String> = check(&metadata(crates))
        .into_iter()
        .map(|problem| problem.what)
        .collect();
    assert_eq!(found, expected, "{crates:?}");
}

#[test]
fn listed_uses_are_fine() {
    check_edges(
        &[
            ("domain", &["serde"]),
            ("store", &["domain", "rusqlite"]),
            ("app", &["store", "domain"]),
        ],
        &[],
    );
}

#[test]
fn a_use_against_the_direction_is_named() {
    check_edges(
        &[("domain", &["store"]), ("store", &[])],
        &["`domain` may not use `store`"],
    );
    check_edges(
        &[(DESK, &["store"]), ("store", &[])],
        &["`callout-desk` may not use `store`"],
    );
}

#[test]
fn a_problem_says_where_it_is() {
    let found = check(&metadata(&[("domain", &["store"]), ("store", &[])]));
    assert_eq!(found[0].place, "/nowhere/domain/Cargo.toml:1");
    assert!(found[0].remedy.contains(LIST));
}

#[test]
fn only_the_store_has_the_database() {
    check_edges(
        &[("app", &["rusqlite"])],
        &["only `store` may use `rusqlite`"],
    );
}

#[test]
fn a_crate_must_be_listed() {
    check_edges(&[("helpers", &[])], &["crate `helpers` is on no list"]);
}

#[test]
fn tests_may_use_anything_but_close_no_circle() {
    check_edges(
        &[
            ("domain", &[]),
            ("worddiff", &["dev:domain", "dev:rusqlite"]),
        ],
        &[],
    );
    check_edges(
        &[
            ("domain", &["dev:store"]),
            ("store", &["domain"]),
            ("picture", &[]),
        ],
        &["in or behind a circle: domain, store"],
    );
}

#[test]
fn candle_is_found_however_deep_in_the_desk() {
    let crates: &[(&str, &[&str])] = &[
        (DESK, &["app"]),
        ("app", &["deep"]),
        ("deep", &["candle-core"]),
        ("candle-core", &[]),
    ];
    let found = check_desk(&metadata(crates));
    assert_eq!(
        found[0].what,
        "the desk is built with Candle: callout-desk → app → deep → candle-core"
    );
}

#[test]
fn candle_elsewhere_or_in_tests_does_not_touch_the_desk() {
    let crates: &[(&str, &[&str])] = &[
        (DESK, &["dev:candle-nn"]),
        ("cli", &["candle-core"]),
        ("candle-core", &[]),
        ("candle-nn", &[]),
    ];
    assert_eq!(check_desk(&metadata(crates)), []);
}

#[test]
fn the_list_itself_has_no_circle() {
    let crates: Vec<(&str, &[&str])> = ALLOWED.to_vec();
    check_edges(&crates, &[]);
}
