//! Texts compared by their words; a workspace's glossary keeps its terms whole.

use std::sync::{Arc, Mutex};

use anyhow::Result;
use domain::SpanLink;
use store::annotate::Measures;
use store::glossary;
use worddiff::Segmenter;
pub use worddiff::{Diff, Hunk, HunkKind, Piece, PieceKind, ThreeWay};

use crate::Session;
use crate::session::lock;
use crate::terms::Glossary;

/// What was made of the glossary, and of which version of it.
#[derive(Debug, Default)]
pub(crate) struct Prepared(Mutex<Option<(u32, Arc<Glossary>)>>);

impl Session {
    /// The word-level difference of two texts.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn diff(&self, before: &str, after: &str) -> Result<Diff> {
        Ok(self.glossary()?.segmenter().diff(before, after))
    }

    /// A base and two texts made of it, aligned.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn three_way(&self, base: &str, one: &str, other: &str) -> Result<ThreeWay> {
        Ok(self.glossary()?.segmenter().three_way(base, one, other))
    }

    /// How far two texts agree: twice the words in common by the words of both, 0–1.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn agreement(&self, one: &str, other: &str) -> Result<f64> {
        Ok(self.glossary()?.segmenter().agreement(one, other))
    }

    /// The glossary as it is now, made ready for searching; made again only when it changed.
    pub(crate) fn glossary(&self) -> Result<Arc<Glossary>> {
        let version = self.read(glossary::version)?;
        if let Some((known, ready)) = &*lock(&self.prepared.0)
            && *known == version
        {
            return Ok(ready.clone());
        }
        let ready = Arc::new(Glossary::new(self.terms()?));
        *lock(&self.prepared.0) = Some((version, ready.clone()));
        Ok(ready)
    }
}

impl Glossary {
    /// Hands `work` what the store asks of two texts, with this glossary's terms kept whole.
    pub(crate) fn measured<T>(&self, work: impl FnOnce(Measures<'_>) -> T) -> T {
        work(Measures {
            kept: &|draft, text| self.segmenter().diff(draft, text).kept,
            agreement: &|one, other| self.segmenter().agreement(one, other),
        })
    }
}

/// Loads the dictionary of [`Session::diff`] ahead of its first use.
pub fn warm_diff() {
    Segmenter::shared();
}

/// The links of one text in another that was made of it: each goes with its words. Where some of them were
/// changed, it covers what became of the rest; where none stayed, it is gone.
pub(crate) fn carried_links(before: &str, links: &[SpanLink], after: &str) -> Vec<SpanLink> {
    let points = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    let (mut old, mut new) = (0, 0);
    let mut stayed: Vec<(u32, u32, u32)> = Vec::new();
    for hunk in Segmenter::shared().diff(before, after).hunks {
        let (n_before, n_after) = (points(&hunk.before), points(&hunk.after));
        if hunk.kind == HunkKind::Equal {
            stayed.push((old, old + n_before, new));
        }
        (old, new) = (old + n_before, new + n_after);
    }
    let carried = links.iter().filter_map(|link| {
        let mut parts = stayed
            .iter()
            .map(|(from, to, at)| (link.start.max(*from), link.end.min(*to), *from, *at))
            .filter(|(start, end, ..)| start < end)
            .map(|(start, end, from, at)| (at + start - from, at + end - from));
        let (start, first_end) = parts.next()?;
        let end = parts.next_back().map_or(first_end, |(_, end)| end);
        Some(SpanLink {
            start,
            end,
            region_id: link.region_id.clone(),
        })
    });
    carried.collect()
}

#[cfg(test)]
mod tests {
    use domain::{RegionId, SpanLink};

    use super::carried_links;

    /// The linked words before and after, where `before` links its words in brackets.
    fn check(marked: &str, after: &str, expected: &[&str]) {
        let mut links = Vec::new();
        let mut text = String::new();
        let mut start = 0;
        for char in marked.chars() {
            let here = u32::try_from(text.chars().count()).unwrap();
            match char {
                '[' => start = here,
                ']' => links.push(SpanLink {
                    start,
                    end: here,
                    region_id: RegionId::new(),
                }),
                other => text.push(other),
            }
        }
        let after_chars: Vec<char> = after.chars().collect();
        let carried = carried_links(&text, &links, after);
        let words: Vec<String> = carried
            .iter()
            .map(|link| {
                after_chars[link.start as usize..link.end as usize]
                    .iter()
                    .collect()
            })
            .collect();
        assert_eq!(words, expected, "{marked} -> {after}");
    }

    #[test]
    fn links_go_with_their_words() {
        check(
            "The [router] sends to the [UPF].",
            "First, the router sends to a UPF.",
            &["router", "UPF"],
        );
        check(
            "The [router] sends to the [UPF].",
            "The switch sends to the UPF.",
            &["UPF"],
        );
        check(
            "The [core network] routes.",
            "The old core mobile network routes.",
            &["core mobile network"],
        );
        check(
            "𝐀 [基站]把数据发给[核心网]。",
            "𝐀𝐀 这里的基站把分组发给核心网。",
            &["基站", "核心网"],
        );
        check("[gone]", "", &[]);
    }
}
