//! The set of questions as a whole: lists, coverage, what a new one is compared with.

use std::collections::BTreeMap;

use domain::{
    DiagramId, Level, QuestionContent, QuestionCoverage, QuestionFilter, QuestionId, QuestionKind,
    QuestionPage, QuestionSource, QuestionState,
};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::questions::{COLUMNS, read};
use crate::table::model::json;
use crate::{Result, words};

/// At most so many are handed out at once.
pub const MAX_PAGE_ROWS: u32 = 1_000;

/// Rows `offset..offset + limit` of the filtered list, by diagram and then by age; `limit` is cut to
/// [`MAX_PAGE_ROWS`].
///
/// # Errors
/// When the database cannot be read.
pub fn page(
    connection: &Connection,
    filter: &QuestionFilter,
    offset: u32,
    limit: u32,
) -> Result<QuestionPage> {
    let (wanted, mut values) = conditions(filter);
    let total = connection
        .prepare_cached(&format!(
            "SELECT count(*) FROM question LEFT JOIN person ON person.id = question.author_id WHERE {wanted}"
        ))?
        .query_row(params_from_iter(&values), |row| row.get(0))?;
    values.extend([limit.min(MAX_PAGE_ROWS), offset].map(Value::from));
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM question JOIN diagram ON diagram.id = question.diagram_id
         LEFT JOIN person ON person.id = question.author_id
         WHERE {wanted} ORDER BY diagram.number, question.rowid LIMIT ? OFFSET ?"
    ))?;
    let rows = statement.query_map(params_from_iter(&values), read)?;
    Ok(QuestionPage {
        total,
        offset,
        questions: rows.collect::<Result<_, _>>()?,
    })
}

/// Whether the words of a question, and not the names of its fields, hold a text: normalised, or just as it was typed.
const HOLDS: &str = "EXISTS (SELECT 1 FROM (SELECT lower(concat_ws(char(10), question.content ->> 'stem',
        (SELECT group_concat(value ->> 'text', char(10)) FROM json_each(question.content, '$.choices')),
        (SELECT group_concat(value, char(10)) FROM json_each(question.content, '$.accepted')),
        question.content ->> 'unit', question.content ->> 'rationale', question.content ->> 'category')) AS words)
    JOIN json_each(?) AS wanted WHERE instr(words, wanted.value) > 0)";

/// What a filter asks of `question` and of `person`, its author.
pub(crate) fn conditions(filter: &QuestionFilter) -> (String, Vec<Value>) {
    let mut wanted = vec!["true"];
    let mut values = Vec::new();
    let mut add = |condition: &'static str, value: String| {
        wanted.push(condition);
        values.push(Value::from(value));
    };
    if let Some(id) = &filter.diagram_id {
        add("question.diagram_id = ?", id.to_string());
    }
    if let Some(state) = filter.state {
        add("question.state = ?", state.as_str().to_owned());
    }
    if let Some(kind) = filter.kind {
        add("question.content ->> 'kind' = ?", kind.as_str().to_owned());
    }
    if let Some(level) = filter.level {
        add(
            "question.content ->> 'level' = ?",
            level.as_str().to_owned(),
        );
    }
    if let Some(category) = &filter.category {
        add("question.content ->> 'category' = ?", category.clone());
    }
    if let Some(author) = &filter.author {
        add("person.name = ?", author.clone());
    }
    if let Some(difficulty) = filter.difficulty {
        add(
            "question.content ->> 'difficulty' = ?",
            difficulty.as_str().to_owned(),
        );
    }
    for part in filter.search.split_whitespace() {
        let typed = [words::folded(part), part.to_ascii_lowercase()];
        add(HOLDS, serde_json::json!(typed).to_string());
    }
    if let Some(place) = filter.key_position {
        add(KEY_POSITION, place.to_string());
    }
    if let Some(span) = filter.made_ready {
        wanted.push(MADE_READY);
        values.extend([span.from, span.until].map(|at| Value::from(at.millis())));
    }
    match filter.synthetic {
        Some(true) => wanted.push("question.source ->> 'kind' = 'synthetic'"),
        Some(false) => wanted.push("question.source ->> 'kind' <> 'synthetic'"),
        None => {}
    }
    match filter.second_answer {
        Some(true) => wanted.push(SECOND_ANSWER),
        Some(false) => wanted.push(NO_SECOND_ANSWER),
        None => {}
    }
    (wanted.join(" AND "), values)
}

const MADE_READY: &str = "question.id IN (SELECT subject FROM audit
    WHERE action = 'question' AND after = 'ready' AND at >= ? AND at < ?)";

