//! The work itself: older texts, reasons, hidden drafts, who holds what, a second person.

use crate::harness::{Desk, EDITOR, Stage, Workspace, play, sample_folder};
use anyhow::{Result, bail, ensure};
use app::Session;
use app::domain::{
    BulkAction, BulkScope, DrawnRegion, HistoryEntry, Level, Policy, Reason, Shape, Slot, State,
};
use serde_json::json;

mod lists;

/// Somebody's global caption of a diagram.
fn slot(session: &Session, number: u32) -> Result<Slot> {
    Ok(Slot {
        diagram_id: session.find(&number.to_string())?,
        level: Level::Global,
        region_id: None,
    })
}

fn sit(workspace: &Workspace, name: &str) -> Result<Session> {
    Session::open(workspace.path().as_ref(), name)
}

/// Goes with Tab until a condition on `it`, which has the keyboard, is true: nothing here needs a mouse.
async fn tab_until(desk: &Desk, is: &str) -> Result<()> {
    let there = format!("((it) => {is})(document.activeElement)");
    for _ in 0..80 {
        if desk.get(&there).await? == json!(true) {
            return Ok(());
        }
        desk.press("Tab").await?;
    }
    bail!("Tab never came to where {is}")
}

const FIRST: &str = "The router forwards 数据包 to the core.";
const SECOND: &str = "路由器把数据包转发给核心网。";
const THIRD: &str = "The router forwards packets to the core network.";

/// Three texts of diagram 1 by two people, the last of which Test wrote.
fn three_texts(workspace: &Workspace) -> Result<()> {
    let [test, mei] = ["Test", "Mei"].map(|name| sit(workspace, name));
    let (test, mei) = (test?, mei?);
    let global = slot(&test, 1)?;
    for (session, text) in [(&test, FIRST), (&mei, SECOND), (&test, THIRD)] {
        session.revise(&global, text, &[], false)?;
        session.release(&global.diagram_id)?;
    }
    Ok(())
}

fn history(workspace: &Workspace) -> Result<Vec<HistoryEntry>> {
    let session = workspace.reader()?;
    session.history(&slot(&session, 1)?, None)
}

/// Waits until the history shows what was taken out and put in between the two that are compared.
async fn compares(desk: &Desk, old: &str, new: &str) -> Result<()> {
    let text = "((gone) => [...document.querySelector('[data-testid=history-text] p')?.childNodes ?? []]\
         .filter((node) => node.nodeName !== gone).map((node) => node.textContent).join(''))";
    let is = format!(
        "{text}('INS') === {} && {text}('DEL') === {}",
        json!(old),
        json!(new)
    );
    desk.wait(&format!("“{old}” is compared with “{new}”"), &is)
        .await
}

/// Compares texts of two people and two of one, then brings the first back.
async fn compare_and_restore(desk: &Desk) -> Result<()> {
    desk.press("Alt+H").await?;
    compares(desk, SECOND, THIRD).await?;
    let rows = desk.texts("[data-testid=history-list] .entry").await?;
    let year = |row: &String| row.contains("20") && row.contains(':');
    ensure!(rows.len() == 3 && rows.iter().all(year), "{rows:?}");
    for (row, (who, length)) in rows.iter().zip([("Test", 48), ("Mei", 14), ("Test", 36)]) {
        let told = format!("{who} · {length} characters");
        ensure!(row.contains(&told), "{told} in {row}");
    }
    tab_until(desk, "it?.name === 'history-before'").await?;
    desk.press("Down").await?;
    compares(desk, FIRST, THIRD).await?;
    desk.screenshot("history").await?;
    tab_until(desk, "it?.ariaCurrent === 'true'").await?;
    desk.press("Down").await?;
    desk.press("Down").await?;
    compares(desk, FIRST, FIRST).await?;
    tab_until(desk, "it?.dataset.testid === 'history-restore'").await?;
    desk.press("Enter").await?;
    desk.disappears("[data-testid=history-dialog]").await?;
    desk.wait_text(EDITOR, |text| text == FIRST).await?;
    Ok(())
}

