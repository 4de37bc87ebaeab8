//! A workspace in which people have worked for months, and what leads wait for in it.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use domain::{Level, NewDecision, QueueFilter, Reason, Slot, State, SubmitNote};
use serde::Serialize;
use store::{annotate, review, work};

use super::{median_ms, megabytes, peak_rss_mb, rows};
use crate::Session;
use crate::words::carried_links;

const PEOPLE: u32 = 10;
const REVISIONS_EACH: u32 = 5;
const KINDS: [&str; 5] = ["sequence", "topology", "flowchart", "state machine", ""];
/// Days that the dashboard shows.
const DAYS: u32 = 30;

/// How long a lead waits for numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DashboardFigures {
    /// Revisions that people wrote.
    pub revisions: u32,
    /// Diagrams they wrote them for.
    pub diagrams: u32,
    /// Making them; no person waits for this.
    pub generate_s: f64,
    /// All numbers of the dashboard.
    pub dashboard_ms: f64,
    /// The first hundred diagrams behind one of them: what one person wrote.
    pub list_behind_a_number_ms: f64,
    /// The first hundred lines of the audit log.
    pub audit_page_ms: f64,
    /// The database file.
    pub database_mb: f64,
    /// As in [`super::ImportFigures`].
    pub peak_rss_mb: Option<f64>,
}

/// Fills a fresh workspace in `root` with at least so many revisions of ten people, handed in, decided on and tagged,
/// and reads what a lead's dashboard shows. `progress` hears how many revisions there are by now.
///
/// # Errors
/// When the workspace cannot be made, written or read.
pub fn dashboard(
    root: &Path,
    person: &str,
    revisions: u32,
    mut progress: impl FnMut(u32),
) -> Result<DashboardFigures> {
    let started = Instant::now();
    let lead = Session::create(root, person)?;
    let diagrams = revisions.div_ceil(REVISIONS_EACH);
    rows::generate(&lead, diagrams, |_| {})?;
    let people = (0..PEOPLE).map(|n| Session::open(root, &format!("expert {n}")));
    let people = people.collect::<Result<Vec<_>>>()?;
    for offset in (0..diagrams).step_by(rows::BATCH as usize) {
        write(&people, &lead, offset)?;
        progress((offset + rows::BATCH).min(diagrams) * REVISIONS_EACH);
    }
    let generate_s = started.elapsed().as_secs_f64();
    let behind = QueueFilter {
        person: Some(people[0].person.id.clone()),
        ..QueueFilter::default()
    };
    Ok(DashboardFigures {
        revisions: diagrams * REVISIONS_EACH,
        diagrams,
        generate_s,
        dashboard_ms: median_ms(|| lead.dashboard(DAYS).map(drop))?,
        list_behind_a_number_ms: median_ms(|| lead.page(&behind, 0, 100).map(drop))?,
        audit_page_ms: median_ms(|| {
            let filter = domain::AuditFilter::default();
            lead.audit_page(&filter, 0, 100).map(drop)
        })?,
        database_mb: megabytes(std::fs::metadata(lead.workspace().database_path())?.len()),
        peak_rss_mb: peak_rss_mb(),
    })
}

/// One batch of diagrams: each is written by one person, handed in, and in part decided on.
fn write(people: &[Session], lead: &Session, offset: u32) -> Result<()> {
    let batch = rows::page(lead, offset, rows::BATCH)?;
    let words = lead.glossary()?;
    for (turn, expert) in people.iter().enumerate() {
        expert.write(|tx, by| {
            for row in batch.iter().skip(turn).step_by(people.len()) {
                let kind = KINDS[row.number as usize % KINDS.len()];
                work::set_kind(tx, by, &row.id, kind)?;
                let slot = Slot {
                    diagram_id: row.id.clone(),
                    level: Level::Global,
                    region_id: None,
                };
                for n in 0..REVISIONS_EACH {
                    annotate::revise(tx, by, &slot, &rows::caption(row.number + n), &[])?;
                }
                let reason = Reason::ALL[row.number as usize % Reason::ALL.len()];
                annotate::set_reasons(tx, by, &slot, &[reason])?;
                words.measured(|measures| {
                    annotate::submit(tx, by, &slot, &SubmitNote::default(), measures)
                })?;
            }
            Ok(())
        })?;
    }
    lead.write(|tx, by| {
        for row in batch.iter().filter(|row| row.number % 5 != 0) {
            let decision = if row.number % 5 == 1 {
                NewDecision::Return {
                    reasons: vec![Reason::WrongTerm],
                    note: String::new(),
                    read: None,
                }
            } else {
                NewDecision::Accept {
                    picks: Vec::new(),
                    note: String::new(),
                    read: None,
                }
            };
            let state = review::decide(tx, by, &row.id, &decision, carried_links)?;
            debug_assert_ne!(state, State::Submitted);
        }
        Ok(())
    })
}
