//! What leads do: reading submitted work, deciding, talking about it, and the numbers.

use anyhow::Result;
use domain::{
    Anchor, AuditFilter, AuditPage, Dashboard, DiagramId, NewDecision, ReviewView, Slot, State,
    Thread, ThreadId,
};
use store::{dashboard, decisions, lead_text, review, table, threads};

use crate::session::unix_lines;
use crate::words::carried_links;
use crate::{Session, now};

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

    /// The dashboard's numbers, with the last `days` days.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn dashboard(&self, days: u32) -> Result<Dashboard> {
        self.read(|connection| dashboard::numbers(connection, now(), days))
    }

    /// A stretch of the audit log, newest first.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn audit_page(&self, filter: &AuditFilter, offset: u32, limit: u32) -> Result<AuditPage> {
        self.read(|connection| table::audit::page(connection, filter, offset, limit))
    }
}
