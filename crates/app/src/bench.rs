//! Measurements that anybody can repeat: how long people wait, in a workspace of their own pictures or
//! of generated rows. Figures are medians unless their name says otherwise; the files are as warm as
//! the system keeps them.

mod rows;
mod texts;
mod work;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use domain::{JournalEntry, Level, QueueFilter, Slot};
use picture::Limits;
use serde::Serialize;

use crate::{ImportOptions, ImportProgress, Session};

pub use texts::{DiffFigures, diff};
pub use work::{DashboardFigures, dashboard};

const REPEATS: usize = 9;
const PAGE_ROWS: u32 = 100;
const JOURNAL_WRITES: usize = 200;

/// How long an import took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportFigures {
    /// Pictures that came in.
    pub imported: u32,
    /// Files that were refused.
    pub rejected: u32,
    /// From start to end.
    pub import_s: f64,
    /// Pictures in a second.
    pub pictures_per_s: f64,
    /// Most memory this process ever held, in MB; the decoders' processes not counted. Linux only.
    pub peak_rss_mb: Option<f64>,
}

/// How long a large workspace lets people wait.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorkspaceFigures {
    /// Generated diagrams.
    pub diagrams: u32,
    /// Making them; no person waits for this.
    pub generate_s: f64,
    /// The database file.
    pub database_mb: f64,
    /// Opening the workspace, its first 100 rows and the counts by state.
    pub open_first_page_ms: f64,
    /// 100 rows from the last tenth of the queue.
    pub page_at_90_percent_ms: f64,
    /// The counts by state.
    pub counts_ms: f64,
    /// A search whose word every diagram has: first 100 rows and counts.
    pub search_common_ms: f64,
    /// A search whose word about ten diagrams have.
    pub search_rare_ms: f64,
    /// As `search_common_ms`, in Chinese.
    pub search_common_zh_ms: f64,
    /// As `search_rare_ms`, in Chinese.
    pub search_rare_zh_ms: f64,
    /// The next diagram from the middle of the queue, and all that a window shows of it.
    pub next_diagram_ms: f64,
    /// Writing a few kilobytes of typing to the disk.
    pub journal_p50_ms: f64,
    /// Nineteen of twenty such writes took less.
    pub journal_p95_ms: f64,
    /// As in [`ImportFigures`].
    pub peak_rss_mb: Option<f64>,
}

/// Imports `paths` into a fresh workspace in `root`.
///
/// # Errors
/// When the workspace cannot be made or written.
pub fn import(
    root: &Path,
    person: &str,
    paths: &[PathBuf],
    limits: Limits,
    progress: impl FnMut(ImportProgress),
) -> Result<ImportFigures> {
    let session = Session::create(root, person)?;
    let options = ImportOptions {
        limits,
        ..ImportOptions::default()
    };
    let report = session.import(paths, &options, progress)?;
    Ok(ImportFigures {
        imported: report.imported,
        rejected: u32::try_from(report.rejected.len()).unwrap_or(u32::MAX),
        import_s: report.seconds,
        pictures_per_s: f64::from(report.imported) / report.seconds.max(f64::EPSILON),
        peak_rss_mb: peak_rss_mb(),
    })
}

/// Fills a fresh workspace in `root` with generated diagrams and does what a window does.
/// `progress` hears how many there are by now.
///
/// # Errors
/// When the workspace cannot be made, written or read.
pub fn workspace(
    root: &Path,
    person: &str,
    diagrams: u32,
    progress: impl FnMut(u32),
) -> Result<WorkspaceFigures> {
    let started = Instant::now();
    let session = Session::create(root, person)?;
    rows::generate(&session, diagrams, progress)?;
    let generate_s = started.elapsed().as_secs_f64();
    let all = QueueFilter::default();
    let page = |offset| session.page(&all, offset, PAGE_ROWS).map(drop);
    let (journal_p50_ms, journal_p95_ms) = journal(&session, diagrams)?;
    Ok(WorkspaceFigures {
        diagrams,
        generate_s,
        open_first_page_ms: median_ms(|| {
            let session = Session::open(root, person)?;
            session.page(&all, 0, PAGE_ROWS)?;
            session.counts("").map(drop)
        })?,
        page_at_90_percent_ms: median_ms(|| page(diagrams / 10 * 9))?,
        counts_ms: median_ms(|| session.counts("").map(drop))?,
        search_common_ms: search(&session, rows::COMMON)?,
        search_rare_ms: search(&session, rows::RARE)?,
        search_common_zh_ms: search(&session, rows::COMMON_ZH)?,
        search_rare_zh_ms: search(&session, rows::RARE_ZH)?,
        next_diagram_ms: next_diagram(&session, diagrams)?,
        journal_p50_ms,
        journal_p95_ms,
        database_mb: megabytes(std::fs::metadata(session.workspace().database_path())?.len()),
        peak_rss_mb: peak_rss_mb(),
    })
}

fn search(session: &Session, words: &str) -> Result<f64> {
    let filter = QueueFilter {
        state: None,
        search: words.to_owned(),
        ..QueueFilter::default()
    };
    median_ms(|| {
        session.page(&filter, 0, PAGE_ROWS)?;
        session.counts(words).map(drop)
    })
}

fn next_diagram(session: &Session, diagrams: u32) -> Result<f64> {
    let all = QueueFilter::default();
    let mut at = session.find(&(diagrams / 2).max(1).to_string())?;
    median_ms(|| {
        if let Some(next) = session.neighbour(&all, &at, true)? {
            at = next.id;
        }
        session.diagram(&at).map(drop)
    })
}

/// Types into a diagram in the middle of the queue, as an editor journals it.
fn journal(session: &Session, diagrams: u32) -> Result<(f64, f64)> {
    let slot = Slot {
        diagram_id: session.find(&(diagrams / 2).max(1).to_string())?,
        level: Level::Global,
        region_id: None,
    };
    let mut entry = JournalEntry {
        slot,
        text: rows::caption(7),
        links: Vec::new(),
        editor_state: None,
        base_revision: None,
        version: 0,
    };
    let mut times = Vec::new();
    for key in 0..JOURNAL_WRITES {
        entry.text.push(if key % 2 == 0 { '会' } else { 'x' });
        entry.editor_state = Some(entry.text.repeat(4));
        let started = Instant::now();
        let saved = session.journal(entry.clone())?;
        times.push(started.elapsed());
        entry.version = saved.version;
        entry.base_revision = saved.base_revision;
    }
    Ok((quantile_ms(&mut times, 50), quantile_ms(&mut times, 95)))
}

fn median_ms(mut f: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..REPEATS {
        let started = Instant::now();
        f().context("measuring")?;
        times.push(started.elapsed());
    }
    Ok(quantile_ms(&mut times, 50))
}

fn quantile_ms(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    let time = times.get((times.len() * percent / 100).min(times.len().saturating_sub(1)));
    time.copied().unwrap_or_default().as_secs_f64() * 1_000.0
}

fn peak_rss_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(megabytes(kib * 1_024))
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