#[test]
fn an_older_text_comes_back_and_reasons_are_given_by_keys() {
    play(async |stage| {
        let workspace = stage.sample()?;
        three_texts(&workspace)?;
        let before = history(&workspace)?;
        let desk = stage.open(&workspace).await?;
        compare_and_restore(&desk).await?;
        let after = history(&workspace)?;
        ensure!(after.len() == 4 && after[0].is_head && after[0].author == "Test");
        let kept = after[1..].iter().zip(&before);
        ensure!(kept.clone().count() == 3 && kept.clone().all(|(now, was)| now.id == was.id));
        assert_eq!(workspace.caption(1)?.text, FIRST);
        let mei = sit(&workspace, "Mei")?;
        let hers = mei.diagram(&mei.find("1")?)?.captions.remove(0);
        assert_eq!(hers.text, SECOND);

        for (keys, reasons) in [
            ("Alt+Shift+Q", &[Reason::WrongRelation][..]),
            ("Alt+Shift+R", &[Reason::WrongRelation, Reason::WrongTerm]),
            ("Alt+Shift+Q", &[Reason::WrongTerm]),
            ("Alt+Shift+R", &[]),
        ] {
            desk.press(keys).await?;
            workspace
                .until("the reasons are stored", 1, |view| {
                    view.captions[0].reasons == reasons
                })
                .await?;
            let names: Vec<&str> = reasons.iter().map(|reason| reason.as_str()).collect();
            let shown = "JSON.stringify([...document.querySelectorAll('.chips [data-state=on]')].map((chip) => chip.dataset.testid.slice(7)))";
            let is = format!("{shown} === {}", json!(serde_json::to_string(&names)?));
            desk.wait("the reasons are shown", &is).await?;
        }
        desk.no_problem().await
    });
}

#[test]
fn a_hidden_draft_is_nowhere_until_the_text_is_in() {
    play(async |stage| {
        let workspace = stage.empty("hidden.callout")?;
        workspace.reader()?.set_policy(&Policy {
            hidden_draft_percent: 100,
            ..Policy::default()
        })?;
        let pictures = sample_folder().display().to_string();
        workspace.callout(&["import", &workspace.path(), &pictures])?;
        let desk = stage.open(&workspace).await?;
        let words = "Sequence diagram of 5G";
        let is_told = format!("document.body.innerHTML.includes({})", json!(words));
        desk.wait_text("[data-testid=draft-hidden]", |text| {
            text.contains("from the picture alone")
        })
        .await?;
        assert_eq!(desk.caption().await?, "");
        ensure!(desk.get(&is_told).await? == json!(false), "no draft");
        let all = desk.text("body").await?;
        ensure!(!all.contains("No draft was made"), "there is one: {all}");
        desk.screenshot("draft-hidden").await?;
        desk.click(EDITOR).await?;
        desk.type_keys("终端向核心网注册。").await?;
        desk.press("Ctrl+Enter").await?;
        desk.opened(2).await?;
        desk.appears("[data-testid=draft-hidden]").await?;
        ensure!(desk.get(&is_told).await? == json!(false), "no draft");

        desk.press("Alt+Up").await?;
        desk.opened(1).await?;
        desk.wait_text("[data-testid=draft-text]", |text| text.starts_with(words))
            .await?;
        desk.disappears("[data-testid=draft-hidden]").await?;
        assert_eq!(desk.caption().await?, "终端向核心网注册。");
        desk.no_problem().await
    });
}

/// Opens a window as somebody.
async fn open_as(stage: &Stage, workspace: &Workspace, name: &str) -> Result<Desk> {
    let desk = stage.open_bare(&[&workspace.path(), "--as", name]).await?;
    desk.picture_shown().await?;
    Ok(desk)
}

async fn take_next(desk: &Desk, number: u32) -> Result<()> {
    desk.press("Ctrl+Shift+N").await?;
    desk.opened(number).await?;
    desk.wait("the keyboard is in the text", IN_TEXT).await
}

const IN_TEXT: &str =
    "document.activeElement?.closest('[data-testid=caption-editor]') instanceof HTMLElement";

/// Puts the keyboard at the end of the text, with keys.
async fn to_text(desk: &Desk) -> Result<()> {
    for _ in 0..4 {
        if desk.get(IN_TEXT).await? == json!(true) {
            return desk.press("Ctrl+End").await;
        }
        desk.press("F6").await?;
    }
    bail!("F6 never came to the text")
}

fn holder(workspace: &Workspace, number: u32) -> Result<Option<String>> {
    Ok(workspace.diagram(number)?.claim.map(|claim| claim.person))
}

