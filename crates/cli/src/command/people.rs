//! `callout people` and `callout rules`: who may do what, and the workspace's rules.

use anyhow::Result;
use app::domain::{PersonInfo, Policy, Role};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::answer::Answer;
use crate::args::{InWorkspace, person, word};
use crate::{Context, plain};

/// List the people of a workspace, give them roles, rename them.
#[derive(Debug, Args)]
pub struct People {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List everybody.
    List {
        #[command(flatten)]
        workspace: InWorkspace,
    },
    /// Say what somebody may do, in place of what they may do now.
    Roles {
        #[command(flatten)]
        workspace: InWorkspace,
        /// Their name.
        name: String,
        /// annotator, author, lead; none takes all away.
        #[arg(value_parser = word::<Role>)]
        roles: Vec<Role>,
    },
    /// Let somebody in under a name.
    Add {
        #[command(flatten)]
        workspace: InWorkspace,
        /// Their name.
        name: String,
        /// annotator, author, lead; none gives them none.
        #[arg(value_parser = word::<Role>)]
        roles: Vec<Role>,
    },
    /// Give somebody another name.
    Rename {
        #[command(flatten)]
        workspace: InWorkspace,
        /// Their name now.
        name: String,
        /// Their new name.
        to: String,
    },
}

impl People {
    pub fn run(self, context: &Context) -> Result<Answer> {
        match self.command {
            Command::List { workspace } => {
                let people = workspace.open(context)?.people()?;
                let head = ["name", "roles", "joined", "handed in", "questions"];
                let text = plain::table(&head, people.iter().map(cells));
                Answer::new(&json!({ "people": people }), text)
            }
            Command::Roles {
                workspace,
                name,
                roles,
            } => {
                let session = workspace.open(context)?;
                one(&session.set_roles(&person(&session, &name)?, &roles)?)
            }
            Command::Add {
                workspace,
                name,
                roles,
            } => one(&workspace.open(context)?.add_person(&name, &roles)?),
            Command::Rename {
                workspace,
                name,
                to,
            } => {
                let session = workspace.open(context)?;
                one(&session.rename_person(&person(&session, &name)?, &to)?)
            }
        }
    }
}

fn one(info: &PersonInfo) -> Result<Answer> {
    let roles = named(&info.person.roles);
    Answer::new(info, format!("{}: {roles}", plain::line(&info.person.name)))
}

fn named(roles: &[Role]) -> String {
    let words: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    if words.is_empty() {
        "no role".to_owned()
    } else {
        words.join(", ")
    }
}

fn cells(info: &PersonInfo) -> Vec<String> {
    vec![
        plain::line(&info.person.name),
        named(&info.person.roles),
        info.joined_at.to_rfc3339(),
        info.submitted.to_string(),
        info.questions.to_string(),
    ]
}

/// Show the workspace's rules, or change those that are given.
#[derive(Debug, Args)]
pub struct Rules {
    #[command(flatten)]
    workspace: InWorkspace,

    /// Share of diagrams whose draft annotators do not see, in %.
    #[arg(long, value_name = "PERCENT")]
    hidden_drafts: Option<u32>,

    /// Share of diagrams that a second person captions, in %.
    #[arg(long, value_name = "PERCENT")]
    second: Option<u32>,

    /// How long somebody holds a diagram after the last word typed, in minutes.
    #[arg(long, value_name = "MINUTES")]
    lease: Option<u32>,

    /// What newcomers are; can be given more than once.
    #[arg(long = "newcomer", value_name = "ROLE", value_parser = word::<Role>)]
    newcomers: Vec<Role>,

    /// Newcomers get no role: they look until a lead gives them one.
    #[arg(long, conflicts_with = "newcomers")]
    no_newcomer: bool,

    /// The model that answers each finished question without its picture, by name; an empty name for none.
    #[arg(long, value_name = "MODEL")]
    blind_examinee: Option<String>,
}

impl Rules {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let session = self.workspace.open(context)?;
        let old = session.policy()?;
        let wanted = Policy {
            hidden_draft_percent: self.hidden_drafts.unwrap_or(old.hidden_draft_percent),
            second_annotation_percent: self.second.unwrap_or(old.second_annotation_percent),
            lease_minutes: self.lease.unwrap_or(old.lease_minutes),
            join_roles: if self.newcomers.is_empty() && !self.no_newcomer {
                old.join_roles.clone()
            } else {
                self.newcomers
            },
            blind_examinee: match self.blind_examinee.as_deref() {
                None => old.blind_examinee.clone(),
                Some("") => None,
                Some(name) => Some(session.model(name)?.id),
            },
        };
        let now = if wanted == old {
            old
        } else {
            session.set_policy(&wanted)?
        };
        let examinee = match &now.blind_examinee {
            Some(id) => session
                .model(id.as_str())
                .map_or("a model that was removed".to_owned(), |model| model.name),
            None => "none".to_owned(),
        };
        let text = format!(
            "hidden drafts      {} %\nsecond annotation  {} %\nlease              {} min\nnewcomers          {}\n\
             blind examinee     {}",
            now.hidden_draft_percent,
            now.second_annotation_percent,
            now.lease_minutes,
            named(&now.join_roles),
            plain::line(&examinee)
        );
        Answer::new(&now, text)
    }
}
