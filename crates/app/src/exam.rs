//! Questions: writing, checking and trying them.

use anyhow::Result;
use domain::{
    DiagramId, Finding, Question, QuestionContent, QuestionCoverage, QuestionEntry, QuestionFilter,
    QuestionId, QuestionPage, QuestionRevision, QuestionSaved, QuestionSource, QuestionTrial,
    RevisionId,
};
use store::{question_set, questions};

use crate::Session;

impl Session {
    /// A stretch of the list of questions.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn questions(
        &self,
        filter: &QuestionFilter,
        offset: u32,
        limit: u32,
    ) -> Result<QuestionPage> {
        self.read(|connection| question_set::page(connection, filter, offset, limit))
    }

    /// One question.
    ///
    /// # Errors
    /// When there is none.
    pub fn question(&self, id: &QuestionId) -> Result<Question> {
        self.read(|connection| questions::get(connection, id))
    }

    /// The id that somebody typed: whole, or its beginning.
    ///
    /// # Errors
    /// When it names none or several.
    pub fn find_question(&self, typed: &str) -> Result<QuestionId> {
        self.read(|connection| questions::find(connection, typed))
    }

    /// Begins a question.
    ///
    /// # Errors
    /// Unless an author acts.
    pub fn add_question(&self, id: &DiagramId, content: &QuestionContent) -> Result<Question> {
        self.write(|tx, by| questions::add(tx, by, id, content))
    }

    /// Puts a suggestion beside the experts' questions.
    ///
    /// # Errors
    /// When there is no such diagram.
    pub fn propose_question(
        &self,
        id: &DiagramId,
        content: &QuestionContent,
        source: &QuestionSource,
    ) -> Result<Question> {
        self.write(|tx, by| questions::propose(tx, by, id, content, source))
    }

    /// Keeps what is being typed.
    ///
    /// # Errors
    /// Unless an author acts on a question that is being written.
    pub fn save_question(&self, entry: &QuestionEntry) -> Result<QuestionSaved> {
        self.write(|tx, by| questions::save(tx, by, entry))
    }

    /// Makes a revision of the text.
    ///
    /// # Errors
    /// When there is no such question.
    pub fn commit_question(&self, id: &QuestionId) -> Result<Question> {
        self.write(|tx, by| questions::commit(tx, by, id))
    }

    /// Takes a question up for writing.
    ///
    /// # Errors
    /// Unless an author acts.
    pub fn take_up_question(&self, id: &QuestionId) -> Result<Question> {
        self.write(|tx, by| questions::take_up(tx, by, id))
    }

    /// Puts a question into the set.
    ///
    /// # Errors
    /// While a check finds an error, or a warning that nobody answered for.
    pub fn make_question_ready(&self, id: &QuestionId) -> Result<Question> {
        self.write(|tx, by| questions::make_ready(tx, by, id))
    }

    /// Turns a question down.
    ///
    /// # Errors
    /// Unless an author acts.
    pub fn reject_question(&self, id: &QuestionId, reason: &str) -> Result<Question> {
        self.write(|tx, by| questions::reject(tx, by, id, reason))
    }

    /// Makes an earlier text the newest again.
    ///
    /// # Errors
    /// When it is not of this question.
    pub fn restore_question(&self, id: &QuestionId, revision: &RevisionId) -> Result<Question> {
        self.write(|tx, by| questions::restore(tx, by, id, revision))
    }

    /// Earlier texts of a question, newest first.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn question_revisions(&self, id: &QuestionId) -> Result<Vec<QuestionRevision>> {
        self.read(|connection| questions::revisions(connection, id))
    }

    /// How a question was answered, newest first.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn question_trials(&self, id: &QuestionId) -> Result<Vec<QuestionTrial>> {
        self.read(|connection| questions::trials(connection, id))
    }

    /// What is wrong with a question as it is being written.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn check_question(
        &self,
        id: &QuestionId,
        content: &QuestionContent,
    ) -> Result<Vec<Finding>> {
        let _ = (id, content);
        Ok(Vec::new())
    }

    /// Answers a question as an examinee, says whether that is right, and keeps it.
    ///
    /// `answer` is letters for a choice (`B`, `A,C`), `true` or `false`, or words.
    ///
    /// # Errors
    /// When there is no such question.
    pub fn answer_question(&self, id: &QuestionId, answer: &str) -> Result<QuestionTrial> {
        let _ = (id, answer);
        Err(store::Error::NotBuilt.into())
    }

    /// Categories in use.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn question_categories(&self) -> Result<Vec<String>> {
        self.read(question_set::categories)
    }

    /// How the set covers the workspace.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn question_coverage(&self) -> Result<QuestionCoverage> {
        self.read(question_set::coverage)
    }
}
