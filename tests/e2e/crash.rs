//! Nothing typed is lost when the desk dies.

use crate::harness::{Desk, EDITOR, Stage, Workspace, play};
use anyhow::{Context as _, Result, ensure};
use app::domain::{Anchor, Region};
use image::{Rgb, RgbImage};
use std::path::{Path, PathBuf};
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

/// Draws a region by keys, nudges it, and types a name for it that is not kept yet.
async fn nudge_and_name(desk: &Desk, workspace: &Workspace) -> Result<Region> {
    desk.press("Alt+R").await?;
    desk.appears("[data-testid=regions-ground]").await?;
    desk.press("Enter").await?;
    let drawn = workspace
        .until("a region is drawn", 1, |view| view.regions.len() == 1)
        .await?
        .regions
        .remove(0);
    desk.wait(
        "the keyboard is on it",
        "document.activeElement.dataset.testid === 'region'",
    )
    .await?;
    for keys in ["Right", "Right", "Right", "Shift+Down"] {
        desk.press(keys).await?;
    }
    let last_nudge = Instant::now();
    desk.press("F2").await?;
    desk.appears("[data-testid=region-name]").await?;
    desk.type_keys("核心网 co").await?;
    tokio::time::sleep_until((last_nudge + AFTER_THE_LAST_KEY).into()).await;
    Ok(drawn)
}

/// Chooses the region, pulls it, and does not let go.
async fn pull_and_hold(desk: &Desk) -> Result<()> {
    let region = "[data-testid=region] .box";
    let at = desk.place_in(region, 0.5, 0.5).await?;
    desk.point(&[at], true).await?;
    desk.appears("[data-testid=region][aria-pressed=true]")
        .await?;
    let [before, ..] = desk.box_of(region).await?;
    let (x, y) = desk.place_in(region, 0.5, 0.5).await?;
    desk.hold(&[(x, y), (x + 30.0, y + 20.0), (x + 60.0, y + 40.0)])
        .await?;
    let [now, ..] = desk.box_of(region).await?;
    ensure!(now > before + 40.0, "it is being pulled: {before} {now}");
    Ok(())
}

/// Nothing is broken, and the one region is where and what it was.
fn is_whole(workspace: &Workspace, expected: &Region) -> Result<()> {
    let regions = workspace.diagram(1)?.regions;
    assert_eq!(regions, std::slice::from_ref(expected));
    let problems = workspace.reader()?.status()?.problems;
    ensure!(problems.is_empty(), "the database is sound: {problems:?}");
    Ok(())
}

#[test]
fn a_region_survives_a_kill_while_it_is_named_and_pulled() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        let drawn = nudge_and_name(&desk, &workspace).await?;
        desk.kill()?;
        let nudged = Region {
            x: drawn.x + 3,
            y: drawn.y + 10,
            ..drawn
        };
        is_whole(&workspace, &nudged)?;

        let desk = stage.open(&workspace).await?;
        pull_and_hold(&desk).await?;
        desk.screenshot("region-held").await?;
        desk.kill()?;
        is_whole(&workspace, &nudged)?;

        // It can be moved as ever.
        let desk = stage.open(&workspace).await?;
        pull_and_hold(&desk).await?;
        desk.point(&[(300.0, 300.0)], true).await?;
        workspace
            .until("it is moved", 1, |view| view.regions[0].x != nudged.x)
            .await?;
        desk.no_problem().await
    });
}

const ANSWER: &str = "[data-testid=thread-answer]";

/// Says what kind all diagrams are, in one change, and does not wait for what comes of it.
async fn change_all(desk: &Desk, kind: &str) -> Result<()> {
    desk.press("Ctrl+Shift+Y").await?;
    desk.appears("[data-testid=many-dialog]").await?;
    desk.click("[data-testid=many-what]").await?;
    desk.click("[data-testid=option-diagram_kind]").await?;
    desk.disappears(".select-list").await?;
    desk.click("[data-testid=many-words]").await?;
    desk.type_keys(kind).await?;
    desk.press("Enter").await
}

fn kinds(workspace: &Workspace) -> Result<Vec<(String, u32)>> {
    let session = workspace.reader()?;
    ensure!(
        session.status()?.problems.is_empty(),
        "the database is sound"
    );
    session.diagram_kinds()
}

