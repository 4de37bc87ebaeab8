//! Terms of a glossary in a text.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

/// A wording to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// The words.
    pub text: String,
    /// What the caller knows it by.
    pub entry: usize,
    /// Whether it is one that is not to be used.
    pub forbidden: bool,
}

/// A wording that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// First code point, from 0.
    pub start: usize,
    /// The code point after the last.
    pub end: usize,
    /// Index into the wordings.
    pub wording: usize,
}

/// Finds wordings: the longest where several begin, none within another, Latin ones as words of their own.
///
/// Full-width letters count as their narrow forms. A forbidden wording is found in any case; a preferred one
/// that is all capitals, such as `AMF`, only as it is written.
#[derive(Debug)]
pub struct TermFinder {
    automaton: AhoCorasick,
    wordings: Vec<Wording>,
    narrow: Vec<String>,
}

impl TermFinder {
    /// Prepares a search; wordings that are empty are left out. `None` where none is left, or there are far
    /// too many.
    pub fn new(wordings: Vec<Wording>) -> Option<Self> {
        let wordings: Vec<Wording> = wordings
            .into_iter()
            .filter(|wording| !wording.text.trim().is_empty())
            .collect();
        if wordings.is_empty() {
            return None;
        }
        let narrow: Vec<String> = wordings
            .iter()
            .map(|wording| narrowed(wording.text.trim()))
            .collect();
        let automaton = AhoCorasickBuilder::new()
            .match_kind(MatchKind::Standard)
            .build(narrow.iter().map(|text| lower(text)))
            .ok()?;
        Some(Self {
            automaton,
            wordings,
            narrow,
        })
    }

    /// The wordings that were given, empty ones left out.
    pub fn wordings(&self) -> &[Wording] {
        &self.wordings
    }

    /// What occurs in `text`, in reading order.
    pub fn find(&self, text: &str) -> Vec<Found> {
        let narrow = narrowed(text);
        let folded = lower(&narrow);
        let places: HashMap<usize, usize> = folded
            .char_indices()
            .map(|(byte, _)| byte)
            .chain([folded.len()])
            .enumerate()
            .map(|(index, byte)| (byte, index))
            .collect();
        let characters: Vec<char> = narrow.chars().collect();
        let mut found: Vec<Found> = self
            .automaton
            .find_overlapping_iter(&folded)
            .filter_map(|hit| {
                Some(Found {
                    start: *places.get(&hit.start())?,
                    end: *places.get(&hit.end())?,
                    wording: hit.pattern().as_usize(),
                })
            })
            .filter(|hit| self.counts(hit, &characters))
            .collect();
        found.sort_by_key(|hit| {
            (
                hit.start,
                std::cmp::Reverse(hit.end),
                !self.wordings[hit.wording].forbidden,
            )
        });
        let mut end = 0;
        found.retain(|hit| {
            let free = hit.start >= end;
            if free {
                end = hit.end;
            }
            free
        });
        found
    }

    fn counts(&self, hit: &Found, text: &[char]) -> bool {
        let joins = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
        let cut = |inside: Option<&char>, outside: Option<&char>| {
            !inside.is_some_and(joins) || !outside.is_some_and(joins)
        };
        let before = hit.start.checked_sub(1).and_then(|at| text.get(at));
        let whole =
            cut(text.get(hit.start), before) && cut(text.get(hit.end - 1), text.get(hit.end));
        let wanted = &self.narrow[hit.wording];
        let capitals = wanted.chars().any(|c| c.is_ascii_uppercase())
            && !wanted.chars().any(|c| c.is_ascii_lowercase());
        let as_written = || text[hit.start..hit.end].iter().copied().eq(wanted.chars());
        whole && (self.wordings[hit.wording].forbidden || !capitals || as_written())
    }
}

/// Full-width forms of ASCII as ASCII; one character for one.
fn narrowed(text: &str) -> String {
    text.chars()
        .map(|c| match u32::from(c) {
            wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
            0x3000 => ' ',
            _ => c,
        })
        .collect()
}

/// Lower case where that is one character for one.
fn lower(text: &str) -> String {
    text.chars()
        .map(|c| {
            let mut small = c.to_lowercase();
            match (small.next(), small.next()) {
                (Some(one), None) => one,
                _ => c,
            }
        })
        .collect()
}
