//! Every place of the window, as somebody finds it in a workspace that people work in: light and dark, in both
//! languages, in a large window and in a small one. With `CALLOUT_SHOTS=FOLDER` these are the pictures to look at.

use crate::harness::{Desk, live_in, play};
use anyhow::Result;

const PLACES: [&str; 5] = ["annotate", "questions", "review", "board", "settings"];

#[test]
fn every_place_opens_in_both_languages_and_themes() {
    play(async |stage| {
        let workspace = stage.sample()?;
        live_in(&workspace)?;
        let desk = stage.open(&workspace).await?;
        tour(&desk, "light-en").await?;
        desk.press("Ctrl+Shift+E").await?;
        desk.wait(
            "the page is Chinese",
            "document.documentElement.lang === 'zh-CN'",
        )
        .await?;
        tour(&desk, "light-zh").await?;
        desk.press("Ctrl+Shift+L").await?;
        let dark = "document.documentElement.dataset.theme === 'dark'";
        desk.wait("the theme is dark", dark).await?;
        tour(&desk, "dark-zh").await?;
        desk.resize(1024, 700).await?;
        tour(&desk, "dark-zh-small").await?;
        desk.press("Ctrl+Shift+E").await?;
        desk.press("Ctrl+Shift+L").await?;
        tour(&desk, "light-en-small").await
    });
}

async fn tour(desk: &Desk, look: &str) -> Result<()> {
    for name in PLACES {
        desk.click(&format!("[data-testid=place-{name}]")).await?;
        settled(desk, name).await?;
        desk.screenshot(&format!("tour-{name}-{look}")).await?;
        desk.no_problem().await?;
    }
    desk.click("[data-testid=place-questions]").await?;
    desk.click("[data-testid=questions-place] [role=option]")
        .await?;
    desk.appears("[data-testid=question]").await?;
    desk.picture_shown().await?;
    desk.screenshot(&format!("tour-question-{look}")).await?;
    desk.press("Alt+T").await?;
    desk.appears("[data-testid=try-it]").await?;
    desk.screenshot(&format!("tour-try-it-{look}")).await?;
    desk.press("Alt+T").await?;
    desk.click("[data-testid=place-annotate]").await?;
    desk.picture_shown().await?;
    for (key, level) in [
        ("Alt+2", "partial"),
        ("Alt+3", "detailed"),
        ("Alt+4", "structure"),
        ("Alt+1", "global"),
    ] {
        desk.press(key).await?;
        desk.wait(
            "the level is on show",
            &format!(
                "document.querySelector('[data-testid=level-{level}][data-state=active]') !== null"
            ),
        )
        .await?;
        if level != "global" {
            desk.screenshot(&format!("tour-{level}-{look}")).await?;
        }
    }
    desk.no_problem().await
}

/// Waits until a place shows what it is for.
async fn settled(desk: &Desk, name: &str) -> Result<()> {
    let shown = match name {
        "annotate" => return desk.picture_shown().await,
        "questions" => "[data-testid=questions-place] [role=option]",
        "review" => "[data-testid=expert-text]",
        "board" => "[data-testid=board-place] canvas",
        _ => "[data-testid=settings-place]",
    };
    desk.appears(shown).await?;
    match name {
        "questions" | "review" => desk.picture_shown().await,
        _ => Ok(()),
    }
}
