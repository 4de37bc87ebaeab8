//! How far two people agree on the places that their texts are about. What counts is said at
//! [`domain::Agreement::boxes`], and why in `docs/adr/0008-agreement-on-boxes.md`.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::Result;

/// Of a diagram for two, whether two people handed in texts that are about regions. Bound to a row of `diagram`.
pub(crate) const TWO_HAVE_BOXES: &str = "(second AND (SELECT count(DISTINCT annotator_id)
    FROM annotation JOIN revision ON revision.id = submitted_revision_id
    WHERE annotation.diagram_id = diagram.id AND EXISTS (SELECT 1 FROM region
        WHERE region.diagram_id = diagram.id AND region.removed_at IS NULL AND (region.id = annotation.region_id
            OR region.id IN (SELECT value ->> 'region_id' FROM json_each(revision.links))))) >= 2)";

/// Regions by diagram and person.
const BOXES: &str =
    "SELECT DISTINCT diagram.number, annotator_id, region.id, x, y, region.width, region.height
    FROM diagram JOIN annotation ON annotation.diagram_id = diagram.id
    JOIN revision ON revision.id = submitted_revision_id
    JOIN region ON region.diagram_id = diagram.id AND region.removed_at IS NULL
        AND (region.id = annotation.region_id
            OR region.id IN (SELECT value ->> 'region_id' FROM json_each(revision.links)))
    WHERE second ORDER BY diagram.number, annotator_id";

/// Left, top, width and height in pixels.
type Box = [u32; 4];

/// The agreement of each diagram where there is one to speak of.
pub(crate) fn agreements(connection: &Connection) -> Result<Vec<f64>> {
    let mut diagrams: BTreeMap<u32, BTreeMap<String, Vec<Box>>> = BTreeMap::new();
    let mut statement = connection.prepare_cached(BOXES)?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let people = diagrams.entry(row.get(0)?).or_default();
        let place = [row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
        people.entry(row.get(1)?).or_default().push(place);
    }
    Ok(diagrams
        .values()
        .filter(|people| people.len() >= 2)
        .map(|people| of_people(&people.values().collect::<Vec<_>>()))
        .collect())
}

/// The mean over all pairs of people.
fn of_people(people: &[&Vec<Box>]) -> f64 {
    let pairs: Vec<f64> = people
        .iter()
        .enumerate()
        .flat_map(|(index, one)| people[index + 1..].iter().map(|other| of_two(one, other)))
        .collect();
    pairs.iter().sum::<f64>() / pairs.len().max(1) as f64
}

/// Twice the overlap of the boxes that match by all boxes. The boxes that overlap most are matched first, and each
/// matches at most once.
fn of_two(one: &[Box], other: &[Box]) -> f64 {
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (left, first) in one.iter().enumerate() {
        for (right, second) in other.iter().enumerate() {
            pairs.push((overlap(first, second), left, right));
        }
    }
    pairs.sort_by(|first, second| second.0.total_cmp(&first.0));
    let (mut lefts, mut rights) = (vec![false; one.len()], vec![false; other.len()]);
    let mut sum = 0.0;
    for (overlap, left, right) in pairs {
        if !lefts[left] && !rights[right] {
            (lefts[left], rights[right]) = (true, true);
            sum += overlap;
        }
    }
    2.0 * sum / (one.len() + other.len()).max(1) as f64
}

/// Intersection by union, 0–1.
fn overlap(one: &Box, other: &Box) -> f64 {
    let shared = |from: usize| {
        let side = from + 2;
        let end = (u128::from(one[from]) + u128::from(one[side]))
            .min(u128::from(other[from]) + u128::from(other[side]));
        end.saturating_sub(u128::from(one[from].max(other[from])))
    };
    let area = |place: &Box| u128::from(place[2]) * u128::from(place[3]);
    let both = shared(0) * shared(1);
    both as f64 / (area(one) + area(other) - both).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::{of_people, of_two, overlap};

    #[test]
    fn boxes_overlap_by_what_they_share() {
        let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-9, "{found}");
        near(overlap(&[0, 0, 10, 10], &[0, 0, 10, 10]), 1.0);
        near(overlap(&[0, 0, 10, 10], &[5, 0, 10, 10]), 50.0 / 150.0);
        near(overlap(&[0, 0, 10, 10], &[10, 0, 10, 10]), 0.0);
        near(
            overlap(&[0, 0, u32::MAX, u32::MAX], &[0, 0, u32::MAX, u32::MAX]),
            1.0,
        );
    }

    #[test]
    fn each_box_matches_once_and_one_too_many_costs() {
        let whole = [0, 0, 10, 10];
        let far = [100, 100, 10, 10];
        assert_eq!(of_two(&[whole], &[whole]), 1.0);
        assert_eq!(
            of_two(&[whole, far], &[far, whole]),
            1.0,
            "whatever the order"
        );
        assert_eq!(of_two(&[whole, whole], &[whole]), 2.0 / 3.0);
        assert_eq!(of_two(&[whole], &[far]), 0.0);
        assert_eq!(
            of_people(&[&vec![whole], &vec![whole], &vec![far]]),
            1.0 / 3.0
        );
    }
}
