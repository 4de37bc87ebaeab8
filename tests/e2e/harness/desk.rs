//! One open window: what is on it, and hands and eyes to work with it.

use super::driver::{Driver, descendants, kill, lives, outlast};
use super::keys;
use anyhow::{Context as _, Result, bail, ensure};
use fantoccini::actions::{InputSource as _, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use image::RgbaImage;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

const WAIT_AT_MOST: Duration = Duration::from_secs(15);
const CLOSE_AT_MOST: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(15);

/// A window. Clones are the same window.
#[derive(Clone)]
pub struct Desk {
    client: Client,
    driver: Rc<RefCell<Option<Driver>>>,
    pid: u32,
}

impl Desk {
    /// Starts a driver, and through it the desk.
    pub async fn open(home: &Path, arguments: &[&str]) -> Result<Self> {
        let driver = Driver::start(home).await?;
        let wanted = json!({
            "browserName": "wry",
            "webkitgtk:browserOptions": { "binary": env!("CARGO_BIN_EXE_callout-desk"), "args": arguments },
        });
        let Value::Object(capabilities) = wanted else {
            bail!("capabilities are an object")
        };
        let opened = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&driver.url())
            .await;
        let client = opened.with_context(|| format!("opening the window: {}", driver.said()))?;
        let pid = driver.desk_pid().context("the driver started no desk")?;
        let desk = Self {
            client,
            driver: Rc::new(RefCell::new(Some(driver))),
            pid,
        };
        desk.resize(1440, 900).await?;
        Ok(desk)
    }

    /// The desk's process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether the desk still runs.
    pub fn lives(&self) -> bool {
        lives(self.pid)
    }

    /// `kill -9`, then ends the driver too.
    pub fn kill(&self) -> Result<()> {
        let helpers = descendants(self.pid);
        kill(self.pid)?;
        outlast(&helpers);
        drop(self.driver.take());
        Ok(())
    }

    /// Ends the window and its driver.
    pub async fn close(&self) {
        self.close_but(None).await;
    }

    /// As [`Self::close`], without ending a process that is to outlive the window.
    pub async fn close_but(&self, spared: Option<u32>) {
        if self.driver.borrow().is_none() {
            return;
        }
        let mut helpers = descendants(self.pid);
        helpers.retain(|pid| Some(*pid) != spared);
        // Whatever does not end by itself is ended with the driver.
        tokio::time::timeout(CLOSE_AT_MOST, self.client.clone().close())
            .await
            .ok();
        drop(self.driver.take());
        outlast(&helpers);
    }

    /// What the driver and the desk wrote to their outputs.
    pub fn said(&self) -> String {
        self.driver
            .borrow()
            .as_ref()
            .map(Driver::said)
            .unwrap_or_default()
    }

    /// Gives the window a size in pixels.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        self.client.set_window_rect(0, 0, width, height).await?;
        Ok(())
    }

    /// Evaluates an expression in the page.
    pub async fn get(&self, expression: &str) -> Result<Value> {
        self.run(&format!("return ({expression});"), vec![]).await
    }

    /// Runs a function's body in the page, with `arguments`.
    pub async fn run(&self, body: &str, arguments: Vec<Value>) -> Result<Value> {
        self.client
            .execute(body, arguments)
            .await
            .with_context(|| format!("in the page: {body}"))
    }

    /// Runs a function's body in the page that calls its last argument with the answer.
    pub async fn run_async(&self, body: &str, arguments: Vec<Value>) -> Result<Value> {
        self.client
            .execute_async(body, arguments)
            .await
            .with_context(|| format!("in the page: {body}"))
    }

    /// Waits until an expression in the page is true.
    pub async fn wait(&self, what: &str, expression: &str) -> Result<()> {
        self.wait_at_most(WAIT_AT_MOST, what, expression).await
    }

    /// As [`Self::wait`], with another patience.
    pub async fn wait_at_most(
        &self,
        at_most: Duration,
        what: &str,
        expression: &str,
    ) -> Result<()> {
        let started = Instant::now();
        while self.get(expression).await? != json!(true) {
            ensure!(
                started.elapsed() < at_most,
                "waited {at_most:?} until {what} ({expression})"
            );
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// The text of the first element that a CSS selector finds; empty when there is none.
    pub async fn text(&self, selector: &str) -> Result<String> {
        let found = self
            .run(
                "return document.querySelector(arguments[0])?.textContent.trim() ?? '';",
                vec![json!(selector)],
            )
            .await?;
        Ok(found.as_str().unwrap_or_default().to_owned())
    }

    /// The texts of all elements that a CSS selector finds.
    pub async fn texts(&self, selector: &str) -> Result<Vec<String>> {
        let body = "return [...document.querySelectorAll(arguments[0])].map((each) => each.textContent.trim());";
        Ok(serde_json::from_value(
            self.run(body, vec![json!(selector)]).await?,
        )?)
    }

    /// Waits until the text of an element is as wanted.
    pub async fn wait_text(&self, selector: &str, is: impl Fn(&str) -> bool) -> Result<String> {
        let started = Instant::now();
        loop {
            let text = self.text(selector).await?;
            if is(&text) {
                return Ok(text);
            }
            ensure!(
                started.elapsed() < WAIT_AT_MOST,
                "waited {WAIT_AT_MOST:?} for another text at {selector} than “{text}”"
            );
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until a CSS selector finds something.
    pub async fn appears(&self, selector: &str) -> Result<()> {
        self.wait(
            &format!("{selector} is there"),
            &format!("document.querySelector({}) !== null", json!(selector)),
        )
        .await
    }

    /// Waits until a CSS selector finds nothing.
    pub async fn disappears(&self, selector: &str) -> Result<()> {
        self.wait(
            &format!("{selector} is gone"),
            &format!("document.querySelector({}) === null", json!(selector)),
        )
        .await
    }

    /// Clicks on what a CSS selector finds, with the mouse.
    pub async fn click(&self, selector: &str) -> Result<()> {
        self.find(selector)
            .await?
            .click()
            .await
            .with_context(|| format!("clicking {selector}"))
    }

    /// Moves the pointer through places in CSS pixels of the page; with the button held from the first to the last
    /// where `held`. One place and `held` is a click.
    pub async fn point(&self, places: &[(f64, f64)], held: bool) -> Result<()> {
        self.drag(places, held, held).await
    }

    /// As [`Self::point`] with the button held, and it stays held.
    pub async fn hold(&self, places: &[(f64, f64)]) -> Result<()> {
        self.drag(places, true, false).await
    }

    async fn drag(&self, places: &[(f64, f64)], held: bool, released: bool) -> Result<()> {
        let mut mouse = MouseActions::new("mouse".to_owned());
        for (index, &(x, y)) in places.iter().enumerate() {
            mouse = mouse.then(PointerAction::MoveTo {
                duration: None,
                x: x.round(),
                y: y.round(),
            });
            if index == 0 && held {
                mouse = mouse.then(PointerAction::Down {
                    button: MOUSE_BUTTON_LEFT,
                });
            }
        }
        if released {
            mouse = mouse.then(PointerAction::Up {
                button: MOUSE_BUTTON_LEFT,
            });
        }
        let moved = self.client.perform_actions(mouse).await;
        moved.with_context(|| format!("moving the pointer through {places:?}"))
    }

    /// Where an element is, in CSS pixels of the page: left, top, width, height.
    pub async fn box_of(&self, selector: &str) -> Result<[f64; 4]> {
        self.appears(selector).await?;
        let body = "const box = document.querySelector(arguments[0]).getBoundingClientRect(); return [box.x, box.y, box.width, box.height];";
        Ok(serde_json::from_value(
            self.run(body, vec![json!(selector)]).await?,
        )?)
    }

    /// The place in an element at these shares of its width and height.
    pub async fn place_in(&self, selector: &str, across: f64, down: f64) -> Result<(f64, f64)> {
        let [x, y, width, height] = self.box_of(selector).await?;
        Ok((x + across * width, y + down * height))
    }

    /// Sends a text to what a CSS selector finds, as keys.
    pub async fn type_into(&self, selector: &str, text: &str) -> Result<()> {
        self.find(selector)
            .await?
            .send_keys(text)
            .await
            .with_context(|| format!("typing into {selector}"))
    }

    async fn find(&self, selector: &str) -> Result<Element> {
        self.appears(selector).await?;
        self.client
            .find(Locator::Css(selector))
            .await
            .with_context(|| format!("finding {selector}"))
    }

    /// Presses a chord such as "Ctrl+Enter", wherever the keyboard is.
    pub async fn press(&self, chord: &str) -> Result<()> {
        self.client
            .perform_actions(keys::chord(chord)?)
            .await
            .with_context(|| format!("pressing {chord}"))
    }

    /// Types a text, wherever the keyboard is.
    pub async fn type_keys(&self, text: &str) -> Result<()> {
        self.client
            .perform_actions(keys::text(text))
            .await
            .with_context(|| format!("typing “{text}”"))
    }

    /// Puts the keyboard at the end of the caption, with a click and a key.
    pub async fn go_to_end_of_caption(&self) -> Result<()> {
        self.click(EDITOR).await?;
        self.press("Ctrl+End").await
    }

    /// The text in the editor.
    pub async fn caption(&self) -> Result<String> {
        let lines = "[...document.querySelectorAll('[data-testid=caption-editor] .cm-line')]";
        let text = self.get(&format!("{lines}.map((line) => line.querySelector('.cm-placeholder') ? '' : line.textContent).join('\\n')")).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the status bar says that all is stored.
    pub async fn saved(&self) -> Result<String> {
        self.wait_text("[data-testid=status-saved]", |text| {
            text.starts_with("Saved ") || text.starts_with("已保存")
        })
        .await
    }

    /// The number of the diagram that is open.
    pub async fn number(&self) -> Result<u32> {
        let shown = self.text("[data-testid=diagram-header] .number").await?;
        shown
            .trim_start_matches('#')
            .parse()
            .with_context(|| format!("reading the number “{shown}”"))
    }

    /// Waits until the diagram with a number is open and its picture is shown.
    pub async fn opened(&self, number: u32) -> Result<()> {
        let shown = format!("#{number:04}");
        self.wait_text("[data-testid=diagram-header] .number", |text| text == shown)
            .await?;
        self.picture_shown().await
    }

    /// Waits until the picture of the open diagram is on the screen.
    pub async fn picture_shown(&self) -> Result<()> {
        let drawn = format!(
            "document.querySelector('{PICTURE}[data-state=showing]') !== null && document.querySelector('.poster') === null"
        );
        self.wait("the picture is drawn", &drawn).await
    }

    /// The zoom that the window states, in per cent.
    pub async fn zoom(&self) -> Result<f64> {
        let stated = self.text("[data-testid=zoom-level]").await?;
        stated
            .trim_end_matches('%')
            .trim()
            .parse()
            .with_context(|| format!("reading the zoom “{stated}”"))
    }

    /// What the window looks like.
    pub async fn screen(&self) -> Result<RgbaImage> {
        let png = self
            .client
            .screenshot()
            .await
            .context("taking a picture of the window")?;
        Ok(image::load_from_memory(&png)?.into_rgba8())
    }

    /// What a part of the window looks like.
    pub async fn screen_of(&self, selector: &str) -> Result<RgbaImage> {
        let png = self
            .find(selector)
            .await?
            .screenshot()
            .await
            .context("taking a picture of a part")?;
        Ok(image::load_from_memory(&png)?.into_rgba8())
    }

    /// Saves a picture of the window.
    pub async fn picture(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        self.screen().await?.save(path)?;
        Ok(())
    }

    /// Saves a picture of this view where `CALLOUT_SHOTS` names a folder.
    pub async fn screenshot(&self, name: &str) -> Result<()> {
        let Some(folder) = std::env::var_os("CALLOUT_SHOTS").filter(|folder| !folder.is_empty())
        else {
            return Ok(());
        };
        self.picture(&PathBuf::from(folder).join(format!("{name}.png")))
            .await
    }

    /// Fails if the window reports a problem.
    pub async fn no_problem(&self) -> Result<()> {
        let toasts = self
            .texts("[data-testid=toast], [data-testid=status-error]")
            .await?;
        ensure!(toasts.is_empty(), "the window reports {toasts:?}");
        Ok(())
    }
}

/// Where captions are typed.
pub const EDITOR: &str = "[data-testid=caption-editor]";
/// The picture and its zoom bar.
pub const PICTURE: &str = "[data-testid=picture][data-state]";
