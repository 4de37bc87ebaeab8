//! `cargo xtask run`: from a fresh clone to the desk open on the sample workspace.

use crate::command::{command, end, line_of};
use crate::display::Screen;
use crate::steps::Steps;
use crate::system::Need;
use crate::{display, picture, prepare, programs, sample, tree};
use anyhow::{Context as _, Result, bail};
use std::fs::File;
use std::process::{Child, Command};
use std::time::Duration;

const END_AT_MOST: Duration = Duration::from_secs(10);

/// Installs, builds and opens the desk. `desk_args` go to the desk; a workspace among them is opened instead of the sample.
pub fn run(keep: bool, desk_args: &[String]) -> Result<()> {
    let mut steps = Steps::start();
    let needs: &[Need] = if display::present() {
        &[Need::Desk]
    } else {
        &[Need::Desk, Need::Screen]
    };
    prepare::tools_and_ui(&mut steps, needs)?;
    steps.must("desk and command line", programs::build)?;
    let mut desk = command(&programs::desk()?.to_string_lossy(), &[]);
    let workspace = sample::workspace()?;
    steps.must("sample workspace", || sample::make(&workspace))?;
    // of several workspaces the desk opens the last; paths among the arguments start where the user is
    desk.arg(workspace)
        .args(desk_args)
        .current_dir(std::env::current_dir()?);
    if display::present() {
        return open(&mut desk);
    }
    steps.must("desk on a virtual display", || picture_of(&mut desk, keep))
}

fn open(desk: &mut Command) -> Result<()> {
    println!("==> {}", line_of(desk));
    let status = desk.status().context("starting the desk")?;
    if !status.success() {
        bail!("the desk ended with {status}");
    }
    Ok(())
}

fn picture_of(desk: &mut Command, keep: bool) -> Result<String> {
    println!(
        "    no display here (neither DISPLAY nor WAYLAND_DISPLAY is set): using a virtual one"
    );
    let screen = Screen::start()?;
    println!("    {} on display {}", line_of(desk), screen.name());
    let folder = tree::target_dir()?;
    if keep {
        // who waits for the end of our output must not wait for the desk
        let log = File::create(folder.join("desk.log")).context("making desk.log")?;
        desk.stdout(log.try_clone()?).stderr(log);
    }
    let mut running = screen.hold(desk).spawn().context("starting the desk")?;
    let file = folder.join("desk.png");
    let taken = picture::take_when_painted(&screen, &mut running, &file);
    if keep && taken.is_ok() {
        say_how_to_end(&screen, &running);
        screen.keep();
    } else {
        end(&mut running, END_AT_MOST);
    }
    Ok(format!(
        "picture of the window “{}”: {}",
        taken?,
        file.display()
    ))
}

fn say_how_to_end(screen: &Screen, desk: &Child) {
    println!(
        "    left running on DISPLAY={}; end it with: kill {} {}",
        screen.name(),
        desk.id(),
        screen.pid()
    );
}
