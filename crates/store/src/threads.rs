//! Conversations anchored in a diagram.

use domain::{Action, Anchor, Comment, DiagramId, QuestionId, Role, Settled, Thread, ThreadId};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use crate::annotate::By;
use crate::table::model::json;
use crate::table::{Millis, annotation, audit, diagram, region, revision};
use crate::{Error, Result, people, questions};

const COLUMNS: &str = "thread.id, thread.diagram_id, thread.anchor, person.name, thread.resolved_at
    FROM thread LEFT JOIN person ON person.id = thread.resolved_by";

/// A diagram's conversations, oldest first.
///
/// # Errors
/// When the database cannot be read.
pub fn of_diagram(connection: &Connection, diagram: &DiagramId) -> Result<Vec<Thread>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} WHERE thread.diagram_id = ?1 ORDER BY thread.rowid"
    ))?;
    let rows = statement.query_map([diagram.as_str()], read)?;
    let mut threads: Vec<Thread> = rows.collect::<Result<_, _>>()?;
    for thread in &mut threads {
        thread.comments = comments(connection, &thread.id)?;
    }
    Ok(threads)
}

/// Begins one.
///
/// # Errors
/// [`Error::NotAllowed`] for somebody without a role, [`Error::NoDiagram`], [`Error::EmptyComment`],
/// [`Error::BadAnchor`].
pub fn start(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    anchor: &Anchor,
    text: &str,
) -> Result<Thread> {
    people::require_any(tx, by.person, &Role::ALL)?;
    diagram::get(tx, diagram)?;
    check(tx, diagram, anchor)?;
    let id = ThreadId::new();
    let anchor = serde_json::to_string(anchor).map_err(|source| Error::Json {
        column: "thread.anchor",
        source,
    })?;
    tx.execute(
        "INSERT INTO thread (id, diagram_id, anchor, created_at) VALUES (?1, ?2, ?3, ?4)",
        (id.as_str(), diagram.as_str(), anchor, by.at.millis()),
    )?;
    say(tx, by, &id, text)?;
    log(tx, by, diagram, &id, None, "started")?;
    get(tx, &id)
}

/// Says something in one; it is open again.
///
/// # Errors
/// [`Error::NotAllowed`] for somebody without a role, [`Error::NoThread`], [`Error::EmptyComment`].
pub fn answer(tx: &Transaction<'_>, by: By<'_>, id: &ThreadId, text: &str) -> Result<Thread> {
    people::require_any(tx, by.person, &Role::ALL)?;
    let thread = get(tx, id)?;
    say(tx, by, id, text)?;
    log(tx, by, &thread.diagram_id, id, None, "answered")?;
    settle(tx, by, id, false)
}

/// Settles one, or opens it again.
///
/// # Errors
/// [`Error::NotAllowed`] for somebody without a role, [`Error::NoThread`].
pub fn settle(tx: &Transaction<'_>, by: By<'_>, id: &ThreadId, settled: bool) -> Result<Thread> {
    people::require_any(tx, by.person, &Role::ALL)?;
    let thread = get(tx, id)?;
    if thread.resolved.is_some() == settled {
        return Ok(thread);
    }
    let (person, at) = if settled {
        (Some(by.person.as_str()), Some(by.at.millis()))
    } else {
        (None, None)
    };
    tx.execute(
        "UPDATE thread SET resolved_by = ?2, resolved_at = ?3 WHERE id = ?1",
        (id.as_str(), person, at),
    )?;
    let (before, after) = if settled {
        ("open", "settled")
    } else {
        ("settled", "open")
    };
    log(tx, by, &thread.diagram_id, id, Some(before), after)?;
    get(tx, id)
}

fn get(connection: &Connection, id: &ThreadId) -> Result<Thread> {
    let mut thread = connection
        .prepare_cached(&format!("SELECT {COLUMNS} WHERE thread.id = ?1"))?
        .query_row([id.as_str()], read)
        .optional()?
        .ok_or_else(|| Error::NoThread(id.to_string()))?;
    thread.comments = comments(connection, id)?;
    Ok(thread)
}

fn comments(connection: &Connection, id: &ThreadId) -> Result<Vec<Comment>> {
    let mut statement = connection.prepare_cached(
        "SELECT person.name, comment.text, comment.at FROM comment
         JOIN person ON person.id = comment.author_id WHERE thread_id = ?1 ORDER BY comment.id",
    )?;
    let rows = statement.query_map([id.as_str()], |row| {
        Ok(Comment {
            author: row.get(0)?,
            text: row.get(1)?,
            at: row.get::<_, Millis>(2)?.0,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn say(tx: &Transaction<'_>, by: By<'_>, id: &ThreadId, text: &str) -> Result<()> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::EmptyComment);
    }
    tx.execute(
        "INSERT INTO comment (thread_id, author_id, text, at) VALUES (?1, ?2, ?3, ?4)",
        (id.as_str(), by.person.as_str(), text, by.at.millis()),
    )?;
    Ok(())
}

/// What a conversation is about has to be there.
fn check(connection: &Connection, diagram: &DiagramId, anchor: &Anchor) -> Result<()> {
    match anchor {
        Anchor::Diagram => Ok(()),
        Anchor::Region { region_id } => match region::get(connection, diagram, region_id) {
            Err(Error::NoRegion { .. }) => Err(Error::BadAnchor("a region")),
            found => found.map(|_| ()),
        },
        Anchor::Question { question_id } => in_diagram(connection, diagram, question_id),
        Anchor::Span {
            slot,
            annotator_id,
            revision_id,
            ..
        }
        | Anchor::Hunk {
            slot,
            annotator_id,
            revision_id,
            ..
        } => {
            let theirs = annotation::find(connection, slot, annotator_id)?
                .filter(|found| found.slot.diagram_id == *diagram);
            let chain = match theirs {
                Some(found) => revision::of_annotation(connection, &found.id)?,
                None => Vec::new(),
            };
            if chain.iter().any(|revision| revision.id == *revision_id) {
                return Ok(());
            }
            Err(Error::BadAnchor("a text"))
        }
    }
}

fn in_diagram(connection: &Connection, diagram: &DiagramId, question: &QuestionId) -> Result<()> {
    match questions::get(connection, question) {
        Ok(found) if found.diagram_id == *diagram => Ok(()),
        Ok(_) | Err(Error::NoQuestion(_)) => Err(Error::BadAnchor("a question")),
        Err(error) => Err(error),
    }
}

fn log(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    id: &ThreadId,
    before: Option<&str>,
    after: &str,
) -> Result<()> {
    let event = Action::Thread
        .on(diagram.as_str())
        .before(before)
        .after(after)
        .note(id.as_str());
    audit::append(tx, by.at, by.person, &event)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Thread> {
    let by: Option<String> = row.get(3)?;
    let at = row.get::<_, Option<Millis>>(4)?;
    Ok(Thread {
        id: ThreadId::from_text(row.get::<_, String>(0)?),
        diagram_id: DiagramId::from_text(row.get::<_, String>(1)?),
        anchor: json(row, 2)?,
        comments: Vec::new(),
        resolved: by.zip(at).map(|(by, at)| Settled { by, at: at.0 }),
    })
}
