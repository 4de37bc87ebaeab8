//! `callout dashboard`, `callout audit`, `callout diagnose`: numbers, records, bug reports.

use std::path::PathBuf;

use anyhow::Result;
use app::domain::{Action, Agreement, AuditEntry, AuditFilter, Dashboard as Numbers, State};
use clap::Args;
use serde_json::json;

use crate::answer::Answer;
use crate::args::{InWorkspace, word};
use crate::{Context, plain};

/// Show the numbers that leads look at.
#[derive(Debug, Args)]
pub struct Dashboard {
    #[command(flatten)]
    workspace: InWorkspace,

    /// How many days back.
    #[arg(long, value_name = "N", default_value_t = 30)]
    days: u32,
}

impl Dashboard {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let numbers = self.workspace.open(context)?.dashboard(self.days)?;
        let text = said(&numbers);
        Answer::new(&numbers, text)
    }
}

fn said(numbers: &Numbers) -> String {
    let mut counts = numbers.states;
    let states = State::ALL.map(|state| {
        let count = *counts.of(state);
        format!("{:<12} {count}", state.as_str())
    });
    let people = numbers.by_person.iter().map(|person| {
        vec![
            plain::line(&person.name),
            person.states.in_progress.to_string(),
            person.submitted.to_string(),
            person.states.approved.to_string(),
            person.states.returned.to_string(),
        ]
    });
    let head = ["person", "begun", "handed in", "approved", "returned"];
    let reasons = numbers.reasons.iter().map(|each| {
        vec![
            each.reason.as_str().to_owned(),
            plain::line(&each.diagram_kind),
            each.count.to_string(),
        ]
    });
    let drafts = &numbers.drafts.shown;
    let mut parts = vec![states.join("\n")];
    if !numbers.by_person.is_empty() {
        parts.push(plain::table(&head, people));
    }
    if !numbers.reasons.is_empty() {
        let head = ["changed because", "kind", "diagrams"];
        parts.push(plain::table(&head, reasons));
    }
    parts.push(format!(
        "drafts       {} of {} diagrams with a caption accepted word for word\n\
         questions    {} ready, {} being written, {} suggested\n\
         comments     open on {}",
        drafts.unchanged,
        drafts.diagrams,
        numbers.questions.ready,
        numbers.questions.drafts,
        numbers.questions.proposed,
        plain::count(numbers.open_threads, "diagram")
    ));
    parts.push(agreed(&numbers.agreement));
    parts.join("\n\n")
}

fn agreed(agreement: &Agreement) -> String {
    let share = |share: Option<f64>| {
        share.map_or("-".to_owned(), |share| format!("{:.0} %", share * 100.0))
    };
    format!(
        "agreement    texts {} ({}), boxes {} ({}), keys {} ({})",
        share(agreement.text),
        plain::count(agreement.pairs, "diagram"),
        share(agreement.boxes),
        plain::count(agreement.box_pairs, "diagram"),
        share(agreement.keys),
        plain::count(agreement.key_questions, "question"),
    )
}

/// Show what was done, newest first; with --export, write all of it to a file.
#[derive(Debug, Args)]
pub struct Audit {
    #[command(flatten)]
    workspace: InWorkspace,

    /// Only by this person.
    #[arg(long, value_name = "NAME")]
    who: Option<String>,

    /// Only this action, such as `submit`.
    #[arg(long, value_name = "ACTION", value_parser = word::<Action>)]
    action: Option<Action>,

    /// Only about what has this id.
    #[arg(long, value_name = "ID")]
    subject: Option<String>,

    /// Only about the diagram of this number.
    #[arg(long, value_name = "NUMBER")]
    diagram: Option<u32>,

    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,

    /// Leave out so many at the beginning.
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: u32,

    /// Write the whole log to this file as JSON Lines, oldest first.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["who", "action", "subject", "diagram"])]
    export: Option<PathBuf>,
}

impl Audit {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let session = self.workspace.open(context)?;
        if let Some(out) = &self.export {
            let lines = session.export_audit(out)?;
            let text = format!("wrote {}", plain::count(lines, "line"));
            return Answer::new(&json!({ "lines": lines, "path": out }), text);
        }
        let filter = AuditFilter {
            who: self.who,
            action: self.action,
            subject: self.subject,
            diagram: self.diagram,
        };
        let page = session.audit_page(&filter, self.offset, self.limit)?;
        let text = plain::table(
            &["when", "who", "action", "subject"],
            page.entries.iter().map(cells),
        );
        Answer::new(&page, text)
    }
}

fn cells(entry: &AuditEntry) -> Vec<String> {
    vec![
        entry.at.to_rfc3339(),
        plain::line(&entry.who),
        entry.action.clone(),
        plain::clipped(&entry.subject, 40),
    ]
}

/// Save a bundle for bug reports: versions, logs, counts, the shape of the database; nobody's words.
#[derive(Debug, Args)]
pub struct Diagnose {
    #[command(flatten)]
    workspace: InWorkspace,

    /// The file to write, a ZIP archive.
    out: PathBuf,
}

impl Diagnose {
    pub fn run(self, context: &Context) -> Result<Answer> {
        self.workspace.open(context)?.save_diagnostics(&self.out)?;
        let text = format!("wrote {}", self.out.display());
        Answer::new(&json!({ "path": self.out }), text)
    }
}
