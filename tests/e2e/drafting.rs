//! Drafting in the real window: models and servers, texts that stream in, jobs, and where a draft came from.
//! The engine is the real one; the model is a server on loopback.

use crate::harness::server::{CHINESE, ENGLISH, MODEL, Server};
use crate::harness::{Desk, Stage, Workspace, play};
use anyhow::{Context as _, Result, ensure};
use app::domain::{Draft, JobState, KeySource, Level, ModelSource, NewModel, ServerOptions};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const STREAM: &str = "[data-testid=draft-stream-text]";

/// Ends the engine of a workspace when the test does: it would outlive the window by design.
struct Engine(Workspace);

impl Drop for Engine {
    fn drop(&mut self) {
        let session = self.0.reader().ok();
        let engine = session.and_then(|session| session.engine().ok());
        if let Some(pid) = engine.and_then(|engine| engine.pid) {
            let pid = pid.to_string();
            Command::new("kill").args(["-9", &pid]).status().ok();
        }
    }
}

/// The sample with a server as its only model.
fn with_server(stage: &Stage, server: &Server) -> Result<(Workspace, Engine)> {
    let workspace = stage.sample()?;
    let options = ServerOptions {
        model: MODEL.to_owned(),
        ..ServerOptions::default()
    };
    workspace.reader()?.add_model(&NewModel {
        name: "drafter".to_owned(),
        source: ModelSource::Server {
            url: server.url().to_owned(),
            options,
        },
    })?;
    Ok((workspace.clone(), Engine(workspace)))
}

/// Drafts of a level that a model made, newest first.
fn made(workspace: &Workspace, number: u32, level: Level) -> Result<Vec<Draft>> {
    let drafts = workspace.diagram(number)?.drafts.into_iter();
    Ok(drafts
        .filter(|draft| draft.level == level && draft.origin.is_some())
        .collect())
}

async fn choose(desk: &Desk, select: &str, value: &str) -> Result<()> {
    let focus = "document.querySelector(arguments[0]).focus();";
    let button = format!("[data-testid={select}]");
    desk.appears(&button).await?;
    desk.run(focus, vec![json!(button)]).await?;
    desk.press("Down").await?;
    desk.appears(".select-item[data-highlighted]").await?;
    let wanted = format!(".select-item[data-highlighted][data-testid=option-{value}]");
    let wanted = format!("document.querySelector('{wanted}') !== null");
    while desk.get(&wanted).await? != json!(true) {
        desk.press("Down").await?;
    }
    desk.press("Enter").await?;
    desk.wait(
        &format!("{select} is {value}"),
        &format!("document.querySelector('[data-testid={select}]')?.dataset.value === '{value}'"),
    )
    .await
}

/// Empties a field and types into it.
async fn enter(desk: &Desk, field: &str, text: &str) -> Result<()> {
    let field = format!("[data-testid={field}]");
    desk.click(&field).await?;
    desk.press("Ctrl+A").await?;
    desk.type_into(&field, text).await
}

#[test]
fn without_a_model_the_window_says_how_to_get_one() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.click("[data-testid=draft-one]").await?;
        let said = desk
            .wait_text("[data-testid=models-empty]", |text| !text.is_empty())
            .await?;
        for part in [
            "No model was found",
            "callout model fetch Qwen/Qwen2.5-VL-3B-Instruct",
            "directory",
            "server",
        ] {
            ensure!(said.contains(part), "`{part}` is missing in: {said}");
        }
        desk.screenshot("models-empty").await?;

        desk.click("[data-testid=models-directory]").await?;
        enter(&desk, "model-path", "/nowhere/at-all").await?;
        desk.press("Enter").await?;
        desk.wait_text("[data-testid=form-problem]", |text| {
            text.contains("/nowhere/at-all")
        })
        .await?;
        desk.no_problem().await
    });
}

