//! What leads do: reading submitted work, deciding, talking about it, and the numbers.

use anyhow::Result;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, TimeZone};
use domain::{
    Anchor, AuditFilter, AuditPage, Dashboard, DiagramId, NewDecision, ReviewView, Slot, Span,
    State, Thread, ThreadId, Timestamp,
};
use store::{dashboard, decisions, lead_text, review, table, threads};

use crate::Session;
use crate::session::unix_lines;
use crate::words::carried_links;

const MOST_DAYS: u32 = 366;

impl Session {
    /// All that a lead sees of one diagram.
    ///
    /// # Errors
    /// When there is no such diagram.
    pub fn review(&self, id: &DiagramId) -> Result<ReviewView> {
        self.read(|connection| store::review_view(connection, id, &self.person.id))
    }

    /// Keeps what a lead writes in place of a submitted text; without a text, forgets it.
    ///
    /// # Errors
    /// Unless a lead acts.
    pub fn keep_lead_text(&self, slot: &Slot, text: Option<&str>) -> Result<()> {
        let text = text.map(unix_lines);
        self.write(|tx, by| lead_text::keep(tx, by, slot, text.as_deref()))
    }

    /// Accepts or sends back.
    ///
    /// # Errors
    /// Unless a lead acts on work in the right state, as it was read.
    pub fn decide(&self, id: &DiagramId, decision: &NewDecision) -> Result<State> {
        self.write(|tx, by| review::decide(tx, by, id, decision, carried_links))
    }

    /// Takes the last decision on a diagram back.
    ///
    /// # Errors
    /// Unless a lead acts, and nothing happened to the diagram since.
    pub fn undo_decision(&self, id: &DiagramId) -> Result<State> {
        self.write(|tx, by| decisions::undo(tx, by, id))
    }

    /// Begins a conversation.
    ///
    /// # Errors
    /// When it says nothing, or is about what the diagram does not have.
    pub fn start_thread(&self, id: &DiagramId, anchor: &Anchor, text: &str) -> Result<Thread> {
        self.write(|tx, by| threads::start(tx, by, id, anchor, text))
    }

    /// Says something in a conversation.
    ///
    /// # Errors
    /// When it says nothing, or there is no such conversation.
    pub fn answer_thread(&self, id: &ThreadId, text: &str) -> Result<Thread> {
        self.write(|tx, by| threads::answer(tx, by, id, text))
    }

    /// Settles a conversation, or opens it again.
    ///
    /// # Errors
    /// When there is no such conversation.
    pub fn settle_thread(&self, id: &ThreadId, settled: bool) -> Result<Thread> {
        self.write(|tx, by| threads::settle(tx, by, id, settled))
    }

    /// The conversations of a diagram.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn threads(&self, id: &DiagramId) -> Result<Vec<Thread>> {
        self.read(|connection| threads::of_diagram(connection, id))
    }

    /// The dashboard's numbers, with the last `days` days, at most 366, as this machine's time zone counts them: the
    /// reader sits at it.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn dashboard(&self, days: u32) -> Result<Dashboard> {
        let days = last_days(chrono::Local::now(), days.clamp(1, MOST_DAYS));
        self.read(|connection| dashboard::numbers(connection, &days))
    }

    /// A stretch of the audit log, newest first.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn audit_page(&self, filter: &AuditFilter, offset: u32, limit: u32) -> Result<AuditPage> {
        self.read(|connection| table::audit::page(connection, filter, offset, limit))
    }
}

/// The last `count` days up to `now`, oldest first, each with its date and from midnight to midnight: 23 or 25 hours
/// where the clocks change.
fn last_days<Zone: TimeZone>(now: DateTime<Zone>, count: u32) -> Vec<(String, Span)> {
    let today = now.date_naive();
    (0..u64::from(count))
        .rev()
        .filter_map(|ago| today.checked_sub_days(Days::new(ago)))
        .filter_map(|date| {
            let from = midnight(&now.timezone(), date)?;
            let until = midnight(&now.timezone(), date.checked_add_days(Days::new(1))?)?;
            Some((date.to_string(), Span { from, until }))
        })
        .collect()
}

/// The first moment of a day; where the clocks skip midnight, the hour after.
fn midnight<Zone: TimeZone>(zone: &Zone, date: NaiveDate) -> Option<Timestamp> {
    let zero = date.and_hms_opt(0, 0, 0)?;
    let first = zone.from_local_datetime(&zero).earliest();
    let first = first.or_else(|| {
        zone.from_local_datetime(&(zero + TimeDelta::hours(1)))
            .earliest()
    })?;
    Some(Timestamp::from_millis(first.timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use chrono::{FixedOffset, TimeZone};

    use super::last_days;

    #[test]
    fn days_begin_at_the_readers_midnight() {
        let shanghai = FixedOffset::east_opt(8 * 3600).unwrap();
        let now = shanghai.with_ymd_and_hms(2026, 11, 25, 0, 30, 0).unwrap();
        let days = last_days(now, 2);
        let told: Vec<(&str, String)> = days
            .iter()
            .map(|(date, span)| (date.as_str(), span.from.to_rfc3339()))
            .collect();
        assert_eq!(
            told,
            [
                ("2026-11-24", "2026-11-23T16:00:00.000Z".to_owned()),
                ("2026-11-25", "2026-11-24T16:00:00.000Z".to_owned()),
            ]
        );
        assert_eq!(days[0].1.until, days[1].1.from);
    }
}
