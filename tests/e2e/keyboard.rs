//! A whole round without a mouse.

use crate::harness::play;
use anyhow::ensure;
use app::domain::State;

#[test]
fn from_the_queue_to_the_next_diagram_by_keys_alone() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.press("F6").await?;
        desk.wait("the queue has the keyboard", &in_pane("queue"))
            .await?;
        desk.press("Down").await?;
        desk.opened(2).await?;
        desk.press("Enter").await?;
        desk.wait("the caption has the keyboard", &in_pane("caption"))
            .await?;
        desk.press("Ctrl+End").await?;
        desk.type_keys(" By keys alone.").await?;
        desk.press("Ctrl+Enter").await?;
        desk.opened(3).await?;
        desk.wait("the caption keeps the keyboard", &in_pane("caption"))
            .await?;
        desk.press("Ctrl+End").await?;
        desk.type_keys(" And on.").await?;
        desk.saved().await?;
        ensure!(desk.caption().await?.ends_with(" And on."));
        let view = workspace.diagram(2)?;
        assert_eq!(view.diagram.state, State::Submitted);
        ensure!(view.captions[0].text.ends_with(" By keys alone."));
        desk.press("F6").await?;
        desk.press("F6").await?;
        desk.wait("the picture has the keyboard", &in_pane("picture"))
            .await?;
        desk.no_problem().await
    });
}

#[test]
fn tab_reaches_every_control_and_shows_where_it_is() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        let mut seen = Vec::new();
        for _ in 0..40 {
            desk.press("Tab").await?;
            let at = desk
                .get("document.activeElement.dataset.testid ?? document.activeElement.tagName")
                .await?;
            seen.push(at.as_str().unwrap_or_default().to_owned());
        }
        for wanted in [
            "palette-open",
            "search",
            "queue-list",
            "next",
            "zoom-fit",
            "caption-editor",
            "submit",
        ] {
            ensure!(
                seen.iter().any(|at| at == wanted),
                "Tab never reached {wanted}: {seen:?}"
            );
        }
        Ok(())
    });
}

#[test]
fn a_region_is_drawn_moved_and_resized_by_keys_alone() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.press("Alt+R").await?;
        desk.appears("[data-testid=regions-ground]").await?;
        desk.press("Enter").await?;
        desk.wait(
            "the new region has the keyboard",
            "document.activeElement.dataset.testid === 'region'",
        )
        .await?;
        let drawn = workspace
            .until("the region is stored", 1, |view| view.regions.len() == 1)
            .await?;
        let before = drawn.regions[0].clone();
        desk.press("Right").await?;
        workspace
            .until("it is moved", 1, |view| view.regions[0].x == before.x + 1)
            .await?;
        desk.press("Ctrl+Shift+Down").await?;
        workspace
            .until("it is resized", 1, |view| {
                view.regions[0].height == before.height + 10
            })
            .await?;
        assert_eq!(desk.number().await?, 1);
        desk.no_problem().await
    });
}

fn in_pane(pane: &str) -> String {
    format!("document.activeElement.closest('[data-pane={pane}]') !== null")
}
