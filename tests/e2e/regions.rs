//! Regions on the picture: by pointer and by keys, beside the words that speak of them.

use crate::harness::{Desk, EDITOR, PICTURE, Stage, Workspace, play};
use anyhow::{Context as _, Result, ensure};
use app::domain::{Action, DiagramView, DrawnRegion, Level, Region, Shape};
use image::{GrayImage, Luma};
use serde_json::Value;
use std::time::{Duration, Instant};

const PANE: &str = "[data-testid=picture][data-state] .pane";
const BOX: &str = "[data-testid=region] .box";
const CHOSEN: &str = "[data-testid=region][aria-pressed=true]";

async fn regions(
    workspace: &Workspace,
    what: &str,
    is: impl Fn(&[Region]) -> bool,
) -> Result<Vec<Region>> {
    let view = workspace.until(what, 1, |view| is(&view.regions)).await?;
    Ok(view.regions)
}

/// Chooses a tool by its keys and draws from one share of the pane to another.
async fn draw(desk: &Desk, from: (f64, f64), to: (f64, f64)) -> Result<()> {
    desk.press("Alt+R").await?;
    desk.appears("[data-testid=regions-ground]").await?;
    let (from, to) = (
        desk.place_in(PANE, from.0, from.1).await?,
        desk.place_in(PANE, to.0, to.1).await?,
    );
    desk.point(&[from, ((from.0 + to.0) / 2.0, from.1 + 9.0), to], true)
        .await
}

/// Pulls from the middle of an element by CSS pixels.
async fn pull(desk: &Desk, selector: &str, dx: f64, dy: f64) -> Result<()> {
    let (x, y) = desk.place_in(selector, 0.5, 0.5).await?;
    desk.point(
        &[(x, y), (x + dx / 2.0, y + dy / 2.0), (x + dx, y + dy)],
        true,
    )
    .await
}

fn writes(workspace: &Workspace) -> Result<usize> {
    let reader = workspace.reader()?;
    let log = reader.audit(&reader.find("1")?)?;
    Ok(log
        .iter()
        .filter(|entry| entry.action == Action::Region.as_str())
        .count())
}

async fn draw_a_rectangle(desk: &Desk, workspace: &Workspace) -> Result<Region> {
    draw(desk, (0.3, 0.3), (0.5, 0.55)).await?;
    let drawn = regions(workspace, "a region is drawn", |all| all.len() == 1)
        .await?
        .remove(0);
    desk.wait_text("[data-testid=level-partial]", |text| text.ends_with("0/1"))
        .await?;
    let [pane_x, _, pane_width, _] = desk.box_of(PANE).await?;
    let [x, _, width, _] = desk.box_of(BOX).await?;
    ensure!(
        (x - pane_x - 0.3 * pane_width).abs() < 4.0,
        "it is where it was drawn: {x}"
    );
    ensure!(
        (width - 0.2 * pane_width).abs() < 6.0,
        "it is as wide as it was drawn: {width}"
    );
    desk.screenshot("region-drawn").await?;
    Ok(drawn)
}

async fn move_and_resize(desk: &Desk, workspace: &Workspace, drawn: &Region) -> Result<()> {
    // A hand that trembles moves nothing.
    pull(desk, CHOSEN, 2.0, 0.0).await?;
    pull(desk, CHOSEN, 40.0, 30.0).await?;
    let moved = regions(workspace, "it is moved", |all| all[0].x > drawn.x)
        .await?
        .remove(0);
    assert_eq!((moved.width, moved.height), (drawn.width, drawn.height));
    assert_eq!(writes(workspace)?, 2, "drawn and moved, nothing else");
    pull(desk, "[data-testid=handle].h1.v1", 30.0, 20.0).await?;
    let resized = regions(workspace, "it is resized", |all| all[0].width > moved.width)
        .await?
        .remove(0);
    assert_eq!((resized.x, resized.y), (moved.x, moved.y));
    Ok(())
}

