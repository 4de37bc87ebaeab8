//! The glossary, and its terms in a text.

use anyhow::Result;
use domain::{NewTerm, Term, TermHit, TermId, TermsTaken};
use store::glossary;
use worddiff::{Segmenter, TermFinder, Wording};

use crate::Session;

/// A glossary made ready for searching.
#[derive(Debug)]
pub(crate) struct Glossary {
    terms: Vec<Term>,
    finder: Option<TermFinder>,
    /// With the Chinese terms kept whole; `None` where the shared one does.
    segmenter: Option<Segmenter>,
}

impl Glossary {
    pub(crate) fn new(terms: Vec<Term>) -> Self {
        let wording = |entry, text: &String, forbidden| Wording {
            text: text.clone(),
            entry,
            forbidden,
        };
        let mut wordings = Vec::new();
        for (entry, term) in terms.iter().enumerate() {
            wordings.extend([&term.en, &term.zh].map(|text| wording(entry, text, false)));
            wordings.extend(term.forbidden.iter().map(|text| wording(entry, text, true)));
        }
        let chinese: Vec<&str> = terms
            .iter()
            .map(|term| term.zh.as_str())
            .filter(|zh| !zh.is_empty())
            .collect();
        Self {
            finder: TermFinder::new(wordings),
            segmenter: (!chinese.is_empty()).then(|| Segmenter::new(chinese)),
            terms,
        }
    }

    pub(crate) fn segmenter(&self) -> &Segmenter {
        self.segmenter
            .as_ref()
            .unwrap_or_else(|| Segmenter::shared())
    }

    fn find(&self, text: &str) -> Vec<TermHit> {
        let Some(finder) = &self.finder else {
            return Vec::new();
        };
        let hits = finder.find(text).into_iter().map(|found| {
            let wording = &finder.wordings()[found.wording];
            let term = &self.terms[wording.entry];
            TermHit {
                start: u32::try_from(found.start).unwrap_or(u32::MAX),
                end: u32::try_from(found.end).unwrap_or(u32::MAX),
                term_id: term.id.clone(),
                preferred: wording.forbidden.then(|| preferred(term, &wording.text)),
            }
        });
        hits.collect()
    }
}

/// The term in the language of the wording it stands for, or else in the other.
fn preferred(term: &Term, wording: &str) -> String {
    let (first, second) = if wording.is_ascii() {
        (&term.en, &term.zh)
    } else {
        (&term.zh, &term.en)
    };
    let chosen = if first.is_empty() { second } else { first };
    chosen.clone()
}

impl Session {
    /// The glossary.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn terms(&self) -> Result<Vec<Term>> {
        self.read(glossary::list)
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// When it names nothing, or is there already; so for [`Self::change_term`].
    pub fn add_term(&self, new: &NewTerm) -> Result<Term> {
        self.write(|tx, by| glossary::add(tx, by, new))
    }

    /// Changes an entry.
    ///
    /// # Errors
    /// As [`Self::add_term`].
    pub fn change_term(&self, id: &TermId, new: &NewTerm) -> Result<Term> {
        self.write(|tx, by| glossary::change(tx, by, id, new))
    }

    /// Takes an entry out.
    ///
    /// # Errors
    /// When there is none.
    pub fn remove_term(&self, id: &TermId) -> Result<()> {
        self.write(|tx, by| glossary::remove(tx, by, id))
    }

    /// Brings an entry back.
    ///
    /// # Errors
    /// When there is none, or its term is taken.
    pub fn restore_term(&self, id: &TermId) -> Result<Term> {
        self.write(|tx, by| glossary::restore(tx, by, id))
    }

    /// Takes many entries, all or none.
    ///
    /// # Errors
    /// When one of them cannot be.
    pub fn take_terms(&self, new: &[NewTerm]) -> Result<TermsTaken> {
        self.write(|tx, by| glossary::take(tx, by, new))
    }

    /// Where a text uses terms of the glossary, and where it uses forbidden wordings.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn check_terms(&self, text: &str) -> Result<Vec<TermHit>> {
        Ok(self.glossary()?.find(text))
    }
}
