//! Languages, themes, the palette and the shortcut sheet.

use crate::harness::{EDITOR, play};
use anyhow::ensure;

#[test]
fn language_and_theme_switch_at_once_and_are_remembered() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        ensure!(
            desk.text("[data-testid=submit]")
                .await?
                .starts_with("Submit and next")
        );
        desk.click("[data-testid=language-switch]").await?;
        desk.wait_text("[data-testid=submit]", |text| text.starts_with("提交"))
            .await?;
        desk.wait(
            "the page says its language",
            "document.documentElement.lang === 'zh-CN'",
        )
        .await?;
        desk.screenshot("chinese-light").await?;
        desk.click("[data-testid=theme-switch]").await?;
        desk.wait(
            "the theme is dark",
            "document.documentElement.dataset.theme === 'dark'",
        )
        .await?;
        desk.screenshot("chinese-dark").await?;
        desk.kill()?;

        let desk = stage.open(&workspace).await?;
        desk.wait_text("[data-testid=submit]", |text| text.starts_with("提交"))
            .await?;
        desk.wait(
            "the theme is dark",
            "document.documentElement.dataset.theme === 'dark'",
        )
        .await?;
        desk.press("Ctrl+Shift+E").await?;
        desk.wait_text("[data-testid=submit]", |text| {
            text.starts_with("Submit and next")
        })
        .await?;
        desk.screenshot("desk-dark").await?;
        desk.press("Ctrl+Shift+L").await?;
        desk.wait(
            "the theme is light",
            "document.documentElement.dataset.theme === 'light'",
        )
        .await?;
        desk.no_problem().await?;
        desk.kill()?;

        let desk = stage.open(&workspace).await?;
        desk.wait(
            "the theme is light",
            "document.documentElement.dataset.theme === 'light'",
        )
        .await?;
        ensure!(
            desk.text("[data-testid=submit]")
                .await?
                .starts_with("Submit and next")
        );
        Ok(())
    });
}

#[test]
fn the_palette_finds_commands_and_diagrams() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.click(EDITOR).await?;
        desk.press("Ctrl+K").await?;
        desk.appears("[data-testid=palette-command]").await?;
        desk.screenshot("palette").await?;
        desk.type_keys("light and dark").await?;
        let one = "document.querySelectorAll('[data-testid=palette-command]').length === 1";
        desk.wait("one command is left", one).await?;
        desk.press("Enter").await?;
        desk.wait(
            "the command ran",
            "document.documentElement.dataset.theme === 'dark'",
        )
        .await?;
        desk.disappears("[data-testid=palette]").await?;

        desk.press("Ctrl+K").await?;
        desk.appears("[data-testid=palette-input]").await?;
        desk.type_into("[data-testid=palette-input]", "leaf")
            .await?;
        desk.wait_text("[data-testid=palette-diagram]", |text| {
            text.contains("leaf-spine-data-centre.png")
        })
        .await?;
        desk.press("Enter").await?;
        desk.opened(6).await?;
        desk.no_problem().await
    });
}

#[test]
fn the_shortcut_sheet_lists_the_keys_and_closes() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.press("F1").await?;
        let sheet = desk
            .wait_text("[data-testid=shortcuts]", |text| !text.is_empty())
            .await?;
        ensure!(
            sheet.contains("Submit and next") && sheet.contains("Ctrl+Enter"),
            "{sheet}"
        );
        desk.screenshot("shortcuts").await?;
        desk.press("Escape").await?;
        desk.disappears("[data-testid=shortcuts]").await?;
        desk.no_problem().await
    });
}
