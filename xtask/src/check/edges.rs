//! Which crate may use which: the one list, checked against Cargo's metadata.
//! Dev-dependencies are free, except that no circle may arise through them.

use super::Problem;
use crate::programs::DESK;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Each crate of the workspace and those of the others it may use. What is not listed is forbidden.
const ALLOWED: [(&str, &[&str]); 17] = [
    ("domain", &[]),
    ("picture", &[]),
    ("worddiff", &[]),
    ("diagram", &[]),
    ("questions", &["domain", "worddiff"]),
    ("hub", &[]),
    ("provider", &["domain"]),
    ("qwen", &[]),
    ("finetune", &["qwen"]),
    ("training", &["finetune", "qwen"]),
    (
        "engine",
        &[
            "domain",
            "finetune",
            "hub",
            "picture",
            "provider",
            "questions",
            "qwen",
            "store",
            "training",
            "worddiff",
        ],
    ),
    ("store", &["domain"]),
    ("interchange", &["domain", "store"]),
    (
        "app",
        &[
            "domain",
            "store",
            "hub",
            "interchange",
            "picture",
            "provider",
            "worddiff",
            "diagram",
            "questions",
        ],
    ),
    (
        "cli",
        &[
            "app",
            "domain",
            "engine",
            "finetune",
            "hub",
            "interchange",
            "picture",
            "provider",
            "qwen",
            "training",
        ],
    ),
    (DESK, &["app", "domain", "picture"]),
    ("xtask", &[]),
];

/// Packages of others that only one crate may use.
const RESERVED: [(&str, &str); 1] = [("rusqlite", "store")];

/// This file, which holds the list.
const LIST: &str = "xtask/src/check/edges.rs";

/// Checks every crate's dependencies against the list, and looks for circles.
pub fn check(metadata: &Value) -> Vec<Problem> {
    let crates = crates_of(metadata);
    let mut problems: Vec<Problem> = crates
        .values()
        .flat_map(|of| forbidden_uses(of, &crates))
        .collect();
    problems.extend(circle(&crates));
    problems
}

/// Checks that nothing the desk is made of, however deep, belongs to Candle.
pub fn check_desk(metadata: &Value) -> Vec<Problem> {
    let chain = chain_to(metadata, DESK, |name| name.starts_with("candle-"));
    let problem = chain.map(|chain| Problem {
        place: place(
            metadata["workspace_root"].as_str().unwrap_or_default(),
            &chain[1],
        ),
        what: format!("the desk is built with Candle: {}", chain.join(" → ")),
        remedy: "models run in the engine's process; ask it by a job instead".to_owned(),
    });
    problem.into_iter().collect()
}

/// A crate of the workspace.
struct Crate<'a> {
    name: &'a str,
    folder: &'a str,
    uses: Vec<Use<'a>>,
}

struct Use<'a> {
    name: &'a str,
    only_in_tests: bool,
}

fn crates_of(metadata: &Value) -> BTreeMap<&str, Crate<'_>> {
    let ours = list(metadata, "packages").filter(|package| package["source"].is_null());
    ours.map(|package| {
        let manifest = text(package, "manifest_path");
        let folder = manifest
            .trim_end_matches("Cargo.toml")
            .trim_end_matches(['/', '\\']);
        let uses = list(package, "dependencies")
            .map(|used| Use {
                name: text(used, "name"),
                only_in_tests: used["kind"] == "dev",
            })
            .collect();
        let name = text(package, "name");
        (name, Crate { name, folder, uses })
    })
    .collect()
}

