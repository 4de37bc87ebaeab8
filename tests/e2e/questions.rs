//! Questions in the real window: written, checked, tried and put into the set by keys alone; suggested and answered by
//! a model, which is a server on loopback.

use crate::harness::server::{MODEL, Server};
use crate::harness::{Desk, Stage, Workspace, play};
use anyhow::{Context as _, Result, ensure};
use app::domain::{
    ModelSource, NewModel, Policy, Question, QuestionContent, QuestionFilter, QuestionKind,
    QuestionSource, QuestionState, ServerOptions,
};
use serde_json::json;
use std::process::Command;
use std::time::{Duration, Instant};

const WAIT_AT_MOST: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);
/// Everything is on disk a second after the last key; the rest is for the key to get there.
const AFTER_THE_LAST_KEY: Duration = Duration::from_millis(1100);
const ON_STEM: &str =
    "document.activeElement?.dataset.testid === 'stem' && document.activeElement.value === ''";

/// Questions as the database has them, by diagram and then by age.
fn questions(workspace: &Workspace) -> Result<Vec<Question>> {
    let all = workspace
        .reader()?
        .questions(&QuestionFilter::default(), 0, 100)?;
    Ok(all.questions)
}

async fn until(
    workspace: &Workspace,
    what: &str,
    is: impl Fn(&[Question]) -> bool,
) -> Result<Vec<Question>> {
    let started = Instant::now();
    loop {
        let found = questions(workspace)?;
        if is(&found) {
            return Ok(found);
        }
        ensure!(
            started.elapsed() < WAIT_AT_MOST,
            "waited until {what}; there is {found:#?}"
        );
        tokio::time::sleep(POLL).await;
    }
}

/// Begins a question from wherever the keyboard is.
async fn begin(desk: &Desk) -> Result<()> {
    desk.press("Alt+Q").await?;
    desk.wait("the cursor is in an empty question", ON_STEM)
        .await
}

/// Goes with Tab to the first control whose test id is one of these: nothing here needs a mouse.
async fn tab_to(desk: &Desk, testid: &str) -> Result<()> {
    let there = format!("document.activeElement?.dataset.testid === '{testid}'");
    for _ in 0..60 {
        desk.press("Tab").await?;
        if desk.get(&there).await? == json!(true) {
            return Ok(());
        }
    }
    anyhow::bail!("Tab never came to {testid}")
}

/// Chooses a kind with the arrow keys and goes on to the stem.
async fn kind(desk: &Desk, steps: usize) -> Result<()> {
    desk.press("Shift+Tab").await?;
    for _ in 0..steps {
        desk.press("Right").await?;
    }
    tab_to(desk, "stem").await
}

/// Answers for every warning that is left, and makes the question ready.
async fn settle(desk: &Desk, note: &str) -> Result<()> {
    let open = "document.querySelectorAll('[data-testid=finding].warning:not(.overruled)').length";
    desk.wait(
        "the checks have answered",
        &format!("{open} > 0 && document.querySelector('[data-testid=finding].error') === null"),
    )
    .await?;
    while desk.get(open).await? != json!(0) {
        let left = desk.get(open).await?.as_u64().context("a number")?;
        let first = "document.querySelector('[data-testid=finding].warning:not(.overruled) [data-testid=overrule]').focus();";
        desk.run(first, vec![]).await?;
        desk.press("Enter").await?;
        desk.appears("[data-testid=overrule-note]").await?;
        desk.type_keys(note).await?;
        desk.press("Enter").await?;
        desk.wait("the note is taken", &format!("{open} < {left}"))
            .await?;
    }
    desk.wait(
        "it can be made ready",
        "document.querySelector('[data-testid=question-ready]')?.disabled === false",
    )
    .await?;
    desk.press("Ctrl+Enter").await?;
    desk.appears("[data-testid=question-bar][data-state=ready]")
        .await
}

