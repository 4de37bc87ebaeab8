//! Finding diagrams in the queue.

use crate::harness::{Desk, play};
use anyhow::Result;

const SEARCH: &str = "[data-testid=search]";

async fn search(desk: &Desk, words: &str) -> Result<()> {
    desk.press("Ctrl+F").await?;
    desk.press("Ctrl+A").await?;
    desk.type_into(SEARCH, words).await
}

/// Waits until the queue counts `n` diagrams and lists those that are expected.
async fn check_lists(desk: &Desk, words: &str, expected: &[&str]) -> Result<()> {
    search(desk, words).await?;
    let names = "JSON.stringify([...document.querySelectorAll('[data-testid=queue-row] .name')].map((name) => name.textContent))";
    let listed = serde_json::to_string(&serde_json::to_string(expected)?)?;
    desk.wait(
        &format!("“{words}” finds {expected:?}"),
        &format!("{names} === {listed}"),
    )
    .await?;
    let n = expected.len();
    let count = if n == 1 {
        "1 diagram".to_owned()
    } else {
        format!("{n} diagrams")
    };
    desk.wait_text("[data-testid=queue-count]", |text| text == count)
        .await?;
    Ok(())
}

#[test]
fn search_finds_chinese_and_english_words_as_they_are_typed() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        check_lists(&desk, "PDU会话", &["pdu-session-establishment.png"]).await?;
        desk.screenshot("search").await?;
        check_lists(
            &desk,
            "会话",
            &["pdu-session-establishment.png", "volte-call-setup.png"],
        )
        .await?;
        check_lists(&desk, "AUSF", &["5g-registration.png"]).await?;
        check_lists(&desk, "gpon", &["gpon-access.svg"]).await?;
        check_lists(&desk, "zebra", &[]).await?;
        desk.wait_text("[data-testid=queue-empty]", |text| {
            text.contains("Nothing matches “zebra”")
        })
        .await?;
        desk.screenshot("nothing-found").await?;
        desk.press("Escape").await?;
        desk.wait_text("[data-testid=queue-count]", |text| text == "12 diagrams")
            .await?;
        desk.no_problem().await
    });
}

#[test]
fn the_queue_can_be_filtered_by_state() {
    play(async |stage| {
        let workspace = stage.sample()?;
        workspace.annotate(3, "A campus network behind two firewalls.")?;
        let desk = stage.open(&workspace).await?;
        desk.wait_text("[data-testid=state-in_progress] .count", |count| {
            count == "1"
        })
        .await?;
        desk.click("[data-testid=state-in_progress]").await?;
        desk.wait_text("[data-testid=queue-count]", |text| text == "1 diagram")
            .await?;
        assert_eq!(
            desk.texts("[data-testid=queue-row] .name").await?,
            ["campus-dmz-firewall.png"]
        );
        desk.click("[data-testid=state-approved]").await?;
        desk.wait_text("[data-testid=queue-empty]", |text| {
            text.contains("No diagrams are “Approved”")
        })
        .await?;
        desk.screenshot("empty-state").await?;
        desk.click("[data-testid=queue-empty] button").await?;
        desk.wait_text("[data-testid=queue-count]", |text| text == "12 diagrams")
            .await?;
        desk.no_problem().await
    });
}

#[test]
fn arrow_keys_walk_through_the_queue() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.press("F6").await?;
        for _ in 0..3 {
            desk.press("Down").await?;
        }
        desk.opened(4).await?;
        desk.press("Up").await?;
        desk.opened(3).await?;
        desk.press("End").await?;
        desk.opened(12).await?;
        assert_eq!(
            desk.text("[data-testid=diagram-name]").await?,
            "告警处理流程.png"
        );
        desk.press("Home").await?;
        desk.opened(1).await?;
        desk.no_problem().await
    });
}
