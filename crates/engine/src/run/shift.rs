//! One stretch of work at one job: its model is opened, then its items are worked at, several at once where a server
//! takes them, until the job has ended, somebody stops it, or another job comes first.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use domain::{
    Diagram, Drafted, Job, JobItem, JobParameters, JobState, PromptLanguage, QuestionContent,
    QuestionTrial, Region, RevisionId, TelemetryEvent,
};
use provider::prompt::{Language, Prompts};
use provider::{Answer, Delta, Finish, Message, Picture, ProviderError, Request};
use qwen::generate::GenerateError;
use store::jobs::{self, Claim};
use store::table::{diagram, job, region};
use store::{Database, Workspace, examine, regressions};
use worddiff::Segmenter;

use super::models::{Failure, Models, Opened};
use super::picture::Pictures;
use super::tell::Teller;
use super::watch::Attempt;
use super::{Engine, Result, answer, draft, propose};

/// What the threads at one job share.
pub struct Shift<'a> {
    engine: &'a Engine<'a>,
    pub job: &'a Job,
    pub opened: &'a Opened,
    pub prompts: &'a Prompts,
    attempt: &'a Attempt,
    teller: &'a Teller,
    /// An item of another job, which came first.
    next: Mutex<Option<Claim>>,
}

/// What came of an item.
pub enum Made {
    /// A draft, and the answer that it was in.
    Draft(Box<Drafted>, Answer),
    /// Questions.
    Questions(Vec<QuestionContent>),
    /// An answer to the question as this revision asks it.
    Answer(RevisionId, QuestionTrial),
}

/// Why nothing came of an item.
pub enum Trouble {
    /// It is given up, and belongs to nobody or to another attempt.
    GivenUp,
    /// The item's own.
    Item(Failure),
    /// No other item would fare better.
    Job(Failure),
}

/// Works at a job, beginning with an item of it. Returns an item of another job that comes first now.
///
/// # Errors
/// When the workspace fails.
pub fn work(
    engine: &Engine<'_>,
    claim: Claim,
    database: &mut Database,
    models: &mut Models,
) -> Result<Option<Claim>> {
    let id = &claim.job.id;
    let attempt = engine.watch.begin(id);
    // What was asked before this attempt began has been carried out by now, or is seen by it.
    let found = database.read(|connection| job::get(connection, id))?;
    let ours = found.worker.as_deref() == Some(engine.worker.as_str());
    let mut next = None;
    if found.state == JobState::Running && ours {
        let teller = Teller::new(&engine.workspace, id, engine.options.log);
        teller.tell(TelemetryEvent::Started {
            worker: engine.worker.clone(),
        });
        match prepare(engine, &claim.job, models, &teller) {
            Ok((prompts, opened)) => {
                let shift = Shift {
                    engine,
                    job: &claim.job,
                    opened,
                    prompts: &prompts,
                    attempt: &attempt,
                    teller: &teller,
                    next: Mutex::new(None),
                };
                next = shift.run(claim.items.clone())?;
            }
            Err(failure) if !attempt.given_up() => fail(engine, &claim.job, database, &failure)?,
            Err(_) => {}
        }
        if attempt.given_up() {
            database.write(|tx| jobs::obey(tx, engine.at(), id))?;
        }
        let state = database.read(|connection| job::get(connection, id))?.state;
        if state != JobState::Running {
            teller.tell(TelemetryEvent::Ended { state });
        }
    }
    engine.watch.end();
    Ok(next)
}

fn prepare<'a>(
    engine: &Engine<'_>,
    job: &Job,
    models: &'a mut Models,
    teller: &Teller,
) -> std::result::Result<(Prompts, &'a Opened), Failure> {
    let prompts = Prompts::load(&engine.workspace.prompts_dir())
        .map_err(|error| Failure::new(&error, Some(error.help())))?;
    Ok((prompts, models.get(&job.parameters, teller)?))
}

fn fail(engine: &Engine<'_>, job: &Job, database: &mut Database, failure: &Failure) -> Result<()> {
    let why = (failure.message.as_str(), failure.help.as_deref());
    database.write(|tx| jobs::fail(tx, engine.at(), &job.id, why))?;
    Ok(())
}