async fn write_single_choice(desk: &Desk) -> Result<()> {
    begin(desk).await?;
    desk.appears("[data-check=empty_stem]").await?;
    desk.type_keys("Which function sends the challenge to the UE?")
        .await?;
    desk.disappears("[data-check=empty_stem]").await?;
    tab_to(desk, "choice-A").await?;
    desk.type_keys("AUSF\nAMF\nUDM\namf").await?;
    desk.appears("[data-check=duplicate_choice]").await?;
    desk.press("Ctrl+A").await?;
    desk.type_keys("gNB").await?;
    desk.disappears("[data-check=duplicate_choice]").await?;
    // The second becomes the key and goes to the top.
    desk.run(
        "document.querySelector('[data-testid=choice-B]').focus();",
        vec![],
    )
    .await?;
    desk.press("Alt+K").await?;
    desk.press("Alt+Up").await?;
    desk.wait("it keeps the keyboard", "document.activeElement?.dataset.testid === 'choice-A' && document.activeElement.value === 'AMF'").await?;
    tab_to(desk, "shuffle").await?;
    desk.press("Enter").await?;
    let mut shuffled = desk.texts("[data-testid=shuffled] li").await?;
    shuffled.sort_by_key(|line| line[2..].to_owned());
    ensure!(
        shuffled.len() == 4 && shuffled[0].contains("AMF"),
        "{shuffled:?}"
    );
    desk.screenshot("question-shuffle").await?;
    settle(desk, "the drawing is small").await?;
    desk.screenshot("question-ready").await
}

/// Answers with the right choice, wherever it stands among the options.
async fn try_the_key(desk: &Desk) -> Result<()> {
    desk.press("Alt+T").await?;
    desk.appears("[data-testid=try-option]").await?;
    let place = "[...document.querySelectorAll('[data-testid=try-option]')].findIndex((each) => each.dataset.index === '0')";
    let place = desk
        .get(place)
        .await?
        .as_u64()
        .context("the key is there")?;
    desk.screenshot("question-try").await?;
    desk.press(["a", "b", "c", "d"][usize::try_from(place)?])
        .await?;
    desk.press("Enter").await?;
    desk.appears("[data-testid=try-outcome][data-correct=true]")
        .await?;
    desk.press("Enter").await?;
    desk.disappears("[data-testid=try-it]").await
}

async fn write_multiple_choice(desk: &Desk) -> Result<()> {
    begin(desk).await?;
    kind(desk, 1).await?;
    desk.type_keys("鉴权过程中，AMF 与哪些网元交换消息？")
        .await?;
    tab_to(desk, "choice-A").await?;
    desk.type_keys("认证服务器").await?;
    desk.press("Alt+K").await?;
    desk.type_keys("\n终端设备").await?;
    desk.press("Alt+K").await?;
    desk.type_keys("\n用户面功能\n计费系统").await?;
    settle(desk, "图中只有整体区域").await
}

async fn write_true_false(desk: &Desk) -> Result<()> {
    begin(desk).await?;
    kind(desk, 2).await?;
    desk.type_keys("The gNB selects the AMF.").await?;
    tab_to(desk, "truth-true").await?;
    desk.press(" ").await?;
    settle(desk, "it is one message").await
}

async fn write_fill_in(desk: &Desk) -> Result<()> {
    begin(desk).await?;
    kind(desk, 3).await?;
    desk.type_keys("The UE sends its first message after ____ ms.")
        .await?;
    tab_to(desk, "accepted-0").await?;
    desk.type_keys("20").await?;
    tab_to(desk, "unit").await?;
    desk.type_keys("ms").await?;
    tab_to(desk, "tolerance").await?;
    desk.type_keys("2").await?;
    settle(desk, "it is written there").await
}

/// Answers in another unit.
async fn try_in_words(desk: &Desk) -> Result<()> {
    desk.press("Alt+T").await?;
    desk.wait(
        "words are typed at once",
        "document.activeElement?.dataset.testid === 'try-words'",
    )
    .await?;
    desk.type_keys("0.021 s\n").await?;
    desk.appears("[data-testid=try-outcome][data-correct=true]")
        .await
}

