//! A window and command lines on one workspace, at once.

use crate::harness::{EDITOR, play, sample_folder};
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};

const SHOWS_WITHIN: Duration = Duration::from_secs(1);

#[test]
fn an_import_by_command_line_shows_in_the_queue_within_a_second() {
    play(async |stage| {
        let workspace = stage.empty("shared.callout")?;
        let picture = |name: &str| sample_folder().join(name).display().to_string();
        workspace.callout(&["import", &workspace.path(), &picture("gpon-access.svg")])?;
        let desk = stage.open(&workspace).await?;
        desk.wait_text("[data-testid=queue-count]", |text| text == "1 diagram")
            .await?;
        workspace.callout(&[
            "import",
            &workspace.path(),
            &picture("volte-call-setup.png"),
        ])?;
        let imported = Instant::now();
        desk.wait_text("[data-testid=queue-count]", |text| text == "2 diagrams")
            .await?;
        ensure!(
            imported.elapsed() < SHOWS_WITHIN,
            "it took {:?}",
            imported.elapsed()
        );
        desk.no_problem().await
    });
}

#[test]
fn two_texts_of_one_caption_are_both_kept_and_shown() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.go_to_end_of_caption().await?;
        desk.type_keys(" Mine.").await?;
        desk.saved().await?;
        let mine = desk.caption().await?;
        workspace.annotate(1, "Theirs: a registration in six steps.")?;
        desk.type_keys(" And more.").await?;
        desk.appears("[data-testid=conflict-banner]").await?;
        desk.saved().await?;
        let mine_now = desk.caption().await?;
        ensure!(
            mine_now == format!("{mine} And more."),
            "the editor keeps what was typed: {mine_now}"
        );
        let view = workspace.until("both are stored", 1, |view| {
            let conflict = view.captions[0].conflict.as_ref();
            conflict.is_some_and(|conflict| conflict.theirs_text.starts_with("Theirs"))
                && view.captions[0].text == mine_now
        });
        view.await?;
        desk.wait_text("[data-testid=conflict-banner] del", |text| {
            text.starts_with("Theirs")
        })
        .await?;
        desk.wait("the cursor stays in view", CURSOR_IN_VIEW)
            .await?;
        desk.screenshot("conflict").await?;

        desk.click("[data-testid=keep-mine]").await?;
        desk.disappears("[data-testid=conflict-banner]").await?;
        let view = workspace
            .until("the choice is stored", 1, |view| {
                view.captions[0].conflict.is_none()
            })
            .await?;
        assert_eq!(view.captions[0].text, mine_now);
        assert_eq!(desk.caption().await?, mine_now);
        desk.no_problem().await
    });
}

const CURSOR_IN_VIEW: &str = "(() => {
    const cursor = document.querySelector('.cm-cursor-primary').getBoundingClientRect();
    const room = document.querySelector('.cm-scroller').getBoundingClientRect();
    return cursor.top >= room.top && cursor.bottom <= room.bottom;
})()";

#[test]
fn the_other_text_can_be_taken_instead() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.go_to_end_of_caption().await?;
        desk.type_keys(" Mine.").await?;
        desk.saved().await?;
        workspace.annotate(1, "Theirs: a registration in six steps.")?;
        desk.type_keys(" And more.").await?;
        desk.appears("[data-testid=conflict-banner]").await?;
        desk.click("[data-testid=keep-theirs]").await?;
        desk.disappears("[data-testid=conflict-banner]").await?;
        desk.wait_text(EDITOR, |text| {
            text == "Theirs: a registration in six steps."
        })
        .await?;
        let view = workspace
            .until("the choice is stored", 1, |view| {
                view.captions[0].conflict.is_none()
            })
            .await?;
        assert_eq!(
            view.captions[0].text,
            "Theirs: a registration in six steps."
        );
        desk.no_problem().await
    });
}

#[test]
fn typing_goes_on_while_a_command_line_writes() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        let draft = desk.caption().await?;
        desk.go_to_end_of_caption().await?;
        let writer = workspace.clone();
        let writing = std::thread::spawn(move || -> Result<()> {
            (0..20)
                .try_for_each(|round| writer.annotate(2 + round % 11, &format!("Round {round}.")))
        });
        let mut typed = String::new();
        while !writing.is_finished() {
            desk.type_keys(" word").await?;
            typed.push_str(" word");
        }
        writing.join().expect("the writer does not panic")?;
        desk.saved().await?;
        let expected = format!("{draft}{typed}");
        assert_eq!(desk.caption().await?, expected);
        workspace
            .until("all of it is stored", 1, |view| {
                view.captions[0].text == expected
            })
            .await?;
        for number in 2..=12 {
            let text = workspace.caption(number)?.text;
            let last = if number <= 10 { number + 9 } else { number - 2 };
            assert_eq!(text, format!("Round {last}."), "diagram {number}");
        }
        desk.wait_text("[data-testid=state-in_progress] .count", |count| {
            count == "12"
        })
        .await?;
        desk.no_problem().await
    });
}
