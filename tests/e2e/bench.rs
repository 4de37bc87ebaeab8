//! What a person waits for, measured in the real window: prints figures, judges nothing. Runs where
//! `CALLOUT_BENCH=1` asks for it:
//! `CALLOUT_BENCH=1 xvfb-run -a -s "-screen 0 1440x900x24" cargo test -p callout-desk --test e2e -- bench --nocapture`

use crate::harness::{Desk, Stage, Workspace, descendants, play};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const N_SAMPLES: usize = 30;
const LONG_CHARS: usize = 20_000;

#[test]
fn bench() {
    if std::env::var_os("CALLOUT_BENCH").is_none_or(|wanted| wanted != "1") {
        eprintln!("skipped: latencies are measured under CALLOUT_BENCH=1");
        return;
    }
    play(async |stage| {
        let workspace = pictures(&stage)?;
        let started = Instant::now();
        let desk = stage.open(&workspace).await?;
        eprintln!(
            "start to first picture, debug build and driver included: {} ms",
            started.elapsed().as_millis()
        );
        tokio::time::sleep(Duration::from_secs(10)).await;
        print_memory(&desk)?;
        print("key to disk", key_to_disk(&desk, &workspace).await?);
        let typed = typing_in_a_long_caption(&desk, &workspace).await?;
        print(
            "key to the frame that shows it, in a caption of 20,000 characters",
            typed,
        );
        let n_diagrams = workspace.reader()?.status()?.diagrams as usize;
        let [placed, drawn] = next_diagram(&desk, n_diagrams).await?;
        print("chord to the next picture in place", placed);
        print("chord to the next picture drawn", drawn);
        print_memory(&desk)
    });
}

/// The corpus where `CALLOUT_CORPUS` names it, else the sample.
fn pictures(stage: &Stage) -> Result<Workspace> {
    let corpus = std::env::var_os("CALLOUT_CORPUS")
        .map(|folder| Path::new(&folder).join("computer-networks"));
    match corpus.filter(|folder| folder.is_dir()) {
        None => stage.sample(),
        Some(folder) => {
            let workspace = stage.empty("corpus.callout")?;
            workspace.callout(&["import", &workspace.path(), &folder.display().to_string()])?;
            Ok(workspace)
        }
    }
}

/// From each key to the moment another connection sees it, in milliseconds.
async fn key_to_disk(desk: &Desk, workspace: &Workspace) -> Result<Vec<f64>> {
    let reader = workspace.reader()?;
    let id = reader.find("1")?;
    desk.go_to_end_of_caption().await?;
    let listen = "window.pressed = 0; window.addEventListener('keydown', () => (window.pressed = Date.now()), true);";
    desk.run(listen, vec![]).await?;
    let mut samples = Vec::new();
    for n in 0..N_SAMPLES {
        let key = char::from(b'a' + u8::try_from(n % 26)?);
        let before = reader.diagram(&id)?.captions[0].version;
        desk.type_keys(&key.to_string()).await?;
        let seen = until_newer(|| Ok(reader.diagram(&id)?.captions[0].version), before).await?;
        let pressed = desk
            .get("window.pressed")
            .await?
            .as_f64()
            .context("when the key was pressed")?;
        samples.push(seen - pressed);
        desk.saved().await?;
    }
    Ok(samples)
}

/// From each key to the frame that shows its character, in milliseconds, in the middle of a long caption.
async fn typing_in_a_long_caption(desk: &Desk, workspace: &Workspace) -> Result<Vec<f64>> {
    let sentence =
        "The gNB forwards the registration request to the AMF. 接入网把注册请求转发给核心网。 ";
    let text: String = sentence.chars().cycle().take(LONG_CHARS).collect();
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), &text)?;
    let (path, file) = (workspace.path(), file.path().display().to_string());
    workspace.callout(&[
        "annotate", &path, "2", "--level", "detailed", "--text", &file, "--as", "Test",
    ])?;
    desk.press("F6").await?;
    desk.press("Home").await?;
    desk.press("Down").await?;
    desk.opened(2).await?;
    desk.press("Alt+3").await?;
    desk.wait(
        "the long caption is shown",
        "document.querySelector('.cm-content')?.textContent.length > 500",
    )
    .await?;
    desk.go_to_end_of_caption().await?;
    desk.run(WATCH_KEYS, vec![]).await?;
    for n in 0..N_SAMPLES {
        let key = char::from(b'a' + u8::try_from(n % 26)?);
        desk.type_keys(&key.to_string()).await?;
        let shown = format!("window.drawn.length === {}", n + 1);
        desk.wait("the key is drawn", &shown).await?;
    }
    Ok(serde_json::from_value(desk.get("window.drawn").await?)?)
}