#[test]
fn a_server_added_by_the_dialog_drafts_a_text_that_grows() {
    play(async |stage| {
        let server = Server::start()?;
        let workspace = stage.sample()?;
        let _engine = Engine(workspace.clone());
        let desk = stage.open(&workspace).await?;
        desk.press("Ctrl+Shift+M").await?;
        desk.click("[data-testid=models-server]").await?;
        enter(&desk, "server-url", server.url()).await?;
        desk.click("[data-testid=server-test]").await?;
        desk.wait_text("[data-testid=server-answer]", |text| {
            text.contains("2 models")
        })
        .await?;
        desk.screenshot("add-server").await?;
        desk.click("[data-testid=server-add]").await?;
        desk.wait_text("[data-testid=listed-model]", |text| {
            text.contains(MODEL) && text.contains("Drafts next")
        })
        .await?;
        desk.screenshot("models").await?;
        desk.press("Escape").await?;
        desk.disappears("[data-testid=models-dialog]").await?;

        desk.click("[data-testid=draft-one]").await?;
        server.allow(3);
        let first: String = ENGLISH.chars().take(18).collect();
        desk.wait_text(STREAM, |text| text == first.trim_end())
            .await?;
        server.allow(6);
        let more: String = ENGLISH.chars().take(36).collect();
        desk.wait_text(STREAM, |text| text == more.trim_end())
            .await?;
        desk.wait_text("[data-testid=status-doing]", |text| {
            text == "Engine: drafting 0/1"
        })
        .await?;
        desk.screenshot("streaming").await?;
        ensure!(made(&workspace, 1, Level::Global)?.is_empty());

        server.allow_all();
        desk.wait_text("[data-testid=draft-text]", |text| text == ENGLISH)
            .await?;
        desk.disappears(STREAM).await?;
        desk.disappears("[data-testid=status-engine]").await?;
        desk.click("[data-testid=draft-details]").await?;
        let origin = desk.text("[data-testid=draft-origin]").await?;
        for part in [MODEL, server.url(), "English", "80 %", "tokens"] {
            ensure!(origin.contains(part), "`{part}` is missing in: {origin}");
        }
        desk.screenshot("draft-origin").await?;

        desk.click("[data-testid=draft-compare]").await?;
        desk.appears("[data-testid=drafts-beside] ins").await?;
        desk.screenshot("drafts-beside").await?;
        let question = server.asked().pop().context("the server was asked")?;
        ensure!(
            question.to_string().contains("image_url"),
            "with the picture"
        );
        desk.no_problem().await
    });
}

async fn draft_again_and_cancel(desk: &Desk) -> Result<()> {
    desk.press("Ctrl+Shift+G").await?;
    desk.click("[data-testid=scope-filter]").await?;
    desk.click("[data-testid=draft-again]").await?;
    desk.click("[data-testid=draft-start]").await?;
    desk.appears(STREAM).await?;
    desk.press("Ctrl+Shift+J").await?;
    desk.screenshot("jobs").await?;
    desk.click("[data-testid=job-cancel]").await?;
    desk.click("[data-testid=job-cancel-sure]").await?;
    desk.wait_text("[data-testid=job-state]", |text| text == "Cancelled")
        .await?;
    Ok(())
}

#[test]
fn all_that_the_queue_shows_is_drafted_in_chinese_and_can_be_stopped() {
    play(async |stage| {
        let server = Server::start()?;
        let (workspace, _engine) = with_server(&stage, &server)?;
        let desk = stage.open(&workspace).await?;
        desk.press("Ctrl+Shift+G").await?;
        desk.click("[data-testid=scope-filter]").await?;
        desk.wait_text("[data-testid=draft-start]", |text| {
            text == "Draft 12 diagrams"
        })
        .await?;
        choose(&desk, "draft-language", "zh").await?;
        desk.screenshot("draft-dialog").await?;
        desk.click("[data-testid=draft-start]").await?;
        server.allow(2);
        desk.wait_text("[data-testid=status-doing]", |text| {
            text == "Engine: drafting 0/12"
        })
        .await?;
        // The one on show comes first.
        desk.appears(STREAM).await?;
        desk.click("[data-testid=engine-pause]").await?;
        desk.wait_text("[data-testid=status-doing]", |text| {
            text == "Engine: paused 0/12"
        })
        .await?;
        desk.disappears(STREAM).await?;
        desk.click("[data-testid=engine-resume]").await?;
        server.allow_all();
        desk.disappears("[data-testid=status-engine]").await?;
        for number in 1..=12 {
            let drafts = made(&workspace, number, Level::Global)?;
            ensure!(
                drafts.len() == 1 && drafts[0].text == CHINESE,
                "#{number}: {drafts:?}"
            );
        }
        desk.wait_text("[data-testid=draft-text]", |text| text == CHINESE)
            .await?;
        choose(&desk, "queue-order", "uncertainty").await?;
        desk.wait_text("[data-testid=queue-count]", |text| text == "12 diagrams")
            .await?;

        server.allow(1);
        draft_again_and_cancel(&desk).await?;
        let states: Vec<JobState> = workspace
            .reader()?
            .jobs()?
            .iter()
            .map(|job| job.state)
            .collect();
        assert_eq!(states, [JobState::Cancelled, JobState::Done]);
        desk.no_problem().await
    });
}

