//! Words for full-text search.
//!
//! FTS5 finds words between spaces; Chinese has none, and its trigram tokenizer misses words of two
//! characters. So runs of Chinese, Japanese and Korean are indexed as overlapping pairs of characters,
//! followed by the run's last character alone: a query of one character is then a prefix search, a longer
//! one a phrase of pairs.

use unicode_normalization::UnicodeNormalization;

/// Text for a plain comparison: normalised (NFKC), lower case, without space around.
pub(crate) fn folded(text: &str) -> String {
    text.trim().nfkc().collect::<String>().to_lowercase()
}

/// Text for the index: normalised (NFKC, lower case), cut into words and pairs, parted by spaces.
pub fn index_text(text: &str) -> String {
    let mut words = Vec::new();
    for run in runs(text) {
        run.push_indexed(&mut words);
    }
    words.join(" ")
}

/// The FTS5 query for what somebody typed: every part between spaces must occur, the last word of
/// each may be unfinished. `None` when it holds no word.
pub fn match_query(typed: &str) -> Option<String> {
    let phrases: Vec<String> = typed.split_whitespace().filter_map(phrase).collect();
    (!phrases.is_empty()).then(|| phrases.join(" AND "))
}

fn phrase(part: &str) -> Option<String> {
    let mut runs = runs(part);
    let last = runs.pop()?;
    let mut words = Vec::new();
    for run in runs {
        run.push_indexed(&mut words);
    }
    let unfinished = match last {
        Run::Word(word) => {
            words.push(word);
            true
        }
        Run::Cjk(characters) if characters.len() == 1 => {
            words.extend(characters.iter().map(char::to_string));
            true
        }
        Run::Cjk(characters) => {
            push_pairs(&characters, &mut words);
            false
        }
    };
    // A run holds letters and digits only, so nothing in it can end the quotation.
    let star = if unfinished { "*" } else { "" };
    Some(format!("\"{}\"{star}", words.join(" ")))
}

enum Run {
    Word(String),
    Cjk(Vec<char>),
}

impl Run {
    fn push_indexed(self, words: &mut Vec<String>) {
        match self {
            Self::Word(word) => words.push(word),
            Self::Cjk(characters) => {
                push_pairs(&characters, words);
                words.extend(characters.last().map(char::to_string));
            }
        }
    }
}

fn push_pairs(characters: &[char], words: &mut Vec<String>) {
    words.extend(
        characters
            .windows(2)
            .map(|pair| pair.iter().collect::<String>()),
    );
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut open = false;
    for character in text.nfkc().flat_map(char::to_lowercase) {
        if !character.is_alphanumeric() && !is_mark(character) {
            open = false;
            continue;
        }
        match (runs.last_mut(), is_cjk(character)) {
            (Some(Run::Cjk(run)), true) if open => run.push(character),
            (Some(Run::Word(run)), false) if open => run.push(character),
            (_, true) => runs.push(Run::Cjk(vec![character])),
            (_, false) => runs.push(Run::Word(character.to_string())),
        }
        open = true;
    }
    runs
}

fn is_mark(character: char) -> bool {
    unicode_normalization::char::is_combining_mark(character)
}

fn is_cjk(character: char) -> bool {
    matches!(u32::from(character),
        0x3005..=0x3007 | 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF
        | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF)
}

#[cfg(test)]
mod tests;
