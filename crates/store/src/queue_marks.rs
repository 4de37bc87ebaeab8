//! What can be asked of a diagram besides its state and its words, as SQL.

use domain::{PersonId, QueueFilter, QueueMark, Timestamp};
use rusqlite::types::Value;

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
            "EXISTS (SELECT 1 FROM submission WHERE submission.diagram_id = diagram.id AND unchanged)"
        }
        QueueMark::OpenThread => {
            "EXISTS (SELECT 1 FROM thread WHERE thread.diagram_id = diagram.id AND resolved_at IS NULL)"
        }
        QueueMark::HasQuestion => {
            "EXISTS (SELECT 1 FROM question WHERE question.diagram_id = diagram.id AND question.state = 'ready')"
        }
        QueueMark::NoQuestion => {
            "NOT EXISTS (SELECT 1 FROM question WHERE question.diagram_id = diagram.id AND question.state = 'ready')"
        }
        QueueMark::Planned => "plan < 4294967295",
        QueueMark::Free | QueueMark::Mine | QueueMark::Taken | QueueMark::ReturnedToMe => "true",
    }
}