async fn rename(desk: &Desk, workspace: &Workspace) -> Result<()> {
    desk.click("[data-testid=rename-region]").await?;
    desk.appears("[data-testid=region-name]").await?;
    desk.press("Ctrl+a").await?;
    desk.type_keys("核心网 core\n").await?;
    regions(workspace, "it is renamed", |all| {
        all[0].name == "核心网 core"
    })
    .await?;
    Ok(())
}

/// Both regions, in the order in which they were drawn.
async fn draw_a_polygon_and_put_it_first(
    desk: &Desk,
    workspace: &Workspace,
) -> Result<Vec<Region>> {
    desk.press("Alt+P").await?;
    desk.appears("[data-tool=polygon]").await?;
    for (across, down) in [(0.6, 0.2), (0.8, 0.25), (0.7, 0.5)] {
        let corner = desk.place_in(PANE, across, down).await?;
        desk.point(&[corner], true).await?;
    }
    desk.press("Enter").await?;
    let both = regions(workspace, "a polygon is drawn", |all| all.len() == 2).await?;
    assert_eq!(both[1].polygon.len(), 3);
    desk.wait_text(".region-list [data-state=checked]", |text| {
        text.contains('②')
    })
    .await?;
    desk.click("[data-testid=region-up]").await?;
    regions(workspace, "the polygon comes first", |all| {
        all[0].id == both[1].id
    })
    .await?;
    desk.wait_text("[data-testid=region] text", |_| true)
        .await?;
    Ok(both)
}

/// Who pulls at a region that is not chosen looks elsewhere; a click chooses it.
async fn pull_at_and_choose(desk: &Desk, workspace: &Workspace, region: &Region) -> Result<()> {
    let other = format!("[data-testid=region][data-region='{}'] .box", region.id);
    let before = desk.box_of(&other).await?;
    let (zoomed, count) = (desk.zoom().await?, writes(workspace)?);
    desk.press("Ctrl+=").await?;
    desk.press("Ctrl+=").await?;
    desk.wait_text("[data-testid=zoom-level]", |text| {
        text != format!("{zoomed} %")
    })
    .await?;
    pull(desk, &other, 25.0, 15.0).await?;
    ensure!(
        desk.box_of(&other).await? != before,
        "the picture went along"
    );
    let at = desk.place_in(&other, 0.5, 0.8).await?;
    desk.point(&[at], true).await?;
    desk.wait(
        "a click chooses it",
        &format!(
            "document.querySelector(`{CHOSEN}`)?.dataset.region === '{}'",
            region.id
        ),
    )
    .await?;
    desk.wait_text(".region-list [data-state=checked]", |text| {
        text.contains("核心网")
    })
    .await?;
    assert_eq!(
        writes(workspace)?,
        count,
        "neither pulling nor choosing changed a region"
    );
    Ok(())
}

#[test]
fn a_region_is_drawn_moved_resized_renamed_ordered_and_taken_away() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        let drawn = draw_a_rectangle(&desk, &workspace).await?;
        move_and_resize(&desk, &workspace, &drawn).await?;
        rename(&desk, &workspace).await?;
        let both = draw_a_polygon_and_put_it_first(&desk, &workspace).await?;
        pull_at_and_choose(&desk, &workspace, &both[0]).await?;

        desk.press("Delete").await?;
        regions(&workspace, "it is taken away", |all| all.len() == 1).await?;
        desk.wait_text("[data-testid=level-partial]", |text| text.ends_with("0/1"))
            .await?;
        desk.click("[data-testid=tool-select]").await?;
        desk.press("Ctrl+Z").await?;
        regions(&workspace, "it is back", |all| all.len() == 2).await?;
        desk.press("Ctrl+Z").await?;
        regions(&workspace, "the order is back", |all| {
            all[0].id == both[0].id
        })
        .await?;
        desk.press("Ctrl+Shift+Z").await?;
        regions(&workspace, "the order is changed again", |all| {
            all[0].id == both[1].id
        })
        .await?;
        desk.no_problem().await
    });
}