impl Shift<'_> {
    fn run(self, items: Vec<JobItem>) -> Result<Option<Claim>> {
        let at_once = self.opened.provider().concurrency().max(1);
        let outcomes: Vec<Result<()>> = thread::scope(|scope| {
            let mut items = items.into_iter();
            let first = items.next();
            let others: Vec<_> = (1..at_once)
                .map(|_| {
                    let item = items.next();
                    let shift = &self;
                    thread::Builder::new()
                        .name("item".to_owned())
                        .spawn_scoped(scope, move || shift.work(item))
                })
                .collect();
            let mut outcomes = vec![self.work(first)];
            for other in others {
                // Fewer threads than asked for do the same work.
                let ended = other.ok().map(thread::ScopedJoinHandle::join);
                outcomes.extend(ended.and_then(std::result::Result::ok));
            }
            outcomes
        });
        outcomes.into_iter().collect::<Result<()>>()?;
        Ok(self
            .next
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner))
    }

    /// Works at one item after the other until this job has none left for it.
    fn work(&self, first: Option<JobItem>) -> Result<()> {
        let mut database = self.engine.workspace.connect()?;
        let mut pictures = Pictures::new();
        let mut item = first;
        loop {
            let current = match item.take() {
                Some(item) => item,
                None => match self.claim(&mut database)? {
                    Some(item) => item,
                    None => return Ok(()),
                },
            };
            self.item(&current, &mut database, &mut pictures)?;
        }
    }

    fn claim(&self, database: &mut Database) -> Result<Option<JobItem>> {
        // One thread claims at a time, so that at most one item of another job is taken.
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if next.is_some() || self.attempt.given_up() {
            return Ok(None);
        }
        let Some(claim) = self.engine.claim(database)? else {
            return Ok(None);
        };
        if claim.job.id == self.job.id {
            return Ok(claim.items.into_iter().next());
        }
        *next = Some(claim);
        Ok(None)
    }

    fn item(&self, item: &JobItem, database: &mut Database, pictures: &mut Pictures) -> Result<()> {
        self.teller.tell(TelemetryEvent::Begun {
            item: item.id,
            diagram: item.diagram_id.clone(),
            level: item.level,
        });
        let started = Instant::now();
        let tried = catch_unwind(AssertUnwindSafe(|| match &self.job.parameters {
            JobParameters::Draft(parameters) => {
                draft::make(self, parameters, item, (&*database, pictures))
            }
            JobParameters::Propose(parameters) => {
                propose::make(self, parameters, item, (&*database, pictures))
            }
            JobParameters::Answer(parameters) => {
                answer::make(self, parameters, item, (&*database, pictures))
            }
        }));
        let tried = tried.unwrap_or_else(|_| {
            *pictures = Pictures::new();
            Ok(Err(Trouble::item("the model crashed", None)))
        });
        if self.attempt.given_up() {
            return Ok(());
        }
        match tried? {
            Ok(made) => self.finish(item, made, database, started),
            Err(Trouble::GivenUp) => Ok(()),
            Err(Trouble::Item(failure)) => self.fail_item(item, failure, database),
            Err(Trouble::Job(failure)) => {
                self.attempt.give_up();
                fail(self.engine, self.job, database, &failure)
            }
        }
    }

    /// Keeps what came of an item, and says so.
    fn finish(
        &self,
        item: &JobItem,
        made: Made,
        database: &mut Database,
        started: Instant,
    ) -> Result<()> {
        let at = self.engine.at();
        let seconds = started.elapsed().as_secs_f64();
        let (id, diagram) = (item.id, item.diagram_id.clone());
        match made {
            Made::Draft(mut drafted, answer) => {
                drafted.seconds = Some(seconds);
                if database
                    .write(|tx| {
                        let kept = jobs::finish_item(tx, at, id, &drafted)?;
                        let agreement =
                            |one: &str, other: &str| Segmenter::shared().agreement(one, other);
                        regressions::note(tx, &diagram, &agreement)?;
                        Ok(kept)
                    })?
                    .is_some()
                {
                    self.tell_drafted(item, &answer, seconds);
                }
            }
            Made::Questions(contents) => {
                let kept = database.write(|tx| examine::finish_proposals(tx, at, id, &contents))?;
                if let Some(kept) = kept {
                    self.teller.tell(TelemetryEvent::Proposed {
                        item: id,
                        diagram,
                        questions: u32::try_from(kept.len()).unwrap_or(u32::MAX),
                        seconds,
                    });
                }
            }
            Made::Answer(revision, trial) => {
                let kept =
                    database.write(|tx| examine::finish_answer(tx, at, id, (&revision, &trial)))?;
                if let (true, Some(question)) = (kept, item.question_id.clone()) {
                    self.teller.tell(TelemetryEvent::Answered {
                        item: id,
                        diagram,
                        question,
                        correct: trial.correct,
                        seconds,
                    });
                }
            }
        }
        Ok(())
    }

    fn fail_item(&self, item: &JobItem, failure: Failure, database: &mut Database) -> Result<()> {
        let at = self.engine.at();
        let why = (failure.message.as_str(), failure.help.as_deref());
        if database.write(|tx| jobs::fail_item(tx, at, item.id, why))? {
            self.teller.tell(TelemetryEvent::Failed {
                item: item.id,
                diagram: item.diagram_id.clone(),
                error: failure.message,
            });
        }
        Ok(())
    }

    /// The diagram of an item and its regions.
    pub fn look_up(&self, item: &JobItem, database: &Database) -> Result<(Diagram, Vec<Region>)> {
        Ok(database.read(|connection| {
            let diagram = diagram::get(connection, &item.diagram_id)?;
            Ok((diagram, region::of_diagram(connection, &item.diagram_id)?))
        })?)
    }

    /// The upright picture of a diagram.
    pub fn picture(
        &self,
        diagram: &Diagram,
        pictures: &mut Pictures,
    ) -> std::result::Result<Picture, Trouble> {
        let workspace: &Workspace = &self.engine.workspace;
        pictures.whole(workspace, diagram).map_err(|refusal| {
            let why = format!("the picture {} {refusal}", diagram.name);
            Trouble::item(why, refusal.help())
        })
    }

    /// Has the model answer. What it writes is told piece by piece if `streamed`.
    pub fn ask(
        &self,
        item: &JobItem,
        messages: Vec<Message>,
        (asked, streamed): (&domain::Sampling, bool),
    ) -> std::result::Result<Answer, Trouble> {
        let request = Request {
            messages,
            sampling: sampling(asked, self.opened.is_server()),
        };
        let mut n = 0;
        let answer = self.opened.provider().answer(&request, &mut |delta| {
            if self.attempt.given_up() {
                return ControlFlow::Break(());
            }
            if let (Delta::Text(text), true) = (delta, streamed) {
                self.teller.stream(item, n, text);
                n += 1;
            }
            ControlFlow::Continue(())
        });
        match answer {
            Ok(answer) if answer.finish == Finish::Cancelled => Err(Trouble::GivenUp),
            Ok(answer) if answer.text.trim().is_empty() => {
                Err(Trouble::item("the model wrote nothing", None))
            }
            Ok(answer) => Ok(answer),
            Err(error) if ends_job(&error) => Err(Trouble::Job(Failure::new(&error, error.help()))),
            Err(error) => Err(Trouble::Item(Failure::new(&error, help_for(&error)))),
        }
    }

    fn tell_drafted(&self, item: &JobItem, answer: &Answer, seconds: f64) {
        self.teller.tell(TelemetryEvent::Drafted {
            item: item.id,
            diagram: item.diagram_id.clone(),
            level: item.level,
            seconds,
            first_token_s: answer.first_token.map(|first| first.as_secs_f64()),
            prompt_tokens: answer.prompt_tokens,
            new_tokens: answer.new_tokens,
        });
        if answer.finish == Finish::Length {
            let text = format!("the draft of item {} ends where the tokens did", item.id);
            self.teller.tell(TelemetryEvent::Note { text });
        }
    }
}

