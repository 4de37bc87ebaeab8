//! Texts compared by their words; a workspace's glossary keeps its terms whole.

use std::sync::{Arc, Mutex};

use anyhow::Result;
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
            agreement: &|one, other| agreement(self.segmenter(), one, other),
        })
    }
}

/// Loads the dictionary of [`Session::diff`] ahead of its first use.
pub fn warm_diff() {
    Segmenter::shared();
}

/// Twice the words in common by the words of both, 0–1; 1 where neither has any.
#[expect(
    clippy::cast_precision_loss,
    reason = "word counts stay far below 2^52"
)]
fn agreement(segmenter: &Segmenter, one: &str, other: &str) -> f64 {
    let n_one = segmenter.words(one).len() as f64;
    let n_all = n_one + segmenter.words(other).len() as f64;
    if n_all == 0.0 {
        return 1.0;
    }
    2.0 * segmenter.diff(one, other).kept * n_one / n_all
}

#[cfg(test)]
mod tests {
    use worddiff::Segmenter;

    fn agreement(one: &str, other: &str) -> f64 {
        super::agreement(Segmenter::shared(), one, other)
    }

    #[test]
    fn agreement_is_the_same_from_both_sides() {
        let (one, other) = ("the gNB sends data", "the gNB drops all data now");
        assert!((agreement(one, other) - agreement(other, one)).abs() < 1e-12);
        assert!((agreement(one, other) - 0.6).abs() < 1e-12);
        assert!((agreement("", "") - 1.0).abs() < 1e-12);
        assert!(agreement("甲", "乙").abs() < 1e-12);
    }
}
