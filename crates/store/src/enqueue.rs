//! Queueing a job: which captions somebody asked for, worked out in SQL, all in one transaction.

use domain::{
    Action, DiagramId, DraftParameters, DraftRequest, DraftScope, Job, JobParameters, Level,
    Redraft, Role,
};
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Transaction, params, params_from_iter};

use crate::annotate::By;
use crate::jobs::PromptVersions;
use crate::table::{audit, diagram, job, model};
use crate::{Error, Result, people, queue};

/// Somebody waits for it.
pub(crate) const URGENT: u32 = 1;

/// One row an item. Captions that have such a draft, or wait for one, are left out where only what
/// is missing is asked for.
const INSERT_ITEMS: &str = "
    WITH level (name, rank, prompt) AS
        (SELECT value ->> 'name', key, value ->> 'prompt' FROM json_each(?2))
    INSERT INTO job_item (job, diagram, level, region_id)
    SELECT ?1, wanted.n, level.name, region.id
    FROM wanted_diagram AS wanted
    CROSS JOIN diagram ON diagram.number = wanted.n
    CROSS JOIN level
    LEFT JOIN region ON level.name = 'partial' AND region.diagram_id = diagram.id
        AND region.removed_at IS NULL
    WHERE (level.name <> 'partial' OR region.id IS NOT NULL)
      AND (?3 OR NOT EXISTS (
        SELECT 1 FROM draft
        WHERE draft.diagram_id = diagram.id AND draft.level = level.name
            AND draft.region_id IS region.id AND draft.model_id = ?4 AND draft.language = ?5
            AND (level.prompt IS NULL OR draft.prompt_version = level.prompt)))
      AND (?3 OR NOT EXISTS (
        SELECT 1 FROM job CROSS JOIN job_item INDEXED BY job_item_slot
            ON job_item.job = job.number AND job_item.diagram = wanted.n
            AND job_item.level = level.name
            AND ifnull(job_item.region_id, '') = ifnull(region.id, '')
        WHERE job.state IN ('queued', 'running', 'paused') AND job.number <> ?1
            AND job_item.state IN ('queued', 'running')
            AND job.parameters ->> '$.model.id' = ?4 AND job.parameters ->> '$.language' = ?5))
    ORDER BY wanted.rank, level.rank, region.rowid";

/// Queues a drafting job. Whoever asks for one diagram is waiting for it, so that goes first.
///
/// # Errors
/// [`Error::NotAllowed`] unless an annotator or a lead acts, [`Error::BadRequest`], [`Error::NoModel`],
/// [`Error::NoDiagram`], [`Error::NothingToDraft`].
pub fn queue(
    tx: &Transaction<'_>,
    by: By<'_>,
    request: &DraftRequest,
    prompts: &PromptVersions,
) -> Result<Job> {
    people::require_any(tx, by.person, &[Role::Annotator, Role::Lead])?;
    request.check()?;
    let mut levels = request.levels.clone();
    levels.sort_unstable();
    levels.dedup();
    let model = model::find(tx, request.model_id.as_str())?;
    collect_diagrams(tx, by, &request.scope)?;
    let parameters = JobParameters::Draft(DraftParameters {
        model,
        levels: levels.clone(),
        language: request.language,
        sampling: request.sampling.clone(),
        allow_untrained: request.allow_untrained,
    });
    let urgent = matches!(request.scope, DraftScope::One { .. });
    let (id, number) = job::insert(tx, by, &parameters, if urgent { URGENT } else { 0 })?;
    let total = tx.execute(
        INSERT_ITEMS,
        params![
            number,
            named(&levels, prompts),
            request.redraft == Redraft::Always,
            request.model_id.as_str(),
            request.language.as_str(),
        ],
    )?;
    if total == 0 {
        return Err(Error::NothingToDraft);
    }
    job::set_total(tx, number, u32::try_from(total).unwrap_or(u32::MAX))?;
    let event = Action::Job.on(id.as_str()).after("queued");
    audit::append(tx, by.at, by.person, &event)?;
    job::get(tx, &id)
}

/// The levels with the versions of their prompts, as the JSON that [`INSERT_ITEMS`] reads.
fn named(levels: &[Level], prompts: &PromptVersions) -> String {
    let levels = levels
        .iter()
        .map(|level| serde_json::json!({ "name": level.as_str(), "prompt": prompts.get(level) }));
    serde_json::Value::from_iter(levels).to_string()
}

/// Fills `wanted_diagram` with the numbers of the diagrams, in order.
pub(crate) fn collect_diagrams(tx: &Transaction<'_>, by: By<'_>, scope: &DraftScope) -> Result<()> {
    tx.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS wanted_diagram (rank INTEGER PRIMARY KEY, n INTEGER NOT NULL);
         DELETE FROM wanted_diagram;",
    )?;
    match scope {
        DraftScope::One { id } => {
            let number = diagram::get(tx, id)?.number;
            let sql = "INSERT INTO wanted_diagram (n) VALUES (?1)";
            tx.execute(sql, [number])?;
        }
        DraftScope::Ids { ids } => collect_named(tx, ids)?,
        DraftScope::Filter { filter, limit } => {
            let (sql, mut values) = queue::View::new(filter, by.person, by.at).ordered();
            values.push(Value::from(limit.map_or(-1, i64::from)));
            let sql = format!("INSERT INTO wanted_diagram (n) SELECT n FROM ({sql} LIMIT ?)");
            tx.execute(&sql, params_from_iter(values))?;
        }
    }
    Ok(())
}

fn collect_named(tx: &Transaction<'_>, ids: &[DiagramId]) -> Result<()> {
    let ids = serde_json::Value::from_iter(ids.iter().map(DiagramId::as_str)).to_string();
    let unknown: Option<String> = tx
        .query_row(
            "SELECT value FROM json_each(?1)
             WHERE NOT EXISTS (SELECT 1 FROM diagram WHERE id = value) LIMIT 1",
            [&ids],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(unknown) = unknown {
        return Err(Error::NoDiagram(unknown));
    }
    tx.execute(
        "INSERT INTO wanted_diagram (n)
         SELECT diagram.number FROM json_each(?1) AS given JOIN diagram ON diagram.id = given.value
         GROUP BY diagram.number ORDER BY min(given.key)",
        [&ids],
    )?;
    Ok(())
}
