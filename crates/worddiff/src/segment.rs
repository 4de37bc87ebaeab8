//! Cuts text into tokens: words, and between them spaces and punctuation.
//!
//! Latin and the like are cut at Unicode word boundaries, runs of Chinese by jieba with a list
//! of telecom terms of our own. A glossary's terms that neither keeps whole, such as `5G核心网`, are found
//! before. A token never ends inside a grapheme.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::OnceLock;

use jieba_rs::Jieba;
use unicode_segmentation::UnicodeSegmentation;

use crate::terms::{TermFinder, Wording};

/// Telecom words the general dictionary lacks or cuts badly, one a line.
const TERMS: &str = include_str!("terms.txt");

/// Cuts texts into words. Making one takes a tenth of a second: keep it.
#[derive(Debug)]
pub struct Segmenter {
    jieba: Jieba,
    /// Terms that are not Chinese throughout.
    mixed: Option<TermFinder>,
}

impl Segmenter {
    /// A segmenter that keeps these terms whole, besides the field's own.
    pub fn new<'a>(terms: impl IntoIterator<Item = &'a str>) -> Self {
        let mut jieba = Jieba::new();
        let (chinese, mixed): (Vec<_>, Vec<_>) =
            terms.into_iter().partition(|term| term.chars().all(is_han));
        for term in TERMS.lines().chain(chinese) {
            jieba.add_word(term, None, None);
        }
        let wordings = mixed.into_iter().enumerate().map(|(entry, text)| Wording {
            text: text.to_owned(),
            entry,
            forbidden: false,
        });
        let mixed = TermFinder::new(wordings.collect());
        Self { jieba, mixed }
    }

    /// The one without a workspace's terms, made on first use.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Segmenter> = OnceLock::new();
        SHARED.get_or_init(|| Self::new([]))
    }

    /// Lists the words of `text` in order, without whitespace, punctuation and symbols.
    pub fn words<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let tokens = self.tokens(text).into_iter();
        tokens.filter(|t| is_word(t)).collect()
    }

    /// Cuts the whole of `text`; the concatenated tokens are `text` again.
    pub(crate) fn tokens<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let mut bounds = atom_bounds(text);
        let terms = self.terms_between(text, &bounds);
        let mut next = terms.iter().peekable();
        bounds.retain(|at| {
            while next.next_if(|term| term.end <= *at).is_some() {}
            next.peek().is_none_or(|term| *at <= term.start)
        });
        let mut tokens = Vec::with_capacity(bounds.len());
        let mut start_idx = 0;
        while start_idx + 1 < bounds.len() {
            let end_idx = run_end(text, &bounds, start_idx, &terms);
            let run = &bounds[start_idx..=end_idx];
            if end_idx == start_idx + 1 {
                tokens.push(&text[run[0]..run[1]]);
            } else {
                self.push_chinese(text, run, &mut tokens);
            }
            start_idx = end_idx;
        }
        tokens
    }

    /// Where terms stand that are not Chinese throughout, in order, from bound to bound.
    fn terms_between(&self, text: &str, bounds: &[usize]) -> Vec<Range<usize>> {
        let Some(finder) = &self.mixed else {
            return Vec::new();
        };
        let offsets: Vec<usize> = text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .collect();
        let found = finder.find(text).into_iter();
        let ranges = found.map(|found| offsets[found.start]..offsets[found.end]);
        let is_bound = |at: &usize| bounds.binary_search(at).is_ok();
        ranges
            .filter(|term| is_bound(&term.start) && is_bound(&term.end))
            .collect()
    }

    /// Cuts one run of Chinese into words; cuts of the dictionary inside an atom are ignored.
    fn push_chinese<'a>(&self, text: &'a str, run: &[usize], tokens: &mut Vec<&'a str>) {
        let (mut start, end) = (run[0], run[run.len() - 1]);
        let allowed: HashSet<usize> = run.iter().copied().collect();
        let mut at = start;
        for word in self.jieba.cut(&text[start..end], true) {
            at += word.word.len();
            if allowed.contains(&at) {
                tokens.push(&text[start..at]);
                start = at;
            }
        }
    }
}

/// Says whether a token counts as a word: it holds a letter, an ideograph or a digit.
pub(crate) fn is_word(token: &str) -> bool {
    token.chars().any(char::is_alphanumeric)
}

/// Byte offsets of the Unicode word boundaries that are grapheme boundaries too, with 0 and the
/// length; only 0 for an empty text.
fn atom_bounds(text: &str) -> Vec<usize> {
    let mut graphemes = text.grapheme_indices(true).map(|(at, _)| at).peekable();
    let mut bounds = vec![0];
    for (at, _) in text.split_word_bound_indices().skip(1) {
        while graphemes.next_if(|g| *g < at).is_some() {}
        if graphemes.peek() == Some(&at) {
            bounds.push(at);
        }
    }
    if !text.is_empty() {
        bounds.push(text.len());
    }
    bounds
}

/// Index of the bound that ends the run of Chinese atoms starting at `start_idx`, or the next
/// bound if that atom is not Chinese, or one of the terms.
fn run_end(text: &str, bounds: &[usize], start_idx: usize, terms: &[Range<usize>]) -> usize {
    let is_term = |at: usize| terms.binary_search_by_key(&at, |term| term.start).is_ok();
    let chinese = |idx: usize| {
        text[bounds[idx]..].chars().next().is_some_and(is_han) && !is_term(bounds[idx])
    };
    let mut end_idx = start_idx;
    while end_idx + 1 < bounds.len() && chinese(end_idx) {
        end_idx += 1;
    }
    end_idx.max(start_idx + 1)
}

/// CJK ideographs in the Basic Multilingual Plane and beyond, and the ideographic zero.
fn is_han(c: char) -> bool {
    matches!(u32::from(c), 0x3007 | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_23AF)
}