/// Draws a region by keys alone, which leaves the keyboard on it.
async fn draw_by_keys(
    desk: &Desk,
    workspace: &Workspace,
    number: u32,
    count: usize,
) -> Result<DiagramView> {
    desk.press("Alt+R").await?;
    desk.appears("[data-testid=regions-ground]").await?;
    desk.press("Enter").await?;
    let drawn = workspace
        .until("a region is drawn by keys", number, |view| {
            view.regions.len() == count
        })
        .await?;
    desk.wait(
        "the keyboard is on it",
        "document.activeElement.dataset.testid === 'region'",
    )
    .await?;
    Ok(drawn)
}

#[test]
fn a_run_of_nudges_is_one_step_and_no_word_is_lost_with_it() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.go_to_end_of_caption().await?;
        desk.type_keys(" 一个词 and more.").await?;
        desk.saved().await?;
        let start = draw_by_keys(&desk, &workspace, 1, 1).await?.regions[0].clone();
        let count = writes(&workspace)?;
        for _ in 0..12 {
            desk.press("Right").await?;
        }
        for _ in 0..2 {
            desk.press("Shift+Down").await?;
        }
        let end = regions(&workspace, "it is nudged", |all| {
            (all[0].x, all[0].y) == (start.x + 12, start.y + 20)
        })
        .await?;
        ensure!(
            writes(&workspace)? - count <= 3,
            "a run of keys is one write, or few where the computer is slow"
        );
        desk.wait(
            "the keyboard stays on it",
            "document.activeElement.dataset.testid === 'region'",
        )
        .await?;
        while regions(&workspace, "it is somewhere", |_| true).await?[0].x != start.x {
            ensure!(
                desk.get("document.querySelector('[data-testid=\"regions.undo\"]').disabled")
                    .await?
                    == Value::Bool(false)
            );
            let before = workspace.diagram(1)?.regions[0].clone();
            desk.press("Ctrl+Z").await?;
            regions(&workspace, "a step is undone", |all| all[0] != before).await?;
        }
        desk.press("Ctrl+Shift+Z").await?;
        regions(&workspace, "a step is redone", |all| all[0] != start).await?;

        desk.press("Left").await?;
        desk.press("Left").await?;
        desk.kill()?;
        let left = workspace.diagram(1)?;
        ensure!(
            left.captions[0].text.ends_with(" 一个词 and more."),
            "no word is lost"
        );
        assert_eq!(left.regions.len(), 1);
        assert_eq!(left.regions[0].width, end[0].width);
        ensure!(
            workspace.reader()?.status()?.problems.is_empty(),
            "the database is sound"
        );
        let desk = stage.open(&workspace).await?;
        desk.appears(BOX).await?;
        desk.no_problem().await
    });
}

#[test]
fn a_region_that_was_nudged_is_stored_before_one_leaves() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        let start = draw_by_keys(&desk, &workspace, 1, 1).await?.regions[0].clone();
        desk.press("Right").await?;
        desk.press("Alt+Down").await?;
        desk.opened(2).await?;
        assert_eq!(workspace.diagram(1)?.regions[0].x, start.x + 1);
        // Nothing of the first diagram is chosen in the second.
        assert_eq!(desk.texts(CHOSEN).await?, Vec::<String>::new());
        desk.no_problem().await
    });
}

async fn link_words_with_a_region(desk: &Desk, workspace: &Workspace) -> Result<()> {
    let region = draw_by_keys(desk, workspace, 1, 1).await?.regions[0]
        .id
        .to_string();
    desk.press("Alt+3").await?;
    desk.wait(
        "the detailed level is on show",
        "document.querySelector('[data-testid=level-detailed][data-state=active]') !== null",
    )
    .await?;
    desk.click(EDITOR).await?;
    desk.press("Ctrl+a").await?;
    desk.type_keys("𝄞 核心网交换机 joins two nodes.").await?;
    desk.press("Ctrl+Home").await?;
    for _ in 0..2 {
        desk.press("Right").await?;
    }
    for _ in 0..6 {
        desk.press("Shift+Right").await?;
    }
    desk.press("Ctrl+L").await?;
    desk.wait_text(".cm-link", |text| text == "核心网交换机")
        .await?;
    let linked = workspace
        .until("the words are linked", 1, |view| {
            view.captions.iter().any(|caption| caption.links.len() == 1)
        })
        .await?;
    let link = linked
        .captions
        .iter()
        .find_map(|caption| caption.links.first())
        .context("a link")?
        .clone();
    assert_eq!((link.start, link.end), (2, 8), "in code points");
    assert_eq!(link.region_id.to_string(), region);
    Ok(())
}

