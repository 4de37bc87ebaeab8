//! The work itself: older texts, reasons, hidden drafts, who holds what, a second person, many diagrams at once.

use crate::harness::{Desk, EDITOR, Workspace, play};
use anyhow::{Result, bail, ensure};
use app::Session;
use app::domain::{HistoryEntry, Level, Reason, Slot};
use serde_json::json;

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