/// An answer to the question as it stands counts, by a person who did not write it, to the picture.
const SECOND_ANSWER: &str = "EXISTS (SELECT 1 FROM question_trial AS trial
    WHERE trial.question_id = question.id AND trial.revision_id = question.head_revision_id
        AND trial.person_id <> question.author_id AND trial.correct IS NOT NULL AND NOT trial.blind)";

const NO_SECOND_ANSWER: &str = "NOT EXISTS (SELECT 1 FROM question_trial AS trial
    WHERE trial.question_id = question.id AND trial.revision_id = question.head_revision_id
        AND trial.person_id <> question.author_id AND trial.correct IS NOT NULL AND NOT trial.blind)";

const KEY_POSITION: &str =
    "(SELECT min(choice.key) FROM json_each(question.content, '$.choices') AS choice
    WHERE choice.value ->> 'right') = CAST(? AS INTEGER)";

/// Another question to compare a new one with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stem {
    /// Which.
    pub id: QuestionId,
    /// The diagram it is about.
    pub diagram: DiagramId,
    /// What it asks.
    pub stem: String,
}

/// Questions that are not turned down, with the words to compare a new one with.
///
/// # Errors
/// When the database cannot be read.
pub fn stems(connection: &Connection) -> Result<Vec<Stem>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, diagram_id, content ->> 'stem' FROM question WHERE state <> 'rejected' ORDER BY rowid",
    )?;
    let rows = statement.query_map((), |row| {
        Ok(Stem {
            id: QuestionId::from_text(row.get::<_, String>(0)?),
            diagram: DiagramId::from_text(row.get::<_, String>(1)?),
            stem: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How often each position holds the key of a ready single choice of experts: A, B, C, …; `except` is left out.
///
/// # Errors
/// When the database cannot be read.
pub fn key_positions(connection: &Connection, except: &QuestionId) -> Result<Vec<u32>> {
    let mut statement = connection.prepare_cached(
        "SELECT content FROM question WHERE state = 'ready' AND source ->> 'kind' <> 'synthetic' AND id <> ?1",
    )?;
    let contents = statement.query_map([except.as_str()], |row| json::<QuestionContent>(row, 0))?;
    let mut positions = Vec::new();
    for content in contents {
        count_key(&mut positions, &content?);
    }
    Ok(positions)
}

fn count_key(positions: &mut Vec<u32>, content: &QuestionContent) {
    if content.kind == QuestionKind::SingleChoice
        && let Some(place) = content.choices.iter().position(|choice| choice.right)
    {
        positions.resize(positions.len().max(place + 1), 0);
        positions[place] += 1;
    }
}

/// Categories in use, largest first.
///
/// # Errors
/// When the database cannot be read.
pub fn categories(connection: &Connection) -> Result<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT content ->> 'category' AS category FROM question
         WHERE state <> 'rejected' AND category <> '' GROUP BY category ORDER BY count(*) DESC, category",
    )?;
    let rows = statement.query_map((), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How the set covers the workspace. Synthetic questions do not count anywhere in it.
///
/// # Errors
/// When the database cannot be read.
pub fn coverage(connection: &Connection) -> Result<QuestionCoverage> {
    let mut coverage = QuestionCoverage::default();
    let mut kinds = QuestionKind::ALL.map(|kind| (kind, 0));
    let mut levels = [Level::Global, Level::Partial, Level::Detailed].map(|level| (level, 0));
    let mut categories: BTreeMap<String, u32> = BTreeMap::new();
    let mut diagrams: std::collections::BTreeSet<String> = std::collections::BTreeSet::new();
    let mut statement =
        connection.prepare_cached("SELECT state, content, source, diagram_id FROM question")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let state: QuestionState = crate::table::parsed(row, 0)?;
        if matches!(json(row, 2)?, QuestionSource::Synthetic { .. }) {
            continue;
        }
        match state {
            QuestionState::Proposed => coverage.proposed += 1,
            QuestionState::Draft => coverage.drafts += 1,
            QuestionState::Rejected => {}
            QuestionState::Ready => {
                let content: QuestionContent = json(row, 1)?;
                coverage.ready += 1;
                diagrams.insert(row.get(3)?);
                for (_, count) in kinds.iter_mut().filter(|(kind, _)| *kind == content.kind) {
                    *count += 1;
                }
                for (_, count) in levels
                    .iter_mut()
                    .filter(|(level, _)| *level == content.level)
                {
                    *count += 1;
                }
                count_key(&mut coverage.key_positions, &content);
                *categories.entry(content.category).or_default() += 1;
            }
        }
    }
    coverage.diagrams = u32::try_from(diagrams.len()).unwrap_or(u32::MAX);
    coverage.by_kind = kinds.to_vec();
    coverage.by_level = levels.to_vec();
    coverage.by_category = categories.into_iter().collect();
    coverage
        .by_category
        .sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(coverage)
}