#[test]
fn an_answer_and_a_change_of_many_survive_a_kill() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let lead = workspace.reader()?;
        lead.start_thread(&lead.find("1")?, &Anchor::Diagram, "Which interface?")?;
        let desk = stage.open(&workspace).await?;
        desk.type_into(ANSWER, "接口是 N2，I think").await?;
        let last_key = Instant::now();
        tokio::time::sleep_until((last_key + AFTER_THE_LAST_KEY).into()).await;
        desk.kill()?;
        assert_eq!(lead.threads(&lead.find("1")?)?[0].comments.len(), 1);

        let desk = stage.open(&workspace).await?;
        let value = format!("document.querySelector('{ANSWER}')?.value");
        desk.wait(
            "the answer waits",
            &format!("{value} === '接口是 N2，I think'"),
        )
        .await?;
        change_all(&desk, "topology").await?;
        desk.appears("[data-testid=bulk-done]").await?;
        desk.kill()?;
        assert_eq!(kinds(&workspace)?, [("topology".to_owned(), 12)]);

        let desk = stage.open(&workspace).await?;
        change_all(&desk, "时序图").await?;
        desk.kill()?;
        let left = kinds(&workspace)?;
        ensure!(
            left.len() == 1 && left[0].1 == 12,
            "all or nothing: {left:?}"
        );
        let desk = stage.open(&workspace).await?;
        desk.click(ANSWER).await?;
        desk.press("Ctrl+Enter").await?;
        desk.wait_text("[data-testid=thread]", |text| {
            text.contains("接口是 N2，I think")
        })
        .await?;
        desk.no_problem().await
    });
}

const N_PICTURES: u32 = 100;

/// A folder of many pictures, each another, whose import takes a while.
fn pictures(stage: &Stage) -> Result<PathBuf> {
    let folder = stage.folder().join("图集");
    std::fs::create_dir(&folder)?;
    for n in 0..N_PICTURES {
        let picture = RgbImage::from_fn(800, 600, |x, y| {
            let shade = u8::try_from((x / 8 * 31 + y / 8 * 17 + n * 7) % 251).unwrap_or(0);
            Rgb([shade, u8::try_from(n).unwrap_or(0), 200])
        });
        picture.save(folder.join(format!("{n:03}.png")))?;
    }
    Ok(folder)
}

async fn import(desk: &Desk, folder: &Path) -> Result<()> {
    desk.press("Ctrl+I").await?;
    desk.appears("[data-testid=import-path]").await?;
    desk.type_keys(&folder.display().to_string()).await?;
    desk.press("Enter").await
}

/// Every diagram's picture is there with all its bytes; how many there are.
fn whole_pictures(workspace: &Workspace) -> Result<u32> {
    let session = workspace.reader()?;
    let status = session.status()?;
    ensure!(status.problems.is_empty(), "{:?}", status.problems);
    for number in 1..=status.diagrams {
        let image = workspace.diagram(number)?.diagram.image;
        let path = session.workspace().image_path(&image.hash, &image.format);
        assert_eq!(std::fs::metadata(&path)?.len(), u64::from(image.bytes));
        image::open(&path).with_context(|| format!("reading {number}"))?;
    }
    Ok(status.diagrams)
}

#[test]
fn what_an_import_brought_in_before_a_kill_is_whole_and_the_rest_comes_later() {
    play(async |stage| {
        let folder = pictures(&stage)?;
        let workspace = stage.empty("import.callout")?;
        let arguments = [&workspace.path(), "--as", "Test"];
        let desk = stage.open_bare(&arguments).await?;
        import(&desk, &folder).await?;
        let reader = workspace.reader()?;
        let started = Instant::now();
        while reader.status()?.diagrams == 0 {
            ensure!(started.elapsed().as_secs() < 60, "the import begins");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        desk.kill()?;
        let n = whole_pictures(&workspace)?;
        ensure!(n > 0 && n < N_PICTURES, "it was killed on the way: {n}");

        let desk = stage.open_bare(&arguments).await?;
        desk.opened(1).await?;
        import(&desk, &folder).await?;
        let done = format!(
            "[data-testid=import-report][data-imported='{}'][data-rejected='0']",
            N_PICTURES - n
        );
        desk.wait_at_most(
            Duration::from_secs(90),
            "the rest comes in",
            &format!("document.querySelector(`{done}`) !== null"),
        )
        .await?;
        let report = desk.text("[data-testid=import-report]").await?;
        ensure!(report.contains(&format!("{n} ")), "{report}");
        assert_eq!(whole_pictures(&workspace)?, N_PICTURES);
        desk.no_problem().await
    });
}
