//! Lists of diagrams: many changed at once, filters that are kept, imports taken back, orders, thousands of rows.

use super::{sit, slot, to_text};
use crate::harness::{Desk, Workspace, play, sample_folder};
use anyhow::{Context as _, Result, ensure};
use app::domain::{
    BulkAction, BulkScope, DraftRequest, DraftScope, Drafted, Level, ModelSource, NewModel,
    PromptLanguage, Redraft, Sampling, ServerOptions, State,
};
use serde_json::json;
use store::jobs::{self, Worker};

/// Picks the first rows of the queue, by keys.
async fn pick(desk: &Desk, n: usize) -> Result<()> {
    desk.press("Ctrl+F").await?;
    desk.press("Down").await?;
    desk.press("Home").await?;
    desk.press(" ").await?;
    for _ in 1..n {
        desk.press("Shift+Down").await?;
    }
    desk.wait_text("[data-testid=queue-picked] [role=status]", |text| {
        text == format!("{n} picked")
    })
    .await?;
    Ok(())
}

/// Makes one change of what is picked, by its name in the dialog, with words or a number.
async fn change_picked(desk: &Desk, what: &str, words: &str) -> Result<()> {
    desk.press("Ctrl+Shift+Y").await?;
    desk.wait_text("[data-testid=many-dialog] .hint", |text| {
        text == "What is picked in the queue."
    })
    .await?;
    if what != "plan" {
        desk.click("[data-testid=many-what]").await?;
        desk.click(&format!("[data-testid=option-{what}]")).await?;
        desk.disappears(".select-list").await?;
    }
    let field = "[data-testid=many-place], [data-testid=many-words]";
    desk.click(field).await?;
    desk.press("Ctrl+a").await?;
    desk.type_keys(words).await?;
    desk.press("Enter").await?;
    desk.wait_text("[data-testid=bulk-done]", |text| {
        text.starts_with("3 diagrams changed")
    })
    .await?;
    desk.disappears("[data-testid=many-dialog]").await
}

/// A diagram's place in the plan, its kind, and why it is left out.
type Facts = (Option<u32>, String, Option<String>);

/// What a change of many diagrams may touch, of the first four.
fn facts(workspace: &Workspace) -> Result<Vec<Facts>> {
    let diagrams = (1..=4).map(|number| Ok(workspace.diagram(number)?.diagram));
    diagrams
        .map(|diagram| diagram.map(|one| (one.plan, one.kind, one.skip_reason)))
        .collect()
}

async fn undo_many(desk: &Desk, workspace: &Workspace) -> Result<()> {
    desk.click("[data-testid=bulk-undo]").await?;
    desk.disappears("[data-testid=bulk-done]").await?;
    let left = (None, String::new(), None);
    workspace
        .until("it is undone", 1, |view| {
            let one = &view.diagram;
            (one.plan, one.kind.clone(), one.skip_reason.clone()) == left
        })
        .await?;
    ensure!(facts(workspace)?.iter().all(|one| *one == left));
    Ok(())
}

#[test]
fn diagrams_are_left_out_and_many_are_changed_and_undone() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.press("Ctrl+Shift+K").await?;
        desk.appears("[data-testid=skip-reason-input]").await?;
        desk.type_keys("图太模糊").await?;
        desk.press("Ctrl+Enter").await?;
        desk.opened(2).await?;
        let skipped = workspace.diagram(1)?.diagram;
        assert_eq!(
            (skipped.state, skipped.skip_reason.as_deref()),
            (State::Skipped, Some("图太模糊"))
        );
        desk.press("Alt+Up").await?;
        desk.wait_text("[data-testid=skipped]", |text| text.ends_with("图太模糊"))
            .await?;
        desk.click("[data-testid=unskip]").await?;
        desk.disappears("[data-testid=skipped]").await?;
        assert_eq!(workspace.diagram(1)?.diagram.state, State::Todo);

        for (what, words) in [
            ("plan", "2"),
            ("diagram_kind", "时序图"),
            ("skip", "twice in the set"),
        ] {
            pick(&desk, 3).await?;
            change_picked(&desk, what, words).await?;
            desk.screenshot(&format!("many-{what}")).await?;
            let all = facts(&workspace)?;
            let (plan, kind, reason) = &all[0];
            match what {
                "plan" => assert_eq!(*plan, Some(1)),
                "skip" => assert_eq!(reason.as_deref(), Some(words)),
                _ => assert_eq!(kind, words),
            }
            ensure!(all[1] == all[0] && all[2] == all[0]);
            assert_eq!(all[3], (None, String::new(), None), "not picked");
            undo_many(&desk, &workspace).await?;
        }
        desk.no_problem().await
    });
}

