//! What can be typed: the options that all subcommands share, and the list of subcommands.

use std::path::PathBuf;

use anyhow::Result;
use app::Session;
use app::domain::{
    DiagramId, DraftScope, Level, PersonId, QueueFilter, QueueMark, QueueOrder, Reason, Region,
    Slot, State,
};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::Context;
use crate::command::annotate::Annotate;
use crate::command::approve::Approve;
use crate::command::bench::Bench;
use crate::command::bulk::{Bulk, Filter};
use crate::command::draft::Draft;
use crate::command::engine::Engine;
use crate::command::export::Export;
use crate::command::generate::Generate;
use crate::command::give_back::GiveBack;
use crate::command::import::Import;
use crate::command::init::Init;
use crate::command::job::Job;
use crate::command::list::List;
use crate::command::model::Model;
use crate::command::numbers::{Audit, Dashboard, Diagnose};
use crate::command::past::{History, Reasons, Restore};
use crate::command::people::{People, Rules};
use crate::command::question::Question;
use crate::command::region::Region as Regions;
use crate::command::reopen::Reopen;
use crate::command::resolve::Resolve;
use crate::command::review::{Decide, Review};
use crate::command::show::Show;
use crate::command::status::Status;
use crate::command::structure::Structure;
use crate::command::submit::Submit;
use crate::command::take_draft::TakeDraft;
use crate::command::term::Term;
use crate::command::thread::Thread;
use crate::command::train::{Runs, Train};
use crate::command::work::{Claim, Kind, Next, Release, Skip, Unskip};

/// What every subcommand takes.
const SHARED: &str = "For every command";

const AFTER_HELP: &str = "\
A first round:
  callout init figures                          make a workspace
  callout import figures photos/                bring in pictures; captions in metadata.jsonl become drafts
  callout list figures                          see the queue
  callout annotate figures 1 --text new.txt --submit
  callout approve figures 1
  callout export figures --format jsonl approved.jsonl

Exit codes: 0 done, 1 failed, 2 wrong usage.";

/// Turn ICT diagrams into trustworthy text, without a window.
///
/// A workspace is a folder with a database and the original pictures. A window and any number of these
/// commands may work on one workspace at once.
#[derive(Debug, Parser)]
#[command(name = "callout", version, after_help = AFTER_HELP, arg_required_else_help = true)]
pub struct Cli {
    /// Print one JSON document on standard output, and nothing else there.
    #[arg(long, global = true, help_heading = SHARED, display_order = 100)]
    pub json: bool,

    /// Who acts; the system's user name by default. A new name joins the workspace.
    // Its id is its own: a subcommand with an argument of the same id would not get it.
    #[arg(id = "acting", long = "as", global = true, value_name = "USER", help_heading = SHARED, display_order = 101)]
    pub person: Option<String>,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Init(Init),
    Import(Import),
    List(List),
    Show(Show),
    Annotate(Annotate),
    TakeDraft(TakeDraft),
    Submit(Submit),
    Approve(Approve),
    Return(GiveBack),
    Reopen(Reopen),
    Resolve(Resolve),
    History(History),
    Restore(Restore),
    Reasons(Reasons),
    Region(Regions),
    Structure(Structure),
    Term(Term),
    Next(Next),
    Claim(Claim),
    Release(Release),
    Skip(Skip),
    Unskip(Unskip),
    Kind(Kind),
    Bulk(Bulk),
    Filter(Filter),
    Question(Question),
    Review(Review),
    Decide(Decide),
    Thread(Thread),
    Dashboard(Dashboard),
    People(People),
    Rules(Rules),
    Audit(Audit),
    Diagnose(Diagnose),
    Export(Export),
    Status(Status),
    Draft(Draft),
    Job(Job),
    Engine(Engine),
    Generate(Generate),
    Train(Box<Train>),
    Runs(Runs),
    Bench(Bench),
    Model(Model),
}

/// A workspace that exists.
#[derive(Debug, Args)]
pub struct InWorkspace {
    /// Folder of the workspace.
    #[arg(value_name = "WORKSPACE")]
    workspace: PathBuf,
}

impl InWorkspace {
    pub fn open(&self, context: &Context) -> Result<Session> {
        Session::open(&self.workspace, &context.person)
    }
}

/// A diagram of a workspace.
#[derive(Debug, Args)]
pub struct OneDiagram {
    #[command(flatten)]
    workspace: InWorkspace,

    /// The diagram: its number in the queue, its id, or how its id begins.
    #[arg(value_name = "ID")]
    diagram: String,
}

impl OneDiagram {
    pub fn open(&self, context: &Context) -> Result<(Session, DiagramId)> {
        let session = self.workspace.open(context)?;
        let id = session.find(&self.diagram)?;
        Ok((session, id))
    }
}

/// Which of a diagram's captions.
#[derive(Debug, Args)]
pub struct WhichCaption {
    /// How much of the diagram the caption speaks of.
    #[arg(long, value_name = "LEVEL", default_value = "global", value_parser = levels())]
    pub level: Level,

    /// The region that a partial caption speaks of, by name or id.
    #[arg(long, value_name = "REGION", required_if_eq("level", "partial"))]
    pub region: Option<String>,
}

