//! Numbers for leads. Each is the length of the list that a filter of the queue or of the questions opens.

use std::collections::BTreeMap;

use domain::{
    Agreement, Dashboard, Day, Difficulty, DraftGroup, DraftUse, KindProgress, PersonId,
    PersonProgress, ReasonCount, State, StateCounts, Timestamp,
};
use rusqlite::Connection;

use crate::table::parsed;
use crate::table::person::roles;
use crate::{Result, question_set, queue};

const DAY_MS: i64 = 86_400_000;
const MOST_DAYS: u32 = 366;

/// All numbers, with the last `days` days of UTC up to `now`, at most 366.
///
/// # Errors
/// When the database cannot be read.
pub fn numbers(connection: &Connection, now: Timestamp, days: u32) -> Result<Dashboard> {
    let days = days.clamp(1, MOST_DAYS);
    let today = now.millis().div_euclid(DAY_MS);
    let first = today - i64::from(days) + 1;
    Ok(Dashboard {
        states: queue::counts(connection, "")?,
        by_kind: by_kind(connection)?,
        by_person: by_person(connection, first * DAY_MS)?,
        days: throughput(connection, first, today)?,
        reasons: reasons(connection)?,
        drafts: DraftUse {
            shown: drafts(connection, "shown")?,
            hidden: drafts(connection, "hidden")?,
            none: drafts(connection, "none")?,
        },
        agreement: agreement(connection)?,
        questions: question_set::coverage(connection)?,
        by_difficulty: by_difficulty(connection)?,
        open_threads: one(
            connection,
            "SELECT count(*) FROM thread WHERE resolved_at IS NULL",
        )?,
    })
}

fn one(connection: &Connection, sql: &str) -> Result<u32> {
    Ok(connection
        .prepare_cached(sql)?
        .query_row((), |row| row.get(0))?)
}

fn by_kind(connection: &Connection) -> Result<Vec<KindProgress>> {
    let mut statement = connection
        .prepare_cached("SELECT kind, state, count(*) FROM diagram GROUP BY kind, state")?;
    let mut kinds: BTreeMap<String, StateCounts> = BTreeMap::new();
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let counts = kinds.entry(row.get(0)?).or_default();
        *counts.of(parsed::<State>(row, 1)?) = row.get(2)?;
    }
    let mut kinds: Vec<KindProgress> = kinds
        .into_iter()
        .map(|(kind, states)| KindProgress { kind, states })
        .collect();
    kinds.sort_by_key(|progress| std::cmp::Reverse(progress.states.total()));
    Ok(kinds)
}

fn by_person(connection: &Connection, since: i64) -> Result<Vec<PersonProgress>> {
    let mut statement = connection.prepare_cached(
        "SELECT person.id, person.name, person.roles, state, count(*)
         FROM (SELECT DISTINCT annotator_id, diagram_id FROM annotation
             WHERE head_revision_id IS NOT NULL) AS wrote
         JOIN person ON person.id = annotator_id JOIN diagram ON diagram.id = diagram_id
         GROUP BY person.id, state ORDER BY person.rowid",
    )?;
    let mut people: Vec<PersonProgress> = Vec::new();
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let id = PersonId::from_text(row.get::<_, String>(0)?);
        if people.last().is_none_or(|last| last.person_id != id) {
            people.push(PersonProgress {
                person_id: id,
                name: row.get(1)?,
                roles: roles(row, 2)?,
                states: StateCounts::default(),
                submitted: 0,
                median_seconds: None,
            });
        }
        if let Some(last) = people.last_mut() {
            *last.states.of(parsed::<State>(row, 3)?) = row.get(4)?;
        }
    }
    for person in &mut people {
        person.submitted = connection
            .prepare_cached(
                "SELECT count(*) FROM (SELECT DISTINCT diagram_id, at FROM submission
                 WHERE person_id = ?1 AND at >= ?2)",
            )?
            .query_row((person.person_id.as_str(), since), |row| row.get(0))?;
        let mut statement = connection.prepare_cached(
            "SELECT sum(active_seconds) FROM submission
             WHERE person_id = ?1 AND at >= ?2 AND active_seconds IS NOT NULL GROUP BY diagram_id, at",
        )?;
        let seconds = statement
            .query_map((person.person_id.as_str(), since), |row| row.get(0))?
            .collect::<Result<Vec<f64>, _>>()?;
        person.median_seconds = median(seconds);
    }
    Ok(people)
}

