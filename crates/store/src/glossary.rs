//! The workspace's glossary.

use domain::{Action, NewTerm, Role, Term, TermId, TermsTaken};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use crate::annotate::By;
use crate::table::audit;
use crate::table::model::json;
use crate::{Error, Result, people};

const COLUMNS: &str = "id, en, zh, expansion, definition, forbidden FROM term";

/// All entries, by English and then Chinese term.
///
/// # Errors
/// When the database cannot be read.
pub fn list(connection: &Connection) -> Result<Vec<Term>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} WHERE removed_at IS NULL ORDER BY en = '', en COLLATE NOCASE, zh"
    ))?;
    let rows = statement.query_map((), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Grows with every change of the glossary, so that what was made of it can be made again.
///
/// # Errors
/// When the database cannot be read.
pub fn version(connection: &Connection) -> Result<u32> {
    let sql =
        "SELECT ifnull(max(id), 0) FROM audit INDEXED BY audit_by_action WHERE action = 'term'";
    Ok(connection
        .prepare_cached(sql)?
        .query_row((), |row| row.get(0))?)
}

/// Adds an entry.
///
/// # Errors
/// [`Error::NotAllowed`] for somebody without a role, [`Error::EmptyTerm`], [`Error::TermTaken`].
pub fn add(tx: &Transaction<'_>, by: By<'_>, new: &NewTerm) -> Result<Term> {
    people::require_any(tx, by.person, &Role::ALL)?;
    let new = tidied(new)?;
    let id = TermId::new();
    free(tx, &new, None)?;
    tx.prepare_cached(
        "INSERT INTO term (id, en, zh, expansion, definition, forbidden, created_by, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute((
        id.as_str(),
        &new.en,
        &new.zh,
        &new.expansion,
        &new.definition,
        wordings(&new)?,
        by.person.as_str(),
        by.at.millis(),
    ))?;
    let added = get(tx, &id)?;
    log(tx, by, None, Some(&added))?;
    Ok(added)
}

/// Changes an entry.
///
/// # Errors
/// As [`add`], and [`Error::NoTerm`].
pub fn change(tx: &Transaction<'_>, by: By<'_>, id: &TermId, new: &NewTerm) -> Result<Term> {
    people::require_any(tx, by.person, &Role::ALL)?;
    let new = tidied(new)?;
    let before = get(tx, id)?;
    free(tx, &new, Some(id))?;
    tx.prepare_cached(
        "UPDATE term SET en = ?2, zh = ?3, expansion = ?4, definition = ?5, forbidden = ?6 WHERE id = ?1",
    )?
    .execute((
        id.as_str(),
        &new.en,
        &new.zh,
        &new.expansion,
        &new.definition,
        wordings(&new)?,
    ))?;
    let after = get(tx, id)?;
    if after != before {
        log(tx, by, Some(&before), Some(&after))?;
    }
    Ok(after)
}

/// Takes an entry out; [`restore`] brings it back.
///
/// # Errors
/// [`Error::NotAllowed`] for somebody without a role, [`Error::NoTerm`].
pub fn remove(tx: &Transaction<'_>, by: By<'_>, id: &TermId) -> Result<()> {
    people::require_any(tx, by.person, &Role::ALL)?;
    let before = get(tx, id)?;
    tx.execute(
        "UPDATE term SET removed_at = ?2 WHERE id = ?1",
        (id.as_str(), by.at.millis()),
    )?;
    log(tx, by, Some(&before), None)
}

/// Brings an entry back.
///
/// # Errors
/// As [`change`].
pub fn restore(tx: &Transaction<'_>, by: By<'_>, id: &TermId) -> Result<Term> {
    people::require_any(tx, by.person, &Role::ALL)?;
    let removed = tx
        .query_row(
            &format!("SELECT {COLUMNS} WHERE id = ?1"),
            [id.as_str()],
            read,
        )
        .optional()?
        .ok_or_else(|| Error::NoTerm(id.to_string()))?;
    free(tx, &new_of(&removed), Some(id))?;
    tx.execute(
        "UPDATE term SET removed_at = NULL WHERE id = ?1",
        [id.as_str()],
    )?;
    log(tx, by, None, Some(&removed))?;
    Ok(removed)
}