async fn light_each_other(desk: &Desk) -> Result<()> {
    // By keys: the cursor in the words lights the region.
    let is_lit = "document.querySelector('[data-testid=region].lit') !== null";
    let is_dark = "document.querySelector('[data-testid=region].lit') === null";
    desk.wait("the cursor lights the region", is_lit).await?;
    desk.press("Ctrl+End").await?;
    desk.wait("the cursor is elsewhere", is_dark).await?;
    // By pointer: the words light the region, and the region the words.
    let words = desk.place_in(".cm-link", 0.5, 0.5).await?;
    desk.point(&[words], false).await?;
    desk.wait("the words light the region", is_lit).await?;
    desk.screenshot("region-lit-by-words").await?;
    let on_region = desk.place_in(BOX, 0.5, 0.5).await?;
    desk.point(&[on_region], false).await?;
    desk.appears(".cm-link.cm-lit").await?;
    desk.screenshot("words-lit-by-region").await
}

fn go_out_as_grounding(stage: &Stage, workspace: &Workspace) -> Result<()> {
    workspace.callout(&[
        "submit",
        &workspace.path(),
        "1",
        "--level",
        "detailed",
        "--as",
        "Test",
    ])?;
    workspace.callout(&["approve", &workspace.path(), "1", "--as", "Test"])?;
    let out = stage.folder().join("out.jsonl");
    workspace.callout(&[
        "export",
        &workspace.path(),
        "--format",
        "jsonl",
        &out.display().to_string(),
    ])?;
    let lines = std::fs::read_to_string(&out)?;
    let detailed = lines
        .lines()
        .map(serde_json::from_str::<Value>)
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .find(|line| line["level"] == "detailed")
        .context("the detailed text goes out")?;
    let grounding = &detailed["grounding"][0];
    assert_eq!(
        (&grounding["start"], &grounding["end"]),
        (&2.into(), &8.into())
    );
    assert_eq!(grounding["quote"], "核心网交换机");
    let region = &workspace.diagram(1)?.regions[0];
    assert_eq!(
        grounding["region"]["bbox"],
        serde_json::json!([region.x, region.y, region.width, region.height])
    );
    Ok(())
}

#[test]
fn words_and_regions_light_each_other_and_go_out_as_grounding() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        link_words_with_a_region(&desk, &workspace).await?;
        light_each_other(&desk).await?;
        go_out_as_grounding(&stage, &workspace)?;
        desk.no_problem().await
    });
}

