//! The steps every chore begins with: tools, packages, the built front end.

use crate::command::{command, show, succeeds};
use crate::steps::{Report, Steps};
use crate::system::Need;
use crate::{system, ui};
use anyhow::{Result, bail};

/// Installs what is missing and builds the front end, which the desk embeds when it is compiled.
pub fn tools_and_ui(steps: &mut Steps, needs: &[Need]) -> Result<()> {
    steps.must("system packages", || system::install(needs))?;
    front_end(steps)?;
    steps.must("front-end build", ui::build)
}

/// Makes sure of Node and installs the front end's packages.
pub fn front_end(steps: &mut Steps) -> Result<()> {
    steps.must("Node", ui::check_node)?;
    steps.must("front-end packages", ui::install)
}

/// Makes sure that rustfmt and clippy are there: Rust's minimal profile leaves them out.
pub fn rust_components() -> Result<Report> {
    let has_both =
        || succeeds("cargo", &["fmt", "--version"]) && succeeds("cargo", &["clippy", "--version"]);
    if has_both() {
        return Ok("rustfmt and clippy present".into());
    }
    show(&mut command(
        "rustup",
        &["component", "add", "rustfmt", "clippy"],
    ))?;
    if !has_both() {
        bail!("rustfmt or clippy is missing; install them with your Rust toolchain");
    }
    Ok("rustfmt and clippy installed".into())
}
