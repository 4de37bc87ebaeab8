//! Objective questions: written like captions, with a working text and a chain of revisions.

use domain::{
    DiagramId, Question, QuestionContent, QuestionCoverage, QuestionEntry, QuestionFilter,
    QuestionId, QuestionPage, QuestionRevision, QuestionSaved, QuestionSource, QuestionTrial,
    RevisionId,
};
use rusqlite::{Connection, Transaction};

use crate::annotate::By;
use crate::{Error, Result};

/// Rows `offset..offset + limit` of the filtered list.
///
/// # Errors
/// When the database cannot be read.
pub fn page(
    connection: &Connection,
    filter: &QuestionFilter,
    offset: u32,
    limit: u32,
) -> Result<QuestionPage> {
    let _ = (connection, filter, offset, limit);
    Err(Error::NotBuilt)
}

/// One question.
///
/// # Errors
/// [`Error::NoQuestion`].
pub fn get(connection: &Connection, id: &QuestionId) -> Result<Question> {
    let _ = (connection, id);
    Err(Error::NotBuilt)
}

/// The id that `typed` names: whole, or its beginning.
///
/// # Errors
/// [`Error::NoQuestion`] when it names none or several.
pub fn find(connection: &Connection, typed: &str) -> Result<QuestionId> {
    let _ = (connection, typed);
    Err(Error::NotBuilt)
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
    let _ = (tx, by, diagram, content);
    Err(Error::NotBuilt)
}

/// Puts a suggestion beside the experts' questions; `source` is never [`QuestionSource::Expert`].
///
/// # Errors
/// [`Error::NoDiagram`], [`Error::NotAProposal`].
pub fn propose(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &DiagramId,
    content: &QuestionContent,
    source: &QuestionSource,
) -> Result<Question> {
    let _ = (tx, by, diagram, content, source);
    Err(Error::NotBuilt)
}

/// Writes what is being typed. When somebody else wrote meanwhile, what is handed over is kept as a
/// revision beside the head, and the answer says what stands.
///
/// # Errors
/// [`Error::NotAllowed`], [`Error::NoQuestion`], [`Error::QuestionState`].
pub fn save(tx: &Transaction<'_>, by: By<'_>, entry: &QuestionEntry) -> Result<QuestionSaved> {
    let _ = (tx, by, entry);
    Err(Error::NotBuilt)
}

/// Makes a revision of the text, if it says something its head does not.
///
/// # Errors
/// [`Error::NoQuestion`].
pub fn commit(tx: &Transaction<'_>, by: By<'_>, id: &QuestionId) -> Result<Question> {
    let _ = (tx, by, id);
    Err(Error::NotBuilt)
}

/// Takes up a suggestion, or a question that was turned down or is in the set, for writing.
///
/// # Errors
/// [`Error::NotAllowed`], [`Error::NoQuestion`].
pub fn take_up(tx: &Transaction<'_>, by: By<'_>, id: &QuestionId) -> Result<Question> {
    let _ = (tx, by, id);
    Err(Error::NotBuilt)
}

/// Puts a question into the set. Whether it may go in by its text is for the caller to check.
///
/// # Errors
/// [`Error::NotAllowed`], [`Error::NoQuestion`], [`Error::QuestionState`] for a suggestion nobody took up.
pub fn make_ready(tx: &Transaction<'_>, by: By<'_>, id: &QuestionId) -> Result<Question> {
    let _ = (tx, by, id);
    Err(Error::NotBuilt)
}

/// Turns a question or a suggestion down.
///
/// # Errors
/// [`Error::NotAllowed`], [`Error::NoQuestion`].
pub fn reject(tx: &Transaction<'_>, by: By<'_>, id: &QuestionId, reason: &str) -> Result<Question> {
    let _ = (tx, by, id, reason);
    Err(Error::NotBuilt)
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
    let _ = (tx, by, id, revision);
    Err(Error::NotBuilt)
}

/// Earlier texts, newest first, with those that were set aside.
///
/// # Errors
/// When the database cannot be read.
pub fn revisions(connection: &Connection, id: &QuestionId) -> Result<Vec<QuestionRevision>> {
    let _ = (connection, id);
    Err(Error::NotBuilt)
}

/// How it was answered, newest first.
///
/// # Errors
/// When the database cannot be read.
pub fn trials(connection: &Connection, id: &QuestionId) -> Result<Vec<QuestionTrial>> {
    let _ = (connection, id);
    Err(Error::NotBuilt)
}

/// Keeps the acting person's answer to the newest revision.
///
/// # Errors
/// [`Error::NoQuestion`].
pub fn answer(
    tx: &Transaction<'_>,
    by: By<'_>,
    id: &QuestionId,
    trial: &QuestionTrial,
) -> Result<()> {
    let _ = (tx, by, id, trial);
    Err(Error::NotBuilt)
}

/// Questions that are not turned down, with the words to compare a new one with: id and stem.
///
/// # Errors
/// When the database cannot be read.
pub fn stems(connection: &Connection) -> Result<Vec<(QuestionId, String)>> {
    let _ = connection;
    Err(Error::NotBuilt)
}

/// Categories in use, largest first.
///
/// # Errors
/// When the database cannot be read.
pub fn categories(connection: &Connection) -> Result<Vec<String>> {
    let _ = connection;
    Err(Error::NotBuilt)
}

/// How the set covers the workspace. Synthetic questions do not count.
///
/// # Errors
/// When the database cannot be read.
pub fn coverage(connection: &Connection) -> Result<QuestionCoverage> {
    let _ = connection;
    Err(Error::NotBuilt)
}
