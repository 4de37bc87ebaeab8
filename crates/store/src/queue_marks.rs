//! What can be asked of a diagram besides its state and its words, as SQL.

use domain::{Done, PersonId, QueueFilter, QueueMark, Timestamp};
use rusqlite::types::Value;

use crate::boxes;

/// Conditions on a row of `diagram`, each with the values it binds.
pub(crate) fn conditions(
    filter: &QueueFilter,
    person: &PersonId,
    now: Timestamp,
) -> Vec<(&'static str, Vec<Value>)> {
    let text = |text: &str| Value::from(text.to_owned());
    let mut conditions = Vec::new();
    if let Some(kind) = &filter.kind {
        conditions.push(("kind = ?", vec![text(kind)]));
    }
    if let Some(writer) = &filter.person {
        conditions.push((
            "EXISTS (SELECT 1 FROM annotation WHERE annotation.diagram_id = diagram.id AND annotator_id = ?
                AND head_revision_id IS NOT NULL)",
            vec![text(writer.as_str())],
        ));
    }
    if let Some(reason) = filter.reason {
        conditions.push((
            "EXISTS (SELECT 1 FROM annotation JOIN annotation_reason
                ON annotation_reason.annotation_id = annotation.id
                WHERE annotation.diagram_id = diagram.id AND reason = ?)",
            vec![text(reason.as_str())],
        ));
    }
    if let Some(done) = &filter.done {
        conditions.push(done_with(done));
    }
    if let Some(handed_in) = filter.handed_in {
        let condition = text(handed_in.draft.as_str());
        conditions.push((
            if handed_in.returned {
                HANDED_IN_AND_RETURNED
            } else {
                HANDED_IN
            },
            vec![condition],
        ));
    }
    if let Some(mark) = filter.mark {
        let me = || text(person.as_str());
        let at = || Value::from(now.millis());
        conditions.push(match mark {
            QueueMark::Free => free(person, now),
            QueueMark::Mine => ("(claimed_by = ? AND claimed_until > ?)", vec![me(), at()]),
            QueueMark::Taken => ("(claimed_by <> ? AND claimed_until > ?)", vec![me(), at()]),
            QueueMark::ReturnedToMe => (RETURNED_TO_ME, vec![me()]),
            other => (of_the_diagram(other), Vec::new()),
        });
    }
    conditions
}

/// Steps that the audit log has, by its index on actions.
fn done_with(done: &Done) -> (&'static str, Vec<Value>) {
    let mut values = vec![Value::from(done.action.as_str().to_owned())];
    values.extend(
        done.by
            .as_ref()
            .map(|by| Value::from(by.as_str().to_owned())),
    );
    values.extend(
        done.within
            .iter()
            .flat_map(|span| [span.from, span.until])
            .map(|at| Value::from(at.millis())),
    );
    let condition = match (&done.by, done.within) {
        (None, None) => "diagram.id IN (SELECT subject FROM audit WHERE action = ?)",
        (Some(_), None) => {
            "diagram.id IN (SELECT subject FROM audit WHERE action = ? AND person_id = ?)"
        }
        (None, Some(_)) => {
            "diagram.id IN (SELECT subject FROM audit WHERE action = ? AND at >= ? AND at < ?)"
        }
        (Some(_), Some(_)) => {
            "diagram.id IN (SELECT subject FROM audit
                WHERE action = ? AND person_id = ? AND at >= ? AND at < ?)"
        }
    };
    (condition, values)
}

/// Of each caption the submission that counts is the last.
const HANDED_IN: &str = "EXISTS (SELECT 1 FROM submission
    WHERE submission.diagram_id = diagram.id AND condition = ? AND
    NOT EXISTS (SELECT 1 FROM submission AS later WHERE later.diagram_id = submission.diagram_id
        AND later.annotation_id = submission.annotation_id AND later.id > submission.id))";

const HANDED_IN_AND_RETURNED: &str = "EXISTS (SELECT 1 FROM submission
    WHERE submission.diagram_id = diagram.id AND condition = ? AND returned_at IS NOT NULL AND
    NOT EXISTS (SELECT 1 FROM submission AS later WHERE later.diagram_id = submission.diagram_id
        AND later.annotation_id = submission.annotation_id AND later.id > submission.id))";

/// What the person may take up: see [`QueueMark::Free`].
pub(crate) fn free(person: &PersonId, now: Timestamp) -> (&'static str, Vec<Value>) {
    let me = || Value::from(person.as_str().to_owned());
    let at = || Value::from(now.millis());
    (FREE, vec![me(), at(), me(), me(), at()])
}

/// Nobody else holds it, and it is new, the person's own, waits for a second person, or was left lying.
const FREE: &str = "(state IN ('todo', 'in_progress', 'returned')
    AND (claimed_by IS NULL OR claimed_by = ? OR claimed_until <= ?)
    AND (state = 'todo'
        OR EXISTS (SELECT 1 FROM annotation WHERE annotation.diagram_id = diagram.id AND annotator_id = ?
            AND (NOT second OR submitted_revision_id IS NULL))
        OR state = 'in_progress' AND second AND NOT EXISTS (SELECT 1 FROM annotation
            WHERE annotation.diagram_id = diagram.id AND annotator_id = ?)
            AND (SELECT count(DISTINCT annotator_id) FROM annotation
                WHERE annotation.diagram_id = diagram.id AND head_revision_id IS NOT NULL) < 2
        OR state = 'in_progress' AND NOT second AND claimed_until <= ?))";

const RETURNED_TO_ME: &str = "(state = 'returned' AND EXISTS (SELECT 1 FROM annotation
    WHERE annotation.diagram_id = diagram.id AND annotator_id = ? AND head_revision_id IS NOT NULL))";

fn of_the_diagram(mark: QueueMark) -> &'static str {
    match mark {
        QueueMark::Conflict => {
            "EXISTS (SELECT 1 FROM conflict JOIN annotation ON annotation.id = conflict.annotation_id
                WHERE annotation.diagram_id = diagram.id AND conflict.resolved_at IS NULL)"
        }
        QueueMark::Second => "second",
        QueueMark::DraftHidden => "draft_hidden",
        QueueMark::DraftUnchanged => {
            "EXISTS (SELECT 1 FROM submission
                WHERE submission.diagram_id = diagram.id AND condition = 'shown' AND unchanged AND
                NOT EXISTS (SELECT 1 FROM submission AS later WHERE later.diagram_id = submission.diagram_id
                    AND later.annotation_id = submission.annotation_id AND later.id > submission.id))"
        }
        QueueMark::OpenThread => {
            "EXISTS (SELECT 1 FROM thread WHERE thread.diagram_id = diagram.id AND resolved_at IS NULL)"
        }
        QueueMark::HasQuestion => {
            "EXISTS (SELECT 1 FROM question WHERE question.diagram_id = diagram.id AND question.state = 'ready'
                AND source ->> 'kind' <> 'synthetic')"
        }
        QueueMark::NoQuestion => {
            "NOT EXISTS (SELECT 1 FROM question WHERE question.diagram_id = diagram.id AND question.state = 'ready'
                AND source ->> 'kind' <> 'synthetic')"
        }
        QueueMark::Planned => "plan < 4294967295",
        QueueMark::Compared => "agreement <= 1",
        QueueMark::BoxesCompared => boxes::TWO_HAVE_BOXES,
        QueueMark::Free | QueueMark::Mine | QueueMark::Taken | QueueMark::ReturnedToMe => "true",
    }
}