fn throughput(connection: &Connection, first: i64, last: i64) -> Result<Vec<Day>> {
    let mut days: Vec<Day> = (first..=last)
        .map(|day| Day {
            date: Timestamp::from_millis(day * DAY_MS)
                .to_rfc3339()
                .chars()
                .take(10)
                .collect(),
            submitted: 0,
            approved: 0,
            returned: 0,
            questions: 0,
        })
        .collect();
    let mut statement = connection.prepare_cached(
        "SELECT at / ?2, action, after, count(*) FROM audit
         WHERE at >= ?1 AND (action IN ('submit', 'approve', 'return')
            OR action = 'question' AND after = 'ready')
         GROUP BY 1, 2, 3",
    )?;
    let mut rows = statement.query((first * DAY_MS, DAY_MS))?;
    while let Some(row) = rows.next()? {
        let Ok(index) = usize::try_from(row.get::<_, i64>(0)? - first) else {
            continue;
        };
        let Some(day) = days.get_mut(index) else {
            continue;
        };
        let count: u32 = row.get(3)?;
        match row.get_ref(1)?.as_str().unwrap_or_default() {
            "submit" => day.submitted += count,
            "approve" => day.approved += count,
            "return" => day.returned += count,
            _ => day.questions += count,
        }
    }
    Ok(days)
}

fn reasons(connection: &Connection) -> Result<Vec<ReasonCount>> {
    let mut statement = connection.prepare_cached(
        "SELECT reason, kind, count(DISTINCT diagram.id) FROM annotation_reason
         JOIN annotation ON annotation.id = annotation_id JOIN diagram ON diagram.id = diagram_id
         GROUP BY reason, kind ORDER BY 3 DESC",
    )?;
    let rows = statement.query_map((), |row| {
        Ok(ReasonCount {
            reason: parsed(row, 0)?,
            diagram_kind: row.get(1)?,
            count: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The last submission of each caption under one condition.
fn drafts(connection: &Connection, condition: &str) -> Result<DraftGroup> {
    let mut statement = connection.prepare_cached(
        "SELECT unchanged, kept, active_seconds, length, returned_at IS NOT NULL FROM submission
         WHERE condition = ?1 AND id IN (SELECT max(id) FROM submission GROUP BY annotation_id)",
    )?;
    let mut rows = statement.query([condition])?;
    let (mut kept, mut lengths) = (Vec::new(), Vec::new());
    let (mut seconds, mut unchanged_seconds) = (Vec::new(), Vec::new());
    let mut group = DraftGroup::default();
    while let Some(row) = rows.next()? {
        let unchanged: bool = row.get(0)?;
        group.captions += 1;
        group.unchanged += u32::from(unchanged);
        group.returned += u32::from(row.get::<_, bool>(4)?);
        kept.extend(row.get::<_, Option<f64>>(1)?);
        lengths.push(row.get::<_, f64>(3)?);
        if let Some(active) = row.get::<_, Option<f64>>(2)? {
            seconds.push(active);
            if unchanged {
                unchanged_seconds.push(active);
            }
        }
    }
    group.mean_kept = mean(&kept);
    group.mean_length = mean(&lengths);
    group.median_seconds = median(seconds);
    group.median_seconds_unchanged = median(unchanged_seconds);
    Ok(group)
}

fn agreement(connection: &Connection) -> Result<Agreement> {
    let (pairs, text) = connection
        .prepare_cached("SELECT count(*), avg(agreement) FROM diagram WHERE agreement <= 1")?
        .query_row((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (key_answers, keys) = connection
        .prepare_cached(
            "SELECT count(*), avg(correct) FROM question_trial
             JOIN question ON question.id = question_id
             WHERE question_trial.person_id IS NOT NULL AND question_trial.person_id <> author_id
                AND question.state = 'ready' AND correct IS NOT NULL AND NOT blind",
        )?
        .query_row((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Agreement {
        pairs,
        text,
        keys,
        key_answers,
    })
}

fn by_difficulty(connection: &Connection) -> Result<Vec<(Difficulty, u32)>> {
    let count = |name: &str| -> Result<u32> {
        Ok(connection
            .prepare_cached(
                "SELECT count(*) FROM question WHERE state = 'ready' AND source ->> 'kind' <> 'synthetic'
                    AND content ->> 'difficulty' = ?1",
            )?
            .query_row([name], |row| row.get(0))?)
    };
    Ok(vec![
        (Difficulty::Easy, count("easy")?),
        (Difficulty::Medium, count("medium")?),
        (Difficulty::Hard, count("hard")?),
    ])
}

fn mean(values: &[f64]) -> Option<f64> {
    let count = u32::try_from(values.len())
        .ok()
        .filter(|count| *count > 0)?;
    Some(values.iter().sum::<f64>() / f64::from(count))
}

/// The middle value, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::{mean, median};

    #[test]
    fn the_middle_is_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0]), Some(3.0));
        assert_eq!(median(vec![9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 9.0]), Some(3.0));
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[1.0, 2.0]), Some(1.5));
    }
}
