//! One JSON line for each question of the set: what trains and examines a model.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use domain::{
    Choice, Difficulty, Level, NewRegion, Question, QuestionFilter, QuestionId, QuestionKind,
    QuestionSource, QuestionState, RevisionId, Timestamp,
};
use serde::Serialize;
use store::table::{diagram, region};
use store::{Connection, Workspace, question_set};

use crate::{Error, Exported, Result, callout, out};

const PAGE_ROWS: u32 = 1_000;

/// One line.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a QuestionId,
    kind: QuestionKind,
    question: &'a str,
    /// Options in order, of a choice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<&'a str>,
    /// Letters of the key (`B`, `AC`), `true` or `false`, or the preferred words.
    answer: String,
    /// Every accepted wording, of a fill-in.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    accepted: &'a [String],
    #[serde(skip_serializing_if = "str::is_empty")]
    unit: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tolerance: Option<f64>,
    #[serde(skip_serializing_if = "str::is_empty")]
    rationale: &'a str,
    level: Level,
    difficulty: Difficulty,
    #[serde(skip_serializing_if = "str::is_empty")]
    category: &'a str,
    /// Regions that hold the evidence, in pixels of the upright picture.
    evidence: Vec<NewRegion>,
    image: Image,
    source: &'a QuestionSource,
    author: Option<&'a str>,
    revision: Option<&'a RevisionId>,
    updated_at: Timestamp,
    exported_at: Timestamp,
}

#[derive(Serialize)]
struct Image {
    sha256: String,
    width: u32,
    height: u32,
    file_name: String,
}

/// Writes every question that is ready to the file `out`, replacing one that is there; whole or not at all.
/// Those made from synthetic diagrams go out with their source, so that nobody takes them for experts'.
///
/// # Errors
/// [`Error::NotAFile`], [`Error::InsideWorkspace`], [`Error::Io`], or what the store says; then the
/// file at `out` is as it was.
pub fn export_questions(
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
    let failed = || Error::io("write", out);
    let mut lines = BufWriter::new(file);
    let mut exported = Exported {
        path: out.display().to_string(),
        diagrams: 0,
        texts: 0,
    };
    let filter = QuestionFilter {
        state: Some(QuestionState::Ready),
        ..QuestionFilter::default()
    };
    let mut before = None;
    loop {
        let page = question_set::page(connection, &filter, exported.texts, PAGE_ROWS)?;
        if page.questions.is_empty() {
            break;
        }
        for question in &page.questions {
            let line = line(connection, question, exported_at)?;
            serde_json::to_writer(&mut lines, &line).map_err(|error| failed()(error.into()))?;
            lines.write_all(b"\n").map_err(failed())?;
            exported.texts += 1;
            exported.diagrams += u32::from(before.as_ref() != Some(&question.diagram_id));
            before = Some(question.diagram_id.clone());
        }
    }
    let file = lines
        .into_inner()
        .map_err(|error| failed()(error.into_error()))?;
    file.sync_all().map_err(failed())?;
    Ok(exported)
}

fn line<'a>(
    connection: &Connection,
    question: &'a Question,
    exported_at: Timestamp,
) -> Result<Line<'a>> {
    let content = &question.content;
    let diagram = diagram::get(connection, &question.diagram_id)?;
    let regions = region::of_diagram(connection, &question.diagram_id)?;
    let evidence = regions
        .iter()
        .filter(|region| content.evidence.contains(&region.id));
    Ok(Line {
        id: &question.id,
        kind: content.kind,
        question: &content.stem,
        options: content
            .choices
            .iter()
            .map(|choice| choice.text.as_str())
            .collect(),
        answer: answer(question),
        accepted: &content.accepted,
        unit: &content.unit,
        tolerance: content.tolerance,
        rationale: &content.rationale,
        level: content.level,
        difficulty: content.difficulty,
        category: &content.category,
        evidence: evidence.map(callout::region).collect(),
        image: Image {
            sha256: diagram.image.hash,
            width: diagram.image.width,
            height: diagram.image.height,
            file_name: diagram.name,
        },
        source: &question.source,
        author: question.author.as_deref(),
        revision: question.head.as_ref(),
        updated_at: question.updated_at,
        exported_at,
    })
}

fn answer(question: &Question) -> String {
    let content = &question.content;
    match content.kind {
        QuestionKind::TrueFalse => content.truth.unwrap_or_default().to_string(),
        QuestionKind::FillIn => content.accepted.first().cloned().unwrap_or_default(),
        QuestionKind::SingleChoice | QuestionKind::MultipleChoice => letters(&content.choices),
    }
}

fn letters(choices: &[Choice]) -> String {
    let lettered = ('A'..='Z').zip(choices);
    lettered
        .filter(|(_, choice)| choice.right)
        .map(|(letter, _)| letter)
        .collect()
}