#[test]
fn the_four_kinds_are_written_and_tried_by_keys_alone() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        write_single_choice(&desk).await?;
        try_the_key(&desk).await?;
        write_multiple_choice(&desk).await?;
        write_true_false(&desk).await?;
        write_fill_in(&desk).await?;
        try_in_words(&desk).await?;

        let written = questions(&workspace)?;
        let kinds: Vec<QuestionKind> = written.iter().map(|one| one.content.kind).collect();
        assert_eq!(kinds, QuestionKind::ALL);
        ensure!(written.iter().all(|one| one.state == QuestionState::Ready));
        assert_eq!(written[0].content.choices[0].text, "AMF");
        ensure!(written[0].content.choices[0].right && !written[0].content.overruled.is_empty());
        assert_eq!(
            written[1].content.stem,
            "鉴权过程中，AMF 与哪些网元交换消息？"
        );
        desk.no_problem().await
    });
}

#[test]
fn the_list_says_what_is_typed_and_is_searched_by_words() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        begin(&desk).await?;
        desk.type_keys("Who answers first?").await?;
        desk.wait_text("[data-testid=question-list-row] .stem", |text| {
            text == "Who answers first?"
        })
        .await?;
        // Undo belongs to the form, and not to an examinee.
        desk.press("Alt+T").await?;
        desk.wait_text("[data-testid=try-it] .stem", |text| {
            text == "Who answers first?"
        })
        .await?;
        desk.press("Ctrl+Z").await?;
        desk.press("Escape").await?;
        desk.wait(
            "the question is as it was",
            "document.querySelector('[data-testid=stem]')?.value === 'Who answers first?'",
        )
        .await?;
        desk.press("Ctrl+F").await?;
        desk.wait(
            "the search has the keyboard",
            "document.activeElement?.dataset.testid === 'question-search'",
        )
        .await?;
        desk.type_keys("level").await?;
        desk.disappears("[data-testid=question-list-row]").await?;
        desk.press("Ctrl+A").await?;
        desk.type_keys("answers first").await?;
        desk.appears("[data-testid=question-list-row]").await?;
        desk.no_problem().await
    });
}

#[test]
fn a_kill_while_a_question_is_typed_loses_at_most_the_last_second() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        begin(&desk).await?;
        desk.type_keys("Which element 选择用户面?").await?;
        let last_key = Instant::now();
        tokio::time::sleep_until((last_key + AFTER_THE_LAST_KEY).into()).await;
        desk.kill()?;
        assert_eq!(
            questions(&workspace)?[0].content.stem,
            "Which element 选择用户面?"
        );
        ensure!(
            workspace.reader()?.status()?.problems.is_empty(),
            "the database is sound"
        );
        let desk = stage
            .open_bare(&[&workspace.path(), "--as", "Test"])
            .await?;
        desk.wait_text("[data-testid=question-list-row] .stem", |text| {
            text == "Which element 选择用户面?"
        })
        .await?;
        desk.no_problem().await
    });
}

#[test]
fn two_desks_on_one_question_keep_both_texts() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let session = workspace.reader()?;
        let content = QuestionContent::empty(QuestionKind::TrueFalse, app::domain::Level::Global);
        session.add_question(&session.find("1")?, &content)?;
        let mei = stage.open(&workspace).await?;
        let lin = stage.open_bare(&[&workspace.path(), "--as", "Lin"]).await?;
        for desk in [&mei, &lin] {
            desk.click("[data-testid=place-questions]").await?;
            desk.click("[data-testid=question-list-row]").await?;
            desk.appears("[data-testid=stem]").await?;
        }
        // Both type before either has heard of the other.
        let typed = "const stem = document.querySelector('[data-testid=stem]'); stem.value = arguments[0]; stem.dispatchEvent(new InputEvent('input', { bubbles: true }));";
        let (one, other) = tokio::join!(
            mei.run(typed, vec![json!("The core begins.")]),
            lin.run(typed, vec![json!("核心网先开始。")]),
        );
        one?;
        other?;
        let met = "document.querySelector('[data-testid=question-conflict]') !== null";
        let started = Instant::now();
        let late = loop {
            if mei.get(met).await? == json!(true) {
                break &mei;
            }
            if lin.get(met).await? == json!(true) {
                break &lin;
            }
            ensure!(
                started.elapsed() < WAIT_AT_MOST,
                "nobody is told that two texts met"
            );
            tokio::time::sleep(POLL).await;
        };
        late.screenshot("question-conflict").await?;
        let both = late.text("[data-testid=question-conflict] .texts").await?;
        ensure!(
            both.contains("The core begins.") && both.contains("核心网先开始。"),
            "{both}"
        );
        let closed = "document.querySelector('[data-testid=stem]').disabled";
        ensure!(
            late.get(closed).await? == json!(true),
            "nobody writes on before one is chosen"
        );
        late.click("[data-testid=keep-mine]").await?;
        late.disappears("[data-testid=question-conflict]").await?;
        let id = questions(&workspace)?[0].id.clone();
        let texts = session.question_revisions(&id)?;
        for (author, stem) in [("Test", "The core begins."), ("Lin", "核心网先开始。")] {
            ensure!(
                texts
                    .iter()
                    .any(|text| text.author == author && text.content.stem == stem),
                "{author}’s text is kept: {texts:#?}"
            );
        }
        late.no_problem().await
    });
}

