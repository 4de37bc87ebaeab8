//! `callout list`: the queue, or the part of it that a state and a search let through.

use anyhow::Result;
use app::Session;
use app::domain::QueueRow;
use clap::Args;
use serde::Serialize;

use crate::answer::Answer;
use crate::args::{InWorkspace, Queue};
use crate::{Context, plain};

const PAGE_ROWS: u32 = 1_000;
const NAME_COLUMNS: usize = 36;
const EXCERPT_COLUMNS: usize = 64;

/// List the diagrams.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    workspace: InWorkspace,

    #[command(flatten)]
    queue: Queue,

    /// At most so many; all by default.
    #[arg(long, value_name = "N")]
    limit: Option<u32>,

    /// Leave out so many at the beginning.
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: u32,
}

#[derive(Debug, Serialize)]
struct Listed {
    /// How many there are, whatever `limit` and `offset` leave out.
    total: u32,
    diagrams: Vec<QueueRow>,
}

impl List {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let session = self.workspace.open(context)?;
        let listed = self.list(&session)?;
        Answer::new(&listed, listed.text())
    }

    fn list(self, session: &Session) -> Result<Listed> {
        let filter = self.queue.filter(session)?;
        let mut listed = Listed {
            total: 0,
            diagrams: Vec::new(),
        };
        loop {
            let have = u32::try_from(listed.diagrams.len()).unwrap_or(u32::MAX);
            let wanted = self
                .limit
                .map_or(PAGE_ROWS, |limit| (limit - have).min(PAGE_ROWS));
            let page = session.page(&filter, self.offset.saturating_add(have), wanted)?;
            listed.total = page.total;
            if page.rows.is_empty() {
                return Ok(listed);
            }
            listed.diagrams.extend(page.rows);
        }
    }
}

impl Listed {
    fn text(&self) -> String {
        let mut text = String::new();
        if !self.diagrams.is_empty() {
            let rows = self.diagrams.iter().map(cells);
            text = plain::table(&["#", "state", "name", "caption"], rows) + "\n";
        }
        let total = plain::count(self.total, "diagram");
        match self.diagrams.len() {
            shown if shown == self.total as usize => text + &total,
            shown => format!("{text}{shown} of {total}"),
        }
    }
}

fn cells(row: &QueueRow) -> Vec<String> {
    let waits = if row.conflict { " (two texts)" } else { "" };
    vec![
        row.number.to_string(),
        format!("{}{waits}", row.state.as_str()),
        plain::clipped(&row.name, NAME_COLUMNS),
        plain::clipped(&row.excerpt, EXCERPT_COLUMNS),
    ]
}
