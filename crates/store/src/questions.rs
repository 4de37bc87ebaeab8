//! Objective questions: written like captions, with a working text and a chain of revisions.

use domain::{
    Action, DiagramId, ModelId, PersonId, Question, QuestionContent, QuestionEntry, QuestionId,
    QuestionRevision, QuestionSaved, QuestionSource, QuestionState, QuestionTrial, RevisionId,
    Role, Timestamp,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;

use crate::annotate::By;
use crate::table::model::json;
use crate::table::{Millis, audit, diagram, parsed};
use crate::{Error, Result, people};

pub(crate) const COLUMNS: &str = "question.id, question.diagram_id, diagram.number, question.state,
    question.content, question.source, person.name, question.version, question.head_revision_id,
    question.created_at, question.updated_at, question.reject_reason,
    (SELECT name FROM person WHERE id = question.writer_id)";

/// One question.
///
/// # Errors
/// [`Error::NoQuestion`].
pub fn get(connection: &Connection, id: &QuestionId) -> Result<Question> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM question JOIN diagram ON diagram.id = question.diagram_id
             LEFT JOIN person ON person.id = question.author_id WHERE question.id = ?1"
        ))?
        .query_row([id.as_str()], read)
        .optional()?
        .ok_or_else(|| Error::NoQuestion(id.to_string()))
}