/// Ends the engine of a workspace when the test does: it would outlive the window by design.
struct Engine(Workspace);

impl Drop for Engine {
    fn drop(&mut self) {
        let session = self.0.reader().ok();
        let engine = session.and_then(|session| session.engine().ok());
        if let Some(pid) = engine.and_then(|engine| engine.pid) {
            Command::new("kill")
                .args(["-9", &pid.to_string()])
                .status()
                .ok();
        }
    }
}

fn with_server(stage: &Stage, server: &Server) -> Result<(Workspace, Engine)> {
    let workspace = stage.sample()?;
    let options = ServerOptions {
        model: MODEL.to_owned(),
        ..ServerOptions::default()
    };
    let source = ModelSource::Server {
        url: server.url().to_owned(),
        options,
    };
    let name = "examinee".to_owned();
    let session = workspace.reader()?;
    let model = session.add_model(&NewModel { name, source })?;
    // What is kept is checked without its picture.
    session.set_policy(&Policy {
        blind_examinee: Some(model.id),
        ..session.policy()?
    })?;
    Ok((workspace.clone(), Engine(workspace)))
}

const SUGGESTED: &str = r#"[
  {"kind": "single_choice", "question": "Which function answers the gNB?", "options": ["UPF", "AMF", "UDM", "PCF"],
   "answer": ["B"], "rationale": "The arrow goes there.", "category": "direction"},
  {"kind": "true_false", "question": "The AUSF asks the UDM.", "answer": true},
  {"kind": "fill_in", "question": "It takes ____ steps.", "answer": ["6"]}]"#;

async fn suggest_three(desk: &Desk, workspace: &Workspace) -> Result<()> {
    desk.click("[data-testid=place-questions]").await?;
    desk.press("Ctrl+Shift+S").await?;
    desk.appears("[data-testid=propose-dialog]").await?;
    desk.screenshot("question-propose").await?;
    desk.click("[data-testid=propose-start]").await?;
    let made = until(workspace, "three are suggested", |all| all.len() == 3).await?;
    ensure!(made.iter().all(|one| {
        one.state == QuestionState::Proposed
            && one.author.is_none()
            && matches!(&one.source, QuestionSource::Model { model, .. } if model == "examinee")
    }));
    desk.wait(
        "they are listed",
        "document.querySelectorAll('[data-testid=question-list-row]').length === 3",
    )
    .await
}

async fn edit_the_first(desk: &Desk) -> Result<()> {
    desk.click("[data-testid=question-list-row]").await?;
    desk.appears("[data-testid=question-bar][data-state=proposed]")
        .await?;
    desk.wait("a suggestion is not typed into", "document.querySelector('[data-testid=stem]').disabled && document.querySelector('[data-testid=level]').disabled").await?;
    desk.screenshot("question-suggested").await?;
    desk.click("[data-testid=question-edit]").await?;
    desk.appears("[data-testid=question-bar][data-state=draft]")
        .await?;
    desk.click("[data-testid=rationale]").await?;
    desk.press("Ctrl+End").await?;
    desk.type_keys(" It is message 3.").await
}

