//! WebKitWebDriver: one process a window, on a port of its own. It starts the desk as its child.

use anyhow::{Context as _, Result, bail};
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = "WebKitWebDriver";
const START_AT_MOST: Duration = Duration::from_secs(20);
const END_AT_MOST: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);

/// A running driver; ends with this value.
pub struct Driver {
    process: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Driver {
    /// Starts a driver whose windows keep their settings and data below `home`, and waits until it answers.
    pub async fn start(home: &Path) -> Result<Self> {
        let address = free_address()?;
        let log = home.join(format!("driver-{}.log", address.port()));
        let said = File::create(&log).context("making the driver's log")?;
        let process = Command::new(PROGRAM)
            .arg(format!("--port={}", address.port()))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("HF_HOME", home.join("models"))
            .env("LC_ALL", "C.UTF-8")
            .env("LANGUAGE", "en")
            .env("GDK_BACKEND", "x11")
            .env_remove("WAYLAND_DISPLAY")
            .stdin(Stdio::null())
            .stdout(said.try_clone().context("sharing the driver's log")?)
            .stderr(said)
            .spawn()
            .with_context(|| format!("starting {PROGRAM}; `cargo xtask test e2e` installs it"))?;
        let driver = Self {
            process,
            address,
            log,
        };
        driver.wait_until_it_answers().await?;
        Ok(driver)
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The desk that this driver started, if it still runs.
    pub fn desk_pid(&self) -> Option<u32> {
        children(self.process.id()).into_iter().next()
    }

    /// What the driver and the desk wrote to their outputs.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    async fn wait_until_it_answers(&self) -> Result<()> {
        let started = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if started.elapsed() > START_AT_MOST {
                bail!(
                    "{PROGRAM} did not listen within {START_AT_MOST:?}: {}",
                    self.said()
                );
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let started = descendants(self.process.id());
        // Both fail only for a process that has ended already.
        self.process.kill().ok();
        self.process.wait().ok();
        outlast(&started);
    }
}

/// Ends a process at once, as `kill -9` does.
pub fn kill(pid: u32) -> Result<()> {
    let done = Command::new("kill")
        .args(["-9", &pid.to_string()])
        .stderr(Stdio::null())
        .status();
    if !done.context("running kill")?.success() {
        bail!("process {pid} could not be killed");
    }
    Ok(())
}

/// Waits until processes that have lost their parent are gone, so that nothing writes into a test's folder any
/// more; ends those that stay.
pub fn outlast(pids: &[u32]) {
    let started = Instant::now();
    while pids.iter().any(|pid| lives(*pid)) {
        if started.elapsed() > END_AT_MOST {
            // Fails only for a process that has ended already.
            pids.iter().for_each(|pid| drop(kill(*pid)));
            return;
        }
        std::thread::sleep(POLL);
    }
}

/// Whether a process exists and is no zombie.
pub fn lives(pid: u32) -> bool {
    stat(pid).is_some_and(|stat| stat.state != "Z")
}

/// Every process below `pid`.
pub fn descendants(pid: u32) -> Vec<u32> {
    let mut found = children(pid);
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        found.extend(children(pid));
        next += 1;
    }
    found
}

fn children(parent: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|&pid| stat(pid).is_some_and(|stat| stat.parent == parent && stat.state != "Z"))
        .collect()
}

struct Stat {
    state: String,
    parent: u32,
}

fn stat(pid: u32) -> Option<Stat> {
    let line = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name, in brackets, may hold spaces.
    let mut fields = line.rsplit_once(") ")?.1.split(' ');
    Some(Stat {
        state: fields.next()?.to_owned(),
        parent: fields.next()?.parse().ok()?,
    })
}

fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("finding a free port")?;
    Ok(listener.local_addr()?)
}
