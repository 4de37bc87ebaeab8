//! Jobs on questions: what is queued, and what comes of it. A model only ever suggests; what it answers is kept
//! beside the question, as a person's trial is.

use std::collections::HashSet;

use domain::{
    Action, AnswerParameters, AnswerRequest, DiagramId, Job, JobParameters, PersonId,
    ProposeParameters, ProposeRequest, Question, QuestionContent, QuestionId, QuestionScope,
    QuestionSource, QuestionTrial, RevisionId, Role,
};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Transaction, params, params_from_iter};

use crate::annotate::By;
use crate::enqueue::{URGENT, collect_diagrams};
use crate::jobs::{Worker, claimed, end_item};
use crate::table::{Millis, audit, job, job_item, model, model::json};
use crate::{Error, Result, people, question_set, questions};

/// Diagrams that wait for this model's questions already are left out.
const INSERT_DIAGRAMS: &str = "
    INSERT INTO job_item (job, diagram, level)
    SELECT ?1, wanted.n, 'global' FROM wanted_diagram AS wanted
    WHERE NOT EXISTS (
        SELECT 1 FROM job CROSS JOIN job_item INDEXED BY job_item_slot
            ON job_item.job = job.number AND job_item.diagram = wanted.n
        WHERE job.state IN ('queued', 'running', 'paused') AND job.number <> ?1
            AND job.kind = 'propose' AND job_item.state IN ('queued', 'running')
            AND job.parameters ->> '$.model.id' = ?2)
    ORDER BY wanted.rank";

/// Queues a job that proposes questions. Whoever asks about one diagram is waiting for it, so that goes first.
///
/// # Errors
/// [`Error::NotAllowed`] unless an author acts, [`Error::BadRequest`], [`Error::NoModel`], [`Error::NoDiagram`],
/// [`Error::NothingToAsk`].
pub fn queue_proposals(tx: &Transaction<'_>, by: By<'_>, request: &ProposeRequest) -> Result<Job> {
    people::require(tx, by.person, Role::Author)?;
    request.check()?;
    let model = model::find(tx, request.model_id.as_str())?;
    collect_diagrams(tx, by, &request.scope)?;
    let mut kinds = request.kinds.clone();
    kinds.dedup();
    let parameters = JobParameters::Propose(ProposeParameters {
        model,
        kinds,
        per_diagram: request.per_diagram,
        language: request.language,
        sampling: request.sampling.clone(),
        allow_untrained: request.allow_untrained,
    });
    let urgent = matches!(request.scope, domain::DraftScope::One { .. });
    let (id, number) = job::insert(tx, by, &parameters, if urgent { URGENT } else { 0 })?;
    let total = tx.execute(INSERT_DIAGRAMS, params![number, request.model_id.as_str()])?;
    queued(tx, by, (&id, number), total)
}

/// Queues a job that answers questions. What is being typed becomes a revision first, so that an answer is to a
/// text that stays. One question goes first, as in [`queue_proposals`].
///
/// # Errors
/// [`Error::NotAllowed`] unless an author acts, [`Error::BadRequest`], [`Error::NoModel`], [`Error::NoQuestion`],
/// [`Error::NothingToAsk`].
pub fn queue_answers(tx: &Transaction<'_>, by: By<'_>, request: &AnswerRequest) -> Result<Job> {
    people::require(tx, by.person, Role::Author)?;
    request.check()?;
    let model = model::find(tx, request.model_id.as_str())?;
    let ids = wanted(tx, &request.scope)?;
    let urgent = !request.blind && ids.len() == 1;
    let parameters = JobParameters::Answer(AnswerParameters {
        model,
        blind: request.blind,
        allow_untrained: request.allow_untrained,
    });
    let (id, number) = job::insert(tx, by, &parameters, if urgent { URGENT } else { 0 })?;
    let mut total = 0;
    for question in &ids {
        if !request.again && answered(tx, question, request)? {
            continue;
        }
        let question = questions::commit(tx, by, question)?;
        total += tx
            .prepare_cached(
                "INSERT INTO job_item (job, diagram, level, question_id) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                number,
                question.diagram_number,
                question.content.level.as_str(),
                question.id.as_str(),
            ])?;
    }
    queued(tx, by, (&id, number), total)
}

