//! Approving, returning and reopening, by keys; and the place where leads review.

use crate::harness::{Desk, EDITOR, Workspace, play};
use anyhow::{Result, ensure};
use app::domain::{ReviewView, State};

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

const EXPERT: &str = "[data-testid=expert-text]";
const LEAD_TEXT: &str = "[data-testid=lead-text]";

/// Writes a caption as somebody, from the command line.
fn write(
    workspace: &Workspace,
    who: &str,
    number: u32,
    level: &str,
    text: &str,
    submit: bool,
) -> Result<()> {
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), text)?;
    let (path, file) = (workspace.path(), file.path().display().to_string());
    let number = number.to_string();
    let mut arguments = vec![
        "annotate", &path, &number, "--text", &file, "--level", level, "--as", who,
    ];
    arguments.extend(submit.then_some("--submit"));
    workspace.callout(&arguments)?;
    Ok(())
}

/// Opens the place where work is reviewed, and waits for a diagram.
async fn go_to_review(desk: &Desk, number: u32) -> Result<()> {
    desk.click("[data-testid=place-review]").await?;
    desk.opened(number).await?;
    desk.appears(EXPERT).await
}

/// Waits until the lead reads a text, without the words that it changed of the draft.
async fn shows(desk: &Desk, text: &str) -> Result<()> {
    let words = "[...document.querySelectorAll('[data-testid=expert-text] [data-start]')]";
    let said = format!(
        "{words}.map((word) => word.textContent).join('') === {}",
        serde_json::json!(text)
    );
    desk.wait("the text is shown", &said).await
}

async fn waiting(desk: &Desk, count: &str) -> Result<()> {
    desk.wait_text("[data-testid=place-review] .count", |text| text == count)
        .await?;
    Ok(())
}

/// What a lead sees of a diagram.
fn seen(workspace: &Workspace, number: u32) -> Result<ReviewView> {
    let reader = workspace.reader()?;
    let id = reader.find(&number.to_string())?;
    reader.review(&id)
}

fn approved_text(workspace: &Workspace, number: u32) -> Result<Option<String>> {
    let captions = seen(workspace, number)?.captions.into_iter();
    let mut approved = captions
        .flat_map(|caption| caption.experts)
        .filter(|one| one.is_approved);
    Ok(approved.next().map(|one| one.text))
}

#[test]
fn a_lead_decides_by_keys_and_takes_a_decision_back() {
    play(async |stage| {
        let workspace = stage.sample()?;
        for number in 1..=3 {
            let text = format!("Text {number}, handed in.");
            write(&workspace, "wei", number, "global", &text, true)?;
        }
        let desk = stage.open(&workspace).await?;
        waiting(&desk, "3").await?;
        go_to_review(&desk, 1).await?;
        desk.screenshot("review-open").await?;
        desk.press("A").await?;
        desk.opened(2).await?;
        desk.wait_text("[data-testid=last-decision]", |text| {
            text.contains("#1 approved")
        })
        .await?;
        // The other places know at once, without anybody else having written.
        waiting(&desk, "2").await?;
        assert_eq!(workspace.diagram(1)?.diagram.state, State::Approved);

        desk.press("U").await?;
        desk.opened(1).await?;
        waiting(&desk, "3").await?;
        assert_eq!(workspace.diagram(1)?.diagram.state, State::Submitted);
        assert_eq!(approved_text(&workspace, 1)?, None);
        desk.appears(EXPERT).await?;
        desk.press("A").await?;
        desk.opened(2).await?;
        desk.appears(EXPERT).await?;

        desk.press("F").await?;
        desk.appears(LEAD_TEXT).await?;
        desk.wait(
            "the keyboard is in the text",
            "document.activeElement?.dataset.testid === 'lead-text'",
        )
        .await?;
        desk.press("Ctrl+End").await?;
        desk.type_keys(" A fine addition.").await?;
        desk.press("Escape").await?;
        desk.appears("[data-testid=three-way]").await?;
        desk.screenshot("review-fixing").await?;
        // Coming back leaves the keyboard to the commands: A accepts, and writes nothing.
        desk.press("J").await?;
        desk.opened(3).await?;
        desk.press("K").await?;
        desk.opened(2).await?;
        desk.appears(LEAD_TEXT).await?;
        desk.press("A").await?;
        desk.opened(3).await?;
        assert_eq!(
            approved_text(&workspace, 2)?.as_deref(),
            Some("Text 2, handed in. A fine addition.")
        );
        desk.no_problem().await
    });
}

