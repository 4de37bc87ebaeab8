//! Small windows: nothing is cut off, and the primary action stays in reach.

use crate::harness::{Desk, play};
use anyhow::{Result, ensure};
use app::domain::Image;

async fn check_fits(desk: &Desk, image: &Image, width: u32, height: u32) -> Result<()> {
    desk.resize(width, height).await?;
    desk.wait(
        "the window has its size",
        &format!("window.innerWidth === {width} && window.innerHeight === {height}"),
    )
    .await?;
    desk.wait(
        "nothing scrolls sideways",
        "document.scrollingElement.scrollWidth <= window.innerWidth",
    )
    .await?;
    desk.wait(
        "nothing scrolls down",
        "document.scrollingElement.scrollHeight <= window.innerHeight",
    )
    .await?;
    desk.wait("the whole picture is in view", &fitted(image))
        .await?;
    desk.wait(
        "the primary action is in view",
        &in_view("[data-testid=submit]"),
    )
    .await?;
    desk.wait(
        "the editor is in view",
        &in_view("[data-testid=caption-editor]"),
    )
    .await?;
    let share = desk.get("document.querySelector('[data-testid=picture]').getBoundingClientRect().width / window.innerWidth").await?;
    ensure!(
        share.as_f64().is_some_and(|share| share >= 0.38),
        "the picture's share of {width} px is {share}"
    );
    Ok(())
}

/// Whether the picture at the zoom that is stated fits into its pane; zooms are whole per cents.
fn fitted(image: &Image) -> String {
    let (width, height) = (image.width, image.height);
    format!(
        "(() => {{ const zoom = (parseFloat(document.querySelector('[data-testid=zoom-level]').textContent) - 0.5) / 100; \
         const pane = document.querySelector('[data-testid=picture] .pane').getBoundingClientRect(); \
         return {width} * zoom <= pane.width && {height} * zoom <= pane.height; }})()"
    )
}

/// Whether the middle of an element can be clicked: inside of the window and not covered.
fn in_view(selector: &str) -> String {
    format!(
        "(() => {{ const element = document.querySelector('{selector}'); const box = element.getBoundingClientRect(); \
         const bottom = Math.min(box.bottom, innerHeight); \
         const hit = document.elementFromPoint((box.left + box.right) / 2, (box.top + bottom) / 2); \
         return box.left >= 0 && box.right <= innerWidth && hit !== null && (element.contains(hit) || hit.contains(element)); }})()"
    )
}

#[test]
fn the_desk_fits_into_small_windows() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let image = workspace.diagram(1)?.diagram.image;
        let desk = stage.open(&workspace).await?;
        check_fits(&desk, &image, 1440, 900).await?;
        check_fits(&desk, &image, 1024, 700).await?;
        desk.screenshot("desk-1024x700").await?;
        check_fits(&desk, &image, 720, 700).await?;
        desk.screenshot("desk-720").await?;
        check_fits(&desk, &image, 1440, 900).await?;
        desk.no_problem().await
    });
}
