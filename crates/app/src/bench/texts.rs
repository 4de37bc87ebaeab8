//! How long comparing two long captions takes.

use anyhow::Result;
use serde::Serialize;
use worddiff::{Diff, HunkKind, Segmenter};

use super::{median_ms, rows};

/// One word in so many differs.
const CHANGED_EVERY: usize = 20;

/// How long a reader waits for a difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiffFigures {
    /// Characters of each text, half of them in English words and a part in Chinese.
    pub characters: usize,
    /// Stretches that differ.
    pub hunks: usize,
    /// The difference of two texts.
    pub diff_ms: f64,
    /// A base and two texts made of it, aligned.
    pub three_way_ms: f64,
    /// Loading the dictionary, once for each program.
    pub dictionary_ms: f64,
}

/// Compares generated captions of so many characters.
///
/// # Errors
/// Never; as the other benchmarks.
pub fn diff(characters: usize) -> Result<DiffFigures> {
    let started = std::time::Instant::now();
    let segmenter = Segmenter::shared();
    let dictionary_ms = started.elapsed().as_secs_f64() * 1_000.0;
    let before = long(characters);
    let (one, other) = (changed(&before, 3), changed(&before, 11));
    Ok(DiffFigures {
        characters,
        hunks: changes(&segmenter.diff(&before, &one)),
        diff_ms: median_ms(|| {
            segmenter.diff(&before, &one);
            Ok(())
        })?,
        three_way_ms: median_ms(|| {
            segmenter.three_way(&before, &one, &other);
            Ok(())
        })?,
        dictionary_ms,
    })
}

fn changes(diff: &Diff) -> usize {
    let changed = |hunk: &&worddiff::Hunk| hunk.kind != HunkKind::Equal;
    diff.hunks.iter().filter(changed).count()
}

fn long(characters: usize) -> String {
    let mut text = String::new();
    let mut count = 0;
    for number in 0.. {
        let caption = rows::caption(number);
        count += caption.chars().count() + 1;
        text.push_str(&caption);
        text.push('\n');
        if count >= characters {
            break;
        }
    }
    text.chars().take(characters).collect()
}

/// Every twentieth word replaced, from `first` on.
fn changed(text: &str, first: usize) -> String {
    let words = text.split_inclusive(' ').enumerate();
    words
        .map(|(index, word)| match index % CHANGED_EVERY == first {
            true => "controller ",
            false => word,
        })
        .collect()
}
