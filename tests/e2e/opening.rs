//! What a window shows first.

use crate::harness::{Desk, PICTURE, play};
use anyhow::{Result, ensure};
use std::collections::HashSet;

/// A screen of one colour, or text alone, has fewer.
const PAINTED_MIN_COLOURS: usize = 12;

/// Whether the part of the window where the picture is shows one.
async fn painted(desk: &Desk) -> Result<bool> {
    let screen = desk.screen_of(&format!("{PICTURE} .canvas")).await?;
    let colours: HashSet<_> = screen.pixels().collect();
    Ok(colours.len() >= PAINTED_MIN_COLOURS)
}

#[test]
fn a_workspace_from_the_command_line_opens_on_its_first_diagram() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.wait_text("[data-testid=queue-count]", |text| text == "12 diagrams")
            .await?;
        assert_eq!(desk.number().await?, 1);
        assert_eq!(
            desk.text("[data-testid=diagram-name]").await?,
            "5g-registration.png"
        );
        assert_eq!(desk.text("[data-testid=diagram-state]").await?, "To do");
        ensure!(painted(&desk).await?, "the picture's place is blank");
        let draft = desk.text("[data-testid=draft-text]").await?;
        ensure!(
            draft.starts_with("Sequence diagram of 5G initial registration"),
            "{draft}"
        );
        assert_eq!(
            desk.caption().await?,
            draft,
            "the draft is what one starts from"
        );
        ensure!(
            desk.text("[data-testid=context]")
                .await?
                .contains("identifies the subscriber")
        );
        desk.no_problem().await?;
        desk.screenshot("desk-light").await
    });
}

#[test]
fn a_vector_picture_is_shown_too() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.press("Alt+Down").await?;
        desk.opened(2).await?;
        ensure!(
            desk.text("[data-testid=diagram-name]")
                .await?
                .ends_with(".svg")
        );
        ensure!(painted(&desk).await?, "the picture's place is blank");
        desk.no_problem().await
    });
}

#[test]
fn without_a_workspace_one_can_be_made_and_is_empty() {
    play(async |stage| {
        let desk = stage.open_bare(&["--as", "Test"]).await?;
        desk.appears("[data-testid=start-screen]").await?;
        desk.screenshot("start").await?;
        let nowhere = stage.folder().join("no such folder");
        desk.type_into(
            "[data-testid=workspace-path]",
            &nowhere.display().to_string(),
        )
        .await?;
        desk.click("[data-testid=workspace-open]").await?;
        let problem = desk
            .wait_text("[data-testid=workspace-problem]", |text| !text.is_empty())
            .await?;
        ensure!(
            problem.contains("no such folder"),
            "the problem names the folder: {problem}"
        );
        desk.screenshot("start-problem").await?;
        desk.click("[data-testid=workspace-create]").await?;
        desk.appears("[data-testid=queue-empty]").await?;
        assert_eq!(
            desk.text("[data-testid=workspace-name]").await?,
            "no such folder"
        );
        ensure!(
            desk.text("[data-testid=queue-empty]")
                .await?
                .contains("No diagrams yet")
        );
        desk.no_problem().await?;
        desk.screenshot("empty").await
    });
}

#[test]
fn what_failed_is_told_in_chinese_too() {
    play(async |stage| {
        let bare = stage.open_bare(&["--as", "Test"]).await?;
        bare.appears("[data-testid=start-screen]").await?;
        bare.click("[data-testid=language-switch]").await?;
        let nowhere = stage.folder().join("没有此目录").display().to_string();
        bare.type_into("[data-testid=workspace-path]", &nowhere)
            .await?;
        bare.click("[data-testid=workspace-open]").await?;
        bare.wait_text("[data-testid=workspace-problem]", |text| {
            text.contains(&nowhere) && text.contains("中没有 Callout 工作区")
        })
        .await?;
        bare.screenshot("start-problem-zh").await
    });
}
