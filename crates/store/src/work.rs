//! Who works on what: claims, skipping, the plan, changes to many diagrams, saved filters.

use domain::{
    BulkAction, BulkDone, BulkId, BulkScope, Claim, DiagramId, FilterId, PersonId, Place,
    QueueFilter, SavedFilter, State,
};
use rusqlite::{Connection, Transaction};

use crate::annotate::By;
use crate::{Error, Result};

/// Claims a diagram for as long as the policy says, or goes on holding it.
///
/// # Errors
/// [`Error::Claimed`] while somebody else holds it.
pub fn claim(tx: &Transaction<'_>, by: By<'_>, diagram: &DiagramId) -> Result<Claim> {
    let _ = (tx, by, diagram);
    Err(Error::NotBuilt)
}

/// Gives a claim up; a lead may end anybody's.
///
/// # Errors
/// [`Error::Claimed`] when it is somebody else's.
pub fn release(tx: &Transaction<'_>, by: By<'_>, diagram: &DiagramId) -> Result<()> {
    let _ = (tx, by, diagram);
    Err(Error::NotBuilt)
}

/// Claims the first diagram of the filter that the acting person may take up, after `after` and then
/// from the beginning; `None` when there is none.
///
/// # Errors
/// What SQLite says.
pub fn claim_next(
    tx: &Transaction<'_>,
    by: By<'_>,
    filter: &QueueFilter,
    after: Option<&DiagramId>,
) -> Result<Option<Place>> {
    let _ = (tx, by, filter, after);
    Err(Error::NotBuilt)
}

/// Leaves a diagram out of the work.
///
/// # Errors
/// [`Error::WrongState`]; [`Error::EmptyReason`].
pub fn skip(tx: &Transaction<'_>, by: By<'_>, diagram: &DiagramId, reason: &str) -> Result<State> {
    let _ = (tx, by, diagram, reason);
    Err(Error::NotBuilt)
}

/// Takes a skipped diagram up again.
///
/// # Errors
/// [`Error::WrongState`].
pub fn unskip(tx: &Transaction<'_>, by: By<'_>, diagram: &DiagramId) -> Result<State> {
    let _ = (tx, by, diagram);
    Err(Error::NotBuilt)
}

/// Says what kind of diagram it is; empty for not known.
///
/// # Errors
/// [`Error::NoDiagram`].
pub fn set_kind(tx: &Transaction<'_>, by: By<'_>, diagram: &DiagramId, kind: &str) -> Result<()> {
    let _ = (tx, by, diagram, kind);
    Err(Error::NotBuilt)
}

/// The kinds that diagrams have, with how many of each, largest first.
///
/// # Errors
/// When the database cannot be read.
pub fn kinds(connection: &Connection) -> Result<Vec<(String, u32)>> {
    let _ = connection;
    Err(Error::NotBuilt)
}

/// Changes many diagrams at once; those that it does not apply to stay as they are.
///
/// # Errors
/// [`Error::NotAllowed`] for all but skipping, unless a lead acts.
pub fn bulk(
    tx: &Transaction<'_>,
    by: By<'_>,
    scope: &BulkScope,
    action: &BulkAction,
) -> Result<BulkDone> {
    let _ = (tx, by, scope, action);
    Err(Error::NotBuilt)
}

/// Undoes a change to many diagrams, in those that nobody changed since.
///
/// # Errors
/// [`Error::NoBulk`] when there is none of this id or it was undone already.
pub fn undo_bulk(tx: &Transaction<'_>, by: By<'_>, id: &BulkId) -> Result<BulkDone> {
    let _ = (tx, by, id);
    Err(Error::NotBuilt)
}

/// A person's saved filters, by name.
///
/// # Errors
/// When the database cannot be read.
pub fn filters(connection: &Connection, person: &PersonId) -> Result<Vec<SavedFilter>> {
    let _ = (connection, person);
    Err(Error::NotBuilt)
}

/// Keeps a filter under a name; one of that name is replaced.
///
/// # Errors
/// [`Error::EmptyFilterName`].
pub fn save_filter(
    tx: &Transaction<'_>,
    by: By<'_>,
    name: &str,
    filter: &QueueFilter,
) -> Result<SavedFilter> {
    let _ = (tx, by, name, filter);
    Err(Error::NotBuilt)
}

/// Forgets a filter.
///
/// # Errors
/// What SQLite says.
pub fn remove_filter(tx: &Transaction<'_>, by: By<'_>, id: &FilterId) -> Result<()> {
    let _ = (tx, by, id);
    Err(Error::NotBuilt)
}
