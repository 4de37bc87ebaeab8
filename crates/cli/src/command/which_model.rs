//! Which model works: one that the workspace knows, or one that it is told of now.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use app::Session;
use app::domain::{KeySource, LocalOptions, Model, ModelSource, NewModel, Quantize, ServerOptions};
use clap::Args;
use hub::{Cache, Kind};

/// The model, as it is typed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which model")]
pub struct WhichModel {
    /// A model of the workspace by name, a model directory, or a name in the Hugging Face cache; may be left out where
    /// the workspace knows only one.
    #[arg(long, value_name = "M")]
    model: Option<String>,

    /// PEFT adapter directory to put on top.
    #[arg(long, value_name = "DIR", requires = "model")]
    adapter: Option<PathBuf>,

    /// Hold weights in blocks of 8 or 4 bits: `q8_0` or `q4_k`.
    #[arg(long, value_name = "Q", requires = "model", value_parser = quantize)]
    quantize: Option<Quantize>,

    /// Show the model pictures whose longer side has at most so many pixels; 28 × 28 of them make a token.
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(28..=16_384))]
    max_side: Option<u32>,

    /// Address of a server that speaks OpenAI's chat completions, such as `http://localhost:8000/v1`.
    #[arg(
        long,
        value_name = "URL",
        conflicts_with = "model",
        requires = "server_model"
    )]
    server: Option<String>,

    /// The model's name on the server.
    #[arg(long, value_name = "NAME", requires = "server")]
    server_model: Option<String>,

    /// Environment variable that holds the server's key.
    #[arg(long, value_name = "VAR", requires = "server")]
    key_env: Option<String>,

    /// Requests to the server at once.
    #[arg(long, value_name = "N", requires = "server", value_parser = clap::value_parser!(u32).range(1..=64))]
    concurrency: Option<u32>,
}

impl WhichModel {
    /// Whether nothing was said of it.
    pub fn is_left_out(&self) -> bool {
        self.model.is_none() && self.server.is_none()
    }

    /// The model, added to the workspace if it is new there.
    pub fn find(&self, session: &Session) -> Result<Model> {
        if let Some(url) = &self.server {
            let (name, source) = self.server(url);
            return known_or_added(session, name, source);
        }
        let Some(typed) = &self.model else {
            return only_one(session);
        };
        if self.adapter.is_none()
            && self.quantize.is_none()
            && self.max_side.is_none()
            && let Ok(model) = session.model(typed)
        {
            return Ok(model);
        }
        let path = self.place(session, typed)?;
        let (name, source) = self.local(&path)?;
        known_or_added(session, name, source)
    }

    fn server(&self, url: &str) -> (String, ModelSource) {
        let model = self.server_model.clone().unwrap_or_default();
        let variable = self.key_env.clone();
        let at_once = ServerOptions::default().concurrency;
        let source = ModelSource::Server {
            url: url.to_owned(),
            options: ServerOptions {
                model: model.clone(),
                key: variable.map(|variable| KeySource::Environment { variable }),
                max_side_px: self.max_side,
                concurrency: self.concurrency.unwrap_or(at_once),
            },
        };
        (model, source)
    }

    /// Where the model lies: that of the workspace's model of this name, or what the name means elsewhere.
    fn place(&self, session: &Session, typed: &str) -> Result<PathBuf> {
        let path = match session.model(typed).map(|model| model.source) {
            Ok(ModelSource::Qwen25Vl { path, .. } | ModelSource::Gguf { path, .. }) => path.into(),
            _ => hub::locate(&Cache::from_env(), typed)?,
        };
        Ok(std::path::absolute(path)?)
    }

    fn local(&self, path: &Path) -> Result<(String, ModelSource)> {
        let description = hub::describe(path)?;
        let mut name = description.name;
        match description.kind {
            Kind::Qwen25Vl => {}
            Kind::Gguf => {
                let path = path.to_str().context("the model's path is not Unicode")?;
                let options = LocalOptions::default();
                let path = path.to_owned();
                return Ok((name, ModelSource::Gguf { path, options }));
            }
            Kind::Adapter => bail!(
                "`{name}` is an adapter: give the model below it with `--model`, and it with `--adapter`"
            ),
        }
        let mut options = LocalOptions {
            max_side_px: self.max_side,
            ..LocalOptions::default()
        };
        if let Some(adapter) = &self.adapter {
            let adapter = std::path::absolute(adapter)?;
            let own = adapter.file_name().unwrap_or_default().to_string_lossy();
            name = format!("{name} + {own}");
            options.adapter = Some(adapter.display().to_string());
        }
        if let Some(quantize) = self.quantize {
            options.quantize = Some(quantize);
            let format = match quantize {
                Quantize::Q8_0 => "q8_0",
                Quantize::Q4K => "q4_k",
            };
            name = format!("{name} {format}");
        }
        if let Some(side) = self.max_side {
            name = format!("{name} {side} px");
        }
        let path = path.to_str().context("the model's path is not Unicode")?;
        let source = ModelSource::Qwen25Vl {
            path: path.to_owned(),
            options,
        };
        Ok((name, source))
    }
}

fn only_one(session: &Session) -> Result<Model> {
    let mut models = session.models()?;
    match (models.pop(), models.is_empty()) {
        (Some(model), true) => Ok(model),
        (None, _) => bail!("the workspace knows no model yet: give one with `--model`"),
        (Some(_), false) => bail!("the workspace knows several models: say which with `--model`"),
    }
}

fn known_or_added(session: &Session, name: String, source: ModelSource) -> Result<Model> {
    let models = session.models()?;
    if let Some(known) = models.iter().find(|model| model.source == source) {
        return Ok(known.clone());
    }
    let taken = |name: &str| models.iter().any(|model| model.name == name);
    let mut free = name.clone();
    for n in 2.. {
        if !taken(&free) {
            break;
        }
        free = format!("{name} {n}");
    }
    session.add_model(&NewModel { name: free, source })
}

fn quantize(text: &str) -> Result<Quantize, String> {
    match text {
        "q8_0" => Ok(Quantize::Q8_0),
        "q4_k" => Ok(Quantize::Q4K),
        _ => Err("takes `q8_0` or `q4_k`".to_owned()),
    }
}
