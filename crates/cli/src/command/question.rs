//! `callout question`: exam questions, written, checked, tried, taken up and turned down.

mod ask;
mod propose;

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use app::Session;
use app::domain::{
    Difficulty, Finding, Level, Question as Item, QuestionContent, QuestionEntry, QuestionFilter,
    QuestionId, QuestionKind, QuestionState, RevisionId,
};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::args::{InWorkspace, OneDiagram, word};
use crate::{Context, plain};

const PAGE: u32 = 1_000;

/// List, write, check, try and settle exam questions.
///
/// What a question says is JSON: kind (single_choice, multiple_choice, true_false, fill_in), stem, choices
/// ([{"text": …, "right": true}]), truth, accepted, unit, tolerance, rationale, level, difficulty, category,
/// evidence (region ids), overruled ([{"check": …, "about": …, "note": …}],
/// with `about` as `check` told it). What is left out is empty.
#[derive(Debug, Args)]
pub struct Question {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct One {
    #[command(flatten)]
    workspace: InWorkspace,
    /// The question: its id, or how its id begins.
    question: String,
}

impl One {
    fn open(&self, context: &Context) -> Result<(Session, QuestionId)> {
        let session = self.workspace.open(context)?;
        let id = session.find_question(&self.question)?;
        Ok((session, id))
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the questions, by diagram and then by age.
    List(List),
    /// Show a question with its findings, answers and revisions.
    Show(One),
    /// Begin a question about a diagram.
    Add {
        #[command(flatten)]
        diagram: OneDiagram,
        /// What it says, as JSON; `-` reads standard input.
        #[arg(long, value_name = "FILE")]
        content: PathBuf,
    },
    /// Write a question that was taken up anew; what the file leaves out stays.
    Write {
        #[command(flatten)]
        one: One,
        /// What it says, as JSON; `-` reads standard input.
        #[arg(long, value_name = "FILE")]
        content: PathBuf,
    },
    /// Say what is wrong with a question.
    Check(One),
    /// Take a suggestion, a ready or a rejected question up for writing.
    TakeUp(One),
    /// Put a question into the set; refused while a check stands in the way.
    Ready(One),
    /// Turn a question down.
    Reject {
        #[command(flatten)]
        one: One,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Make an earlier text the newest again.
    Restore {
        #[command(flatten)]
        one: One,
        /// The revision, as `show` names it.
        #[arg(long, value_name = "REVISION")]
        revision: RevisionId,
    },
    /// Answer a question as an examinee: letters (`B`, `A,C`), `true`, `false`, or words.
    Answer {
        #[command(flatten)]
        one: One,
        /// The answer.
        answer: String,
    },
    Propose(propose::Propose),
    Ask(ask::Ask),
    /// Show how the set covers the workspace.
    Coverage {
        #[command(flatten)]
        workspace: InWorkspace,
    },
}

/// Which questions.
#[derive(Debug, Args)]
struct Which {
    /// Only about this diagram.
    #[arg(long, value_name = "ID")]
    diagram: Option<String>,
    /// proposed, draft, ready or rejected.
    #[arg(long, value_parser = word::<QuestionState>)]
    state: Option<QuestionState>,
    /// single_choice, multiple_choice, true_false or fill_in.
    #[arg(long, value_parser = word::<QuestionKind>)]
    kind: Option<QuestionKind>,
    /// global, partial or detailed.
    #[arg(long, value_parser = word::<Level>)]
    level: Option<Level>,
    /// Only of this category.
    #[arg(long)]
    category: Option<String>,
    /// Only by this person.
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    /// easy, medium or hard.
    #[arg(long, value_parser = word::<Difficulty>)]
    difficulty: Option<Difficulty>,
    /// Only choices whose first right option is at this place, from 1.
    #[arg(long, value_name = "PLACE", value_parser = clap::value_parser!(u32).range(1..))]
    key_position: Option<u32>,
    /// Leave synthetic questions out (false), or everything else (true).
    #[arg(long)]
    synthetic: Option<bool>,
    /// Only those that somebody besides their author answered as they stand (true), or the others (false).
    #[arg(long)]
    second_answer: Option<bool>,
    /// Only whose text holds this.
    #[arg(long, default_value = "", hide_default_value = true)]
    search: String,
}

impl Which {
    fn filter(&self, session: &Session) -> Result<QuestionFilter> {
        let diagram_id = match &self.diagram {
            Some(typed) => Some(session.find(typed)?),
            None => None,
        };
        Ok(QuestionFilter {
            diagram_id,
            state: self.state,
            kind: self.kind,
            level: self.level,
            category: self.category.clone(),
            author: self.author.clone(),
            difficulty: self.difficulty,
            key_position: self.key_position.map(|place| place - 1),
            synthetic: self.synthetic,
            second_answer: self.second_answer,
            search: self.search.clone(),
            ..QuestionFilter::default()
        })
    }
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    workspace: InWorkspace,
    #[command(flatten)]
    which: Which,
}

impl Question {
    pub fn run(self, context: &Context) -> Result<Answer> {
        match self.command {
            Command::List(list) => list.run(context),
            Command::Show(one) => show(&one, context),
            Command::Add { diagram, content } => {
                let content = with(QuestionContent::empty, &read(&content)?)?;
                let (session, id) = diagram.open(context)?;
                let begun = session.add_question(&id, &content)?;
                said("began", &session.commit_question(&begun.id)?)
            }
            Command::Write { one, content } => {
                let typed = read(&content)?;
                let (session, id) = one.open(context)?;
                write(&session, &id, &typed)
            }
            Command::Check(one) => {
                let (session, id) = one.open(context)?;
                let content = session.question(&id)?.content;
                let findings = session.check_question(&id, &content)?;
                let text = told(&findings);
                Answer::new(&json!({ "question": id, "findings": findings }), text)
            }
            Command::TakeUp(one) => {
                let (session, id) = one.open(context)?;
                said("took up", &session.take_up_question(&id)?)
            }
            Command::Ready(one) => {
                let (session, id) = one.open(context)?;
                said("made ready", &session.make_question_ready(&id)?)
            }
            Command::Reject { one, reason } => {
                let (session, id) = one.open(context)?;
                said("rejected", &session.reject_question(&id, &reason)?)
            }
            Command::Restore { one, revision } => {
                let (session, id) = one.open(context)?;
                said("restored", &session.restore_question(&id, &revision)?)
            }
            Command::Answer { one, answer } => {
                let (session, id) = one.open(context)?;
                let trial = session.answer_question(&id, &answer)?;
                let text = match trial.correct {
                    Some(true) => "right",
                    Some(false) => "wrong",
                    None => "the answer was not understood",
                };
                Answer::new(&trial, text)
            }
            Command::Propose(propose) => propose.run(context),
            Command::Ask(ask) => ask.run(context),
            Command::Coverage { workspace } => coverage(&workspace.open(context)?),
        }
    }
}

impl List {
    fn run(self, context: &Context) -> Result<Answer> {
        let session = self.workspace.open(context)?;
        let filter = self.which.filter(&session)?;
        let mut questions: Vec<Item> = Vec::new();
        loop {
            let have = u32::try_from(questions.len()).unwrap_or(u32::MAX);
            let page = session.questions(&filter, have, PAGE)?;
            if page.questions.is_empty() {
                break;
            }
            questions.extend(page.questions);
        }
        let head = ["id", "#", "state", "kind", "by", "question"];
        let text = plain::table(&head, questions.iter().map(cells));
        Answer::new(&json!({ "questions": questions }), text)
    }
}

fn show(one: &One, context: &Context) -> Result<Answer> {
    let (session, id) = one.open(context)?;
    let question = session.question(&id)?;
    let findings = session.check_question(&id, &question.content)?;
    let shown = json!({
        "question": question,
        "findings": findings,
        "trials": session.question_trials(&id)?,
        "revisions": session.question_revisions(&id)?,
    });
    let content = &question.content;
    let mut lines = vec![
        format!(
            "{}, {}, {} of #{}",
            id,
            question.state.as_str(),
            content.kind.as_str(),
            question.diagram_number
        ),
        plain::paragraphs(&content.stem),
    ];
    for (letter, choice) in ('A'..='Z').zip(&content.choices) {
        let mark = if choice.right { "*" } else { " " };
        lines.push(format!("{mark} {letter}  {}", plain::line(&choice.text)));
    }
    if let Some(truth) = content.truth {
        lines.push(format!("  {truth}"));
    }
    if !content.accepted.is_empty() {
        lines.push(format!("  {}", plain::line(&content.accepted.join(" / "))));
    }
    lines.push(told(&findings));
    Answer::new(&shown, lines.join("\n"))
}

fn write(session: &Session, id: &QuestionId, typed: &Value) -> Result<Answer> {
    let old = session.question(id)?;
    if old.state != QuestionState::Draft {
        let state = old.state.as_str();
        bail!("the question is {state}: `callout question take-up` takes it up for writing");
    }
    let saved = session.save_question(&QuestionEntry {
        id: id.clone(),
        content: merged(&old.content, typed)?,
        version: old.version,
    })?;
    let question = session.commit_question(id)?;
    let answer = said("wrote", &question)?;
    Ok(match saved.theirs {
        Some(_) => answer.note("somebody wrote meanwhile: both texts are among the revisions"),
        None => answer,
    })
}

/// What the file says over an empty question of its kind and level.
fn with(
    empty: fn(QuestionKind, Level) -> QuestionContent,
    typed: &Value,
) -> Result<QuestionContent> {
    let Some(kind) = typed.get("kind").cloned() else {
        bail!("the question has no `kind`");
    };
    let kind = serde_json::from_value(kind).context("reading `kind`")?;
    let level = match typed.get("level").cloned() {
        Some(level) => serde_json::from_value(level).context("reading `level`")?,
        None => Level::Detailed,
    };
    merged(&empty(kind, level), typed)
}

fn merged(old: &QuestionContent, typed: &Value) -> Result<QuestionContent> {
    let mut whole = serde_json::to_value(old).context("writing the question as JSON")?;
    let (Some(whole_fields), Some(fields)) = (whole.as_object_mut(), typed.as_object()) else {
        bail!("a question is a JSON object");
    };
    for (name, value) in fields {
        if !whole_fields.contains_key(name) {
            bail!("a question has no `{}`", plain::line(name));
        }
        whole_fields.insert(name.clone(), value.clone());
    }
    serde_json::from_value(whole).context("reading the question")
}

fn read(path: &Path) -> Result<Value> {
    let doing = || format!("reading the question `{}`", path.display());
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin()
            .read_to_string(&mut text)
            .with_context(doing)?;
    } else {
        text = std::fs::read_to_string(path).with_context(doing)?;
    }
    serde_json::from_str(&text).with_context(doing)
}

fn coverage(session: &Session) -> Result<Answer> {
    let coverage = session.question_coverage()?;
    let kinds = coverage
        .by_kind
        .iter()
        .map(|(kind, count)| format!("  {:<16} {count}", kind.as_str()));
    let keys = ('A'..='Z')
        .zip(&coverage.key_positions)
        .filter(|(_, count)| **count > 0)
        .map(|(letter, count)| format!("  key at {letter}         {count}"));
    let text = format!(
        "{} ready, {} being written, {} suggested, on {}\n{}",
        coverage.ready,
        coverage.drafts,
        coverage.proposed,
        plain::count(coverage.diagrams, "diagram"),
        kinds.chain(keys).collect::<Vec<_>>().join("\n")
    );
    Answer::new(&coverage, text)
}

fn told(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "nothing to improve".to_owned();
    }
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| {
            let severity = serde_json::to_value(finding.severity).unwrap_or_default();
            let overruled = if finding.overruled {
                " (overruled)"
            } else {
                ""
            };
            format!(
                "{}{overruled}: {} {}",
                severity.as_str().unwrap_or("finding"),
                plain::line(&finding.message),
                plain::line(&finding.help)
            )
        })
        .collect();
    lines.join("\n")
}

fn said(done: &str, question: &Item) -> Result<Answer> {
    let text = format!("{done} {}; it is {}", question.id, question.state.as_str());
    Answer::new(question, text)
}

fn cells(question: &Item) -> Vec<String> {
    vec![
        question.id.to_string(),
        question.diagram_number.to_string(),
        question.state.as_str().to_owned(),
        question.content.kind.as_str().to_owned(),
        plain::line(question.author.as_deref().unwrap_or("—")),
        plain::clipped(&question.content.stem, 56),
    ]
}
