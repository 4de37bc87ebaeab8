//! Typing, saving, undoing and submitting, by real keys.

use crate::harness::{EDITOR, play};
use anyhow::ensure;
use app::domain::State;
use serde_json::json;

#[test]
fn typed_text_reaches_the_database_and_submitting_goes_on() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.go_to_end_of_caption().await?;
        desk.type_keys(" Written by hand. ").await?;
        desk.type_into(EDITOR, "会话管理由 SMF 完成。").await?;
        desk.saved().await?;
        let text = desk.caption().await?;
        ensure!(
            text.ends_with(" Written by hand. 会话管理由 SMF 完成。"),
            "typed: {text}"
        );
        workspace
            .until("the text is stored", 1, |view| {
                view.captions[0].text == text
            })
            .await?;
        assert_eq!(workspace.diagram(1)?.diagram.state, State::InProgress);
        desk.wait_text("[data-testid=status-state]", |state| state == "In progress")
            .await?;
        desk.wait_text("[data-testid=status-kept]", |kept| kept.ends_with("kept"))
            .await?;
        desk.screenshot("edited").await?;

        desk.press("Ctrl+Enter").await?;
        desk.opened(2).await?;
        let shown = workspace.callout_json(&["show", &workspace.path(), "1", "--as", "Test"])?;
        assert_eq!(
            shown["texts"][0]["text"],
            json!(text),
            "`callout show` says {shown:#}"
        );
        assert_eq!(workspace.diagram(1)?.diagram.state, State::Submitted);
        let head = workspace.caption(1)?;
        assert_eq!((head.text, head.dirty), (text, false));
        desk.no_problem().await
    });
}

#[test]
fn enter_of_an_input_method_picks_a_word_and_submits_nothing() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.go_to_end_of_caption().await?;
        let before = desk.caption().await?;
        // An input method cannot be driven: these are the events that one causes.
        desk.run(COMPOSE, vec![json!(EDITOR), json!("会话")])
            .await?;
        desk.wait_text("[data-testid=status-state]", |state| state == "In progress")
            .await?;
        desk.saved().await?;
        assert_eq!(desk.number().await?, 1, "the diagram stays open");
        assert_eq!(
            desk.caption().await?,
            format!("{before}会话"),
            "the picked word, and no new line"
        );
        workspace
            .until("the word is stored", 1, |view| {
                view.captions[0].text.ends_with("会话")
            })
            .await?;
        assert_eq!(workspace.diagram(1)?.diagram.state, State::InProgress);
        desk.no_problem().await
    });
}

/// Composes `arguments[1]` in the editor, pressing Enter and Ctrl+Enter within the composition.
const COMPOSE: &str = "
    const [selector, word] = arguments;
    const editor = document.querySelector(selector);
    const composition = (type, data) => editor.dispatchEvent(new CompositionEvent(type, { data, bubbles: true }));
    const enter = (ctrlKey) => editor.dispatchEvent(new KeyboardEvent('keydown', {
        key: 'Enter', code: 'Enter', keyCode: 229, isComposing: true, ctrlKey, bubbles: true, cancelable: true,
    }));
    composition('compositionstart', '');
    composition('compositionupdate', word);
    document.execCommand('insertText', false, word);
    enter(false);
    enter(true);
    composition('compositionend', word);
";

#[test]
fn undo_and_redo_walk_through_what_was_typed() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        let draft = desk.caption().await?;
        desk.go_to_end_of_caption().await?;
        desk.type_keys(" One more.").await?;
        desk.saved().await?;
        desk.press("Ctrl+Z").await?;
        desk.wait_text(EDITOR, |text| !text.ends_with("more."))
            .await?;
        assert_eq!(desk.caption().await?, draft);
        workspace
            .until("the undoing is stored", 1, |view| {
                view.captions[0].text == draft
            })
            .await?;
        desk.press("Ctrl+Shift+Z").await?;
        desk.wait_text(EDITOR, |text| text.ends_with(" One more."))
            .await?;
        desk.saved().await?;
        workspace
            .until("the redoing is stored", 1, |view| {
                view.captions[0].text.ends_with(" One more.")
            })
            .await?;
        desk.no_problem().await
    });
}

#[test]
fn the_draft_can_be_read_beside_merged_or_hidden() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.go_to_end_of_caption().await?;
        desk.type_keys(" Thirteen words.").await?;
        desk.saved().await?;
        desk.click("[data-testid=draft-merged]").await?;
        desk.wait_text("[data-testid=diff-merged] ins", |inserted| {
            inserted.contains("Thirteen words")
        })
        .await?;
        desk.screenshot("merged").await?;
        desk.click("[data-testid=draft-off]").await?;
        desk.disappears("[data-testid=diff-merged]").await?;
        desk.click("[data-testid=draft-beside]").await?;
        desk.appears("[data-testid=draft-text]").await?;
        ensure!(desk.caption().await?.ends_with(" Thirteen words."));
        desk.no_problem().await
    });
}

#[test]
fn each_level_keeps_its_own_text() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.press("Alt+3").await?;
        desk.wait(
            "the detailed caption is empty",
            "document.querySelector('.cm-placeholder') !== null",
        )
        .await?;
        desk.click(EDITOR).await?;
        desk.type_keys("Every arrow.").await?;
        desk.saved().await?;
        desk.press("Alt+1").await?;
        desk.wait_text(EDITOR, |text| text.starts_with("Sequence diagram"))
            .await?;
        let view = workspace.until("the detailed caption is stored", 1, |view| {
            view.captions
                .iter()
                .any(|caption| caption.text == "Every arrow.")
        });
        let view = view.await?;
        ensure!(
            view.captions[0].text.starts_with("Sequence diagram"),
            "the global caption is untouched"
        );
        desk.no_problem().await
    });
}
