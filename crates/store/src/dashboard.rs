//! Numbers for leads. Each count is the length of the list that a filter of the queue or of the questions opens: the
//! test `every_number_is_the_length_of_its_list` goes over all of them.

use std::collections::{BTreeMap, HashSet};

use domain::{
    Agreement, Dashboard, Day, Difficulty, DraftCondition, DraftGroup, DraftUse, KindProgress,
    PersonId, PersonProgress, ReasonCount, Span, State, StateCounts, Timestamp,
};
use rusqlite::Connection;

use crate::table::parsed;
use crate::table::person::roles;
use crate::{Result, boxes, question_set, queue};

const DAY_MS: i64 = 86_400_000;

/// All numbers. `days` are the days that are told one by one, oldest first, each with its date: the caller knows the
/// reader's time zone.
///
/// # Errors
/// When the database cannot be read.
pub fn numbers(connection: &Connection, days: &[(String, Span)]) -> Result<Dashboard> {
    let drafts = |condition| drafts(connection, condition);
    Ok(Dashboard {
        states: queue::counts(connection, "")?,
        by_kind: by_kind(connection)?,
        by_person: by_person(connection, whole(days))?,
        days: throughput(connection, days)?,
        reasons: reasons(connection)?,
        drafts: DraftUse {
            shown: drafts(DraftCondition::Shown)?,
            hidden: drafts(DraftCondition::Hidden)?,
            none: drafts(DraftCondition::None)?,
        },
        agreement: agreement(connection)?,
        questions: question_set::coverage(connection)?,
        by_difficulty: by_difficulty(connection)?,
        open_threads: one(
            connection,
            "SELECT count(DISTINCT diagram_id) FROM thread WHERE resolved_at IS NULL",
        )?,
    })
}

/// The last `count` days of UTC up to `now`, for [`numbers`].
pub fn utc_days(now: Timestamp, count: u32) -> Vec<(String, Span)> {
    let today = now.millis().div_euclid(DAY_MS);
    let day = |at: i64| {
        let [from, until] = [at, at + 1].map(|day| Timestamp::from_millis(day * DAY_MS));
        let date = from.to_rfc3339().chars().take(10).collect();
        (date, Span { from, until })
    };
    (0..i64::from(count))
        .rev()
        .map(|ago| day(today - ago))
        .collect()
}

/// From the first moment of the first day to the last day's end.
fn whole(days: &[(String, Span)]) -> Span {
    let nothing = Timestamp::from_millis(0);
    Span {
        from: days.first().map_or(nothing, |(_, span)| span.from),
        until: days.last().map_or(nothing, |(_, span)| span.until),
    }
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

fn by_person(connection: &Connection, span: Span) -> Result<Vec<PersonProgress>> {
    let mut people = everybody(connection)?;
    let mut statement = connection.prepare_cached(
        "SELECT annotator_id, state, count(*)
         FROM (SELECT DISTINCT annotator_id, diagram_id FROM annotation
             WHERE head_revision_id IS NOT NULL) AS wrote
         JOIN diagram ON diagram.id = diagram_id GROUP BY annotator_id, state",
    )?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        if let Some(person) = people.iter_mut().find(|one| one.person_id.as_str() == id) {
            *person.states.of(parsed::<State>(row, 1)?) = row.get(2)?;
        }
    }
    let bounds = (span.from.millis(), span.until.millis());
    for person in &mut people {
        let id = person.person_id.as_str();
        person.submitted = connection
            .prepare_cached(
                "SELECT count(DISTINCT subject) FROM audit JOIN diagram ON diagram.id = subject
                 WHERE action = 'submit' AND person_id = ?1 AND at >= ?2 AND at < ?3",
            )?
            .query_row((id, bounds.0, bounds.1), |row| row.get(0))?;
        person.median_seconds = median_seconds(connection, id, bounds)?;
    }
    people.retain(|person| {
        person.states.total() + person.submitted + person.questions + person.question_drafts > 0
    });
    Ok(people)
}