/// Comments on words, chosen by keys, and on a change; then gives the work back.
async fn comment_and_return(lead: &Desk) -> Result<()> {
    lead.press("W").await?;
    lead.press("Shift+W").await?;
    lead.press("C").await?;
    lead.wait_text("[data-testid=comment-panel] .about", |text| {
        text.contains("The router")
    })
    .await?;
    lead.appears("[data-testid=comment-words]").await?;
    lead.type_keys("这里应为交换机").await?;
    lead.press("Ctrl+Enter").await?;
    lead.appears("[data-testid=thread]").await?;
    lead.appears(".commented").await?;
    lead.run("document.getSelection().removeAllRanges()", vec![])
        .await?;
    lead.press("N").await?;
    lead.press("C").await?;
    lead.appears("[data-testid=comment-words]").await?;
    lead.type_keys("Why this change?").await?;
    lead.press("Ctrl+Enter").await?;
    lead.wait(
        "two are there",
        "document.querySelectorAll('[data-testid=thread]').length === 2",
    )
    .await?;
    lead.screenshot("review-comments").await?;
    lead.press("R").await?;
    lead.appears("[data-testid=return-note]").await?;
    lead.press("Alt+4").await?;
    lead.type_keys("See the comments.").await?;
    lead.screenshot("review-return").await?;
    lead.press("Ctrl+Enter").await?;
    lead.wait_text("[data-testid=last-decision]", |text| {
        text.contains("#1 returned")
    })
    .await?;
    Ok(())
}

/// Reads the comments in place, answers one, and hands in again.
async fn answer_and_hand_in(author: &Desk) -> Result<()> {
    author.click("[data-testid=place-annotate]").await?;
    author.opened(1).await?;
    let notice = author
        .wait_text("[data-testid=return-reason]", |text| !text.is_empty())
        .await?;
    ensure!(
        notice.contains("See the comments.") && notice.contains("Wrong term"),
        "{notice}"
    );
    ensure!(!notice.contains("wrong_term"), "{notice}");
    author
        .wait(
            "its words are marked",
            "document.querySelector('.cm-commented') !== null",
        )
        .await?;
    author.click("[data-testid=thread-show]").await?;
    author
        .wait(
            "the words are selected",
            "document.getSelection().toString() === 'The router'",
        )
        .await?;
    author.screenshot("author-comments").await?;
    author
        .type_into("[data-testid=thread-answer]", "已改")
        .await?;
    author.press("Ctrl+Enter").await?;
    author
        .wait_text("[data-testid=thread]", |text| text.contains("已改"))
        .await?;
    author.click("[data-testid=thread-settle]").await?;
    author
        .wait(
            "one is open",
            "document.querySelectorAll('[data-testid=thread]').length === 1",
        )
        .await?;
    author.go_to_end_of_caption().await?;
    author.type_keys(" Done.").await?;
    author.press("Ctrl+Enter").await?;
    author.opened(2).await
}

#[test]
fn returned_work_comes_back_with_its_comments_in_place() {
    play(async |stage| {
        let workspace = stage.sample()?;
        write(
            &workspace,
            "wei",
            1,
            "global",
            "The router forwards 数据包 to the core.",
            true,
        )?;
        let lead = stage.open(&workspace).await?;
        go_to_review(&lead, 1).await?;
        comment_and_return(&lead).await?;

        // Two desks at once: the author's shows it in place.
        let author = stage.open_bare(&[&workspace.path(), "--as", "wei"]).await?;
        answer_and_hand_in(&author).await?;
        waiting(&lead, "1").await?;
        shows(&lead, "The router forwards 数据包 to the core. Done.").await?;
        lead.no_problem().await?;
        author.no_problem().await
    });
}