#[test]
fn each_region_gets_its_text_by_keys_alone() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        let on_partial =
            "document.querySelector('[data-testid=level-partial][data-state=active]') !== null";
        desk.press("Alt+2").await?;
        desk.wait("the level without regions is on show", on_partial)
            .await?;
        desk.appears("[data-testid=no-regions]").await?;
        desk.screenshot("partial-empty").await?;
        workspace.annotate(2, "Somebody else writes.")?;
        desk.wait_text("[data-testid=state-in_progress] .count", |count| {
            count == "1"
        })
        .await?;
        desk.wait("what others write changes no level", on_partial)
            .await?;

        for (count, text) in [(1, "第一个区域的描述。"), (2, "The second region.")] {
            draw_by_keys(&desk, &workspace, 1, count).await?;
            for _ in 0..20 {
                desk.press(if count == 1 { "Left" } else { "Right" })
                    .await?;
            }
            desk.press("F6").await?;
            desk.wait(
                "the text has the keyboard",
                "document.activeElement.closest('[data-pane=caption]') !== null",
            )
            .await?;
            desk.type_keys(text).await?;
            desk.saved().await?;
            desk.wait_text("[data-testid=level-partial]", |shown| {
                shown.ends_with(&format!("{count}/{count}"))
            })
            .await?;
        }
        desk.press("Alt+2").await?;
        desk.wait_text(EDITOR, |text| text == "第一个区域的描述。")
            .await?;
        let chosen = format!("document.querySelector(`{CHOSEN}`)?.dataset.region");
        let first = workspace.diagram(1)?.regions[0].id.to_string();
        assert_eq!(
            desk.get(&chosen).await?,
            Value::String(first),
            "the region whose text is shown is the chosen one"
        );
        let texts: Vec<String> = workspace
            .diagram(1)?
            .captions
            .into_iter()
            .filter(|caption| caption.slot.level == Level::Partial)
            .map(|caption| caption.text)
            .collect();
        assert_eq!(texts, ["第一个区域的描述。", "The second region."]);
        desk.no_problem().await
    });
}

/// A picture with `count` regions in a grid.
fn crowded(stage: &Stage, side: u32, count: u32) -> Result<Workspace> {
    let picture = stage.folder().join("crowded.png");
    GrayImage::from_fn(side, side * 3 / 4, |x, y| {
        Luma([if (x / 64 + y / 64) % 2 == 0 { 235 } else { 250 }])
    })
    .save(&picture)?;
    let workspace = stage.empty("crowded.callout")?;
    workspace.callout(&["import", &workspace.path(), &picture.display().to_string()])?;
    let session = workspace.reader()?;
    let id = session.find("1")?;
    let (columns, cell) = (20, side / 20);
    for index in 0..count {
        let (x, y) = (
            (index % columns) * cell + cell / 8,
            (index / columns) * cell + cell / 8,
        );
        let shape = Shape::Rectangle {
            x,
            y,
            width: cell / 2,
            height: cell / 2,
        };
        session.draw_region(&id, &DrawnRegion { name: None, shape })?;
    }
    Ok(workspace)
}

#[test]
fn two_hundred_regions_stay_usable() {
    play(async |stage| {
        let is_thorough = std::env::var_os("CALLOUT_THOROUGH").is_some_and(|value| value == "1");
        let workspace = crowded(&stage, if is_thorough { 12_000 } else { 2_400 }, 200)?;
        let desk = stage.open(&workspace).await?;
        desk.wait(
            "all regions are drawn",
            "document.querySelectorAll('[data-testid=region]').length === 200",
        )
        .await?;
        desk.screenshot("two-hundred-regions").await?;
        let at = desk
            .place_in("[data-testid=region]:nth-child(100) .box", 0.5, 0.5)
            .await?;
        let started = Instant::now();
        desk.point(&[at], true).await?;
        desk.appears(CHOSEN).await?;
        let before = workspace.diagram(1)?;
        for _ in 0..5 {
            desk.press("Right").await?;
        }
        workspace
            .until("it is nudged", 1, |view| view.regions != before.regions)
            .await?;
        for _ in 0..6 {
            desk.press("Ctrl+=").await?;
        }
        desk.wait(
            "of many regions only those in view are drawn",
            "document.querySelectorAll('[data-testid=region]').length < 200",
        )
        .await?;
        desk.press("Ctrl+0").await?;
        desk.wait(
            "all are drawn again",
            "document.querySelectorAll('[data-testid=region]').length === 200",
        )
        .await?;
        let took = started.elapsed();
        ensure!(
            took < Duration::from_secs(20),
            "choosing, nudging and zooming took {took:?}"
        );
        desk.press("Alt+2").await?;
        desk.wait(
            "they are listed",
            "document.querySelectorAll('.region-list button').length === 200",
        )
        .await?;
        desk.wait(
            "the picture is there",
            &format!("document.querySelector('{PICTURE}[data-state=showing]') !== null"),
        )
        .await?;
        desk.no_problem().await
    });
}
