//! The two programs this repository builds: the desk and the command line.

use crate::command::{cargo, show};
use crate::tree::target_dir;
use anyhow::Result;
use std::path::PathBuf;

/// The desk's package, which is the root package.
pub const DESK: &str = "callout-desk";

/// Builds both programs in the development profile.
pub fn build() -> Result<()> {
    show(&mut cargo(&[
        "build",
        "--package",
        DESK,
        "--package",
        "cli",
    ]))
}

/// Builds both programs and all tests. Test dependencies change the features of shared crates, so that building the
/// programs apart from the tests would compile most of the window's libraries twice.
pub fn build_with_tests() -> Result<()> {
    let all_but_this_program = [
        "build",
        "--workspace",
        "--exclude",
        "xtask",
        "--all-targets",
    ];
    show(&mut cargo(&all_but_this_program))
}

/// The desk as last built.
pub fn desk() -> Result<PathBuf> {
    built("callout-desk")
}

/// The command line as last built.
pub fn callout() -> Result<PathBuf> {
    built("callout")
}

fn built(name: &str) -> Result<PathBuf> {
    Ok(target_dir()?
        .join("debug")
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}
