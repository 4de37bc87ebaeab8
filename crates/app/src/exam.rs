//! Questions: writing, checking and trying them.

use ::questions::{Context, Other};
use anyhow::Result;
use domain::{
    AnswerRequest, DiagramId, Finding, Job, ProposeRequest, Question, QuestionContent,
    QuestionCoverage, QuestionEntry, QuestionFilter, QuestionId, QuestionPage, QuestionRevision,
    QuestionSaved, QuestionSource, QuestionTrial, RevisionId, Severity,
};
use store::Connection;
use store::table::{annotation, region, revision};
use store::{examine, question_set, questions};

use crate::{Session, now};

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
    /// [`NotReady`] while a check finds an error, or a warning that nobody answered for.
    pub fn make_question_ready(&self, id: &QuestionId) -> Result<Question> {
        let question = self.question(id)?;
        let findings = self.check_question(id, &question.content)?;
        let open: Vec<Finding> = findings
            .into_iter()
            .filter(|finding| finding.severity != Severity::Hint && !finding.overruled)
            .collect();
        if !open.is_empty() {
            return Err(NotReady(open).into());
        }
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
        let context = self.read(|connection| context(connection, id, content))?;
        Ok(::questions::check(content, &context))
    }

    /// Queues suggestions of a model. An engine is needed for anything to come of it: see [`Self::ensure_engine`].
    ///
    /// # Errors
    /// Unless an author acts, when a field is wrong, or nothing is left to ask.
    pub fn queue_proposals(&self, request: &ProposeRequest) -> Result<Job> {
        self.offer_prompts()?;
        self.write(|tx, by| examine::queue_proposals(tx, by, request))
    }

    /// Queues a model's answers to questions, as [`Self::queue_proposals`].
    ///
    /// # Errors
    /// When a field is wrong, or this model answered all of it.
    pub fn queue_answers(&self, request: &AnswerRequest) -> Result<Job> {
        self.offer_prompts()?;
        self.write(|tx, by| examine::queue_answers(tx, by, request))
    }

    /// Queues the check that the workspace's rules want of a question that can be answered: whether a model finds
    /// its key without the picture. `None` where none is due.
    ///
    /// # Errors
    /// When there is no such question.
    pub fn queue_blind_check(&self, id: &QuestionId) -> Result<Option<Job>> {
        let content = self.question(id)?.content;
        let findings = self.check_question(id, &content)?;
        if findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
        {
            return Ok(None);
        }
        self.write(|tx, by| match examine::blind_check_due(tx, id)? {
            Some(request) => Ok(Some(examine::queue_answers(tx, by, &request)?)),
            None => Ok(None),
        })
    }

    /// Answers a question as an examinee, says whether that is right, and keeps it.
    ///
    /// `answer` is letters for a choice (`B`, `A,C`), `true` or `false`, or words.
    ///
    /// # Errors
    /// When there is no such question.
    pub fn answer_question(&self, id: &QuestionId, answer: &str) -> Result<QuestionTrial> {
        let question = self.question(id)?;
        let judged = ::questions::judge(&question.content, answer);
        let trial = QuestionTrial {
            examinee: self.person.name.clone(),
            is_model: false,
            blind: false,
            answer: answer.to_owned(),
            picked: judged.picked,
            rule: judged.rule.to_owned(),
            correct: judged.correct,
            at: now(),
        };
        self.write(|tx, by| questions::answer(tx, by, id, &trial))?;
        Ok(trial)
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

/// What a question is checked against.
fn context(
    connection: &Connection,
    id: &QuestionId,
    content: &QuestionContent,
) -> store::Result<Context> {
    let question = questions::get(connection, id)?;
    let diagram = &question.diagram_id;
    let mut captions = Vec::new();
    for annotation in annotation::of_diagram(connection, diagram)? {
        if let Some(head) = &annotation.head {
            captions.push(revision::get(connection, head)?.text);
        }
    }
    let mut others = question_set::stems(connection)?;
    others.retain(|other| other.id != *id);
    let others = others.into_iter().map(|other| Other {
        same_diagram: other.diagram == *diagram,
        id: other.id,
        stem: other.stem,
    });
    let blind = examine::blind_trial(connection, id, content)?;
    Ok(Context {
        captions,
        regions: region::of_diagram(connection, diagram)?,
        others: others.collect(),
        key_positions: question_set::key_positions(connection, id)?,
        found_blind_by: blind
            .filter(|trial| trial.correct == Some(true))
            .map(|trial| trial.model),
    })
}

/// A question that cannot enter the set yet.
#[derive(Debug, thiserror::Error)]
#[error("the question is not ready: {}", .0.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join("; "))]
pub struct NotReady(pub Vec<Finding>);

impl NotReady {
    /// What to do about the first of them.
    pub fn help(&self) -> &str {
        self.0.first().map_or("", |finding| finding.help.as_str())
    }
}
