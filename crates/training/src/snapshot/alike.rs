//! Which pictures look alike.

use std::collections::HashMap;

use image::{DynamicImage, imageops};
use image_hasher::{HashAlg, Hasher, HasherConfig, ImageHash};

/// Side of the grid that a look is made of.
const SIDE: u32 = 16;

/// Most of the bits in which alike pictures differ. Of 125 real diagrams, scaled copies differ in at most 28 of 256
/// bits, and no two different ones in fewer than 83.
const MOST_BITS: u32 = 45;

/// How far the proportions of alike pictures are apart at most.
const MOST_STRETCH: f64 = 1.1;

/// What a picture looks like from afar: bits that say where its frequencies become stronger, and its proportions.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    bits: ImageHash,
    /// Width by height.
    proportion: f64,
}

impl Look {
    /// Looks at a picture.
    pub fn of(picture: &DynamicImage) -> Self {
        // Lines are thin: averaged first, or the grid misses them.
        let grey = imageops::thumbnail(&picture.to_luma8(), SIDE * 8, SIDE * 8);
        Self {
            bits: hasher().hash_image(&grey),
            proportion: f64::from(picture.width()) / f64::from(picture.height().max(1)),
        }
    }

    /// Whether two pictures look alike.
    pub fn is_like(&self, other: &Self) -> bool {
        let stretch = self.proportion / other.proportion;
        (1.0 / MOST_STRETCH..=MOST_STRETCH).contains(&stretch)
            && self.bits.dist(&other.bits) <= MOST_BITS
    }
}

fn hasher() -> Hasher {
    HasherConfig::new()
        .hash_size(SIDE, SIDE)
        .hash_alg(HashAlg::Gradient)
        .preproc_dct()
        .to_hasher()
}

/// Rows joined by the pictures they show.
#[derive(Debug)]
pub(super) struct Groups(Vec<usize>);

impl Groups {
    /// Joins rows that show one picture, or pictures that look alike. Rows without pictures stay alone.
    pub fn of(rows: &[Vec<(String, Look)>]) -> Self {
        let mut groups = Self((0..rows.len()).collect());
        let mut first: HashMap<&str, usize> = HashMap::new();
        let mut distinct: Vec<(usize, &Look)> = Vec::new();
        for (row, pictures) in rows.iter().enumerate() {
            for (hash, look) in pictures {
                if let Some(known) = first.get(hash.as_str()) {
                    groups.join(row, *known);
                    continue;
                }
                first.insert(hash, row);
                for (other, seen) in &distinct {
                    if seen.is_like(look) {
                        groups.join(row, *other);
                    }
                }
                distinct.push((row, look));
            }
        }
        groups
    }

    /// The group of a row: the first row in it.
    pub fn of_row(&mut self, row: usize) -> usize {
        let mut root = row;
        while self.0[root] != root {
            self.0[root] = self.0[self.0[root]];
            root = self.0[root];
        }
        root
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of_row(one), self.of_row(other));
        self.0[one.max(other)] = one.min(other);
    }
}
