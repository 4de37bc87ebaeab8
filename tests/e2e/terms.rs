//! The glossary beside what is typed: marked, explained and put right by keys.

use crate::harness::{Desk, EDITOR, play};
use anyhow::Result;

const FORBIDDEN: &str = ".cm-forbidden";
const CARD: &str = "[data-testid=term-card]";

async fn replace_both(desk: &Desk) -> Result<()> {
    desk.press("F8").await?;
    desk.wait_text(CARD, |text| {
        text.contains("→ UPF") && text.contains("User Plane Function")
    })
    .await?;
    desk.screenshot("term-card").await?;
    desk.press("F9").await?;
    desk.wait_text(EDITOR, |text| text.starts_with("The UPF and"))
        .await?;
    desk.press("F8").await?;
    desk.press("F9").await?;
    desk.wait_text(EDITOR, |text| {
        text == "The UPF and 本图中的用户面功能转发。"
    })
    .await?;
    desk.disappears("[data-testid=term-warnings]").await?;
    desk.wait(
        "both are terms now",
        "document.querySelectorAll('.cm-term').length === 2",
    )
    .await?;
    desk.saved().await?;
    Ok(())
}

#[test]
fn a_wording_to_avoid_is_marked_and_replaced_by_one_key() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let path = workspace.path();
        let add = |term: &[&str]| {
            workspace.callout(&[&["term", "add", &path, "--as", "Test"], term].concat())
        };
        add(&[
            "--en",
            "UPF",
            "--zh",
            "用户面功能",
            "--expansion",
            "User Plane Function",
            "--definition",
            "Forwards packets.",
            "--forbidden",
            "user gateway",
            "--forbidden",
            "用户网关",
        ])?;
        let desk = stage.open(&workspace).await?;
        desk.click(EDITOR).await?;
        desk.press("Ctrl+a").await?;
        desk.type_keys("The user gateway and 本图中的用户网关转发。")
            .await?;
        desk.wait(
            "both are marked",
            &format!("document.querySelectorAll('{FORBIDDEN}').length === 2"),
        )
        .await?;
        desk.appears("[data-testid=term-warnings]").await?;
        replace_both(&desk).await?;

        // The card of the term at the cursor comes and goes by a key.
        desk.press("Ctrl+J").await?;
        desk.wait_text(CARD, |text| {
            text.contains("UPF · 用户面功能") && text.contains("Forwards packets.")
        })
        .await?;
        desk.press("Escape").await?;
        desk.disappears(CARD).await?;
        // By pointer it comes too.
        let term = desk.place_in(".cm-term", 0.5, 0.5).await?;
        desk.point(&[(term.0 - 2.0, term.1), term], false).await?;
        desk.wait_text(CARD, |text| text.contains("User Plane Function"))
            .await?;

        desk.press("Ctrl+Z").await?;
        desk.wait_text(EDITOR, |text| text == "The UPF and 本图中的用户网关转发。")
            .await?;
        desk.appears(FORBIDDEN).await?;
        workspace.callout(&["term", "remove", &path, "UPF", "--as", "Test"])?;
        desk.disappears(FORBIDDEN).await?;
        desk.disappears(".cm-term").await?;
        desk.no_problem().await
    });
}