impl Trouble {
    /// Trouble of one item alone.
    pub fn item(message: impl Into<String>, help: Option<&str>) -> Self {
        Self::Item(Failure {
            message: message.into(),
            help: help.map(str::to_owned),
        })
    }

    /// A prompt that cannot be filled in ends the job: no other item would fare better.
    pub fn prompt(error: &provider::prompt::PromptError) -> Self {
        Self::Job(Failure::new(error, Some(error.help())))
    }
}

/// The language of prompts.
pub fn language(asked: PromptLanguage) -> Language {
    match asked {
        PromptLanguage::En => Language::En,
        PromptLanguage::Zh => Language::Zh,
    }
}

/// What to do about an answer that did not come; a job has no options of `callout generate`.
fn help_for(error: &ProviderError) -> Option<String> {
    use crate::local::WriteError;
    if let ProviderError::Local {
        source: Some(source),
        ..
    } = error
        && let Some(WriteError::Generate(GenerateError::PromptTooLong { .. })) =
            source.downcast_ref()
    {
        return Some(
            "Show the model smaller pictures: set a longest side for it, as with `--max-side 1024`."
                .to_owned(),
        );
    }
    error.help()
}

/// Whether every other item would fail in the same way.
fn ends_job(error: &ProviderError) -> bool {
    use ProviderError as E;
    matches!(
        error,
        E::Config { .. }
            | E::Key(_)
            | E::Dns { .. }
            | E::Unreachable { .. }
            | E::Unauthorized { .. }
            | E::NotFound { .. }
            | E::Redirected { .. }
    )
}

fn sampling(asked: &domain::Sampling, of_server: bool) -> provider::Sampling {
    let penalty = f64::from(asked.repetition_penalty);
    provider::Sampling {
        temperature: asked.temperature.into(),
        top_p: asked.top_p.map(f64::from),
        top_k: asked.top_k,
        // Many servers refuse a field that changes nothing.
        repetition_penalty: (!of_server || penalty != 1.0).then_some(penalty),
        max_new_tokens: asked.max_new_tokens,
        seed: Some(asked.seed.into()),
        stop: Vec::new(),
    }
}
