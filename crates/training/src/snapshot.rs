//! What a run learns from, frozen: every row with its hash, and on which side of the split it is.
//!
//! Rows that show the same picture, or pictures that look alike, are on one side.

mod alike;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use image::DynamicImage;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::rows::{Refused, Row};

use alike::Groups;
pub use alike::Look;

/// On which side of the split a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Learned from.
    Train,
    /// Held out, to see how well what was learned carries.
    Test,
}

/// A row of a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its side.
    pub side: Side,
    /// SHA-256 of its conversation and its pictures, in hex.
    pub hash: String,
    /// SHA-256 of each of its pictures, in hex.
    pub pictures: Vec<String>,
    /// Rows of one group show the same picture, or pictures that look alike.
    pub group: usize,
    /// The row itself.
    #[serde(flatten)]
    pub row: Row,
}

/// A frozen data set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Snapshot {
    /// Its rows, in the order of their file.
    pub entries: Vec<Entry>,
}

/// How rows are split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// Share of the rows that is held out, at least 0 and below 1.
    pub test_share: f64,
    /// Decides which.
    pub seed: u64,
}

/// Why a snapshot was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// A file.
    #[error("cannot use the manifest {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// A line is no row.
    #[error("line {line} of the manifest {} cannot be read: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A picture is another than when the run began.
    #[error("the picture {} has changed since the run began", path.display())]
    Changed {
        /// The picture.
        path: PathBuf,
    },
}

impl Snapshot {
    /// Freezes rows: reads every picture, keeps alike ones together, and holds some groups out. Rows with pictures
    /// that cannot be read are named.
    pub fn freeze(
        rows: Vec<Row>,
        split: Split,
        decode: &mut dyn FnMut(&Path) -> Result<DynamicImage, String>,
    ) -> (Self, Vec<Refused>) {
        let mut seen: BTreeMap<PathBuf, (String, Look)> = BTreeMap::new();
        let (mut entries, mut looks, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            match look_at(&row, &mut seen, decode) {
                Ok((pictures, own)) => {
                    let hash = hash_of(&row, &pictures);
                    looks.push(own);
                    entries.push(Entry {
                        side: Side::Train,
                        hash,
                        pictures,
                        group: 0,
                        row,
                    });
                }
                Err(reason) => refused.push(Refused { id: row.id, reason }),
            }
        }
        let mut groups = Groups::of(&looks);
        for (index, entry) in entries.iter_mut().enumerate() {
            entry.group = groups.of_row(index);
        }
        let mut frozen = Self { entries };
        frozen.hold_out(split);
        (frozen, refused)
    }

    /// Rows of one side, with their places in the snapshot.
    pub fn of(&self, side: Side) -> Vec<&Entry> {
        self.entries
            .iter()
            .filter(|entry| entry.side == side)
            .collect()
    }

    /// Holds whole groups out, in an order that the seed decides, until the share is reached.
    fn hold_out(&mut self, split: Split) {
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, entry) in self.entries.iter().enumerate() {
            members.entry(entry.group).or_default().push(index);
        }
        // By what the rows say, not by where they stand: the same rows in another order split alike.
        let key = |own: &[usize]| {
            let mut hashes: Vec<&str> = own
                .iter()
                .map(|index| self.entries[*index].hash.as_str())
                .collect();
            hashes.sort_unstable();
            let mut hash = Sha256::new();
            hash.update(split.seed.to_le_bytes());
            hashes.iter().for_each(|own| hash.update(own));
            hash.finalize()
        };
        let mut order: Vec<_> = members.into_values().map(|own| (key(&own), own)).collect();
        order.sort_unstable();
        let wanted = (split.test_share * self.entries.len() as f64).round() as usize;
        let mut held = 0;
        for (_, own) in order {
            // Groups that overshoot by more than they lack stay in training, and so does the last one.
            if held + own.len() / 2 >= wanted || held + own.len() >= self.entries.len() {
                continue;
            }
            held += own.len();
            for index in own {
                self.entries[index].side = Side::Test;
            }
        }
    }

    /// Writes one JSON line a row.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), SnapshotError> {
        let io = |source| SnapshotError::Io {
            path: path.to_owned(),
            source,
        };
        let mut file = BufWriter::new(File::create(path).map_err(io)?);
        for entry in &self.entries {
            serde_json::to_writer(&mut file, entry).map_err(|error| io(error.into()))?;
            file.write_all(b"\n").map_err(io)?;
        }
        file.into_inner()
            .map_err(|error| io(error.into_error()))?
            .sync_all()
            .map_err(io)
    }

    /// Reads what [`Self::write`] wrote.
    ///
    /// # Errors
    /// When the file cannot be read, or a line of it is no row.
    pub fn read(path: &Path) -> Result<Self, SnapshotError> {
        let io = |source| SnapshotError::Io {
            path: path.to_owned(),
            source,
        };
        let lines = BufReader::new(File::open(path).map_err(io)?).lines();
        let entry = |(index, line): (usize, std::io::Result<String>)| {
            serde_json::from_str(&line.map_err(io)?).map_err(|error| SnapshotError::Line {
                path: path.to_owned(),
                line: index + 1,
                reason: error.to_string(),
            })
        };
        Ok(Self {
            entries: lines.enumerate().map(entry).collect::<Result<_, _>>()?,
        })
    }
}

impl Entry {
    /// Makes sure that the row's pictures are what they were.
    ///
    /// # Errors
    /// [`SnapshotError::Changed`], or when a picture cannot be read.
    pub fn check_pictures(&self) -> Result<(), SnapshotError> {
        for (path, known) in self.row.images.iter().zip(&self.pictures) {
            let found = hash_of_file(path).map_err(|source| SnapshotError::Io {
                path: path.clone(),
                source,
            })?;
            if found != *known {
                return Err(SnapshotError::Changed { path: path.clone() });
            }
        }
        Ok(())
    }
}

/// The hashes of a row's pictures, and each with its look.
type Seen = (Vec<String>, Vec<(String, Look)>);

/// Hash and look of each of a row's pictures; each file is decoded once.
fn look_at(
    row: &Row,
    seen: &mut BTreeMap<PathBuf, (String, Look)>,
    decode: &mut dyn FnMut(&Path) -> Result<DynamicImage, String>,
) -> Result<Seen, String> {
    let mut own = Vec::new();
    for path in &row.images {
        if !seen.contains_key(path) {
            let hash =
                hash_of_file(path).map_err(|error| format!("{}: {error}", path.display()))?;
            let picture = decode(path).map_err(|error| format!("{}: {error}", path.display()))?;
            seen.insert(path.clone(), (hash, Look::of(&picture)));
        }
        own.push(seen[path].clone());
    }
    Ok((own.iter().map(|(hash, _)| hash.clone()).collect(), own))
}

fn hash_of(row: &Row, pictures: &[String]) -> String {
    let mut hash = Sha256::new();
    let said = serde_json::to_vec(&row.messages).unwrap_or_default();
    hash.update((said.len() as u64).to_le_bytes());
    hash.update(said);
    pictures.iter().for_each(|picture| hash.update(picture));
    hex(&hash.finalize())
}

fn hash_of_file(path: &Path) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
    loop {
        let read = file.fill_buf()?;
        if read.is_empty() {
            break;
        }
        hash.update(read);
        let n = read.len();
        file.consume(n);
    }
    Ok(hex(&hash.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
