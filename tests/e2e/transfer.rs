//! Import and export through the window. Files are dropped by hand only: see `main.rs`.

use crate::harness::{play, sample_folder};
use anyhow::ensure;
use std::fs;

#[test]
fn an_import_by_path_reports_what_was_refused() {
    play(async |stage| {
        let pictures = stage.folder().join("pictures");
        fs::create_dir(&pictures)?;
        for name in ["gpon-access.svg", "volte-call-setup.png"] {
            fs::copy(sample_folder().join(name), pictures.join(name))?;
        }
        fs::write(pictures.join("broken.png"), "no picture at all")?;
        let workspace = stage.empty("import.callout")?;
        let desk = stage
            .open_bare(&[&workspace.path(), "--as", "Test"])
            .await?;
        desk.click("[data-testid=import-open]").await?;
        desk.type_into("[data-testid=import-path]", &pictures.display().to_string())
            .await?;
        desk.screenshot("import").await?;
        desk.click("[data-testid=import-start]").await?;
        desk.appears("[data-testid=import-report]").await?;
        let report = desk.text("[data-testid=import-report]").await?;
        ensure!(report.contains("2 diagrams imported"), "{report}");
        let refused = desk.texts("[data-testid=import-refused]").await?;
        ensure!(
            refused.len() == 1 && refused[0].contains("broken.png"),
            "{refused:?}"
        );
        ensure!(
            refused[0].len() > "broken.png".len() + 10,
            "the reason is told: {refused:?}"
        );
        desk.screenshot("import-report").await?;
        desk.click("[data-testid=import-close]").await?;
        desk.wait_text("[data-testid=queue-count]", |text| text == "2 diagrams")
            .await?;
        desk.opened(1).await?;
        desk.no_problem().await
    });
}

#[test]
fn approved_work_is_exported() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let out = stage.folder().join("exported");
        let desk = stage.open(&workspace).await?;
        desk.go_to_end_of_caption().await?;
        desk.type_into("[data-testid=caption-editor]", " 已核对。")
            .await?;
        desk.press("Ctrl+Enter").await?;
        desk.opened(2).await?;
        desk.press("Alt+Up").await?;
        desk.opened(1).await?;
        desk.click("[data-testid=approve]").await?;
        desk.wait_text("[data-testid=diagram-state]", |state| state == "Approved")
            .await?;
        desk.press("Ctrl+E").await?;
        desk.type_into("[data-testid=export-path]", &out.display().to_string())
            .await?;
        desk.click("[data-testid=export-start]").await?;
        let report = desk
            .wait_text("[data-testid=export-report]", |text| !text.is_empty())
            .await?;
        ensure!(report.contains("exported"), "{report}");
        desk.screenshot("export").await?;
        let table = fs::read_to_string(out.join("metadata.jsonl"))?;
        assert_eq!(table.lines().count(), 1, "only what was approved: {table}");
        ensure!(
            table.contains("已核对。") && table.contains("5g-registration.png"),
            "{table}"
        );
        desk.no_problem().await
    });
}
