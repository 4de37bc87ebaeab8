//! Nothing typed is lost when the desk dies.

use crate::harness::{EDITOR, play};
use anyhow::ensure;
use std::time::{Duration, Instant};

/// Everything is on disk a second after the last key; the rest is for the key to get there.
const AFTER_THE_LAST_KEY: Duration = Duration::from_millis(1100);

#[test]
fn text_and_undo_survive_a_kill_shortly_after_the_last_key() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        let draft = desk.caption().await?;
        desk.go_to_end_of_caption().await?;
        desk.type_keys(" First edit.").await?;
        desk.saved().await?;
        desk.press("Home").await?;
        desk.press("Ctrl+End").await?;
        desk.type_into(EDITOR, " 第二处修改。Last words").await?;
        let last_key = Instant::now();
        tokio::time::sleep_until((last_key + AFTER_THE_LAST_KEY).into()).await;
        desk.kill()?;
        ensure!(!desk.lives(), "the desk is dead");
        let expected = format!("{draft} First edit. 第二处修改。Last words");
        assert_eq!(workspace.caption(1)?.text, expected);

        let desk = stage.open(&workspace).await?;
        assert_eq!(desk.caption().await?, expected);
        ensure!(
            workspace.reader()?.status()?.problems.is_empty(),
            "the database is sound"
        );
        desk.go_to_end_of_caption().await?;
        desk.press("Ctrl+Z").await?;
        desk.wait_text(EDITOR, |text| !text.ends_with("Last words"))
            .await?;
        let mut text = desk.caption().await?;
        ensure!(
            expected.starts_with(&text),
            "an undo leaves what was typed before: {text}"
        );
        while text != draft {
            ensure!(
                text.len() > draft.len(),
                "undo takes back only what was typed: {text}"
            );
            desk.press("Ctrl+Z").await?;
            let before = text;
            text = desk.wait_text(EDITOR, |now| now != before).await?;
        }
        desk.no_problem().await
    });
}

#[test]
fn one_comes_back_to_the_diagram_that_was_open() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.press("Alt+Down").await?;
        desk.opened(2).await?;
        desk.press("Alt+Down").await?;
        desk.opened(3).await?;
        desk.kill()?;
        let desk = stage.open(&workspace).await?;
        desk.opened(3).await?;
        desk.no_problem().await
    });
}
