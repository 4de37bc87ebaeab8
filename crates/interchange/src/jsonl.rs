//! One JSON line for each approved text, with its provenance: what a retrieval or pre-training
//! pipeline reads.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use domain::{AnnotationId, DiagramId, Level, NewRegion, RevisionId, Timestamp, WorkspaceId};
use serde::Serialize;
use store::{Connection, Workspace};

use crate::callout::{self, DraftName};
use crate::{Approved, ApprovedText, Error, Exported, Grounded, Result, approved, out};

/// One line.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a AnnotationId,
    diagram: &'a DiagramId,
    level: Level,
    region: Option<NewRegion>,
    text: &'a str,
    #[serde(skip_serializing_if = "<[Grounded]>::is_empty")]
    grounding: &'a [Grounded],
    image: Image<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    context: &'a str,
    source: Option<&'a str>,
    license: Option<&'a str>,
    provenance: Provenance<'a>,
}

#[derive(Serialize)]
struct Image<'a> {
    sha256: &'a str,
    width: u32,
    height: u32,
    format: &'a str,
    file_name: &'a str,
}

#[derive(Serialize)]
struct Provenance<'a> {
    annotator: &'a str,
    revision: &'a RevisionId,
    draft: Option<DraftName>,
    written_at: Timestamp,
    submitted_at: Option<Timestamp>,
    approved_by: Option<&'a str>,
    approved_at: Option<Timestamp>,
    workspace: &'a WorkspaceId,
    exported_at: Timestamp,
    callout_version: &'static str,
}

/// Writes every approved text to the file `out`, replacing one that is there; whole or not at all.
///
/// # Errors
/// [`Error::NotAFile`], [`Error::InsideWorkspace`], [`Error::Io`], or what the store says; then the
/// file at `out` is as it was.
pub fn export_jsonl(
    workspace: &Workspace,
    connection: &Connection,
    out: &Path,
    exported_at: Timestamp,
) -> Result<Exported> {
    out::whole_file(workspace, out, |file, out| {
        write(connection, file, out, exported_at)
    })
}

fn write(
    connection: &Connection,
    file: &mut File,
    out: &Path,
    exported_at: Timestamp,
) -> Result<Exported> {
    let workspace = store::table::workspace::id(connection)?;
    let failed = || Error::io("write", out);
    let mut lines = BufWriter::new(file);
    let mut exported = Exported {
        path: out.display().to_string(),
        diagrams: 0,
        texts: 0,
    };
    for approved in approved(connection)? {
        let approved = approved?;
        exported.diagrams += 1;
        for text in &approved.texts {
            let line = line(&approved, text, &workspace, exported_at);
            serde_json::to_writer(&mut lines, &line).map_err(|error| failed()(error.into()))?;
            lines.write_all(b"\n").map_err(failed())?;
            exported.texts += 1;
        }
    }
    let file = lines
        .into_inner()
        .map_err(|error| failed()(error.into_error()))?;
    file.sync_all().map_err(failed())?;
    Ok(exported)
}

fn line<'a>(
    approved: &'a Approved,
    text: &'a ApprovedText,
    workspace: &'a WorkspaceId,
    exported_at: Timestamp,
) -> Line<'a> {
    let diagram = &approved.diagram;
    let decision = approved.approved.as_ref();
    Line {
        id: &text.annotation,
        diagram: &diagram.id,
        level: text.level,
        region: text.region.as_ref().map(callout::region),
        text: &text.text,
        grounding: &text.grounding,
        image: Image {
            sha256: &diagram.image.hash,
            width: diagram.image.width,
            height: diagram.image.height,
            format: &diagram.image.format,
            file_name: &diagram.name,
        },
        context: &diagram.context,
        source: diagram.source.as_deref(),
        license: diagram.license.as_deref(),
        provenance: Provenance {
            annotator: &text.annotator,
            revision: &text.revision,
            draft: DraftName::of(text),
            written_at: text.written_at,
            submitted_at: text.submitted_at,
            approved_by: decision.map(|step| step.by.as_str()),
            approved_at: decision.map(|step| step.at),
            workspace,
            exported_at,
            callout_version: env!("CARGO_PKG_VERSION"),
        },
    }
}