impl WhichCaption {
    /// Refuses what no diagram could have, before anything is opened.
    pub fn check(&self) -> Result<()> {
        match &self.region {
            Some(_) if self.level != Level::Partial => {
                Err(usage("`--region` goes with `--level partial` only"))
            }
            Some(region) if region.trim().is_empty() || region.contains(char::is_control) => Err(
                usage("a region's name needs a letter, and no control characters"),
            ),
            _ => Ok(()),
        }
    }

    /// The caption, whose region must exist.
    pub fn of(&self, session: &Session, id: &DiagramId) -> Result<(Slot, Option<Region>)> {
        let region = match &self.region {
            Some(region) => Some(session.known_region(id, region)?),
            None => None,
        };
        Ok((self.slot(id, region.as_ref()), region))
    }

    pub fn slot(&self, id: &DiagramId, region: Option<&Region>) -> Slot {
        Slot {
            diagram_id: id.clone(),
            level: self.level,
            region_id: region.map(|region| region.id.clone()),
        }
    }
}

/// Reads a state; `in-progress` is taken as well.
pub fn states() -> impl TypedValueParser<Value = State> {
    let values = State::ALL.map(|state| match state {
        State::InProgress => PossibleValue::new(state.as_str()).alias("in-progress"),
        _ => PossibleValue::new(state.as_str()),
    });
    PossibleValuesParser::new(values).try_map(|text| text.parse::<State>())
}

/// Which part of the queue.
#[derive(Debug, Args)]
pub struct Queue {
    /// Only diagrams in this state.
    #[arg(long, value_name = "STATE", value_parser = states())]
    state: Option<State>,

    /// Only diagrams whose name, captions or context hold all these words; Chinese needs no spaces.
    #[arg(
        long,
        value_name = "WORDS",
        default_value = "",
        hide_default_value = true
    )]
    search: String,

    /// What comes first: number, uncertainty, disagreement, regression or plan.
    #[arg(long, value_name = "ORDER", default_value = "number", value_parser = word::<QueueOrder>)]
    order: QueueOrder,

    /// Only diagrams of this kind; an empty text for those whose kind is not known.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,

    /// Only diagrams in which this person wrote.
    #[arg(long = "person", value_name = "NAME")]
    wrote: Option<String>,

    /// Only diagrams where a draft was changed for this reason.
    #[arg(long, value_name = "REASON", value_parser = word::<Reason>)]
    reason: Option<Reason>,

    /// Only diagrams with this mark, such as free, mine, conflict, open_thread, no_question.
    #[arg(long, value_name = "MARK", value_parser = word::<QueueMark>)]
    mark: Option<QueueMark>,
}

impl Queue {
    pub fn filter(&self, session: &Session) -> Result<QueueFilter> {
        let person = match &self.wrote {
            Some(name) => Some(person(session, name)?),
            None => None,
        };
        Ok(QueueFilter {
            state: self.state,
            search: self.search.clone(),
            order: self.order,
            kind: self.kind.clone(),
            person,
            reason: self.reason,
            mark: self.mark,
            ..QueueFilter::default()
        })
    }

    /// Whether it leaves nothing out.
    pub fn is_everything(&self) -> bool {
        self.state.is_none()
            && self.search.trim().is_empty()
            && self.kind.is_none()
            && self.wrote.is_none()
            && self.reason.is_none()
            && self.mark.is_none()
    }
}

/// The diagrams that a model works on: those named, or the whole queue; at most `limit`.
pub fn diagrams(session: &Session, typed: &[String], limit: Option<u32>) -> Result<DraftScope> {
    let ids = typed.iter().map(|typed| session.find(typed));
    let mut ids = ids.collect::<Result<Vec<_>>>()?;
    ids.truncate(limit.map_or(usize::MAX, |limit| limit as usize));
    Ok(if ids.is_empty() {
        DraftScope::Filter {
            filter: QueueFilter::default(),
            limit,
        }
    } else {
        DraftScope::Ids { ids }
    })
}

/// The person of this name.
pub fn person(session: &Session, name: &str) -> Result<PersonId> {
    let people = session.people()?;
    match people.into_iter().find(|info| info.person.name == name) {
        Some(info) => Ok(info.person.id),
        None => anyhow::bail!("nobody here is called `{name}`; `callout people list` names them"),
    }
}

/// Reads one of a few words as JSON spells it; a hyphen is as good as an underscore.
pub fn word<T: serde::de::DeserializeOwned>(typed: &str) -> Result<T, String> {
    let word = serde_json::Value::String(typed.replace('-', "_"));
    serde_json::from_value(word).map_err(|error| error.to_string())
}

/// Reads a caption level.
pub fn levels() -> impl TypedValueParser<Value = Level> {
    PossibleValuesParser::new(Level::ALL.map(Level::as_str)).try_map(|text| text.parse::<Level>())
}

/// A wrong use that the parser cannot see.
pub fn usage(message: &str) -> anyhow::Error {
    Cli::command()
        .error(clap::error::ErrorKind::ArgumentConflict, message)
        .into()
}