async fn count(desk: &Desk, text: &str) -> Result<()> {
    desk.wait_text("[data-testid=queue-count]", |shown| shown == text)
        .await?;
    Ok(())
}

async fn open_filters(desk: &Desk) -> Result<()> {
    desk.press("Ctrl+Shift+P").await?;
    desk.appears("[data-testid=filters-dialog]").await
}

#[test]
fn a_saved_filter_is_used_deleted_and_brought_back() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let session = workspace.reader()?;
        for number in ["3", "6", "7"] {
            session.set_diagram_kind(&session.find(number)?, "topology")?;
        }
        let desk = stage.open(&workspace).await?;
        open_filters(&desk).await?;
        desk.click("[data-testid=filter-kind]").await?;
        desk.click("[data-testid=option-topology]").await?;
        desk.wait_text("[data-testid=filter-apply]", |text| text == "Show 3")
            .await?;
        desk.click("[data-testid=filter-name]").await?;
        desk.type_keys("我的拓扑图\n").await?;
        desk.wait_text("[data-testid=saved-filter]", |text| text == "我的拓扑图")
            .await?;
        desk.screenshot("filters").await?;
        desk.press("Escape").await?;
        count(&desk, "12 diagrams").await?;

        let saved = "[data-testid=saved-filter]";
        let delete = "[aria-label='Delete 我的拓扑图']";
        for round in 0..2 {
            open_filters(&desk).await?;
            desk.click(saved).await?;
            count(&desk, "3 diagrams").await?;
            let numbers = desk.texts("[data-testid=queue-row] .number").await?;
            assert_eq!(numbers, ["#0003", "#0006", "#0007"], "round {round}");
            desk.click("[data-testid=filter-chips] button").await?;
            count(&desk, "12 diagrams").await?;
            if round == 1 {
                break;
            }
            open_filters(&desk).await?;
            desk.click(delete).await?;
            desk.disappears(saved).await?;
            ensure!(session.filters()?.is_empty());
            desk.press("Ctrl+Shift+Backspace").await?;
            desk.wait_text(saved, |text| text == "我的拓扑图").await?;
            assert_eq!(session.filters()?.len(), 1);
            desk.press("Escape").await?;
        }
        desk.no_problem().await
    });
}

#[test]
fn an_import_is_taken_back_but_for_what_was_begun() {
    play(async |stage| {
        let pictures = stage.folder().join("图");
        std::fs::create_dir(&pictures)?;
        for name in [
            "bgp-state-machine.svg",
            "gpon-access.svg",
            "metro-ring-transport.png",
            "network-slicing.png",
        ] {
            std::fs::copy(sample_folder().join(name), pictures.join(name))?;
        }
        let workspace = stage.empty("import.callout")?;
        let desk = stage
            .open_bare(&[&workspace.path(), "--as", "Test"])
            .await?;
        desk.press("Ctrl+I").await?;
        desk.appears("[data-testid=import-path]").await?;
        desk.type_keys(&pictures.display().to_string()).await?;
        desk.press("Enter").await?;
        desk.appears("[data-testid=import-report][data-imported='4']")
            .await?;
        desk.click("[data-testid=import-close]").await?;
        desk.opened(1).await?;
        desk.press("Alt+Down").await?;
        desk.opened(2).await?;
        to_text(&desk).await?;
        desk.type_keys("已经开始了。").await?;
        desk.saved().await?;
        let mei = sit(&workspace, "Mei")?;
        mei.revise(&slot(&mei, 3)?, "Begun by Mei.", &[], false)?;

        desk.wait_text("[data-testid=undo-row]", |text| {
            text.starts_with("4 diagrams came in")
        })
        .await?;
        desk.press("Ctrl+Shift+Backspace").await?;
        desk.disappears("[data-testid=undo-row]").await?;
        desk.wait_text("[data-testid=state-skipped] .count", |count| count == "2")
            .await?;
        desk.screenshot("import-taken-back").await?;
        let states = (1..=4).map(|number| Ok(workspace.diagram(number)?.diagram.state));
        assert_eq!(
            states.collect::<Result<Vec<State>>>()?,
            [
                State::Skipped,
                State::InProgress,
                State::InProgress,
                State::Skipped
            ]
        );
        desk.type_keys("还在写。").await?;
        desk.saved().await?;
        assert_eq!(workspace.caption(2)?.text, "已经开始了。还在写。");
        desk.no_problem().await
    });
}

