//! `metadata.jsonl` of Hugging Face's `imagefolder` convention: one JSON object a line, each about
//! one picture in the file's folder or below. Reads that one file and opens none that it names.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::Row;
use crate::place;

/// The file's name.
pub const METADATA: &str = "metadata.jsonl";

const MAX_LINE_BYTES: u64 = 4 << 20;
const MAX_FILE_BYTES: u64 = 1 << 30;
const MAX_ROWS: usize = 1_000_000;
const MAX_PROBLEMS: usize = 1_000;

/// The rows of one `metadata.jsonl`, and what in it could not be read.
#[derive(Debug, Clone, Default)]
pub struct Metadata {
    rows: BTreeMap<String, Row>,
    problems: Vec<Problem>,
}

/// Something that could not be read. Nothing else is spoilt by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1; 0 for the file as a whole.
    pub line: u32,
    /// What is wrong, in lower case without a full stop.
    pub reason: String,
}

impl Metadata {
    /// Reads a `metadata.jsonl`: lines of at most 4 MiB, 1,000,000 rows, 1 GiB in all. What is beyond
    /// that, or wrong, is among the [problems](Self::problems), of which the first 1,000 are kept.
    pub fn load(path: &Path) -> Self {
        let mut metadata = Self::default();
        let mut unlisted: u32 = 0;
        let mut problem = |line, reason: String| {
            if metadata.problems.len() < MAX_PROBLEMS {
                metadata.problems.push(Problem { line, reason });
            } else {
                unlisted += 1;
            }
        };
        match open(path) {
            Ok(file) => read_lines(file, |line, text| {
                match text.and_then(|text| add(&mut metadata.rows, &text)) {
                    Ok(problems) => problems
                        .into_iter()
                        .for_each(|reason| problem(line, reason)),
                    Err(reason) => problem(line, reason),
                }
            }),
            Err(reason) => problem(0, reason),
        }
        if unlisted > 0 {
            let reason = format!("{unlisted} more problems are not listed");
            metadata.problems.push(Problem { line: 0, reason });
        }
        metadata
    }

    /// What is said of a picture, given its path relative to the folder of the `metadata.jsonl`.
    pub fn row(&self, relative: &Path) -> Option<&Row> {
        self.rows.get(&place::of_path(relative)?)
    }

    /// Every row, by file name.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// The file names of all rows, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(String::as_str)
    }

    /// What could not be read, in order of the lines.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

fn open(path: &Path) -> Result<impl BufRead, String> {
    let cannot = |error: std::io::Error| format!("cannot be opened: {error}");
    // Opening a pipe would wait for somebody to write into it.
    if !std::fs::metadata(path).map_err(cannot)?.is_file() {
        return Err("not a regular file".to_owned());
    }
    Ok(BufReader::new(File::open(path).map_err(cannot)?))
}

/// Hands each line that is not blank to `each`, or why it cannot be read.
fn read_lines(mut file: impl BufRead, mut each: impl FnMut(u32, Result<String, String>)) {
    let mut left = MAX_FILE_BYTES;
    let mut bytes = Vec::new();
    for line in 1.. {
        match read_line(&mut file, &mut bytes, left) {
            Ok(0) => return,
            Ok(used) if used > MAX_LINE_BYTES => {
                each(line, Err("longer than 4 MiB".to_owned()));
                left = left.saturating_sub(used);
            }
            Ok(used) => {
                let text = text(&bytes, line);
                if text.as_ref().map_or(true, |text| !text.is_empty()) {
                    each(line, text);
                }
                left = left.saturating_sub(used);
            }
            Err(error) => return each(line, Err(format!("cannot be read: {error}"))),
        }
        if left == 0 {
            let reason = "the file is larger than 1 GiB; the rest is not read";
            return each(line, Err(reason.to_owned()));
        }
    }
}

/// Reads a line, but no more of it than is allowed; returns how long it is.
fn read_line(file: &mut impl BufRead, bytes: &mut Vec<u8>, left: u64) -> std::io::Result<u64> {
    bytes.clear();
    let read = file.take(MAX_LINE_BYTES + 1).read_until(b'\n', bytes)?;
    let cut = read as u64 > MAX_LINE_BYTES && !bytes.ends_with(b"\n");
    let skipped = if cut {
        file.take(left).skip_until(b'\n')?
    } else {
        0
    };
    Ok((read + skipped) as u64)
}

fn text(bytes: &[u8], line: u32) -> Result<String, String> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err("not UTF-8 text".to_owned());
    };
    let text = if line == 1 {
        text.trim_start_matches('\u{feff}')
    } else {
        text
    };
    Ok(text.trim().to_owned())
}

/// Adds what a line says; returns what in it could not be read.
fn add(rows: &mut BTreeMap<String, Row>, line: &str) -> Result<Vec<String>, String> {
    let (row, problems) = Row::parse(line)?;
    if rows.contains_key(&row.file_name) {
        return Err("`file_name` was named by an earlier line, which counts".to_owned());
    }
    if rows.len() >= MAX_ROWS {
        return Err("more than 1,000,000 rows".to_owned());
    }
    rows.insert(row.file_name.clone(), row);
    Ok(problems)
}
