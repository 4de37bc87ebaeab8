//! Displays: whether there is one, and a virtual one of our own where there is none.

use crate::command::{command, end};
use anyhow::{Context as _, Result, bail};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Size of the virtual display in pixels.
pub const WIDTH_PX: u32 = 1440;
pub const HEIGHT_PX: u32 = 900;

const START_AT_MOST: Duration = Duration::from_secs(20);
const END_AT_MOST: Duration = Duration::from_secs(5);

/// Whether a window opened now would be seen by someone.
pub fn present() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(windows, target_os = "macos")) || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// A virtual display (Xvfb) that ends with this value.
pub struct Screen {
    server: Child,
    name: String,
    kept: bool,
}

impl Screen {
    /// Starts Xvfb on a display number that it finds free itself.
    pub fn start() -> Result<Self> {
        let size = format!("{WIDTH_PX}x{HEIGHT_PX}x24");
        let args = [
            "-displayfd",
            "1",
            "-screen",
            "0",
            &size,
            "-nolisten",
            "tcp",
            "-noreset",
        ];
        let server = command("Xvfb", &args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("starting Xvfb")?;
        let mut screen = Self {
            server,
            name: String::new(),
            kept: false,
        };
        screen.name = format!(":{}", screen.number()?);
        Ok(screen)
    }

    /// The display's name, such as `:1`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.server.id()
    }

    /// Makes a program open its windows here.
    pub fn hold<'a>(&self, program: &'a mut Command) -> &'a mut Command {
        program
            .env("DISPLAY", &self.name)
            .env("GDK_BACKEND", "x11")
            .env_remove("WAYLAND_DISPLAY")
    }

    /// Lets the display live on after this program.
    pub fn keep(mut self) {
        self.kept = true;
    }

    fn number(&mut self) -> Result<u32> {
        let stdout = self.server.stdout.take().context("Xvfb has no output")?;
        let (told, tells) = channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).ok();
            // nobody listens any more once the wait below is over
            told.send(line).ok();
        });
        let line = tells
            .recv_timeout(START_AT_MOST)
            .context("Xvfb did not start in time")?;
        match line.trim().parse() {
            Ok(number) => Ok(number),
            Err(_) => bail!("Xvfb did not start; `Xvfb :99` says why"),
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if !self.kept {
            end(&mut self.server, END_AT_MOST);
        }
    }
}
