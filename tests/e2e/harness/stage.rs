//! What one test plays on: a folder of its own, the workspaces in it, the windows it opens. When a test
//! fails it says why, with a picture of the window; all that was started ends with it.

use super::desk::Desk;
use super::workspace::Workspace;
use anyhow::{Context as _, Result, bail};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::LocalSet;

/// A test that takes longer is hung.
const AT_MOST: Duration = Duration::from_secs(240);

/// The surroundings of one test.
pub struct Stage {
    name: String,
    folder: TempDir,
    desks: RefCell<Vec<Desk>>,
}

/// Runs a test.
pub fn play<Body>(body: Body)
where
    Body: AsyncFnOnce(Rc<Stage>) -> Result<()> + 'static,
{
    let name = name_of::<Body>();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime needs no more than a free file handle");
    let failure = LocalSet::new().block_on(&runtime, async move {
        let stage = match Stage::set(&name) {
            Ok(stage) => Rc::new(stage),
            Err(error) => return Some(format!("{error:#}")),
        };
        let acting = Rc::clone(&stage);
        let played = tokio::task::spawn_local(async move { body(acting).await });
        let failure = match tokio::time::timeout(AT_MOST, played).await {
            Ok(Ok(Ok(()))) => None,
            Ok(Ok(Err(error))) => Some(format!("{error:#}")),
            Ok(Err(panic)) => Some(format!("{panic}")),
            Err(_) => Some(format!("not through after {AT_MOST:?}")),
        };
        if failure.is_some() {
            stage.show_failure().await;
        }
        stage.clear().await;
        failure
    });
    if let Some(failure) = failure {
        panic!("{failure}");
    }
}

impl Stage {
    fn set(name: &str) -> Result<Self> {
        if std::env::var_os("DISPLAY").is_none_or(|display| display.is_empty()) {
            bail!(
                "there is no display for the window; run `cargo xtask test e2e`, which brings one"
            );
        }
        let folder =
            TempDir::with_prefix("callout-e2e-").context("making a folder for the test")?;
        Ok(Self {
            name: name.to_owned(),
            folder,
            desks: RefCell::default(),
        })
    }

    /// A folder for the test's own files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A fresh workspace with the twelve sample diagrams.
    pub fn sample(&self) -> Result<Workspace> {
        let workspace = self.empty("sample.callout")?;
        workspace.callout(&[
            "import",
            &workspace.path(),
            &sample_folder().display().to_string(),
        ])?;
        Ok(workspace)
    }

    /// A fresh workspace without diagrams.
    pub fn empty(&self, name: &str) -> Result<Workspace> {
        let workspace = Workspace::at(self.folder().join(name));
        workspace.callout(&["init", &workspace.path()])?;
        Ok(workspace)
    }

    /// Opens the window on a workspace and waits until it shows a diagram.
    pub async fn open(&self, workspace: &Workspace) -> Result<Desk> {
        let desk = self.open_bare(&[&workspace.path(), "--as", "Test"]).await?;
        desk.picture_shown().await?;
        Ok(desk)
    }

    /// Opens the window with arguments, and waits until it has started.
    pub async fn open_bare(&self, arguments: &[&str]) -> Result<Desk> {
        let desk = Desk::open(self.folder(), arguments).await?;
        self.desks.borrow_mut().push(desk.clone());
        desk.wait(
            "the window starts",
            "document.querySelector('[data-started=true]') !== null",
        )
        .await?;
        Ok(desk)
    }

    async fn show_failure(&self) {
        let desks = self.desks.borrow().clone();
        for (index, desk) in desks.iter().enumerate() {
            let picture =
                target_folder()
                    .join("e2e")
                    .join(format!("{}-{}.png", self.name, index + 1));
            match desk.picture(&picture).await {
                Ok(()) => eprintln!("the window when the test failed: {}", picture.display()),
                Err(error) => eprintln!("no picture of window {}: {error:#}", index + 1),
            }
            eprint!("{}", desk.said());
        }
    }

    async fn clear(&self) {
        let desks = self.desks.take();
        for desk in desks {
            desk.close().await;
        }
    }
}

/// Twelve diagrams of our own with draft captions.
pub fn sample_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample")
}

fn target_folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).to_path_buf()
}

/// The test's own name: its body is a closure in it.
fn name_of<Body>() -> String {
    let name = std::any::type_name::<Body>().trim_end_matches("::{{closure}}");
    name.trim_start_matches("e2e::").replace("::", "-")
}