fn hand_in_two_structures(workspace: &Workspace) -> Result<()> {
    let path = workspace.path();
    workspace.callout(&["bulk", "second", &path, "--id", "1", "--as", "Test"])?;
    for (who, text, structure) in [
        (
            "wei",
            "核心网把分组发给基站。",
            "flowchart LR\n  A[AMF] -->|N11| B[SMF]\n  B --> C[UPF]\n  D[gNB] --> A",
        ),
        (
            "lin",
            "核心网把数据发给基站。",
            "flowchart LR\n  A[AMF] -->|N11| B[SMF]\n  C[UPF] --> B\n  A --> P[PCF]",
        ),
    ] {
        write(workspace, who, 1, "global", text, false)?;
        write(workspace, who, 1, "structure", structure, true)?;
    }
    Ok(())
}

#[test]
fn two_experts_and_their_structures_are_compared() {
    play(async |stage| {
        let workspace = stage.sample()?;
        hand_in_two_structures(&workspace)?;
        let desk = stage.open(&workspace).await?;
        go_to_review(&desk, 1).await?;
        desk.wait(
            "both are there",
            "document.querySelectorAll('[data-testid=expert-text]').length === 2",
        )
        .await?;
        desk.wait_text("[data-testid=agreement]", |text| text.contains('%'))
            .await?;
        desk.wait_text("[data-testid=three-way]", |text| {
            text.contains("分组") && text.contains("数据")
        })
        .await?;
        desk.screenshot("review-two").await?;
        desk.press("]").await?;
        desk.appears("[data-testid=structure-picture][data-marked=true]")
            .await?;
        let said = desk.text("[data-testid=structure-change]").await?;
        for expected in ["gNB", "PCF"] {
            ensure!(said.contains(expected), "{said}");
        }
        desk.wait(
            "the picture is drawn",
            "document.querySelector('[data-marked=true]').naturalWidth > 0",
        )
        .await?;
        desk.run(
            "document.querySelector('[data-testid=structure-change] .pictures').scrollIntoView({ block: 'end' })",
            vec![],
        )
        .await?;
        desk.screenshot("review-structure").await?;
        desk.click("[data-testid=language-switch]").await?;
        desk.click("[data-testid=theme-switch]").await?;
        desk.wait_text("[data-testid=review-accept]", |text| text.contains("通过"))
            .await?;
        desk.screenshot("review-structure-chinese-dark").await?;
        desk.press("[").await?;
        desk.press("2").await?;
        desk.screenshot("review-two-chinese-dark").await?;
        desk.resize(1024, 700).await?;
        desk.screenshot("review-two-small").await?;
        let second = seen(&workspace, 1)?.captions[0].experts[1].text.clone();
        desk.press("A").await?;
        workspace
            .until("it is accepted", 1, |view| {
                view.diagram.state == State::Approved
            })
            .await?;
        assert_eq!(approved_text(&workspace, 1)?, Some(second));
        desk.no_problem().await
    });
}

/// What is handed in again is newer than the lead's wording, which is not accepted by the way.
async fn accept_what_is_newer(desk: &Desk, workspace: &Workspace) -> Result<()> {
    write(workspace, "wei", 1, "global", "新的文字。", true)?;
    waiting(desk, "2").await?;
    desk.press("K").await?;
    desk.opened(1).await?;
    desk.appears("[data-testid=lead-older]").await?;
    desk.press("A").await?;
    desk.appears("[data-testid=review-told]").await?;
    assert_eq!(workspace.diagram(1)?.diagram.state, State::Submitted);
    desk.screenshot("review-older").await?;
    desk.appears("[data-testid=review-told]").await?;
    desk.click("[data-testid=drop-fix]").await?;
    desk.appears("[data-testid=bring-back]").await?;
    desk.press("A").await?;
    workspace
        .until("it is accepted", 1, |view| {
            view.diagram.state == State::Approved
        })
        .await?;
    assert_eq!(approved_text(workspace, 1)?.as_deref(), Some("新的文字。"));
    Ok(())
}