/// Whether this model answered the question as it stands, or is about to.
fn answered(tx: &Transaction<'_>, id: &QuestionId, request: &AnswerRequest) -> Result<bool> {
    let waits: bool = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM job_item JOIN job ON job.number = job_item.job
             WHERE job_item.question_id = ?1 AND job_item.state IN ('queued', 'running')
                AND job.parameters ->> '$.model.id' = ?2 AND job.parameters ->> '$.blind' = ?3)",
        )?
        .query_row(
            (id.as_str(), request.model_id.as_str(), request.blind),
            |row| row.get(0),
        )?;
    if waits {
        return Ok(true);
    }
    let content = questions::get(tx, id)?.content;
    let mut statement = tx.prepare_cached(
        "SELECT question_revision.content FROM question_trial
         JOIN question_revision ON question_revision.id = question_trial.revision_id
         WHERE question_trial.question_id = ?1 AND model_id = ?2 AND blind = ?3",
    )?;
    let known = statement.query_map(
        (id.as_str(), request.model_id.as_str(), request.blind),
        |row| json::<QuestionContent>(row, 0),
    )?;
    for known in known {
        if known?.asks_the_same(&content) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn wanted(connection: &Connection, scope: &QuestionScope) -> Result<Vec<QuestionId>> {
    match scope {
        QuestionScope::Ids { ids } => {
            for id in ids {
                questions::get(connection, id)?;
            }
            Ok(ids.clone())
        }
        QuestionScope::Filter { filter } => {
            let (conditions, values): (String, Vec<Value>) = question_set::conditions(filter);
            let sql = format!(
                "SELECT question.id FROM question JOIN diagram ON diagram.id = question.diagram_id
                 LEFT JOIN person ON person.id = question.author_id
                 WHERE {conditions} AND question.state <> 'rejected'
                 ORDER BY diagram.number, question.rowid"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params_from_iter(&values), |row| {
                Ok(QuestionId::from_text(row.get::<_, String>(0)?))
            })?;
            Ok(rows.collect::<std::result::Result<_, _>>()?)
        }
    }
}

fn queued(
    tx: &Transaction<'_>,
    by: By<'_>,
    (id, number): (&domain::JobId, u32),
    total: usize,
) -> Result<Job> {
    if total == 0 {
        return Err(Error::NothingToAsk);
    }
    job::set_total(tx, number, u32::try_from(total).unwrap_or(u32::MAX))?;
    let event = Action::Job.on(id.as_str()).after("queued");
    audit::append(tx, by.at, by.person, &event)?;
    job::get(tx, id)
}

/// The stems that a diagram's questions have, turned down ones too: a suggestion is not made twice.
///
/// # Errors
/// When the database cannot be read.
pub fn known_stems(connection: &Connection, diagram: &DiagramId) -> Result<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT content ->> 'stem' FROM question WHERE diagram_id = ?1 ORDER BY rowid",
    )?;
    let rows = statement.query_map([diagram.as_str()], |row| row.get(0))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Keeps suggestions and finishes their item; those whose stem the diagram has already are left out. `None`, and
/// nothing kept, when the item is not this engine's any more.
///
/// # Errors
/// What SQLite says.
pub fn finish_proposals(
    tx: &Transaction<'_>,
    worker: Worker<'_>,
    item: u32,
    contents: &[QuestionContent],
) -> Result<Option<Vec<QuestionId>>> {
    let Some((item, job)) = claimed(tx, worker, item)? else {
        return Ok(None);
    };
    let model = job.parameters.model();
    let source = QuestionSource::Model {
        model_id: model.id.clone(),
        model: model.name.clone(),
        job_id: job.id.clone(),
    };
    let person: PersonId = job::creator(tx, job.number)?;
    let by = By {
        person: &person,
        at: worker.at,
    };
    let folded = |stem: &str| stem.trim().to_lowercase();
    let mut known: HashSet<String> = known_stems(tx, &item.diagram_id)?
        .iter()
        .map(|stem| folded(stem))
        .collect();
    let mut ids = Vec::new();
    for content in contents {
        if known.insert(folded(&content.stem)) {
            ids.push(questions::suggest(tx, by, &item.diagram_id, content, &source)?.id);
        }
    }
    job_item::set_state(tx, item.id, domain::ItemState::Done, (None, None))?;
    end_item(tx, worker, &job, domain::ItemState::Done)?;
    Ok(Some(ids))
}

