//! Diagrams coming in, with the drafts that came along.

use domain::{Action, DiagramId, NewDraft, Role};
use rusqlite::Transaction;

use crate::annotate::By;
use crate::table::diagram::{self, NewDiagram};
use crate::table::draft::Written;
use crate::table::{audit, draft, region};
use crate::{Result, people, share};

/// Writes a diagram and its drafts; `None` when its picture is here already, which changes nothing.
///
/// # Errors
/// [`crate::Error::NotAllowed`] unless a lead acts, or what SQLite says.
pub fn import(
    tx: &Transaction<'_>,
    by: By<'_>,
    new: &NewDiagram,
    drafts: &[NewDraft],
) -> Result<Option<DiagramId>> {
    people::require(tx, by.person, Role::Lead)?;
    let Some(id) = diagram::insert(tx, new, by.person, by.at)? else {
        return Ok(None);
    };
    let policy = people::policy(tx)?;
    let number = diagram::get(tx, &id)?.number;
    share::set(tx, number, id.as_str(), &policy)?;
    let event = Action::Import.on(id.as_str()).after(&new.image.hash);
    audit::append(tx, by.at, by.person, &event)?;
    for draft in drafts {
        add_draft(tx, by, &id, draft)?;
    }
    diagram::index_words(tx, &id)?;
    Ok(Some(id))
}

fn add_draft(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId, new: &NewDraft) -> Result<()> {
    let region = match &new.region {
        Some(region) => Some(region::find_or_insert(tx, id, region, by.person, by.at)?.id),
        None => None,
    };
    let written = Written {
        level: new.level,
        region: region.as_ref(),
        text: &new.text,
        label: &new.label,
        origin: None,
    };
    let draft = draft::insert(tx, id, &written, by.at)?;
    let event = Action::Draft.on(id.as_str()).after(draft.as_str());
    audit::append(tx, by.at, by.person, &event)
}