/// Everybody with the questions that are theirs, in order of joining.
fn everybody(connection: &Connection) -> Result<Vec<PersonProgress>> {
    let mut statement = connection.prepare_cached(
        "SELECT person.id, person.name, person.roles,
            count(question.state = 'ready' OR NULL), count(question.state = 'draft' OR NULL)
         FROM person LEFT JOIN question ON author_id = person.id AND source ->> 'kind' <> 'synthetic'
         GROUP BY person.id ORDER BY person.rowid",
    )?;
    let rows = statement.query_map((), |row| {
        Ok(PersonProgress {
            person_id: PersonId::from_text(row.get::<_, String>(0)?),
            name: row.get(1)?,
            roles: roles(row, 2)?,
            states: StateCounts::default(),
            submitted: 0,
            questions: row.get(3)?,
            question_drafts: row.get(4)?,
            median_seconds: None,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Captions that are handed in at once share their time.
fn median_seconds(
    connection: &Connection,
    person: &str,
    (from, until): (i64, i64),
) -> Result<Option<f64>> {
    let mut statement = connection.prepare_cached(
        "SELECT sum(active_seconds) FROM submission
         WHERE person_id = ?1 AND at >= ?2 AND at < ?3 AND active_seconds IS NOT NULL
         GROUP BY diagram_id, at",
    )?;
    let seconds = statement
        .query_map((person, from, until), |row| row.get(0))?
        .collect::<Result<Vec<f64>, _>>()?;
    Ok(median(seconds))
}

/// A diagram that went the same step twice on a day counts once. The log is read once, however many days there are.
fn throughput(connection: &Connection, days: &[(String, Span)]) -> Result<Vec<Day>> {
    let mut told: Vec<Day> = days
        .iter()
        .map(|(date, span)| Day {
            date: date.clone(),
            span: *span,
            submitted: 0,
            approved: 0,
            returned: 0,
            questions: 0,
        })
        .collect();
    let span = whole(days);
    let mut statement = connection.prepare_cached(
        "SELECT action, at, subject FROM audit JOIN diagram ON diagram.id = subject
         WHERE action IN ('submit', 'approve', 'return') AND at >= ?1 AND at < ?2
         UNION ALL
         SELECT action, at, subject FROM audit JOIN question ON question.id = subject
         WHERE action = 'question' AND after = 'ready' AND at >= ?1 AND at < ?2
            AND source ->> 'kind' <> 'synthetic'",
    )?;
    let mut rows = statement.query((span.from.millis(), span.until.millis()))?;
    let mut seen: HashSet<(usize, String, String)> = HashSet::new();
    while let Some(row) = rows.next()? {
        let (action, at): (String, i64) = (row.get(0)?, row.get(1)?);
        let index = days.partition_point(|(_, span)| span.until.millis() <= at);
        let Some(day) = told.get_mut(index) else {
            continue;
        };
        let count = match action.as_str() {
            "submit" => &mut day.submitted,
            "approve" => &mut day.approved,
            "return" => &mut day.returned,
            _ => &mut day.questions,
        };
        if seen.insert((index, action, row.get(2)?)) {
            *count += 1;
        }
    }
    Ok(told)
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
fn drafts(connection: &Connection, condition: DraftCondition) -> Result<DraftGroup> {
    let mut statement = connection.prepare_cached(
        "SELECT unchanged, kept, active_seconds, length, returned_at IS NOT NULL, diagram_id FROM submission
         WHERE condition = ?1 AND id IN (SELECT max(id) FROM submission GROUP BY annotation_id)",
    )?;
    let mut rows = statement.query([condition.as_str()])?;
    let (mut kept, mut lengths) = (Vec::new(), Vec::new());
    let (mut seconds, mut unchanged_seconds) = (Vec::new(), Vec::new());
    let mut n_unchanged = 0_u32;
    let mut diagrams: BTreeMap<String, (bool, bool)> = BTreeMap::new();
    let mut group = DraftGroup::default();
    while let Some(row) = rows.next()? {
        let (unchanged, returned): (bool, bool) = (row.get(0)?, row.get(4)?);
        let diagram = diagrams.entry(row.get(5)?).or_default();
        diagram.0 |= unchanged;
        diagram.1 |= returned;
        group.captions += 1;
        n_unchanged += u32::from(unchanged);
        kept.extend(row.get::<_, Option<f64>>(1)?);
        lengths.push(row.get::<_, f64>(3)?);
        if let Some(active) = row.get::<_, Option<f64>>(2)? {
            seconds.push(active);
            if unchanged {
                unchanged_seconds.push(active);
            }
        }
    }
    let count = |wanted: fn(&(bool, bool)) -> bool| {
        u32::try_from(diagrams.values().filter(|diagram| wanted(diagram)).count())
            .unwrap_or(u32::MAX)
    };
    group.diagrams = count(|_| true);
    group.unchanged = count(|(unchanged, _)| *unchanged);
    group.returned = count(|(_, returned)| *returned);
    group.share_unchanged =
        (group.captions > 0).then(|| f64::from(n_unchanged) / f64::from(group.captions));
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
    let boxes = boxes::agreements(connection)?;
    let (key_questions, keys) = connection
        .prepare_cached(
            "SELECT count(DISTINCT question.id), avg(correct) FROM question_trial
             JOIN question ON question.id = question_id
             WHERE question.state = 'ready' AND source ->> 'kind' <> 'synthetic'
                AND question_trial.id IN (SELECT min(first.id) FROM question_trial AS first
                    JOIN question AS asked ON asked.id = first.question_id
                    WHERE first.revision_id = asked.head_revision_id AND first.person_id <> asked.author_id
                        AND first.correct IS NOT NULL AND NOT first.blind
                    GROUP BY first.question_id, first.person_id)",
        )?
        .query_row((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Agreement {
        pairs,
        text,
        box_pairs: u32::try_from(boxes.len()).unwrap_or(u32::MAX),
        boxes: mean(&boxes),
        key_questions,
        keys,
    })
}

fn by_difficulty(connection: &Connection) -> Result<Vec<(Difficulty, u32)>> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FROM question WHERE state = 'ready' AND source ->> 'kind' <> 'synthetic'
            AND content ->> 'difficulty' = ?1",
    )?;
    let mut count = |difficulty: Difficulty| -> Result<(Difficulty, u32)> {
        let count = statement.query_row([difficulty.as_str()], |row| row.get(0))?;
        Ok((difficulty, count))
    };
    Difficulty::ALL.into_iter().map(&mut count).collect()
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