#[test]
fn what_a_lead_typed_outlives_a_kill_and_others_decisions() {
    play(async |stage| {
        let workspace = stage.sample()?;
        for number in 1..=2 {
            write(&workspace, "wei", number, "global", "交上来的文字。", true)?;
        }
        let desk = stage.open(&workspace).await?;
        go_to_review(&desk, 1).await?;
        desk.press("F").await?;
        desk.appears(LEAD_TEXT).await?;
        desk.press("Ctrl+End").await?;
        desk.type_keys("负责人的话").await?;
        let reader = workspace.reader()?;
        let id = reader.find("1")?;
        let started = std::time::Instant::now();
        while reader.review(&id)?.captions[0].lead_text.as_deref()
            != Some("交上来的文字。负责人的话")
        {
            ensure!(started.elapsed().as_secs() < 15, "the wording is stored");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        desk.kill()?;

        let desk = stage
            .open_bare(&[&workspace.path(), "--as", "Test"])
            .await?;
        go_to_review(&desk, 1).await?;
        desk.appears(LEAD_TEXT).await?;
        let value = "document.querySelector('[data-testid=lead-text]').value";
        desk.wait(
            "it is there",
            &format!("{value} === '交上来的文字。负责人的话'"),
        )
        .await?;
        // Another lead sends it back while this one writes on: nothing is lost, and nothing gets stuck.
        desk.press("F").await?;
        workspace.callout(&[
            "decide",
            "return",
            &workspace.path(),
            "1",
            "--reason",
            "style",
            "--as",
            "lin",
        ])?;
        desk.press("Ctrl+End").await?;
        desk.type_keys("！").await?;
        desk.press("Escape").await?;
        desk.press("J").await?;
        desk.opened(2).await?;
        let kept = reader.review(&id)?.captions[0].lead_text.clone();
        assert_eq!(kept.as_deref(), Some("交上来的文字。负责人的话！"));

        accept_what_is_newer(&desk, &workspace).await?;
        desk.no_problem().await
    });
}

#[test]
fn what_was_handed_in_after_reading_is_not_accepted_unread() {
    play(async |stage| {
        let workspace = stage.sample()?;
        write(&workspace, "wei", 1, "global", "Read by the lead.", true)?;
        let desk = stage.open(&workspace).await?;
        go_to_review(&desk, 1).await?;
        workspace.callout(&["reopen", &workspace.path(), "1", "--as", "wei"])?;
        write(&workspace, "wei", 1, "global", "Not read yet.", true)?;
        desk.appears("[data-testid=review-newer]").await?;
        shows(&desk, "Read by the lead.").await?;
        desk.press("A").await?;
        desk.press("G").await?;
        shows(&desk, "Not read yet.").await?;
        desk.disappears("[data-testid=review-newer]").await?;
        desk.screenshot("review-not-read").await?;
        assert_eq!(workspace.diagram(1)?.diagram.state, State::Submitted);
        desk.press("A").await?;
        workspace
            .until("it is accepted", 1, |view| {
                view.diagram.state == State::Approved
            })
            .await?;
        assert_eq!(
            approved_text(&workspace, 1)?.as_deref(),
            Some("Not read yet.")
        );
        Ok(())
    });
}

#[test]
fn the_list_is_searched_and_a_comment_begun_waits_over_a_restart() {
    play(async |stage| {
        let workspace = stage.sample()?;
        for number in 1..=3 {
            write(
                &workspace,
                "wei",
                number,
                "global",
                &format!("Text number {number} here."),
                true,
            )?;
        }
        let desk = stage.open(&workspace).await?;
        go_to_review(&desk, 1).await?;
        desk.press("C").await?;
        desk.appears("[data-testid=comment-words]").await?;
        desk.type_keys("begun, not sent").await?;
        desk.press("Escape").await?;
        desk.type_into("[data-testid=search]", "number 3").await?;
        desk.opened(3).await?;
        desk.wait(
            "one is found",
            "document.querySelectorAll('[data-testid=review-list-row]').length === 1",
        )
        .await?;
        desk.close().await;

        let desk = stage
            .open_bare(&[&workspace.path(), "--as", "Test"])
            .await?;
        go_to_review(&desk, 1).await?;
        desk.press("C").await?;
        desk.wait(
            "the words are there",
            "document.querySelector('[data-testid=comment-words]')?.value === 'begun, not sent'",
        )
        .await?;
        desk.no_problem().await
    });
}