#[test]
fn two_people_take_what_the_other_does_not_hold_by_keys() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        let other = open_as(&stage, &workspace, "Mei").await?;
        take_next(&desk, 2).await?;
        take_next(&other, 3).await?;
        assert_eq!(holder(&workspace, 2)?.as_deref(), Some("Test"));
        assert_eq!(holder(&workspace, 3)?.as_deref(), Some("Mei"));

        // Reading what somebody else holds, and leaving it again.
        other.press("Alt+Up").await?;
        other.opened(2).await?;
        other
            .wait_text("[data-testid=claimed]", |text| text.starts_with("Test is"))
            .await?;
        let draft = other.caption().await?;
        to_text(&other).await?;
        other.type_keys("not mine").await?;
        other.screenshot("held").await?;
        assert_eq!(other.caption().await?, draft);
        other.press("Alt+Down").await?;
        other.opened(3).await?;
        other.disappears("[data-testid=claimed]").await?;
        assert_eq!(workspace.diagram(2)?.diagram.state, State::Todo);

        // The first words hold what nobody holds, and the other window says so at once.
        desk.press("Alt+Up").await?;
        desk.opened(1).await?;
        assert_eq!(holder(&workspace, 1)?, None);
        to_text(&desk).await?;
        desk.type_keys(" 一个词").await?;
        desk.saved().await?;
        assert_eq!(holder(&workspace, 1)?.as_deref(), Some("Test"));
        other
            .wait(
                "the list says who holds it",
                "document.querySelector('[data-number=\"1\"] .mark[title]')?.title === 'Test works on it'",
            )
            .await?;
        other.press("Alt+Up").await?;
        other.opened(2).await?;
        other.press("Alt+Up").await?;
        other.opened(1).await?;
        other.appears("[data-testid=claimed]").await?;
        desk.no_problem().await?;
        other.no_problem().await
    });
}

const HERS: &str = "水獭 otter: the UE registers.";

/// Mei captions diagram 1 as the first of two, about a region of hers, and hands it in.
fn caption_first(workspace: &Workspace) -> Result<()> {
    let (mei, lead) = (sit(workspace, "Mei")?, workspace.reader()?);
    let global = slot(&lead, 1)?;
    let ids = vec![global.diagram_id.clone()];
    lead.bulk(
        &BulkScope::Picked { ids },
        &BulkAction::Second { wanted: true },
    )?;
    let shape = Shape::Rectangle {
        x: 100,
        y: 100,
        width: 300,
        height: 200,
    };
    let name = Some("heron-region".to_owned());
    mei.draw_region(&global.diagram_id, &DrawnRegion { name, shape })?;
    mei.revise(&global, HERS, &[], true)?;
    Ok(())
}

/// Looks for what Mei made in every place where the second person could meet it.
async fn sees_nothing_of_hers(desk: &Desk) -> Result<()> {
    let told = "/水獭|otter|heron/.test(document.body.innerHTML)";
    desk.disappears("[data-testid=region]").await?;
    for level in ["Alt+1", "Alt+2", "Alt+3", "Alt+4"] {
        desk.press(level).await?;
        ensure!(desk.get(told).await? == json!(false), "at {level}");
    }
    desk.press("Alt+1").await?;
    desk.press("Alt+H").await?;
    desk.wait_text("[data-testid=history-dialog]", |text| {
        text.contains("Nothing was written here yet")
    })
    .await?;
    ensure!(desk.get(told).await? == json!(false), "in the history");
    desk.press("Escape").await?;
    desk.disappears("[data-testid=history-dialog]").await?;
    desk.click("[data-testid=place-review]").await?;
    desk.appears("[data-testid=review-place]").await?;
    ensure!(desk.get(told).await? == json!(false), "in review");
    desk.click("[data-testid=place-annotate]").await?;
    desk.opened(1).await
}

#[test]
fn a_second_person_sees_nothing_of_the_first_until_both_are_done() {
    play(async |stage| {
        let workspace = stage.sample()?;
        caption_first(&workspace)?;
        let desk = open_as(&stage, &workspace, "Wei").await?;
        sees_nothing_of_hers(&desk).await?;
        desk.screenshot("second-person").await?;
        let (reader, mei) = (workspace.reader()?, sit(&workspace, "Mei")?);
        let id = reader.find("1")?;
        ensure!(mei.diagram(&id)?.waits_for_second, "she waits");
        assert_eq!(reader.dashboard(7)?.agreement.pairs, 0);

        desk.go_to_end_of_caption().await?;
        desk.press("Ctrl+a").await?;
        desk.type_keys("The UE registers.").await?;
        desk.press("Ctrl+Enter").await?;
        desk.opened(2).await?;
        desk.press("Alt+Up").await?;
        desk.opened(1).await?;
        desk.wait_text("[data-testid=diagram-state]", |text| text == "Submitted")
            .await?;
        desk.appears("[data-testid=region]").await?;
        desk.click("[data-testid=place-review]").await?;
        desk.wait_text("[data-testid=agreement]", |text| text.contains('%'))
            .await?;
        let both = desk.texts("[data-testid=expert-text]").await?;
        ensure!(
            both.len() == 2 && both.iter().any(|text| text.contains("水獭")),
            "{both:?}"
        );
        desk.screenshot("second-both").await?;
        let experts = &reader.review(&id)?.captions[0].experts;
        assert_eq!(experts.len(), 2);
        assert_eq!(reader.dashboard(7)?.agreement.pairs, 1);
        desk.no_problem().await
    });
}
