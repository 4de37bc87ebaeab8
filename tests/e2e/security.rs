//! What the page may not do, and that all text is only text.

use crate::harness::{Desk, EDITOR, play, sample_folder};
use anyhow::{Result, ensure};
use serde_json::json;
use std::fs;
use std::net::TcpListener;

const HOSTILE_TEXT: &str =
    "Before <img src=x onerror=\"window.owned=1\"><script>window.owned=2</script> after & “quoted”";
const HOSTILE_NAME: &str = "\"><img src=x onerror=window.owned=3>'.png";

/// Notes what the page's policy forbids from here on.
const LISTEN: &str = "
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => {
        window.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
    });
";

async fn violations(desk: &Desk) -> Result<Vec<String>> {
    Ok(serde_json::from_value(
        desk.get("window.violations").await?,
    )?)
}

#[test]
fn a_tour_of_the_window_violates_no_policy() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage
            .open_bare(&[&workspace.path(), "--as", "Test"])
            .await?;
        desk.run(LISTEN, vec![]).await?;
        desk.picture_shown().await?;
        desk.press("Alt+Down").await?;
        desk.opened(2).await?;
        desk.go_to_end_of_caption().await?;
        desk.type_keys(" Toured.").await?;
        desk.press("Alt+F").await?;
        desk.appears(".cm-search").await?;
        desk.press("Escape").await?;
        for (chord, dialog) in [
            ("Ctrl+K", "palette"),
            ("F1", "shortcuts"),
            ("Ctrl+I", "import-dialog"),
            ("Ctrl+E", "export-dialog"),
        ] {
            desk.press(chord).await?;
            desk.appears(&format!("[data-testid={dialog}]")).await?;
            desk.press("Escape").await?;
            desk.disappears(&format!("[data-testid={dialog}]")).await?;
        }
        desk.click("[data-testid=workspace-menu]").await?;
        desk.appears("[data-testid=menu-import]").await?;
        desk.screenshot("menu").await?;
        desk.press("Escape").await?;
        desk.click("[data-testid=draft-merged]").await?;
        desk.press("Ctrl+Shift+L").await?;
        desk.press("Ctrl+Shift+E").await?;
        desk.press("Ctrl+1").await?;
        let found = violations(&desk).await?;
        ensure!(found.is_empty(), "{found:#?}");
        // What was refused before this test could listen: a refused style element has no sheet.
        let refused = "[...document.querySelectorAll('style')].filter((style) => style.sheet === null).map((style) => style.outerHTML.slice(0, 200))";
        assert_eq!(desk.get(refused).await?, json!([]));
        desk.no_problem().await
    });
}

#[test]
fn the_policy_forbids_eval_inline_scripts_and_the_network() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open(&workspace).await?;
        desk.run(LISTEN, vec![]).await?;
        let tried = "try { window.eval('1'); return 'ran'; } catch (error) { return error.name; }";
        assert_eq!(desk.run(tried, vec![]).await?, json!("EvalError"));
        let tried = "try { new Function('return 1')(); return 'ran'; } catch (error) { return error.name; }";
        assert_eq!(desk.run(tried, vec![]).await?, json!("EvalError"));
        let inline = "const script = document.createElement('script'); script.textContent = 'window.owned = 1';
            document.body.append(script); return window.owned ?? null;";
        assert_eq!(desk.run(inline, vec![]).await?, json!(null));

        let server = TcpListener::bind("127.0.0.1:0")?;
        server.set_nonblocking(true)?;
        let url = format!("http://{}/picture.png", server.local_addr()?);
        let picture = "const [url, done] = arguments; const image = new Image();
            image.onload = () => done('loaded'); image.onerror = () => done('refused'); image.src = url;";
        assert_eq!(
            desk.run_async(picture, vec![json!(url)]).await?,
            json!("refused")
        );
        let fetched = "const [url, done] = arguments; fetch(url).then(() => done('fetched'), () => done('refused'));";
        assert_eq!(
            desk.run_async(fetched, vec![json!(url)]).await?,
            json!("refused")
        );
        ensure!(server.accept().is_err(), "the page reached the network");
        let found = violations(&desk).await?;
        ensure!(
            found.iter().any(|each| each.starts_with("img-src")),
            "{found:#?}"
        );
        Ok(())
    });
}

#[test]
fn hostile_names_and_texts_are_shown_as_text() {
    play(async |stage| {
        let pictures = stage.folder().join("pictures");
        fs::create_dir(&pictures)?;
        fs::copy(
            sample_folder().join("gpon-access.svg"),
            pictures.join("plain.svg"),
        )?;
        fs::copy(
            sample_folder().join("volte-call-setup.png"),
            pictures.join(HOSTILE_NAME),
        )?;
        let row = json!({"file_name": HOSTILE_NAME, "caption": HOSTILE_TEXT, "context": HOSTILE_TEXT, "source": HOSTILE_TEXT});
        fs::write(pictures.join("metadata.jsonl"), row.to_string())?;
        let workspace = stage.empty("hostile.callout")?;
        workspace.callout(&["import", &workspace.path(), &pictures.display().to_string()])?;
        let desk = stage.open(&workspace).await?;
        desk.opened(1).await?;
        assert_eq!(desk.text("[data-testid=diagram-name]").await?, HOSTILE_NAME);
        assert_eq!(desk.caption().await?, HOSTILE_TEXT);
        assert_eq!(desk.text("[data-testid=draft-text]").await?, HOSTILE_TEXT);
        ensure!(
            desk.text("[data-testid=context]")
                .await?
                .contains(HOSTILE_TEXT)
        );
        ensure!(
            desk.texts("[data-testid=queue-row] .excerpt")
                .await?
                .iter()
                .any(|text| HOSTILE_TEXT.starts_with(text.trim_end_matches('…')))
        );
        desk.screenshot("hostile").await?;
        desk.go_to_end_of_caption().await?;
        desk.type_into(EDITOR, " <b>bold</b>").await?;
        desk.saved().await?;
        desk.click("[data-testid=draft-merged]").await?;
        desk.wait_text("[data-testid=diff-merged]", |text| {
            text.contains("<b>bold</b>")
        })
        .await?;
        workspace.annotate(1, HOSTILE_TEXT)?;
        desk.click(EDITOR).await?;
        desk.type_keys("!").await?;
        desk.appears("[data-testid=conflict-banner]").await?;
        desk.press("Ctrl+K").await?;
        desk.type_into("[data-testid=palette-input]", "onerror")
            .await?;
        desk.wait_text("[data-testid=palette-diagram]", |text| {
            text.contains("<img src=x")
        })
        .await?;
        assert_eq!(
            desk.get("document.querySelectorAll('img[src=x], b').length")
                .await?,
            json!(0)
        );
        assert_eq!(desk.get("window.owned ?? null").await?, json!(null));
        desk.no_problem().await
    });
}