#[test]
fn picked_diagrams_are_drafted_and_no_others() {
    play(async |stage| {
        let server = Server::start()?;
        server.allow_all();
        let (workspace, _engine) = with_server(&stage, &server)?;
        let desk = stage.open(&workspace).await?;
        desk.press("F6").await?;
        desk.press("Down").await?;
        desk.opened(2).await?;
        desk.press("Shift+Down").await?;
        desk.press("Shift+Down").await?;
        desk.wait_text("[data-testid=queue-picked] [role=status]", |text| {
            text == "3 picked"
        })
        .await?;
        desk.screenshot("picked").await?;
        desk.click("[data-testid=draft-picked]").await?;
        desk.wait_text("[data-testid=draft-start]", |text| {
            text == "Draft 3 diagrams"
        })
        .await?;
        desk.click("[data-testid=draft-start]").await?;
        workspace
            .until("the last one is drafted", 4, |view| {
                view.drafts.iter().any(|draft| draft.text == ENGLISH)
            })
            .await?;
        desk.disappears("[data-testid=status-engine]").await?;
        for (number, drafted) in [(1, 0), (2, 1), (3, 1), (4, 1), (5, 0)] {
            let drafts = made(&workspace, number, Level::Global)?;
            ensure!(drafts.len() == drafted, "#{number}: {drafts:?}");
        }
        desk.no_problem().await
    });
}

#[test]
fn typing_goes_on_undisturbed_while_a_draft_streams_in() {
    play(async |stage| {
        let server = Server::start()?;
        let (workspace, _engine) = with_server(&stage, &server)?;
        let desk = stage.open(&workspace).await?;
        desk.go_to_end_of_caption().await?;
        let before = desk.caption().await?;
        desk.press("Ctrl+Shift+D").await?;
        server.allow(2);
        desk.appears(STREAM).await?;
        // The keyboard is still in the text, in the middle of it.
        desk.press("Ctrl+Home").await?;
        let mut typed = String::new();
        for (index, word) in ["One ", "two ", "three ", "four "].into_iter().enumerate() {
            server.allow(4 + 4 * index);
            desk.type_keys(word).await?;
            typed.push_str(word);
        }
        server.allow_all();
        workspace
            .until("the draft is kept", 1, |view| {
                view.drafts.iter().any(|draft| draft.text == ENGLISH)
            })
            .await?;
        desk.wait_text("[data-testid=draft-text]", |text| text == ENGLISH)
            .await?;
        desk.type_keys("five ").await?;
        let expected = format!("{typed}five {before}");
        ensure!(
            desk.caption().await? == expected,
            "{}",
            desk.caption().await?
        );
        desk.saved().await?;
        ensure!(workspace.caption(1)?.text == expected);

        // Text that nobody has touched stays as it is while the cursor is in it.
        desk.press("Alt+Down").await?;
        desk.opened(2).await?;
        desk.go_to_end_of_caption().await?;
        let untouched = desk.caption().await?;
        desk.press("Ctrl+Shift+D").await?;
        workspace
            .until("the second draft is kept", 2, |view| {
                view.drafts.iter().any(|draft| draft.text == ENGLISH)
            })
            .await?;
        desk.wait_text("[data-testid=draft-text]", |text| text == ENGLISH)
            .await?;
        ensure!(desk.caption().await? == untouched);
        desk.type_keys(" More.").await?;
        desk.saved().await?;
        ensure!(workspace.caption(2)?.text == format!("{untouched} More."));
        desk.no_problem().await
    });
}

