//! `callout model known`, `add`, `replace`, `forget`: the models that a workspace may draft with.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use app::domain::{KeySource, LocalOptions, Model, ModelSource, NewModel, Quantize, ServerOptions};
use clap::{ArgGroup, Args};
use serde_json::json;

use crate::answer::Answer;
use crate::args::{InWorkspace, word};
use crate::{Context, plain};

/// List the models that a workspace may draft with.
#[derive(Debug, Args)]
pub struct Known {
    #[command(flatten)]
    workspace: InWorkspace,
}

impl Known {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let models = self.workspace.open(context)?.models()?;
        let text = if models.is_empty() {
            "no models yet: `callout model add` lists one".to_owned()
        } else {
            plain::table(&["name", "kind", "where"], models.iter().map(cells))
        };
        Answer::new(&json!({ "models": models }), text)
    }
}

fn cells(model: &Model) -> Vec<String> {
    vec![
        plain::line(&model.name),
        model.source.kind().as_str().to_owned(),
        plain::line(model.source.location()),
    ]
}

/// List a model in the workspace: a directory, a GGUF file, or one on a server.
#[derive(Debug, Args)]
pub struct Add {
    #[command(flatten)]
    workspace: InWorkspace,

    /// What it is called there.
    name: String,

    #[command(flatten)]
    source: Source,
}

impl Add {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let session = self.workspace.open(context)?;
        let source = self.source.read()?;
        let name = self.name;
        one("added", &session.add_model(&NewModel { name, source })?)
    }
}

/// List a model anew, in place of one that is there. What that one drafted stays.
#[derive(Debug, Args)]
pub struct Replace {
    #[command(flatten)]
    workspace: InWorkspace,

    /// The model that goes, by name or id.
    old: String,

    /// Another name; by default it keeps that of the old one.
    #[arg(long)]
    name: Option<String>,

    #[command(flatten)]
    source: Source,
}

impl Replace {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let session = self.workspace.open(context)?;
        let old = session.model(&self.old)?;
        let new = NewModel {
            name: self.name.unwrap_or(old.name),
            source: self.source.read()?,
        };
        one("replaced", &session.replace_model(&old.id, &new)?)
    }
}

/// Take a model out of the workspace's list. What it drafted stays, and so do its files.
#[derive(Debug, Args)]
pub struct Forget {
    #[command(flatten)]
    workspace: InWorkspace,

    /// The model, by name or id.
    model: String,
}

impl Forget {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let session = self.workspace.open(context)?;
        let model = session.model(&self.model)?;
        session.remove_model(&model.id)?;
        one("forgot", &model)
    }
}

fn one(done: &str, model: &Model) -> Result<Answer> {
    let text = format!("{done} `{}` ({})", plain::line(&model.name), model.id);
    Answer::new(model, text)
}

/// What a model is and where it is found.
#[derive(Debug, Args)]
#[command(next_help_heading = "What and where it is")]
#[command(group = ArgGroup::new("place").required(true).args(["directory", "gguf", "server"]))]
#[command(group = ArgGroup::new("key").args(["key_env", "key_entry"]))]
struct Source {
    /// A directory of a Qwen2.5-VL checkpoint in Hugging Face layout.
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,

    /// A GGUF file of a text model.
    #[arg(long, value_name = "FILE")]
    gguf: Option<PathBuf>,

    /// Address of a server that speaks OpenAI's chat completions, such as `http://localhost:8000/v1`.
    #[arg(long, value_name = "URL", requires = "server_model")]
    server: Option<String>,

    /// Where a local model computes: `auto`, `cpu`, `cuda` or `cuda:1`.
    #[arg(long, value_name = "D", conflicts_with = "server")]
    device: Option<String>,

    /// Hold the weights of a directory in blocks of 8 or 4 bits: `q8_0` or `q4_k`.
    #[arg(long, value_name = "Q", requires = "directory", value_parser = word::<Quantize>)]
    quantize: Option<Quantize>,

    /// PEFT adapter directory to put on top of a directory.
    #[arg(long, value_name = "DIR", requires = "directory")]
    adapter: Option<PathBuf>,

    /// Show the model pictures whose longer side has at most so many pixels.
    #[arg(long, value_name = "PX", conflicts_with = "gguf")]
    max_side: Option<u32>,

    /// The model's name on the server.
    #[arg(long, value_name = "NAME", requires = "server")]
    server_model: Option<String>,

    /// Environment variable that holds the server's key.
    #[arg(long, value_name = "VAR", requires = "server")]
    key_env: Option<String>,

    /// Entry of the system's keyring that holds the server's key; `callout model keep-key` puts it there.
    #[arg(long, value_name = "ENTRY", requires = "server")]
    key_entry: Option<String>,

    /// Requests to the server at once.
    #[arg(long, value_name = "N", requires = "server")]
    concurrency: Option<u32>,
}

impl Source {
    fn read(self) -> Result<ModelSource> {
        if let Some(url) = self.server {
            let plain = ServerOptions::default();
            let env = self
                .key_env
                .map(|variable| KeySource::Environment { variable });
            let options = ServerOptions {
                model: self.server_model.unwrap_or_default(),
                key: env.or(self.key_entry.map(|entry| KeySource::Keyring { entry })),
                concurrency: self.concurrency.unwrap_or(plain.concurrency),
                max_side_px: self.max_side,
            };
            return Ok(ModelSource::Server { url, options });
        }
        let plain = LocalOptions::default();
        let options = LocalOptions {
            device: self.device.unwrap_or(plain.device),
            quantize: self.quantize,
            compute_type: None,
            adapter: self.adapter.map(unicode).transpose()?,
            max_side_px: self.max_side,
        };
        Ok(match self.gguf {
            Some(path) => ModelSource::Gguf {
                path: described(path)?,
                options,
            },
            None => ModelSource::Qwen25Vl {
                path: described(self.directory.unwrap_or_default())?,
                options,
            },
        })
    }
}

/// The path of a model that is one, as the window looks before it lists one.
fn described(path: PathBuf) -> Result<String> {
    app::describe_model(&path)?;
    unicode(path)
}

fn unicode(path: PathBuf) -> Result<String> {
    let path = path.into_os_string().into_string().ok();
    path.context("the model's path is not Unicode")
}