/// Collects, in `drawn`, the time from each key until the frame after the text changed was drawn.
const WATCH_KEYS: &str = "
    window.drawn = [];
    const content = document.querySelector('.cm-content');
    let pressed = null;
    content.addEventListener('keydown', (event) => { pressed = event.timeStamp; }, true);
    new MutationObserver(() => {
        if (pressed === null) return;
        const since = pressed;
        pressed = null;
        requestAnimationFrame(() => setTimeout(() => window.drawn.push(performance.now() - since)));
    }).observe(content, { subtree: true, childList: true, characterData: true });
";

async fn until_newer(version: impl Fn() -> Result<u32>, before: u32) -> Result<f64> {
    let started = Instant::now();
    while version()? <= before {
        ensure!(
            started.elapsed() < Duration::from_secs(10),
            "the key never reached the disk"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1000.0)
}

/// From each chord to the next diagram, in milliseconds: its picture in place, and the frame that shows it drawn.
/// Forward only, since that is the picture that was fetched ahead.
async fn next_diagram(desk: &Desk, n_diagrams: usize) -> Result<[Vec<f64>; 2]> {
    desk.press("F6").await?;
    desk.press("Home").await?;
    desk.opened(1).await?;
    desk.run(WATCH_PICTURES, vec![]).await?;
    let (mut placed, mut drawn) = (Vec::new(), Vec::new());
    for _ in 0..N_SAMPLES.min(n_diagrams - 1) {
        // Reading takes longer than this; the next picture is fetched meanwhile.
        tokio::time::sleep(Duration::from_millis(800)).await;
        desk.press("Alt+Down").await?;
        desk.wait("the next picture is drawn", "window.took !== null")
            .await?;
        let took: [f64; 2] = serde_json::from_value(desk.get("window.took").await?)?;
        placed.push(took[0]);
        drawn.push(took[1]);
        desk.run("window.took = null;", vec![]).await?;
        desk.picture_shown().await?;
    }
    Ok([placed, drawn])
}

/// Sets `took` to the times from a chord until another picture is in place and until its frame is drawn. The desk may
/// have gone on before its own listener hears of the key, so it compares with what was shown last.
const WATCH_PICTURES: &str = "
    window.took = null;
    const number = () => document.querySelector('[data-testid=diagram-header] .number')?.textContent;
    const shown = () => document.querySelector('[data-testid=picture][data-state=showing]') !== null;
    let pressed = null, before = number();
    const look = () => {
        if (pressed === null || number() === before || !shown()) return;
        const since = pressed;
        pressed = null;
        before = number();
        const placed = performance.now() - since;
        requestAnimationFrame(() => setTimeout(() => { window.took = [placed, performance.now() - since]; }));
    };
    window.addEventListener('keydown', (event) => {
        if (!event.altKey || !event.key.startsWith('Arrow')) return;
        pressed = event.timeStamp;
        look();
    }, true);
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
";

/// Proportional set size of the desk and of each of its web processes, in MiB.
fn print_memory(desk: &Desk) -> Result<()> {
    let mut sum = 0.0;
    for pid in std::iter::once(desk.pid()).chain(descendants(desk.pid())) {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        let Ok(rollup) = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else {
            continue;
        };
        let of = |field: &str| -> Option<f64> {
            let line = rollup.lines().find(|line| line.starts_with(field))?;
            line.split_whitespace()
                .nth(1)?
                .parse::<f64>()
                .ok()
                .map(|kib| kib / 1024.0)
        };
        let (pss, rss) = (
            of("Pss:").context("reading memory")?,
            of("Rss:").context("reading memory")?,
        );
        sum += pss;
        eprintln!(
            "memory of {}: {pss:.0} MiB (resident {rss:.0} MiB)",
            name.trim()
        );
    }
    eprintln!("memory in all: {sum:.0} MiB");
    Ok(())
}

fn print(what: &str, mut samples: Vec<f64>) {
    samples.sort_by(f64::total_cmp);
    let at = |share: f64| samples[((samples.len() - 1) as f64 * share).round() as usize];
    let shown = Value::from(samples.len());
    eprintln!(
        "{what}: median {:.0} ms, 90th percentile {:.0} ms, worst {:.0} ms ({shown} samples)",
        at(0.5),
        at(0.9),
        at(1.0)
    );
}