fn forbidden_uses(user: &Crate<'_>, crates: &BTreeMap<&str, Crate<'_>>) -> Vec<Problem> {
    let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == user.name) else {
        return vec![Problem {
            place: format!("{}/Cargo.toml:1", user.folder),
            what: format!("crate `{}` is on no list", user.name),
            remedy: format!("say in {LIST} what it may use, and in ARCHITECTURE.md what it is for"),
        }];
    };
    let mut problems = Vec::new();
    for used in user.uses.iter().filter(|used| !used.only_in_tests) {
        if crates.contains_key(used.name) && !allowed.contains(&used.name) {
            problems.push(Problem {
                place: place(user.folder, used.name),
                what: format!("`{}` may not use `{}`", user.name, used.name),
                remedy: format!(
                    "turn the dependency round or go through a crate between; the list is in {LIST}"
                ),
            });
        }
        if let Some((_, owner)) = RESERVED
            .iter()
            .find(|(name, owner)| *name == used.name && *owner != user.name)
        {
            problems.push(Problem {
                place: place(user.folder, used.name),
                what: format!("only `{owner}` may use `{}`", used.name),
                remedy: format!(
                    "add a function to `{owner}` that does what `{}` needs",
                    user.name
                ),
            });
        }
    }
    problems
}

/// A circle of crates, tests included; Cargo itself refuses only those without tests.
fn circle(crates: &BTreeMap<&str, Crate<'_>>) -> Option<Problem> {
    let mut remaining: BTreeSet<&str> = crates.keys().copied().collect();
    let waits = |name: &str, remaining: &BTreeSet<&str>| {
        crates[name]
            .uses
            .iter()
            .any(|used| remaining.contains(used.name) && used.name != name)
    };
    while let Some(free) = remaining
        .iter()
        .copied()
        .find(|name| !waits(name, &remaining))
    {
        remaining.remove(free);
    }
    let first = *remaining.iter().next()?;
    let names: Vec<&str> = remaining.iter().copied().collect();
    Some(Problem {
        place: format!("{}/Cargo.toml:1", crates[first].folder),
        what: format!("in or behind a circle: {}", names.join(", ")),
        remedy: "move the test that closes the circle to the crate on top, or to `tests/`"
            .to_owned(),
    })
}

/// The shortest chain of dependencies from a package to one that `is_target`; dev-dependencies are not followed.
fn chain_to(metadata: &Value, from: &str, is_target: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let names: BTreeMap<&str, &str> = list(metadata, "packages")
        .map(|package| (text(package, "id"), text(package, "name")))
        .collect();
    let nodes: BTreeMap<&str, &Value> = list(&metadata["resolve"], "nodes")
        .map(|node| (text(node, "id"), node))
        .collect();
    let start = names
        .iter()
        .find_map(|(id, name)| (*name == from).then_some(*id))?;
    let mut reached_from = BTreeMap::from([(start, start)]);
    let mut queue = VecDeque::from([start]);
    while let Some(id) = queue.pop_front() {
        if is_target(names.get(id)?) {
            return Some(names_back(id, &reached_from, &names));
        }
        for used in list(nodes.get(id)?, "deps").filter(|used| !is_only_in_tests(used)) {
            let next = text(used, "pkg");
            if !reached_from.contains_key(next) {
                reached_from.insert(next, id);
                queue.push_back(next);
            }
        }
    }
    None
}

/// Names from the start of the search to `id`.
fn names_back<'a>(
    mut id: &'a str,
    reached_from: &BTreeMap<&str, &'a str>,
    names: &BTreeMap<&str, &str>,
) -> Vec<String> {
    let mut chain = vec![names[id].to_owned()];
    while reached_from[id] != id {
        id = reached_from[id];
        chain.insert(0, names[id].to_owned());
    }
    chain
}

fn is_only_in_tests(used: &Value) -> bool {
    let mut kinds = list(used, "dep_kinds").peekable();
    kinds.peek().is_some() && kinds.all(|kind| kind["kind"] == "dev")
}

/// Where a manifest names a dependency; its first line if it cannot be told.
fn place(folder: &str, dependency: &str) -> String {
    let manifest = format!("{folder}/Cargo.toml");
    let text = std::fs::read_to_string(&manifest).unwrap_or_default();
    let names_it = |line: &str| {
        let rest = line.trim_start().strip_prefix(dependency);
        rest.is_some_and(|rest| rest.starts_with([' ', '.', '=']))
    };
    let line_idx = text.lines().position(names_it).unwrap_or(0);
    format!("{manifest}:{}", line_idx + 1)
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests;