/// Going on keeps the first, which is then asked without its picture.
async fn accept_the_second(desk: &Desk) -> Result<()> {
    desk.run(
        "document.querySelectorAll('[data-testid=question-list-row]')[1].click();",
        vec![],
    )
    .await?;
    desk.wait_text("[data-testid=question-state-shown]", |text| {
        text == "Suggested"
    })
    .await?;
    desk.press("Ctrl+Shift+A").await?;
    desk.appears("[data-testid=question-bar][data-state=draft]")
        .await?;
    settle(desk, "it is drawn in full").await
}

async fn reject_the_third(desk: &Desk) -> Result<()> {
    desk.run(
        "document.querySelectorAll('[data-testid=question-list-row]')[2].click();",
        vec![],
    )
    .await?;
    desk.wait_text("[data-testid=question-state-shown]", |text| {
        text == "Suggested"
    })
    .await?;
    desk.press("Ctrl+Shift+R").await?;
    desk.appears("[data-testid=reject-reason-input]").await?;
    desk.type_keys("nobody counts steps").await?;
    desk.press("Ctrl+Enter").await
}

/// The first is answered without its picture, and said to be.
async fn flag_a_blind_find(desk: &Desk, server: &Server) -> Result<()> {
    desk.run(
        "document.querySelectorAll('[data-testid=question-list-row]')[0].click();",
        vec![],
    )
    .await?;
    // Its key stands at another letter in each rotation: only somebody who knows finds it in all.
    server.tell("A. AMF", "A");
    server.tell("C. AMF", "C");
    server.tell("D. AMF", "D");
    server.tell("B. AMF", "B");
    desk.press("Alt+B").await?;
    desk.appears("[data-testid=try-it] .trials").await?;
    desk.screenshot("question-trials").await?;
    desk.press("Escape").await?;
    let flagged = desk
        .wait_text("[data-check=blind_answer]", |text| !text.is_empty())
        .await?;
    ensure!(flagged.contains("examinee"), "{flagged}");
    desk.screenshot("question-blind").await
}

#[test]
fn suggestions_are_edited_accepted_and_rejected_and_a_blind_find_is_flagged() {
    play(async |stage| {
        let server = Server::start()?;
        server.allow_all();
        server.tell("Write 4 questions", SUGGESTED);
        server.tell("Which function answers the gNB", "B");
        server.tell("The AUSF asks", "false");
        server.tell("It takes", "I do not know");
        let (workspace, _engine) = with_server(&stage, &server)?;
        let desk = stage.open(&workspace).await?;
        suggest_three(&desk, &workspace).await?;
        edit_the_first(&desk).await?;
        accept_the_second(&desk).await?;
        reject_the_third(&desk).await?;
        let settled = until(&workspace, "one is rejected", |all| {
            all[2].state == QuestionState::Rejected
        })
        .await?;
        assert_eq!(
            settled[2].reject_reason.as_deref(),
            Some("nobody counts steps")
        );
        assert_eq!(settled[1].state, QuestionState::Ready);
        ensure!(settled[0].content.rationale.ends_with("It is message 3."));

        flag_a_blind_find(&desk, &server).await?;
        desk.no_problem().await
    });
}

#[test]
fn questions_look_right_in_both_languages_and_themes() {
    play(async |stage| {
        let workspace = stage.sample()?;
        crate::harness::live_in(&workspace)?;
        let desk = stage.open(&workspace).await?;
        desk.click("[data-testid=place-questions]").await?;
        begin(&desk).await?;
        desk.type_keys("Which function sends the challenge to the UE?")
            .await?;
        desk.appears("[data-testid=draw-evidence]").await?;
        desk.screenshot("questions-light-en").await?;
        desk.press("Ctrl+Shift+E").await?;
        desk.press("Ctrl+Shift+L").await?;
        desk.wait(
            "the page is Chinese",
            "document.documentElement.lang === 'zh-CN'",
        )
        .await?;
        desk.screenshot("questions-dark-zh").await?;
        desk.resize(1024, 700).await?;
        desk.screenshot("questions-dark-zh-small").await?;
        let wide = "document.querySelector('[data-testid=question]').scrollWidth <= document.querySelector('[data-testid=question]').clientWidth";
        ensure!(
            desk.get(wide).await? == json!(true),
            "nothing is cut off in a small window"
        );
        desk.no_problem().await
    });
}
