//! Accessibility: axe-core looks at every place and every dialog of the real window, in both themes and languages,
//! and must find nothing.

use crate::harness::{Desk, Stage, Workspace, live_in, play};
use anyhow::{Context as _, Result, bail, ensure};
use app::domain::JobRequest;
use serde_json::{Value, json};
use std::path::Path;

/// What axe found wrong: rule, element, and why.
const LOOK: &str = "
    const done = arguments[0];
    axe.run(document, { resultTypes: ['violations'] }).then(
        ({ violations }) => done(violations.flatMap(({ id, nodes }) =>
            nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 240)} (${failureSummary.replace(/\\s+/g, ' ')})`))),
        (error) => done([`axe failed: ${error}`]),
    );";

/// Dialogs by their chords where diagrams are annotated.
const ANNOTATING: [(&str, &str); 13] = [
    ("Ctrl+K", "palette"),
    ("F1", "shortcuts"),
    ("Ctrl+I", "import-dialog"),
    ("Ctrl+E", "export-dialog"),
    ("Ctrl+O", "workspace-dialog"),
    ("Ctrl+Shift+K", "skip-dialog"),
    ("Ctrl+Shift+P", "filters-dialog"),
    ("Ctrl+Shift+Y", "many-dialog"),
    ("Ctrl+Shift+M", "models-dialog"),
    ("Ctrl+Shift+G", "draft-dialog"),
    ("Ctrl+Shift+J", "jobs-dialog"),
    ("Alt+H", "history-dialog"),
    ("Ctrl+Shift+S", "propose-dialog"),
];

#[test]
fn axe_finds_nothing_in_light_and_english() {
    play(async |stage| tour(&stage, false, false).await);
}

#[test]
fn axe_finds_nothing_in_dark_and_english() {
    play(async |stage| tour(&stage, true, false).await);
}

#[test]
fn axe_finds_nothing_in_light_and_chinese() {
    play(async |stage| tour(&stage, false, true).await);
}

#[test]
fn axe_finds_nothing_in_dark_and_chinese() {
    play(async |stage| tour(&stage, true, true).await);
}

async fn tour(stage: &Stage, dark: bool, chinese: bool) -> Result<()> {
    let workspace = stage.sample()?;
    fill(&workspace)?;
    let desk = stage.open(&workspace).await?;
    if dark {
        desk.click("[data-testid=theme-switch]").await?;
    }
    if chinese {
        desk.click("[data-testid=language-switch]").await?;
    }
    let axe = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/node_modules/axe-core/axe.min.js"),
    )
    .context("reading axe-core")?;
    // As a function's body, since the page's policy takes no script from elsewhere.
    desk.run(&axe, vec![]).await?;
    let mut tour = Tour {
        desk,
        found: Vec::new(),
    };
    tour.annotating().await?;
    tour.questions().await?;
    tour.review().await?;
    tour.numbers_and_settings().await?;
    tour.nothing_there(stage, &axe, dark, chinese).await?;
    ensure!(
        tour.found.is_empty(),
        "axe found:\n{}",
        tour.found.join("\n")
    );
    Ok(())
}

/// Where Test annotates: with regions, a conversation, revisions.
const OPEN: u32 = 7;

/// Something to see everywhere.
fn fill(workspace: &Workspace) -> Result<()> {
    live_in(workspace)?;
    let path = workspace.path();
    let number = OPEN.to_string();
    let by = ["--as", "Test"];
    let draw = [
        "region",
        "draw",
        &path,
        &number,
        "--rectangle",
        "40,40,200,120",
    ];
    workspace.callout(&[&draw[..], &by].concat())?;
    let ask = ["thread", "start", &path, &number, "Which interface?"];
    workspace.callout(&[&ask[..], &by].concat())?;
    workspace.annotate(OPEN, "A first text.")?;
    workspace.annotate(OPEN, "A second text, somewhat longer.")?;
    let session = workspace.reader()?;
    let model = session.add_model(&serde_json::from_value(json!({
        "name": "a server",
        "source": { "kind": "server", "url": "http://127.0.0.1:9/v1", "options": { "model": "m" } },
    }))?)?;
    let request = json!({
        "model_id": model.id, "levels": ["global"], "language": "en", "redraft": "always",
        "scope": { "which": "ids", "ids": [session.find("3")?] },
        "sampling": { "temperature": 0, "top_p": null, "top_k": null, "repetition_penalty": 1, "max_new_tokens": 8, "seed": 0 },
    });
    let job = session.queue_drafts(&serde_json::from_value(request)?)?;
    session.request(&job.id, JobRequest::Cancel)?;
    Ok(())
}

/// A window, and what was found wrong in it.
struct Tour {
    desk: Desk,
    found: Vec<String>,
}

impl Tour {
    async fn look(&mut self, at: &str) -> Result<()> {
        let answer = self.desk.run_async(LOOK, vec![]).await?;
        let Value::Array(violations) = answer else {
            bail!("axe answers with a list, not {answer}")
        };
        let told = violations
            .iter()
            .map(|violation| format!("{at}: {}", violation.as_str().unwrap_or_default()));
        self.found.extend(told);
        Ok(())
    }

    async fn dialog(&mut self, at: &str, chord: &str, dialog: &str) -> Result<()> {
        let selector = format!("[data-testid={dialog}]");
        self.desk.press(chord).await?;
        self.desk.appears(&selector).await?;
        self.look(&format!("{at}, {dialog}")).await?;
        self.desk.press("Escape").await?;
        self.desk.disappears(&selector).await
    }

    async fn annotating(&mut self) -> Result<()> {
        let row = format!("[data-testid=queue-row][data-number='{OPEN}']");
        self.desk.click(&row).await?;
        self.desk.opened(OPEN).await?;
        self.desk.appears("[data-testid=thread]").await?;
        for level in 1..=4 {
            self.desk.press(&format!("Alt+{level}")).await?;
            self.look(&format!("annotating, level {level}")).await?;
        }
        self.desk.press("Alt+1").await?;
        for (chord, dialog) in ANNOTATING {
            self.dialog("annotating", chord, dialog).await?;
        }
        Ok(())
    }

    async fn questions(&mut self) -> Result<()> {
        self.desk.click("[data-testid=place-questions]").await?;
        self.look("questions, none open").await?;
        self.desk.click("[data-testid=question-list-row]").await?;
        self.desk.appears("[data-testid=choices]").await?;
        self.desk.appears("[data-testid=findings]").await?;
        self.look("questions").await?;
        self.dialog("questions", "Alt+H", "question-history")
            .await?;
        self.dialog("questions", "Ctrl+Shift+R", "reject-dialog")
            .await?;
        self.desk.press("Alt+T").await?;
        self.desk.appears("[data-testid=try-it]").await?;
        self.look("questions, trying").await
    }

    async fn review(&mut self) -> Result<()> {
        self.desk.click("[data-testid=place-review]").await?;
        self.desk.appears("[data-testid=decision-bar]").await?;
        self.desk.picture_shown().await?;
        self.look("review").await?;
        self.desk.click("[data-testid=review-return]").await?;
        self.look("review, returning").await?;
        self.desk.press("Escape").await?;
        self.desk.click("[data-testid=review-comment]").await?;
        self.look("review, commenting").await?;
        self.desk.press("Escape").await
    }

    async fn numbers_and_settings(&mut self) -> Result<()> {
        self.desk.click("[data-testid=place-board]").await?;
        self.desk.appears("[data-testid=drafts]").await?;
        self.look("overview").await?;
        self.desk.click("[data-testid=place-settings]").await?;
        for section in ["you", "people", "rules", "glossary", "audit", "about"] {
            self.desk
                .click(&format!("[data-testid=section-{section}]"))
                .await?;
            self.look(&format!("settings, {section}")).await?;
        }
        self.desk.click("[data-testid=section-glossary]").await?;
        self.desk.click("[data-testid=term-add]").await?;
        self.look("settings, a term").await
    }

    /// Empty places, in a window of their own.
    async fn nothing_there(
        &mut self,
        stage: &Stage,
        axe: &str,
        dark: bool,
        chinese: bool,
    ) -> Result<()> {
        let empty = stage.empty("empty.callout")?;
        self.desk.close().await;
        self.desk = stage.open_bare(&[&empty.path(), "--as", "Test"]).await?;
        let looks = format!(
            "document.documentElement.lang === '{}'",
            if chinese { "zh-CN" } else { "en" }
        );
        self.desk.wait("the language is kept", &looks).await?;
        let theme = format!(
            "document.documentElement.dataset.theme === '{}'",
            if dark { "dark" } else { "light" }
        );
        self.desk.wait("the theme is kept", &theme).await?;
        self.desk.run(axe, vec![]).await?;
        for place in ["annotate", "questions", "review", "board"] {
            self.desk
                .click(&format!("[data-testid=place-{place}]"))
                .await?;
            self.look(&format!("empty, {place}")).await?;
        }
        self.dialog("empty", "Ctrl+Shift+J", "jobs-dialog").await?;
        self.dialog("empty", "Ctrl+Shift+M", "models-dialog").await
    }
}
