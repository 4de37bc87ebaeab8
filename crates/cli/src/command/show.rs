//! `callout show`: everything about one diagram, with everybody's texts.

use anyhow::Result;
use app::Text;
use app::domain::{AuditEntry, Caption, Diagram, DiagramView, Draft, Region};
use clap::Args;
use serde::Serialize;

use crate::answer::Answer;
use crate::args::OneDiagram;
use crate::{Context, plain};

/// Show a diagram: its context, everybody's texts, its drafts, and what happened to it.
#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    diagram: OneDiagram,
}

#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    view: DiagramView,
    /// Everybody's texts as they count now.
    texts: Vec<Text>,
    audit: Vec<AuditEntry>,
}

impl Show {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let (session, id) = self.diagram.open(context)?;
        let shown = Shown {
            view: session.diagram(&id)?,
            texts: session.texts(&id)?,
            audit: session.audit(&id)?,
        };
        Answer::new(&shown, shown.text())
    }
}

impl Shown {
    fn text(&self) -> String {
        let DiagramView {
            diagram,
            regions,
            captions,
            drafts,
            return_reason,
            return_reasons,
            ..
        } = &self.view;
        let reasons = return_reasons.iter().map(|reason| reason.as_str());
        let said = return_reason.as_deref().filter(|said| !said.is_empty());
        let returned: Vec<&str> = said.into_iter().chain(reasons).collect();
        let returned = (!returned.is_empty()).then(|| returned.join("; "));
        let mut parts = vec![head(diagram, returned.as_deref())];
        if !diagram.context.is_empty() {
            parts.push(format!("Context\n{}", plain::indented(&diagram.context, 2)));
        }
        parts.extend((!regions.is_empty()).then(|| titled("Regions", regions.iter().map(region))));
        parts.push(titled("Texts", self.texts.iter().map(text)));
        let open = captions
            .iter()
            .filter(|one| one.dirty || one.conflict.is_some());
        let open: Vec<String> = open.map(unsettled).collect();
        parts.extend((!open.is_empty()).then(|| titled("Not settled", open.into_iter())));
        let drafts = drafts.iter().map(|one| draft(one, regions));
        parts.push(titled("Drafts", drafts));
        parts.push(titled("History", self.audit.iter().map(happened)));
        parts.join("\n\n")
    }
}

fn titled(title: &str, parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() {
        return format!("{title}\n  none");
    }
    format!("{title}\n{}", parts.join("\n"))
}

fn head(diagram: &Diagram, return_reason: Option<&str>) -> String {
    let image = &diagram.image;
    let mut lines = vec![
        format!("#{} {}", diagram.number, plain::line(&diagram.name)),
        format!("  id        {}", diagram.id),
        format!("  state     {}", diagram.state.as_str()),
        format!(
            "  picture   {}, {} × {} px, {} bytes",
            image.format, image.width, image.height, image.bytes
        ),
        format!("  SHA-256   {}", image.hash),
    ];
    let known = [
        ("returned ", return_reason),
        ("source   ", diagram.source.as_deref()),
        ("licence  ", diagram.license.as_deref()),
    ];
    for (name, value) in known {
        lines.extend(value.map(|value| format!("  {name} {}", plain::line(value))));
    }
    lines.join("\n")
}

fn region(region: &Region) -> String {
    let Region {
        x,
        y,
        width,
        height,
        ..
    } = region;
    format!(
        "  {}: {width} × {height} px at {x}, {y}",
        plain::line(&region.name)
    )
}

fn text(text: &Text) -> String {
    let name = place(text.level.as_str(), text.region.as_deref());
    let standing = match (text.approved, text.submitted) {
        (true, _) => ", approved",
        (false, true) => ", submitted",
        (false, false) => "",
    };
    let (author, at) = (plain::line(&text.annotator), text.written_at.to_rfc3339());
    let body = plain::indented(&text.text, 4);
    format!("  {name}, by {author}, {at}{standing}\n{body}")
}

/// What the acting person is still typing, or has to choose.
fn unsettled(caption: &Caption) -> String {
    let name = place(caption.slot.level.as_str(), caption.region_name.as_deref());
    match &caption.conflict {
        Some(conflict) => format!(
            "  {name}: two texts wait for a choice; `callout resolve --keep mine` takes\n{}\n  \
             and `--keep theirs`, by {} at {},\n{}",
            plain::indented(&conflict.mine_text, 4),
            plain::line(&conflict.theirs_by),
            conflict.theirs_at.to_rfc3339(),
            plain::indented(&conflict.theirs_text, 4),
        ),
        None => format!(
            "  {name}, being typed\n{}",
            plain::indented(&caption.text, 4)
        ),
    }
}

fn draft(draft: &Draft, regions: &[Region]) -> String {
    let region = regions
        .iter()
        .find(|region| Some(&region.id) == draft.region_id.as_ref());
    let name = place(
        draft.level.as_str(),
        region.map(|region| region.name.as_str()),
    );
    let label = plain::line(&draft.label);
    let at = draft.created_at.to_rfc3339();
    format!(
        "  {name}, from {label}, {at}\n{}",
        plain::indented(&draft.text, 4)
    )
}

fn place(level: &str, region: Option<&str>) -> String {
    region.map_or_else(
        || level.to_owned(),
        |region| format!("{level}: {}", plain::line(region)),
    )
}

fn happened(entry: &AuditEntry) -> String {
    let mut line = format!(
        "  {}  {} {}",
        entry.at.to_rfc3339(),
        plain::line(&entry.who),
        entry.action
    );
    match (&entry.before, &entry.after) {
        (Some(before), Some(after)) => line.push_str(&format!(" {before} → {after}")),
        (None, Some(after)) => line.push_str(&format!(" {after}")),
        _ => {}
    }
    if let Some(note) = &entry.note {
        line.push_str(&format!(" ({})", plain::line(note)));
    }
    line
}