/// Takes many entries: new ones are added, those with the same English or else Chinese term changed.
///
/// # Errors
/// As [`add`]; then none is taken.
pub fn take(tx: &Transaction<'_>, by: By<'_>, new: &[NewTerm]) -> Result<TermsTaken> {
    people::require_any(tx, by.person, &Role::ALL)?;
    let mut taken = TermsTaken::default();
    for new in new {
        let new = tidied(new)?;
        match known(tx, &new)? {
            None => {
                add(tx, by, &new)?;
                taken.added += 1;
            }
            Some(term) if new_of(&term) == new => taken.same += 1,
            Some(term) => {
                change(tx, by, &term.id, &new)?;
                taken.changed += 1;
            }
        }
    }
    Ok(taken)
}

fn get(connection: &Connection, id: &TermId) -> Result<Term> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} WHERE id = ?1 AND removed_at IS NULL"
        ))?
        .query_row([id.as_str()], read)
        .optional()?
        .ok_or_else(|| Error::NoTerm(id.to_string()))
}

/// The entry with the same English term, or else with the same Chinese one.
fn known(connection: &Connection, new: &NewTerm) -> Result<Option<Term>> {
    for (column, word) in [("en", &new.en), ("zh", &new.zh)] {
        if word.is_empty() {
            continue;
        }
        let found = connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS} WHERE {column} = ?1 COLLATE NOCASE AND removed_at IS NULL"
            ))?
            .query_row([word], read)
            .optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn free(connection: &Connection, new: &NewTerm, except: Option<&TermId>) -> Result<()> {
    for (column, word) in [("en", &new.en), ("zh", &new.zh)] {
        let taken: bool = connection
            .prepare_cached(&format!(
                "SELECT EXISTS (SELECT 1 FROM term WHERE {column} = ?1 COLLATE NOCASE AND ?1 <> ''
                    AND removed_at IS NULL AND id IS NOT ?2)"
            ))?
            .query_row((word, except.map(TermId::as_str)), |row| row.get(0))?;
        if taken {
            return Err(Error::TermTaken(word.clone()));
        }
    }
    Ok(())
}

fn tidied(new: &NewTerm) -> Result<NewTerm> {
    let trimmed = |text: &String| text.trim().to_owned();
    let mut forbidden: Vec<String> = Vec::new();
    for word in new.forbidden.iter().map(trimmed) {
        if !word.is_empty() && !forbidden.contains(&word) {
            forbidden.push(word);
        }
    }
    let tidied = NewTerm {
        en: trimmed(&new.en),
        zh: trimmed(&new.zh),
        expansion: trimmed(&new.expansion),
        definition: trimmed(&new.definition),
        forbidden,
    };
    if tidied.en.is_empty() && tidied.zh.is_empty() {
        return Err(Error::EmptyTerm);
    }
    Ok(tidied)
}

fn new_of(term: &Term) -> NewTerm {
    NewTerm {
        en: term.en.clone(),
        zh: term.zh.clone(),
        expansion: term.expansion.clone(),
        definition: term.definition.clone(),
        forbidden: term.forbidden.clone(),
    }
}

fn wordings(new: &NewTerm) -> Result<String> {
    serde_json::to_string(&new.forbidden).map_err(|source| Error::Json {
        column: "term.forbidden",
        source,
    })
}

fn log(
    tx: &Transaction<'_>,
    by: By<'_>,
    before: Option<&Term>,
    after: Option<&Term>,
) -> Result<()> {
    let json = |term: Option<&Term>| {
        term.map(serde_json::to_string)
            .transpose()
            .map_err(|source| Error::Json {
                column: "audit.before",
                source,
            })
    };
    let subject = before.or(after).map_or("", |term| term.id.as_str());
    let (before, after) = (json(before)?, json(after)?);
    let event = Action::Term.on(subject).before(before.as_deref());
    let event = match &after {
        Some(after) => event.after(after),
        None => event,
    };
    audit::append(tx, by.at, by.person, &event)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Term> {
    Ok(Term {
        id: TermId::from_text(row.get::<_, String>(0)?),
        en: row.get(1)?,
        zh: row.get(2)?,
        expansion: row.get(3)?,
        definition: row.get(4)?,
        forbidden: json(row, 5)?,
    })
}