/// The question that an item is about, with the revision that is answered.
///
/// # Errors
/// [`Error::NoQuestion`], [`Error::NoRevision`] for one that was never committed.
pub fn asked(connection: &Connection, id: &QuestionId) -> Result<(Question, RevisionId)> {
    let mut question = questions::get(connection, id)?;
    let head = question
        .head
        .clone()
        .ok_or_else(|| Error::NoRevision(id.to_string()))?;
    question.content = questions::revision(connection, &head)?.content;
    Ok((question, head))
}

/// Keeps a model's answer and finishes its item. False, and nothing kept, when the item is not this engine's any
/// more.
///
/// # Errors
/// What SQLite says.
pub fn finish_answer(
    tx: &Transaction<'_>,
    worker: Worker<'_>,
    item: u32,
    (revision, trial): (&RevisionId, &QuestionTrial),
) -> Result<bool> {
    let Some((item, job)) = claimed(tx, worker, item)? else {
        return Ok(false);
    };
    let Some(question) = &item.question_id else {
        return Ok(false);
    };
    questions::insert_trial(
        tx,
        (question, revision),
        questions::Examinee::Model(&job.parameters.model().id),
        (trial, worker.at),
    )?;
    job_item::set_state(tx, item.id, domain::ItemState::Done, (None, None))?;
    end_item(tx, worker, &job, domain::ItemState::Done)?;
    Ok(true)
}

/// The newest answer of a model that saw no picture to the question as `content` asks it.
///
/// # Errors
/// When the database cannot be read.
pub fn blind_trial(
    connection: &Connection,
    id: &QuestionId,
    content: &QuestionContent,
) -> Result<Option<BlindTrial>> {
    let mut statement = connection.prepare_cached(
        "SELECT question_revision.content, coalesce(model.name, ''), correct, at FROM question_trial
         JOIN question_revision ON question_revision.id = question_trial.revision_id
         LEFT JOIN model ON model.id = question_trial.model_id
         WHERE question_trial.question_id = ?1 AND model_id IS NOT NULL AND blind
         ORDER BY question_trial.id DESC",
    )?;
    let mut rows = statement.query([id.as_str()])?;
    while let Some(row) = rows.next()? {
        if json::<QuestionContent>(row, 0)?.asks_the_same(content) {
            return Ok(Some(BlindTrial {
                model: row.get(1)?,
                correct: row.get(2)?,
                at: row.get::<_, Millis>(3)?.0,
            }));
        }
    }
    Ok(None)
}

/// How a model without the picture answered.
#[derive(Debug, Clone, PartialEq)]
pub struct BlindTrial {
    /// The model's name.
    pub model: String,
    /// Whether it found the key.
    pub correct: Option<bool>,
    /// When.
    pub at: domain::Timestamp,
}

/// The model that a blind check of this question is due from by the workspace's rules: it has not answered the
/// question as it stands, and is not about to. `None` where nothing is due.
///
/// # Errors
/// [`Error::NoQuestion`].
pub fn blind_check_due(tx: &Transaction<'_>, id: &QuestionId) -> Result<Option<AnswerRequest>> {
    let Some(model_id) = people::policy(tx)?.blind_examinee else {
        return Ok(None);
    };
    let known: Option<bool> = tx
        .prepare_cached("SELECT 1 FROM model WHERE id = ?1 AND removed_at IS NULL")?
        .query_row([model_id.as_str()], |row| row.get(0))
        .optional()?;
    let request = AnswerRequest {
        model_id,
        scope: QuestionScope::Ids {
            ids: vec![id.clone()],
        },
        blind: true,
        again: false,
        allow_untrained: false,
    };
    if known.is_none() || answered(tx, id, &request)? {
        return Ok(None);
    }
    Ok(Some(request))
}
