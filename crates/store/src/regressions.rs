//! Where a newer draft is worse than the one before it.

use domain::{DiagramId, Draft};
use rusqlite::Transaction;

use crate::Result;
use crate::annotate::Measure;
use crate::table::annotation::{self, Annotation};
use crate::table::{draft, revision};

/// Keeps how much further from what experts handed in the newest draft of a caption is than the one before it:
/// the difference of their agreements, -1 to 0, of the caption that fell most.
///
/// # Errors
/// What SQLite says.
pub fn note(tx: &Transaction<'_>, id: &DiagramId, agreement: Measure<'_>) -> Result<()> {
    let drafts = draft::of_diagram(tx, id)?;
    let mut lowest: f64 = 0.0;
    for annotation in annotation::of_diagram(tx, id)? {
        let Annotation {
            approved,
            submitted,
            slot,
            ..
        } = &annotation;
        let Some(text) = approved.as_ref().or(submitted.as_ref()) else {
            continue;
        };
        let is_here =
            |draft: &&Draft| draft.level == slot.level && draft.region_id == slot.region_id;
        let mut newest = drafts.iter().filter(is_here);
        let (Some(now), Some(before)) = (newest.next(), newest.next()) else {
            continue;
        };
        let text = revision::get(tx, text)?.text;
        let fell = agreement(&now.text, &text) - agreement(&before.text, &text);
        lowest = lowest.min(fell.max(-1.0));
    }
    tx.prepare_cached("UPDATE diagram SET regression = ?2 WHERE id = ?1")?
        .execute((id.as_str(), lowest))?;
    Ok(())
}
