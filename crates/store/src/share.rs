//! Shares of a workspace's diagrams: whose draft is hidden, and which a second person captions.
//!
//! Which ones depends on their ids alone, so that the same share picks the same diagrams again, and a larger
//! share picks those of a smaller one and more.

use domain::{DiagramId, Policy};
use rusqlite::Transaction;
use sha2::{Digest, Sha256};

use crate::Result;
use crate::table::diagram;

/// Applies the shares to every diagram that nobody has begun.
pub(crate) fn apply(tx: &Transaction<'_>, policy: &Policy) -> Result<()> {
    let ids: Vec<(u32, String)> = tx
        .prepare("SELECT number, id FROM diagram WHERE state = 'todo'")?
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (number, id) in ids {
        if set(tx, number, &id, policy)? {
            // A draft that is hidden is not found by its words.
            diagram::index_words(tx, &DiagramId::from_text(id))?;
        }
    }
    Ok(())
}

/// Applies the shares to one diagram; true if that changed it.
pub(crate) fn set(tx: &Transaction<'_>, number: u32, id: &str, policy: &Policy) -> Result<bool> {
    let changed = tx
        .prepare_cached(
            "UPDATE diagram SET draft_hidden = ?2, second = ?3
             WHERE number = ?1 AND (draft_hidden, second) IS NOT (?2, ?3)",
        )?
        .execute((
            number,
            falls_within(id, "draft", policy.hidden_draft_percent),
            falls_within(id, "second", policy.second_annotation_percent),
        ))?;
    Ok(changed > 0)
}

/// Whether the diagram belongs to a share of `percent`; `which` keeps two shares independent of each other.
fn falls_within(id: &str, which: &str, percent: u32) -> bool {
    let hash = Sha256::digest(format!("{which} {id}"));
    let place = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    u64::from(place) * 100 < u64::from(percent) << 32
}

#[cfg(test)]
mod tests {
    use super::falls_within;

    #[test]
    fn a_share_is_about_as_large_as_it_says_and_grows_by_addition() {
        let ids: Vec<String> = (0..2000).map(|n| format!("diagram {n}")).collect();
        let picked = |percent| -> Vec<&String> {
            let within = |id: &&String| falls_within(id, "draft", percent);
            ids.iter().filter(within).collect()
        };
        assert_eq!((picked(0).len(), picked(100).len()), (0, 2000));
        let (ten, thirty) = (picked(10), picked(30));
        assert!((150..250).contains(&ten.len()), "{}", ten.len());
        assert!((520..680).contains(&thirty.len()), "{}", thirty.len());
        assert!(ten.iter().all(|id| thirty.contains(id)));
        let other = ids.iter().filter(|id| falls_within(id, "second", 10));
        assert!(other.filter(|id| ten.contains(id)).count() < 60);
    }
}
