//! A workspace as the command line and a second reader see it, while windows work in it.

use anyhow::{Context as _, Result, bail};
use app::Session;
use app::domain::{Caption, DiagramId, DiagramView, Level};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const WAIT_AT_MOST: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(10);

/// A workspace folder.
#[derive(Clone)]
pub struct Workspace(PathBuf);

impl Workspace {
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Its folder, as an argument.
    pub fn path(&self) -> String {
        self.0.display().to_string()
    }

    /// Runs the command line, which must succeed, and returns what it printed.
    pub fn callout(&self, arguments: &[&str]) -> Result<String> {
        let output = callout(arguments)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`callout {}` failed: {said}", arguments.join(" "));
        }
        String::from_utf8(output.stdout).context("reading what callout printed")
    }

    /// Runs the command line with `--json` and reads its answer.
    pub fn callout_json(&self, arguments: &[&str]) -> Result<Value> {
        let text = self.callout(&[arguments, &["--json"]].concat())?;
        serde_json::from_str(&text).with_context(|| format!("reading `{text}`"))
    }

    /// `callout annotate` as Test on a diagram, by its number.
    pub fn annotate(&self, number: u32, text: &str) -> Result<()> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), text)?;
        let file = file.path().display().to_string();
        let number = number.to_string();
        self.callout(&[
            "annotate",
            &self.path(),
            &number,
            "--text",
            &file,
            "--as",
            "Test",
        ])?;
        Ok(())
    }

    /// A reader of its own on the database, as another window of the same person would be.
    pub fn reader(&self) -> Result<Session> {
        Session::open(&self.0, "Test")
    }

    /// The diagram with a number.
    pub fn diagram(&self, number: u32) -> Result<DiagramView> {
        let reader = self.reader()?;
        let id: DiagramId = reader.find(&number.to_string())?;
        reader.diagram(&id)
    }

    /// Test's global caption of a diagram.
    pub fn caption(&self, number: u32) -> Result<Caption> {
        let view = self.diagram(number)?;
        let captions = view.captions.into_iter();
        let mut global = captions.filter(|caption| caption.slot.level == Level::Global);
        global.next().context("a diagram has a global caption")
    }

    /// Waits until the database says what is expected of a diagram.
    pub async fn until(
        &self,
        what: &str,
        number: u32,
        is: impl Fn(&DiagramView) -> bool,
    ) -> Result<DiagramView> {
        let reader = self.reader()?;
        let id = reader.find(&number.to_string())?;
        let started = Instant::now();
        loop {
            let view = reader.diagram(&id)?;
            if is(&view) {
                return Ok(view);
            }
            if started.elapsed() > WAIT_AT_MOST {
                bail!("waited {WAIT_AT_MOST:?} until {what}; the database says {view:#?}");
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

/// Runs the command line, which lies beside the desk.
pub fn callout(arguments: &[&str]) -> Result<Output> {
    let program = Path::new(env!("CARGO_BIN_EXE_callout-desk")).with_file_name("callout");
    if !program.is_file() {
        bail!(
            "`{}` is missing: run `cargo build -p cli`, or `cargo xtask test e2e`",
            program.display()
        );
    }
    Command::new(&program)
        .args(arguments)
        .output()
        .context("running callout")
}
