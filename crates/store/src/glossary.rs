//! The workspace's glossary.

use domain::{NewTerm, Term, TermId, TermsTaken};
use rusqlite::{Connection, Transaction};

use crate::annotate::By;
use crate::{Error, Result};

/// All entries, by English and then Chinese term.
///
/// # Errors
/// When the database cannot be read.
pub fn list(connection: &Connection) -> Result<Vec<Term>> {
    let _ = connection;
    Err(Error::NotBuilt)
}

/// Counts the changes of the glossary, so that what was made of it can be made again.
///
/// # Errors
/// When the database cannot be read.
pub fn version(connection: &Connection) -> Result<u32> {
    let _ = connection;
    Err(Error::NotBuilt)
}

/// Adds an entry.
///
/// # Errors
/// [`Error::EmptyTerm`], [`Error::TermTaken`].
pub fn add(tx: &Transaction<'_>, by: By<'_>, new: &NewTerm) -> Result<Term> {
    let _ = (tx, by, new);
    Err(Error::NotBuilt)
}

/// Changes an entry.
///
/// # Errors
/// As [`add`], and [`Error::NoTerm`].
pub fn change(tx: &Transaction<'_>, by: By<'_>, id: &TermId, new: &NewTerm) -> Result<Term> {
    let _ = (tx, by, id, new);
    Err(Error::NotBuilt)
}

/// Takes an entry out; [`restore`] brings it back.
///
/// # Errors
/// [`Error::NoTerm`].
pub fn remove(tx: &Transaction<'_>, by: By<'_>, id: &TermId) -> Result<()> {
    let _ = (tx, by, id);
    Err(Error::NotBuilt)
}

/// Brings an entry back.
///
/// # Errors
/// [`Error::NoTerm`], [`Error::TermTaken`].
pub fn restore(tx: &Transaction<'_>, by: By<'_>, id: &TermId) -> Result<Term> {
    let _ = (tx, by, id);
    Err(Error::NotBuilt)
}

/// Takes many entries: new ones are added, those with the same English or else Chinese term changed.
///
/// # Errors
/// As [`add`]; then none is taken.
pub fn take(tx: &Transaction<'_>, by: By<'_>, new: &[NewTerm]) -> Result<TermsTaken> {
    let _ = (tx, by, new);
    Err(Error::NotBuilt)
}
