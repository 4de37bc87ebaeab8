//! The picture beside the text: zoom, and pictures too large for one texture.

use crate::harness::{Desk, EDITOR, PICTURE, descendants, play};
use anyhow::{Context as _, Result, ensure};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _, RgbaImage};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::{Duration, Instant};

const CANVAS: &str = "[data-testid=picture][data-state] .canvas";

/// Waits until the zoom rests, and returns it in per cent.
async fn zoom_at_rest(desk: &Desk) -> Result<f64> {
    let mut last = desk.zoom().await?;
    let mut since = Instant::now();
    let started = Instant::now();
    while since.elapsed() < Duration::from_millis(400) {
        ensure!(
            started.elapsed() < Duration::from_secs(10),
            "the zoom never rests"
        );
        let now = desk.zoom().await?;
        if (now - last).abs() > f64::EPSILON {
            (last, since) = (now, Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(last)
}

async fn zoom_goes_along(desk: &Desk) -> Result<()> {
    desk.press("Ctrl+1").await?;
    desk.wait_text("[data-testid=zoom-level]", |zoom| zoom == "100 %")
        .await?;
    desk.press("Ctrl+Enter").await?;
    desk.opened(2).await?;
    let one_to_one = "whoever looks at one picture's pixels looks at the next one's";
    assert_eq!(zoom_at_rest(desk).await?, 100.0, "{one_to_one}");
    desk.press("Ctrl+0").await?;
    let whole = zoom_at_rest(desk).await?;
    ensure!(whole < 100.0, "{whole} %");
    desk.press("Alt+Down").await?;
    desk.opened(3).await?;
    ensure!(
        zoom_at_rest(desk).await? != 100.0,
        "after a picture that was fitted comes one that is"
    );
    Ok(())
}

#[test]
fn zoom_is_kept_while_typing_and_on_the_next_diagram() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        let fitted = zoom_at_rest(&desk).await?;
        for _ in 0..4 {
            desk.press("Ctrl+=").await?;
        }
        let near = zoom_at_rest(&desk).await?;
        ensure!(near > fitted * 2.0, "from {fitted} % to {near} %");
        desk.go_to_end_of_caption().await?;
        desk.type_keys(" While looking closely.").await?;
        desk.saved().await?;
        workspace
            .until("the text is stored", 1, |view| {
                view.captions[0].text.ends_with("closely.")
            })
            .await?;
        desk.wait_text("[data-testid=status-state]", |state| state == "In progress")
            .await?;
        assert_eq!(zoom_at_rest(&desk).await?, near, "saving moves nothing");
        workspace.annotate(2, "Somebody else writes.")?;
        desk.wait_text("[data-testid=state-in_progress] .count", |count| {
            count == "2"
        })
        .await?;
        assert_eq!(
            zoom_at_rest(&desk).await?,
            near,
            "others' work moves nothing"
        );
        desk.screenshot("zoomed").await?;

        zoom_goes_along(&desk).await?;

        desk.press("Alt+Up").await?;
        desk.opened(2).await?;
        desk.press("Alt+Up").await?;
        desk.opened(1).await?;
        assert_eq!(zoom_at_rest(&desk).await?, 100.0, "as it was left");
        desk.press("Ctrl+=").await?;
        let left = zoom_at_rest(&desk).await?;
        desk.click("[data-testid=place-settings]").await?;
        desk.disappears(CANVAS).await?;
        desk.click("[data-testid=place-annotate]").await?;
        desk.picture_shown().await?;
        assert_eq!(
            zoom_at_rest(&desk).await?,
            left,
            "another place of the window changes nothing"
        );
        desk.no_problem().await
    });
}