#[test]
fn a_window_opened_again_shows_the_job_that_runs() {
    play(async |stage| {
        let server = Server::start()?;
        let (workspace, _engine) = with_server(&stage, &server)?;
        let desk = stage.open(&workspace).await?;
        desk.click("[data-testid=draft-one]").await?;
        server.allow(3);
        desk.appears(STREAM).await?;
        let engine = workspace.reader()?.engine()?.pid;
        desk.close_but(engine).await;
        ensure!(
            workspace.reader()?.engine()?.pid == engine,
            "the engine outlives the window"
        );

        let desk = stage.open(&workspace).await?;
        desk.wait_text("[data-testid=status-doing]", |text| {
            text == "Engine: drafting 0/1"
        })
        .await?;
        server.allow(6);
        let more: String = ENGLISH.chars().take(36).collect();
        desk.wait_text(STREAM, |text| text == more.trim_end())
            .await?;
        server.allow_all();
        desk.wait_text("[data-testid=draft-text]", |text| text == ENGLISH)
            .await?;
        ensure!(made(&workspace, 1, Level::Global)?.len() == 1);
        desk.no_problem().await
    });
}

#[test]
fn a_job_that_failed_is_told_until_it_was_read_and_can_be_tried_again() {
    play(async |stage| {
        let server = Server::start()?;
        server.allow_all();
        let workspace = stage.sample()?;
        let _engine = Engine(workspace.clone());
        let variable = "CALLOUT_TEST_KEY_THAT_IS_NOT_SET".to_owned();
        let options = ServerOptions {
            model: MODEL.to_owned(),
            key: Some(KeySource::Environment { variable }),
            ..ServerOptions::default()
        };
        workspace.reader()?.add_model(&NewModel {
            name: "locked".to_owned(),
            source: ModelSource::Server {
                url: server.url().to_owned(),
                options,
            },
        })?;
        let desk = stage.open(&workspace).await?;
        desk.click("[data-testid=draft-one]").await?;
        desk.appears("[data-testid=status-failed]").await?;
        desk.click("[data-testid=status-failed]").await?;
        desk.wait_text("[data-testid=job-error]", |text| {
            text.contains("CALLOUT_TEST_KEY_THAT_IS_NOT_SET")
        })
        .await?;
        desk.screenshot("job-failed").await?;
        desk.disappears("[data-testid=status-failed]").await?;
        desk.click("[data-testid=job-retry]").await?;
        desk.appears("[data-testid=job-error]").await?;
        let asked: Vec<Value> = server.asked();
        assert_eq!(json!(asked), json!([]));
        desk.no_problem().await
    });
}

#[test]
fn a_model_on_disk_is_described_and_one_of_random_weights_never_drafts() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let _engine = Engine(workspace.clone());
        let desk = stage.open(&workspace).await?;
        let model =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/qwen2_5_vl/tied_f32/model");
        desk.press("Ctrl+Shift+M").await?;
        desk.click("[data-testid=models-directory]").await?;
        enter(&desk, "model-path", &model.display().to_string()).await?;
        desk.press("Enter").await?;
        desk.wait_text("[data-testid=model-facts]", |text| {
            text.contains("parameters · ") && text.contains("on disk · F32 · context of")
        })
        .await?;
        desk.wait_text("[data-testid=model-fit]", |text| {
            text.contains("Processor: fits. Needs about") && text.contains("free")
        })
        .await?;
        choose(&desk, "model-quantize", "q8_0").await?;
        enter(&desk, "model-name", "random").await?;
        desk.click("[data-testid=directory-add]").await?;
        desk.wait_text("[data-testid=listed-model]", |text| text.contains("8 bits"))
            .await?;
        desk.press("Ctrl+Shift+E").await?;
        desk.press("Ctrl+Shift+L").await?;
        desk.resize(1024, 700).await?;
        desk.wait_text("[data-testid=model-fit]", |text| {
            text.contains("处理器：可以运行")
        })
        .await?;
        desk.screenshot("model-local").await?;
        desk.press("Escape").await?;
        desk.disappears("[data-testid=models-dialog]").await?;

        desk.click("[data-testid=draft-one]").await?;
        desk.appears("[data-testid=status-failed]").await?;
        desk.screenshot("drafting-failed").await?;
        desk.click("[data-testid=status-failed]").await?;
        desk.wait_text("[data-testid=job-error]", |text| text.contains("chance"))
            .await?;
        desk.screenshot("jobs-small").await?;
        desk.press("Escape").await?;
        desk.press("Ctrl+Shift+G").await?;
        desk.appears("[data-testid=draft-dialog]").await?;
        desk.screenshot("draft-dialog-small").await?;
        ensure!(made(&workspace, 1, Level::Global)?.is_empty());
        desk.no_problem().await
    });
}
