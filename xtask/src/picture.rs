//! A picture of the desk's window on a virtual display, taken once the window has painted.

use crate::command::{command, stdout_of};
use crate::display::{HEIGHT_PX, Screen, WIDTH_PX};
use anyhow::{Context as _, Result, bail};
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

const OPEN_AT_MOST: Duration = Duration::from_secs(60);
const SETTLE_AT_MOST: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(400);
/// An empty window has one colour, a painted one hundreds: text alone has a dozen shades.
const PAINTED_MIN_COLOURS: u32 = 64;
/// This many pictures in a row must be equal before the window counts as still.
const STILL_N_SHOTS: u32 = 3;

/// Waits until the window shows something and keeps still, and saves a picture of it. Returns the window's title.
pub fn take_when_painted(screen: &Screen, desk: &mut Child, picture: &Path) -> Result<String> {
    let opened = Instant::now();
    let mut window = None;
    let mut painted_at: Option<Instant> = None;
    let mut last = Shot::default();
    let mut n_equal = 0;
    while opened.elapsed() < OPEN_AT_MOST {
        if let Some(status) = desk.try_wait().context("watching the desk")? {
            bail!("the desk ended before it showed a window: {status}");
        }
        std::thread::sleep(POLL);
        if window.is_none() {
            window = find_window(screen);
        }
        let Some((id, title)) = &window else { continue };
        let Ok(shot) = shoot(screen, id, picture) else {
            continue;
        };
        n_equal = if shot == last { n_equal + 1 } else { 1 };
        last = shot;
        if last.n_colours >= PAINTED_MIN_COLOURS {
            let settling = painted_at.get_or_insert_with(Instant::now).elapsed();
            if n_equal >= STILL_N_SHOTS || settling > SETTLE_AT_MOST {
                return Ok(title.clone());
            }
        }
    }
    match window {
        None => bail!("no window appeared within {} s", OPEN_AT_MOST.as_secs()),
        Some((_, title)) => bail!(
            "the window “{title}” stayed blank for {} s; the last picture is {}",
            OPEN_AT_MOST.as_secs(),
            picture.display()
        ),
    }
}

/// What tells two pictures apart, without keeping them.
#[derive(Debug, Default, PartialEq)]
struct Shot {
    n_colours: u32,
    signature: String,
}

/// Finds the window with a title, fills the display with it, and returns its id and title.
fn find_window(screen: &Screen) -> Option<(String, String)> {
    let ids = xdotool(screen, &["search", "--onlyvisible", "--name", ".+"]).ok()?;
    let id = ids.lines().next()?.to_owned();
    let title = xdotool(screen, &["getwindowname", &id])
        .ok()?
        .trim()
        .to_owned();
    let (width, height) = (WIDTH_PX.to_string(), HEIGHT_PX.to_string());
    xdotool(
        screen,
        &[
            "windowmove",
            &id,
            "0",
            "0",
            "windowsize",
            &id,
            &width,
            &height,
        ],
    )
    .ok()?;
    Some((id, title))
}

fn xdotool(screen: &Screen, args: &[&str]) -> Result<String> {
    stdout_of(screen.hold(&mut command("xdotool", args)))
}

fn shoot(screen: &Screen, window_id: &str, picture: &Path) -> Result<Shot> {
    stdout_of(screen.hold(command("import", &["-window", window_id]).arg(picture)))?;
    let answer = stdout_of(command("identify", &["-format", "%k %#"]).arg(picture))?;
    let (n_colours, signature) = answer.split_once(' ').context("reading a picture")?;
    Ok(Shot {
        n_colours: n_colours.parse().context("counting colours")?,
        signature: signature.to_owned(),
    })
}