/// A model that was less sure of diagram 4 than of diagram 2.
fn draft_with_doubts(workspace: &Workspace) -> Result<()> {
    let lead = workspace.reader()?;
    let model = lead.add_model(&NewModel {
        name: "doubter".to_owned(),
        source: ModelSource::Server {
            url: "http://127.0.0.1:9/v1".to_owned(),
            options: ServerOptions {
                model: "doubter".to_owned(),
                ..ServerOptions::default()
            },
        },
    })?;
    let ids = vec![lead.find("2")?, lead.find("4")?];
    lead.queue_drafts(&DraftRequest {
        model_id: model.id,
        levels: vec![Level::Global],
        language: PromptLanguage::En,
        scope: DraftScope::Ids { ids: ids.clone() },
        redraft: Redraft::Always,
        sampling: Sampling::default(),
        allow_untrained: false,
    })?;
    let mut database = lead.workspace().connect()?;
    let worker = || Worker {
        name: "a test",
        at: app::now(),
    };
    while let Some(claim) = database.write(|tx| jobs::claim(tx, worker(), 1))? {
        let item = &claim.items[0];
        let sure = item.diagram_id == ids[0];
        let drafted = Drafted {
            text: "A model's text.".to_owned(),
            revision: None,
            prompt_version: "1+0a0b0c0d".to_owned(),
            seconds: None,
            new_tokens: None,
            mean_logprob: Some(if sure { -0.1 } else { -2.5 }),
        };
        database.write(|tx| jobs::finish_item(tx, worker(), item.id, &drafted))?;
    }
    Ok(())
}

/// Mei and Wei agree on diagram 7 and not on diagram 9.
fn disagree(workspace: &Workspace) -> Result<()> {
    let (lead, mei, wei) = (
        workspace.reader()?,
        sit(workspace, "Mei")?,
        sit(workspace, "Wei")?,
    );
    for (number, hers, his) in [
        (7, "A ring of switches.", "A ring of switches."),
        (9, "A ring of switches.", "Two phones call."),
    ] {
        let global = slot(&lead, number)?;
        let ids = vec![global.diagram_id.clone()];
        lead.bulk(
            &BulkScope::Picked { ids },
            &BulkAction::Second { wanted: true },
        )?;
        mei.revise(&global, hers, &[], true)?;
        wei.revise(&global, his, &[], true)?;
    }
    Ok(())
}

/// The numbers of the first rows that the queue lists, as an expression.
fn first_rows(n: usize) -> String {
    format!(
        "JSON.stringify([...document.querySelectorAll('[data-testid=queue-row]')]\
         .sort((one, other) => one.ariaPosInSet - other.ariaPosInSet).slice(0, {n})\
         .map((row) => Number(row.dataset.number)))"
    )
}

async fn lists_first(desk: &Desk, numbers: &[u32]) -> Result<()> {
    let wanted = json!(serde_json::to_string(numbers)?);
    let is = format!("{} === {wanted}", first_rows(numbers.len()));
    desk.wait(&format!("the list begins with {numbers:?}"), &is)
        .await
}