/// The id that `typed` names: whole, or its beginning.
///
/// # Errors
/// [`Error::NoQuestion`] when it names none or several.
pub fn find(connection: &Connection, typed: &str) -> Result<QuestionId> {
    let ids: Vec<String> = connection
        .prepare_cached("SELECT id FROM question WHERE id >= ?1 AND id < ?1 || 'g' LIMIT 2")?
        .query_map([typed.to_ascii_lowercase()], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    match ids.as_slice() {
        [id] if !typed.is_empty() => Ok(QuestionId::from_text(id)),
        _ => Err(Error::NoQuestion(typed.to_owned())),
    }
}

/// Begins a question of the acting person's.
///
/// # Errors
/// [`Error::NotAllowed`] unless an author acts, [`Error::NoDiagram`].
pub fn add(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    content: &QuestionContent,
) -> Result<Question> {
    people::require(tx, by.person, Role::Author)?;
    insert(
        tx,
        by,
        diagram,
        content,
        (&QuestionSource::Expert, QuestionState::Draft),
    )
}

/// Puts a suggestion beside the experts' questions; `source` is never [`QuestionSource::Expert`].
///
/// # Errors
/// [`Error::NotAllowed`] unless an author acts, [`Error::NoDiagram`], [`Error::NotAProposal`].
pub fn propose(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    content: &QuestionContent,
    source: &QuestionSource,
) -> Result<Question> {
    people::require(tx, by.person, Role::Author)?;
    suggest(tx, by, diagram, content, source)
}

/// As [`propose`], of an engine: whoever queued its job was asked for the role then.
pub(crate) fn suggest(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    content: &QuestionContent,
    source: &QuestionSource,
) -> Result<Question> {
    if *source == QuestionSource::Expert {
        return Err(Error::NotAProposal);
    }
    insert(tx, by, diagram, content, (source, QuestionState::Proposed))
}

/// Writes what is being typed. When somebody else wrote meanwhile, or the question is not being written any more,
/// both texts become revisions, each in its writer's name, and the answer says what stands.
///
/// # Errors
/// [`Error::NotAllowed`], [`Error::NoQuestion`].
pub fn save(tx: &Transaction<'_>, by: By<'_>, entry: &QuestionEntry) -> Result<QuestionSaved> {
    people::require(tx, by.person, Role::Author)?;
    let standing = get(tx, &entry.id)?;
    let stale = standing.version != entry.version && standing.content != entry.content;
    if stale || standing.state != QuestionState::Draft {
        let standing = commit(tx, by, &entry.id)?;
        keep_beside(tx, by, &standing, &entry.content)?;
        return Ok(QuestionSaved {
            version: standing.version,
            at: by.at,
            theirs: Some(standing),
        });
    }
    if writer(tx, &entry.id)?.as_ref() != Some(by.person) {
        // What somebody else typed is kept before it is written over.
        commit(tx, by, &entry.id)?;
    }
    let version = standing.version + 1;
    tx.prepare_cached(
        "UPDATE question SET content = ?2, version = ?3, updated_at = ?4, writer_id = ?5 WHERE id = ?1",
    )?
    .execute((
        entry.id.as_str(),
        text(&entry.content)?,
        version,
        by.at.millis(),
        by.person.as_str(),
    ))?;
    Ok(QuestionSaved {
        version,
        at: by.at,
        theirs: None,
    })
}

/// Nothing that a person typed is lost, not even what comes too late; the same words are kept once.
fn keep_beside(
    tx: &Transaction<'_>,
    by: By<'_>,
    standing: &Question,
    content: &QuestionContent,
) -> Result<()> {
    let newest: Option<QuestionContent> = tx
        .prepare_cached(
            "SELECT content FROM question_revision WHERE question_id = ?1 AND author_id = ?2
             ORDER BY rowid DESC LIMIT 1",
        )?
        .query_row((standing.id.as_str(), by.person.as_str()), |row| {
            json(row, 0)
        })
        .optional()?;
    if newest.as_ref() != Some(content) {
        insert_revision(tx, by.at, standing, (content, Some(by.person)))?;
    }
    Ok(())
}

/// Makes a revision of the text in its writer's name, if it says something its head does not.
///
/// # Errors
/// [`Error::NotAllowed`] unless an author acts, [`Error::NoQuestion`].
pub fn commit(tx: &Transaction<'_>, by: By<'_>, id: &QuestionId) -> Result<Question> {
    people::require(tx, by.person, Role::Author)?;
    keep_text(tx, by, id)
}

/// As [`commit`], for whoever needs a text that stays.
fn keep_text(tx: &Transaction<'_>, by: By<'_>, id: &QuestionId) -> Result<Question> {
    let question = get(tx, id)?;
    let head = match &question.head {
        Some(head) => Some(revision(tx, head)?.content),
        None => None,
    };
    if head.as_ref() == Some(&question.content) {
        return Ok(question);
    }
    let writer = writer(tx, id)?;
    let written = (&question.content, writer.as_ref());
    let revision = insert_revision(tx, by.at, &question, written)?;
    tx.execute(
        "UPDATE question SET head_revision_id = ?2 WHERE id = ?1",
        (id.as_str(), revision.as_str()),
    )?;
    let event = Action::Question
        .on(id.as_str())
        .before(question.head.as_ref().map(RevisionId::as_str))
        .after(revision.as_str());
    audit::append(tx, by.at, by.person, &event)?;
    get(tx, id)
}

/// Who wrote what a question says now; `None` for a suggestion, which no person wrote.
fn writer(connection: &Connection, id: &QuestionId) -> Result<Option<PersonId>> {
    let writer: Option<String> = connection
        .prepare_cached("SELECT writer_id FROM question WHERE id = ?1")?
        .query_row([id.as_str()], |row| row.get(0))?;
    Ok(writer.map(PersonId::from_text))
}

/// Takes up a suggestion, or a question that was turned down or is in the set, for writing.
///
/// # Errors
/// [`Error::NotAllowed`], [`Error::NoQuestion`].
pub fn take_up(tx: &Transaction<'_>, by: By<'_>, id: &QuestionId) -> Result<Question> {
    step(tx, by, id, (QuestionState::Draft, None))
}

/// Puts a question into the set. Whether it may go in by its text is for the caller to check.
///
/// # Errors
/// [`Error::NotAllowed`], [`Error::NoQuestion`], [`Error::QuestionState`] for a suggestion nobody took up.
pub fn make_ready(tx: &Transaction<'_>, by: By<'_>, id: &QuestionId) -> Result<Question> {
    let question = commit(tx, by, id)?;
    if !matches!(question.state, QuestionState::Draft | QuestionState::Ready) {
        return Err(Error::QuestionState(question.state));
    }
    step(tx, by, id, (QuestionState::Ready, None))
}

/// Turns a question or a suggestion down.
///
/// # Errors
/// [`Error::NotAllowed`], [`Error::NoQuestion`].
pub fn reject(tx: &Transaction<'_>, by: By<'_>, id: &QuestionId, reason: &str) -> Result<Question> {
    commit(tx, by, id)?;
    step(tx, by, id, (QuestionState::Rejected, Some(reason.trim())))
}

/// Makes an earlier text the newest again.
///
/// # Errors
/// As [`save`], and [`Error::NoRevision`].
pub fn restore(
    tx: &Transaction<'_>,
    by: By<'_>,
    id: &QuestionId,
    revision: &RevisionId,
) -> Result<Question> {
    let question = commit(tx, by, id)?;
    if question.state != QuestionState::Draft {
        return Err(Error::QuestionState(question.state));
    }
    let wanted = revisions(tx, id)?
        .into_iter()
        .find(|known| known.id == *revision)
        .ok_or_else(|| Error::NoRevision(revision.to_string()))?;
    let entry = QuestionEntry {
        id: id.clone(),
        content: wanted.content,
        version: question.version,
    };
    save(tx, by, &entry)?;
    commit(tx, by, id)
}

/// Earlier texts, newest first, with those that were set aside.
///
/// # Errors
/// When the database cannot be read.
pub fn revisions(connection: &Connection, id: &QuestionId) -> Result<Vec<QuestionRevision>> {
    let mut statement = connection.prepare_cached(&format!(
        "{REVISION} WHERE question_id = ?1 ORDER BY question_revision.rowid DESC"
    ))?;
    let rows = statement.query_map([id.as_str()], read_revision)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How it was answered, newest first.
///
/// # Errors
/// When the database cannot be read.
pub fn trials(connection: &Connection, id: &QuestionId) -> Result<Vec<QuestionTrial>> {
    let mut statement = connection.prepare_cached(
        "SELECT coalesce(person.name, model.name, ''), model_id IS NOT NULL, blind, answer, picked, rule, correct, at
         FROM question_trial LEFT JOIN person ON person.id = question_trial.person_id
         LEFT JOIN model ON model.id = question_trial.model_id
         WHERE question_id = ?1 ORDER BY question_trial.id DESC",
    )?;
    let rows = statement.query_map([id.as_str()], |row| {
        Ok(QuestionTrial {
            examinee: row.get(0)?,
            is_model: row.get(1)?,
            blind: row.get(2)?,
            answer: row.get(3)?,
            picked: json(row, 4)?,
            rule: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
            correct: row.get(6)?,
            at: row.get::<_, Millis>(7)?.0,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Keeps the acting person's answer to the newest revision.
///
/// # Errors
/// [`Error::NotAllowed`] for somebody without a role, [`Error::NoQuestion`].
pub fn answer(
    tx: &Transaction<'_>,
    by: By<'_>,
    id: &QuestionId,
    trial: &QuestionTrial,
) -> Result<()> {
    people::require_any(tx, by.person, &Role::ALL)?;
    let question = keep_text(tx, by, id)?;
    let revision = question
        .head
        .ok_or_else(|| Error::NoRevision(id.to_string()))?;
    insert_trial(
        tx,
        (id, &revision),
        Examinee::Person(by.person),
        (trial, by.at),
    )
}

/// Who answers.
pub(crate) enum Examinee<'a> {
    Person(&'a PersonId),
    Model(&'a ModelId),
}

pub(crate) fn insert_trial(
    tx: &Transaction<'_>,
    (question, revision): (&QuestionId, &RevisionId),
    examinee: Examinee<'_>,
    (trial, at): (&QuestionTrial, Timestamp),
) -> Result<()> {
    let (person, model) = match examinee {
        Examinee::Person(id) => (Some(id.as_str()), None),
        Examinee::Model(id) => (None, Some(id.as_str())),
    };
    tx.prepare_cached(
        "INSERT INTO question_trial
            (question_id, revision_id, person_id, model_id, blind, answer, picked, rule, correct, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        question.as_str(),
        revision.as_str(),
        person,
        model,
        trial.blind,
        trial.answer,
        text(&trial.picked)?,
        trial.rule,
        trial.correct,
        at.millis(),
    ])?;
    Ok(())
}

fn insert(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    content: &QuestionContent,
    (source, state): (&QuestionSource, QuestionState),
) -> Result<Question> {
    diagram::get(tx, diagram)?;
    let id = QuestionId::new();
    let author = (state != QuestionState::Proposed).then_some(by.person.as_str());
    tx.execute(
        "INSERT INTO question (id, diagram_id, state, content, source, author_id, writer_id, version, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 1, ?7, ?7)",
        params![
            id.as_str(),
            diagram.as_str(),
            state.as_str(),
            text(content)?,
            text(source)?,
            author,
            by.at.millis(),
        ],
    )?;
    let event = Action::Question
        .on(id.as_str())
        .after(state.as_str())
        .note(diagram.as_str());
    audit::append(tx, by.at, by.person, &event)?;
    if state == QuestionState::Proposed {
        return keep_text(tx, by, &id);
    }
    get(tx, &id)
}

/// The one place where a question changes its state. Whoever takes a suggestion up is its author from then on.
fn step(
    tx: &Transaction<'_>,
    by: By<'_>,
    id: &QuestionId,
    (to, reason): (QuestionState, Option<&str>),
) -> Result<Question> {
    people::require(tx, by.person, Role::Author)?;
    let question = get(tx, id)?;
    if question.state == to {
        return Ok(question);
    }
    let ready_at = (to == QuestionState::Ready).then_some(by.at.millis());
    tx.execute(
        "UPDATE question SET state = ?2, reject_reason = ?3, ready_at = ?4, updated_at = ?5,
            author_id = ifnull(author_id, ?6), version = version + 1 WHERE id = ?1",
        params![
            id.as_str(),
            to.as_str(),
            reason,
            ready_at,
            by.at.millis(),
            by.person.as_str(),
        ],
    )?;
    let event = Action::Question
        .on(id.as_str())
        .before(Some(question.state.as_str()))
        .after(to.as_str());
    let event = match reason {
        Some(reason) => event.note(reason),
        None => event,
    };
    audit::append(tx, by.at, by.person, &event)?;
    get(tx, id)
}

const REVISION: &str =
    "SELECT question_revision.id, content, ifnull(person.name, ''), question_revision.created_at
    FROM question_revision LEFT JOIN person ON person.id = author_id";

pub(crate) fn revision(connection: &Connection, id: &RevisionId) -> Result<QuestionRevision> {
    Ok(connection
        .prepare_cached(&format!("{REVISION} WHERE question_revision.id = ?1"))?
        .query_row([id.as_str()], read_revision)?)
}

fn read_revision(row: &Row<'_>) -> rusqlite::Result<QuestionRevision> {
    Ok(QuestionRevision {
        id: RevisionId::from_text(row.get::<_, String>(0)?),
        content: json(row, 1)?,
        author: row.get(2)?,
        created_at: row.get::<_, Millis>(3)?.0,
    })
}

fn insert_revision(
    tx: &Transaction<'_>,
    at: Timestamp,
    question: &Question,
    (content, author): (&QuestionContent, Option<&PersonId>),
) -> Result<RevisionId> {
    let id = RevisionId::new();
    tx.prepare_cached(
        "INSERT INTO question_revision (id, question_id, parent_id, content, author_id, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        id.as_str(),
        question.id.as_str(),
        question.head.as_ref().map(RevisionId::as_str),
        text(content)?,
        author.map(PersonId::as_str),
        at.millis(),
    ])?;
    Ok(id)
}

fn text(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|source| Error::Json {
        column: "question.content",
        source,
    })
}

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Question> {
    Ok(Question {
        id: QuestionId::from_text(row.get::<_, String>(0)?),
        diagram_id: DiagramId::from_text(row.get::<_, String>(1)?),
        diagram_number: row.get(2)?,
        state: parsed(row, 3)?,
        content: json(row, 4)?,
        source: json(row, 5)?,
        author: row.get(6)?,
        version: row.get(7)?,
        head: row.get::<_, Option<String>>(8)?.map(RevisionId::from_text),
        created_at: row.get::<_, Millis>(9)?.0,
        updated_at: row.get::<_, Millis>(10)?.0,
        reject_reason: row.get(11)?,
        writer: row.get(12)?,
    })
}
