//! `callout job`: what was asked of models, and how far it is.

use anyhow::Result;
use app::Session;
use app::domain::{ItemState, Job as Queued, JobItem, JobRequest};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::answer::Answer;
use crate::args::{InWorkspace, word};
use crate::{Context, plain};

/// List what was asked of models, stop it for a while, go on with it, end it.
#[derive(Debug, Args)]
pub struct Job {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the newest 200 jobs, newest first.
    List {
        #[command(flatten)]
        workspace: InWorkspace,
    },
    /// Show a job and its items, in their order.
    Show(Show),
    /// Stop a job for a while.
    Pause(One),
    /// Go on with a job that was paused.
    Resume(One),
    /// Try what is missing of a failed job again.
    Retry(One),
    /// End a job. What is finished stays.
    Cancel(One),
}

#[derive(Debug, Args)]
struct One {
    #[command(flatten)]
    workspace: InWorkspace,
    /// The job: its number, or its id.
    job: String,
}

impl One {
    fn open(&self, context: &Context) -> Result<(Session, Queued)> {
        let session = self.workspace.open(context)?;
        let job = session.find_job(&self.job)?;
        Ok((session, job))
    }

    fn ask(&self, context: &Context, request: JobRequest) -> Result<Answer> {
        let (session, job) = self.open(context)?;
        let job = session.request(&job.id, request)?;
        let text = match job.request {
            Some(waiting) => format!(
                "job {} is {} until its engine hears of it: {}",
                job.number,
                job.state.as_str(),
                waiting.as_str()
            ),
            None => format!("job {} is {}", job.number, job.state.as_str()),
        };
        let answer = Answer::new(&job, text)?;
        let nobody = request == JobRequest::Resume && !session.engine()?.running;
        Ok(if nobody {
            answer.note("no engine is at work here: `callout engine WORKSPACE` starts one")
        } else {
            answer
        })
    }
}

#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    one: One,

    /// Only items that are queued, running, done, failed, skipped or cancelled.
    #[arg(long, value_name = "STATE", value_parser = word::<ItemState>)]
    items: Option<ItemState>,

    /// At most so many items, and at most 1,000.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(..=1_000))]
    limit: u32,

    /// Leave out so many at the beginning.
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: u32,
}

impl Job {
    pub fn run(self, context: &Context) -> Result<Answer> {
        match self.command {
            Command::List { workspace } => {
                let jobs = workspace.open(context)?.jobs()?;
                let head = ["job", "does", "state", "done", "failed", "of", "queued by"];
                let text = if jobs.is_empty() {
                    "no jobs".to_owned()
                } else {
                    plain::table(&head, jobs.iter().map(cells))
                };
                Answer::new(&json!({ "jobs": jobs }), text)
            }
            Command::Show(show) => show.run(context),
            Command::Pause(one) => one.ask(context, JobRequest::Pause),
            Command::Resume(one) | Command::Retry(one) => one.ask(context, JobRequest::Resume),
            Command::Cancel(one) => one.ask(context, JobRequest::Cancel),
        }
    }
}

impl Show {
    fn run(self, context: &Context) -> Result<Answer> {
        let (session, job) = self.one.open(context)?;
        let items = session.job_items(&job.id, self.items, self.offset, self.limit)?;
        let mut text = format!(
            "job {}, {}, is {}: {} of {} done, {} failed, {} left out",
            job.number,
            job.parameters.kind(),
            job.state.as_str(),
            job.done,
            job.total,
            job.failed,
            job.skipped
        );
        for (name, said) in [("error", &job.error), ("help", &job.help)] {
            if let Some(said) = said {
                text.push_str(&format!("\n{name}: {}", plain::line(said)));
            }
        }
        let rows: Result<Vec<_>> = items.iter().map(|item| row(&session, item)).collect();
        text.push_str("\n\n");
        text.push_str(&plain::table(&["diagram", "about", "state", "why"], rows?));
        Answer::new(&json!({ "job": job, "items": items }), text)
    }
}

fn row(session: &Session, item: &JobItem) -> Result<Vec<String>> {
    let about = match &item.question_id {
        Some(question) => question.to_string(),
        None => item.level.as_str().to_owned(),
    };
    Ok(vec![
        session
            .diagram(&item.diagram_id)?
            .diagram
            .number
            .to_string(),
        about,
        item.state.as_str().to_owned(),
        plain::clipped(item.error.as_deref().unwrap_or_default(), 72),
    ])
}

fn cells(job: &Queued) -> Vec<String> {
    vec![
        job.number.to_string(),
        job.parameters.kind().to_owned(),
        job.state.as_str().to_owned(),
        job.done.to_string(),
        job.failed.to_string(),
        job.total.to_string(),
        plain::line(&job.created_by),
    ]
}