#[test]
fn each_order_lists_what_belongs_first() {
    play(async |stage| {
        let workspace = stage.sample()?;
        draft_with_doubts(&workspace)?;
        disagree(&workspace)?;
        let lead = workspace.reader()?;
        for (number, place) in [("11", 0), ("3", 1)] {
            let ids = vec![lead.find(number)?];
            let place = Some(place);
            lead.bulk(&BulkScope::Picked { ids }, &BulkAction::Plan { place })?;
        }
        let desk = stage.open(&workspace).await?;
        for (order, first) in [
            ("plan", [11, 3, 1]),
            ("uncertainty", [4, 2, 1]),
            ("disagreement", [9, 7, 1]),
            ("number", [1, 2, 3]),
        ] {
            desk.click("[data-testid=queue-order]").await?;
            desk.screenshot(&format!("orders-{order}")).await?;
            desk.click(&format!("[data-testid=option-{order}]")).await?;
            lists_first(&desk, &first).await?;
            count(&desk, "12 diagrams").await?;
            // Going on follows the order that is shown.
            desk.press("Ctrl+F").await?;
            desk.press("Down").await?;
            desk.press("Home").await?;
            desk.opened(first[0]).await?;
            desk.press("Alt+Down").await?;
            desk.opened(first[1]).await?;
        }
        desk.no_problem().await
    });
}

const MANY: u32 = 5_000;

/// Generated diagrams, some of which have a picture.
fn many(workspace: &Workspace, pictured: &[u32]) -> Result<()> {
    app::bench::workspace(workspace.path().as_ref(), "Test", MANY, |_| ())?;
    let session = workspace.reader()?;
    for number in pictured {
        let image = workspace.diagram(*number)?.diagram.image;
        let path = session.workspace().image_path(&image.hash, &image.format);
        std::fs::create_dir_all(path.parent().context("a folder")?)?;
        std::fs::copy(sample_folder().join("network-slicing.png"), path)?;
    }
    Ok(())
}

#[test]
fn five_thousand_diagrams_are_scrolled_searched_filtered_and_opened() {
    play(async |stage| {
        let workspace = Workspace::at(stage.folder().join("many.callout"));
        many(&workspace, &[1, 4_501, MANY])?;
        let desk = stage.open(&workspace).await?;
        count(&desk, "5,000 diagrams").await?;
        lists_first(&desk, &[1, 2, 3]).await?;
        desk.press("F6").await?;
        desk.press("End").await?;
        desk.opened(MANY).await?;
        let last = "[data-testid=queue-row][data-number='5000']";
        assert_eq!(
            desk.text(&format!("{last} .name")).await?,
            "figure-004999.png"
        );
        let [_, top, _, height] = desk.box_of(last).await?;
        let [_, list, _, room] = desk.box_of("[data-testid=queue-list]").await?;
        ensure!(
            top >= list && top + height <= list + room + 1.0,
            "it is in view"
        );
        let whole = "[...document.querySelectorAll('[data-testid=queue-row]')].every((row) => row.dataset.number === row.ariaPosInSet)";
        desk.wait("every row is there, in its place", whole).await?;
        desk.screenshot("many-end").await?;

        desk.press("Ctrl+F").await?;
        desk.type_keys("quiescence").await?;
        count(&desk, "10 diagrams").await?;
        lists_first(
            &desk,
            &[
                1, 501, 1_001, 1_501, 2_001, 2_501, 3_001, 3_501, 4_001, 4_501,
            ],
        )
        .await?;
        desk.press("Down").await?;
        desk.press("End").await?;
        desk.opened(4_501).await?;
        assert_eq!(desk.caption().await?, workspace.caption(4_501)?.text);
        desk.wait_text("[data-testid=draft-text]", |text| {
            text.contains("quiescence")
        })
        .await?;

        desk.press("Ctrl+F").await?;
        desk.press("Escape").await?;
        count(&desk, "5,000 diagrams").await?;
        desk.click("[data-testid=state-in_progress]").await?;
        count(&desk, "501 diagrams").await?;
        lists_first(&desk, &[1, 11, 21, 31]).await?;
        desk.no_problem().await
    });
}