#[test]
fn the_wheel_zooms_at_the_cursor() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        let fitted = zoom_at_rest(&desk).await?;
        desk.run(WHEEL, vec![CANVAS.into(), (-120).into()]).await?;
        desk.run(WHEEL, vec![CANVAS.into(), (-120).into()]).await?;
        let near = zoom_at_rest(&desk).await?;
        ensure!(near > fitted, "from {fitted} % to {near} %");
        desk.press("Ctrl+0").await?;
        let again = zoom_at_rest(&desk).await?;
        ensure!(again < near, "fit brings the whole picture back: {again} %");
        desk.no_problem().await
    });
}

/// One notch of a wheel over the middle of an element; the driver has no wheel of its own.
const WHEEL: &str = "
    const [selector, deltaY] = arguments;
    const canvas = document.querySelector(`${selector} .openseadragon-canvas`);
    const box = canvas.getBoundingClientRect();
    canvas.dispatchEvent(new WheelEvent('wheel', {
        deltaY, clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true, cancelable: true,
    }));
";

const STRIPE_PX: usize = 4;

/// A picture of upright black and white stripes: grey from afar, sharp from near.
fn striped(path: &Path, width: u32, height: u32) -> Result<()> {
    let row: Vec<u8> = (0..width as usize)
        .map(|x| {
            if (x / STRIPE_PX).is_multiple_of(2) {
                0
            } else {
                255
            }
        })
        .collect();
    let pixels = row.repeat(height as usize);
    let file = BufWriter::new(File::create(path)?);
    let encoder = PngEncoder::new_with_quality(file, CompressionType::Fast, FilterType::Up);
    encoder
        .write_image(&pixels, width, height, ExtendedColorType::L8)
        .context("writing a large picture")
}

/// The share of pixels that are neither nearly black nor nearly white.
fn blurred(screen: &RgbaImage) -> f64 {
    let grey = screen
        .pixels()
        .filter(|pixel| (40..=215).contains(&pixel.0[0]))
        .count();
    grey as f64 / f64::from(screen.width() * screen.height())
}

async fn wait_blurred(desk: &Desk, what: &str, is: impl Fn(f64) -> bool) -> Result<()> {
    let started = Instant::now();
    loop {
        let share = blurred(&desk.screen_of(CANVAS).await?);
        if is(share) {
            return Ok(());
        }
        ensure!(
            started.elapsed() < Duration::from_secs(30),
            "waited until {what}: {share:.2} of it is grey"
        );
    }
}

#[test]
fn a_picture_of_108_megapixels_is_served_as_tiles() {
    play(async |stage| {
        let picture = stage.folder().join("huge.png");
        striped(&picture, 12_000, 9_000)?;
        let workspace = stage.empty("huge.callout")?;
        workspace.callout(&["import", &workspace.path(), &picture.display().to_string()])?;
        let desk = stage.open(&workspace).await?;
        let before = web_processes(&desk);
        wait_blurred(&desk, "the whole picture is grey", |share| share > 0.3).await?;
        desk.screenshot("huge-fitted").await?;
        desk.press("Ctrl+1").await?;
        desk.wait_text("[data-testid=zoom-level]", |zoom| zoom == "100 %")
            .await?;
        wait_blurred(&desk, "its own pixels are sharp", |share| share < 0.05).await?;
        desk.screenshot("huge-actual").await?;
        for pan in ["Left", "Up", "Left", "Up"] {
            desk.run(
                "document.querySelector(arguments[0]).focus();",
                vec![format!("{PICTURE} .pane").into()],
            )
            .await?;
            desk.press(pan).await?;
            wait_blurred(&desk, "panned tiles are sharp", |share| share < 0.05).await?;
        }
        for _ in 0..12 {
            desk.press("Ctrl+-").await?;
        }
        desk.click(EDITOR).await?;
        desk.type_keys("Stripes.").await?;
        desk.saved().await?;
        assert_eq!(desk.caption().await?, "Stripes.");
        ensure!(
            desk.lives() && web_processes(&desk) == before,
            "the web process was replaced"
        );
        desk.no_problem().await
    });
}

fn web_processes(desk: &Desk) -> Vec<u32> {
    descendants(desk.pid())
}
