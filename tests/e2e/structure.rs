//! The structure of a diagram: Mermaid text with its live picture and its parts.

use crate::harness::{Desk, EDITOR, play};
use anyhow::{Result, ensure};

const DRAWN: &str = "(() => { const picture = document.querySelector('[data-testid=structure-picture]'); return picture !== null && picture.complete && picture.naturalWidth > 0; })()";

const SOURCE: &str = "(document.querySelector('[data-testid=structure-picture]')?.src ?? null)";

async fn write(desk: &Desk, source: &str) -> Result<()> {
    desk.click(EDITOR).await?;
    desk.press("Ctrl+a").await?;
    desk.type_keys(source).await
}

async fn zoom_to_its_pixels_and_back(desk: &Desk) -> Result<()> {
    let [_, _, paper, _] = desk.box_of("[data-testid=structure-paper]").await?;
    desk.click("[data-testid=structure-zoom-actual]").await?;
    desk.wait_text("[data-testid=structure-zoom-level]", |text| text == "100 %")
        .await?;
    let [_, _, own, _] = desk.box_of("[data-testid=structure-picture]").await?;
    ensure!(
        own > paper,
        "at its own pixels it is larger than its place: {own} in {paper}"
    );
    desk.screenshot("structure-actual").await?;
    desk.click("[data-testid=structure-zoom-fit]").await?;
    let [_, _, fitted, _] = desk.box_of("[data-testid=structure-picture]").await?;
    ensure!(fitted <= paper, "{fitted} in {paper}");
    Ok(())
}

async fn draw_other_kinds(desk: &Desk) -> Result<()> {
    for source in [
        "sequenceDiagram\nUE->>AMF: 注册请求\nAMF-->>UE: 接受",
        "stateDiagram-v2\n[*] --> 空闲\n空闲 --> 连接: 建立",
        "classDiagram\nNode <|-- Switch\nSwitch : +forward()",
        "erDiagram\nCELL ||--o{ UE : serves",
        "gantt\ntitle Rollout\nsection Core\nAMF :a1, 2026-01-01, 3d",
    ] {
        let before = desk.get(SOURCE).await?;
        write(desk, source).await?;
        desk.wait(
            "it is drawn",
            &format!("document.querySelector('[data-testid=structure-problem]') === null && {DRAWN} && {SOURCE} !== {before}"),
        )
        .await?;
        desk.saved().await?;
        let kind = source.split_whitespace().next().unwrap_or_default();
        desk.screenshot(&format!("structure-{kind}")).await?;
    }
    Ok(())
}

#[test]
fn a_structure_is_drawn_listed_and_held_against_the_detailed_text() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.press("Alt+3").await?;
        desk.click(EDITOR).await?;
        desk.press("Ctrl+a").await?;
        desk.type_keys("网关 tags frames by 802.1Q for 10.0.0.1.")
            .await?;
        desk.saved().await?;
        desk.press("Alt+4").await?;
        desk.appears("[data-testid=structure]").await?;
        write(&desk, "flowchart LR\nsubgraph 核心网\na[网关]\nend\na -->|802.1Q| b[10.0.0.1]\nb --> c[UPF]\n").await?;
        desk.wait("the structure is drawn", DRAWN).await?;
        desk.wait(
            "three nodes are listed",
            "document.querySelectorAll('[data-testid=structure-nodes] li').length === 3",
        )
        .await?;
        let open = |list: &str| format!("[data-testid=structure-{list}] li.open");
        let nodes = desk.texts(&open("nodes")).await?;
        ensure!(nodes.len() == 1 && nodes[0].starts_with("UPF"), "{nodes:?}");
        let edges = desk.texts(&open("edges")).await?;
        ensure!(
            edges.len() == 1 && edges[0].starts_with("10.0.0.1 → UPF"),
            "{edges:?}"
        );
        let groups = desk.texts("[data-testid=structure-groups] li").await?;
        assert_eq!(groups, ["核心网: 网关"]);
        desk.wait_text("[data-testid=parts-open]", |text| text == "−2")
            .await?;
        desk.screenshot("structure").await?;

        zoom_to_its_pixels_and_back(&desk).await?;

        desk.go_to_end_of_caption().await?;
        desk.type_keys("c --> --> d\n").await?;
        desk.wait_text("[data-testid=structure-problem] button", |text| {
            text.contains("line 7")
        })
        .await?;
        desk.wait("the last picture stays", DRAWN).await?;
        desk.saved().await?;
        desk.screenshot("structure-broken").await?;

        desk.press("Alt+Down").await?;
        desk.opened(2).await?;
        write(&desk, "flowchart LR\na --> --> b").await?;
        desk.appears("[data-testid=structure-problem]").await?;
        desk.disappears("[data-testid=structure-picture]").await?;
        draw_other_kinds(&desk).await?;
        desk.no_problem().await
    });
}
