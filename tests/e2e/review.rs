//! Approving, returning and reopening, by keys.

use crate::harness::{EDITOR, play};
use anyhow::ensure;
use app::domain::State;

#[test]
fn work_is_returned_with_a_reason_written_again_and_approved() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.go_to_end_of_caption().await?;
        desk.type_keys(" First try.").await?;
        desk.press("Ctrl+Enter").await?;
        desk.opened(2).await?;
        desk.press("Alt+Up").await?;
        desk.opened(1).await?;
        desk.wait_text("[data-testid=diagram-state]", |state| state == "Submitted")
            .await?;
        desk.screenshot("submitted").await?;

        desk.press("Ctrl+Shift+R").await?;
        desk.appears("[data-testid=return-reason-input]").await?;
        desk.type_keys("Name the arrows 3 and 4.").await?;
        desk.screenshot("return").await?;
        desk.press("Ctrl+Enter").await?;
        desk.wait_text("[data-testid=return-reason]", |text| {
            text.contains("Name the arrows 3 and 4.")
        })
        .await?;
        assert_eq!(workspace.diagram(1)?.diagram.state, State::Returned);
        desk.screenshot("returned").await?;

        desk.click(EDITOR).await?;
        desk.press("Ctrl+End").await?;
        desk.type_keys(" Arrow 3 is N2.").await?;
        desk.press("Ctrl+Enter").await?;
        desk.opened(2).await?;
        desk.press("Alt+Up").await?;
        desk.opened(1).await?;
        desk.press("Ctrl+Shift+A").await?;
        desk.wait_text("[data-testid=diagram-state]", |state| state == "Approved")
            .await?;
        desk.disappears("[data-testid=return-reason]").await?;
        let view = workspace.diagram(1)?;
        assert_eq!(view.diagram.state, State::Approved);
        ensure!(
            view.captions[0]
                .text
                .ends_with(" First try. Arrow 3 is N2.")
        );
        desk.screenshot("approved").await?;

        let text = desk.caption().await?;
        desk.click(EDITOR).await?;
        desk.type_keys("x").await?;
        desk.press("Ctrl+Shift+O").await?;
        desk.wait_text("[data-testid=diagram-state]", |state| {
            state == "In progress"
        })
        .await?;
        assert_eq!(desk.caption().await?, text, "approved text takes no keys");
        desk.no_problem().await
    });
}
