//! The front end's packages and build. Does again only what has become stale.

use crate::command::{command, show, stdout_of};
use crate::steps::Report;
use crate::tree::{changed_at, files_below, root};
use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::process::Command;
use std::time::SystemTime;

const NODE_MAJOR_MIN: u32 = 20;
const INSTALLED: &str = "node_modules/.package-lock.json";

/// An npm command in the front end's folder.
pub fn npm(args: &[&str]) -> Command {
    let mut npm = command(if cfg!(windows) { "npm.cmd" } else { "npm" }, args);
    npm.current_dir(folder());
    npm
}

/// Makes sure that Node is there and new enough.
pub fn check_node() -> Result<Report> {
    let hint = format!("install Node {NODE_MAJOR_MIN} or newer: https://nodejs.org/en/download");
    let version = stdout_of(&mut command("node", &["--version"])).context(hint.clone())?;
    match major_of(&version) {
        Some(major) if major >= NODE_MAJOR_MIN => Ok(version.trim().to_owned().into()),
        _ => bail!("Node {} is too old; {hint}", version.trim()),
    }
}

/// Installs the packages of the lock file, unless they are installed.
pub fn install() -> Result<Report> {
    if packages_fresh() {
        return Ok("already installed".into());
    }
    show(&mut npm(&["ci", "--no-audit", "--no-fund"]))?;
    Ok("installed from package-lock.json".into())
}

/// Builds `ui/dist`, unless it is newer than everything it is made from.
pub fn build() -> Result<Report> {
    let built = changed_at(&folder().join("dist/index.html"));
    if built.is_some() && built >= newest_input()? {
        return Ok("up to date".into());
    }
    show(&mut npm(&["run", "build"]))?;
    Ok("built".into())
}

fn folder() -> PathBuf {
    root().join("ui")
}

fn packages_fresh() -> bool {
    let (lock, installed) = (folder().join("package-lock.json"), folder().join(INSTALLED));
    if changed_at(&installed) < changed_at(&lock) {
        return false;
    }
    let read =
        |path| -> Option<Value> { serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok() };
    match (read(lock), read(installed)) {
        (Some(lock), Some(installed)) => same_packages(&lock, &installed),
        _ => false,
    }
}

/// Whether the record of installed packages agrees with the lock file.
/// Optional packages may be absent: they belong to other systems.
fn same_packages(lock: &Value, installed: &Value) -> bool {
    let none = Map::new();
    let packages = |file: &Value| file["packages"].as_object().unwrap_or(&none).clone();
    let (locked, installed) = (packages(lock), packages(installed));
    let all_known = installed.iter().all(|(path, package)| {
        locked
            .get(path)
            .is_some_and(|wanted| wanted["version"] == package["version"])
    });
    let all_there = locked
        .iter()
        .filter(|(path, package)| {
            !path.is_empty() && package["optional"] != true && package["devOptional"] != true
        })
        .all(|(path, _)| installed.contains_key(path));
    all_known && all_there && !installed.is_empty()
}

/// When the newest file that `vite build` reads was changed; folders count, since deleting a file changes them.
fn newest_input() -> Result<Option<SystemTime>> {
    let files = files_below(&folder())?;
    let folders = files
        .iter()
        .filter_map(|file| file.parent())
        .filter(|parent| *parent != folder());
    let installed = folder().join(INSTALLED);
    let inputs = files
        .iter()
        .map(PathBuf::as_path)
        .chain(folders)
        .chain([installed.as_path()]);
    Ok(inputs.filter_map(changed_at).max())
}

/// The first number of a version such as `v20.20.2`.
fn major_of(version: &str) -> Option<u32> {
    version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn node_versions() {
        assert_eq!(major_of("v20.20.2\n"), Some(20));
        assert_eq!(major_of("nonsense"), None);
    }

    #[test]
    fn installed_packages_must_match_the_lock_file() {
        let lock = json!({"packages": {
            "": {"name": "ui"},
            "node_modules/vite": {"version": "8.3.8"},
            "node_modules/fsevents": {"version": "2.3.3", "optional": true},
        }});
        let check = |installed: Value, expected: bool| {
            assert_eq!(
                same_packages(&lock, &json!({"packages": installed})),
                expected,
                "{installed}"
            );
        };
        check(json!({"node_modules/vite": {"version": "8.3.8"}}), true);
        check(json!({"node_modules/vite": {"version": "8.3.7"}}), false);
        check(
            json!({"node_modules/vite": {"version": "8.3.8"}, "node_modules/left": {"version": "1.0.0"}}),
            false,
        );
        check(json!({}), false);
    }
}
