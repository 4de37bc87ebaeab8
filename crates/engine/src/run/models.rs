//! The model that a job wants: opened once, kept for the next job of the same, and checked for being trained.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use domain::{
    ComputeType, JobParameters, KeySource, Model, ModelSource, Quantize, ServerOptions,
    TelemetryEvent,
};
use hub::Weights;
use provider::{OpenAi, Provider, ServerConfig};

use super::revision;
use super::tell::Teller;
use crate::device::{DeviceChoice, id_of};
use crate::gguf::{self, TextModel, TextOptions};
use crate::local::{self, Local, LocalError, LocalOptions, ORDINARY};

/// A model that finds ordinary text nearly as surprising as guessing would has learnt nothing.
const OF_CHANCE: f64 = 0.8;
/// Longest side of a picture that is sent to a server.
const SENT_SIDE_PX: u32 = 2_048;
/// The client takes no longer ones.
const MAX_SENT_SIDE_PX: u32 = 8_192;

/// Why a job cannot go on, in words for people.
#[derive(Debug)]
pub struct Failure {
    pub message: String,
    pub help: Option<String>,
}

impl Failure {
    pub fn new(error: &dyn Error, help: Option<String>) -> Self {
        Self {
            message: sentence(error),
            help,
        }
    }
}

/// An error and its causes in one line.
pub fn sentence(error: &dyn Error) -> String {
    let mut sentence = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !sentence.contains(&words) {
            sentence.push_str(": ");
            sentence.push_str(&words);
        }
        cause = error.source();
    }
    sentence
}

/// The model that was opened last.
pub struct Models {
    device: Option<DeviceChoice>,
    open: Option<(ModelSource, Opened)>,
}

/// A model that answers.
pub struct Opened {
    answers: Answers,
    /// Its state, as drafts keep it.
    pub revision: Option<String>,
    /// Longest side of a picture that it is shown, in pixels.
    pub max_side_px: Option<u32>,
    /// Whether it is known to do better than chance.
    trained: bool,
}

enum Answers {
    Here(Box<Local>),
    Text(Box<TextModel>),
    Server(OpenAi),
}

impl Opened {
    pub fn provider(&self) -> &dyn Provider {
        match &self.answers {
            Answers::Here(local) => local.as_ref(),
            Answers::Text(model) => model.as_ref(),
            Answers::Server(server) => server,
        }
    }

    /// Whether it runs elsewhere.
    pub fn is_server(&self) -> bool {
        matches!(self.answers, Answers::Server(_))
    }

    /// Whether it can be shown a picture.
    pub fn sees_pictures(&self) -> bool {
        !matches!(self.answers, Answers::Text(_))
    }

    /// Refuses a model whose weights are random or broken.
    fn must_be_trained(&mut self, name: &str) -> Result<(), Failure> {
        if self.trained {
            return Ok(());
        }
        let (mean, chance) = match &self.answers {
            Answers::Here(local) => local
                .surprise()
                .map_err(|error| Failure::new(&error, error.help().map(str::to_owned)))?,
            Answers::Text(model) => model
                .surprise(ORDINARY[0])
                .map_err(|error| Failure::new(&error, error.help()))?,
            Answers::Server(_) => return Ok(()),
        };
        // What is no number is no better either.
        self.trained = mean < OF_CHANCE * chance;
        if self.trained {
            return Ok(());
        }
        Err(Failure {
            message: format!(
                "`{name}` predicts text no better than chance: its weights are random or broken"
            ),
            help: Some("Take a model that was trained.".to_owned()),
        })
    }
}

impl Models {
    pub fn new(device: Option<DeviceChoice>) -> Self {
        Self { device, open: None }
    }

    /// Lets go of the model's memory.
    pub fn unload(&mut self) {
        self.open = None;
    }

    /// The model of a job, opened if it is not the one that is open.
    ///
    /// # Errors
    /// When it cannot be opened, or is not trained and the job does not allow that.
    pub fn get(&mut self, parameters: &JobParameters, teller: &Teller) -> Result<&Opened, Failure> {
        let model = parameters.model();
        must_see(parameters)?;
        let kept = self
            .open
            .take()
            .filter(|(source, _)| *source == model.source);
        let mut opened = match kept {
            Some((_, opened)) => opened,
            None => self.open(model, teller)?,
        };
        if !parameters.allows_untrained() {
            opened.must_be_trained(&model.name)?;
        }
        Ok(&self.open.insert((model.source.clone(), opened)).1)
    }

    fn open(&self, model: &Model, teller: &Teller) -> Result<Opened, Failure> {
        match &model.source {
            ModelSource::Qwen25Vl { path, options } => {
                let started = Instant::now();
                teller.tell(TelemetryEvent::Loading {
                    model: model.name.clone(),
                });
                let opened = self.open_here(Path::new(path), options)?;
                if let Answers::Here(local) = &opened.answers {
                    teller.tell(loaded(model, local, started));
                }
                Ok(opened)
            }
            ModelSource::Gguf { path, options } => {
                teller.tell(TelemetryEvent::Loading {
                    model: model.name.clone(),
                });
                self.open_text(Path::new(path), options)
            }
            ModelSource::Server { url, options } => open_server(url, options),
        }
    }

    /// Where a model computes that runs here.
    fn device(&self, options: &domain::LocalOptions) -> Result<DeviceChoice, Failure> {
        let own = || {
            options.device.parse().map_err(|message| Failure {
                message,
                help: None,
            })
        };
        self.device.map_or_else(own, Ok)
    }

    fn open_text(&self, file: &Path, options: &domain::LocalOptions) -> Result<Opened, Failure> {
        let model = gguf::open(&TextOptions {
            file: file.to_owned(),
            device: self.device(options)?,
        })
        .map_err(|error| Failure::new(&error, error.help()))?;
        Ok(Opened {
            answers: Answers::Text(Box::new(model)),
            revision: None,
            max_side_px: None,
            trained: false,
        })
    }

    fn open_here(&self, path: &Path, options: &domain::LocalOptions) -> Result<Opened, Failure> {
        let local_error = |error: LocalError| Failure::new(&error, error.help());
        let device = self.device(options)?;
        let quantize = options.quantize.map(|quantize| match quantize {
            Quantize::Q8_0 => Weights::Q8_0,
            Quantize::Q4K => Weights::Q4K,
        });
        let compute = options.compute_type.map(|compute| match compute {
            ComputeType::F32 => Weights::F32,
            ComputeType::Bf16 => Weights::Bf16,
            ComputeType::F16 => Weights::F16,
        });
        let adapter = options.adapter.as_ref().map(PathBuf::from);
        let description = hub::describe(path).map_err(|error| local_error(error.into()))?;
        let local = local::open(&LocalOptions {
            dir: path.to_owned(),
            adapter: adapter.clone(),
            merge: false,
            device,
            weights: quantize.or(compute),
            max_pixels: None,
        })
        .map_err(local_error)?;
        Ok(Opened {
            answers: Answers::Here(Box::new(local)),
            revision: revision::of(&description, adapter.as_deref()),
            max_side_px: options.max_side_px,
            trained: false,
        })
    }
}

/// Refuses work on pictures for a model that reads text only.
fn must_see(parameters: &JobParameters) -> Result<(), Failure> {
    let (needs_picture, help) = match parameters {
        JobParameters::Draft(_) => (true, "Draft with a Qwen2.5-VL, or with a server's model."),
        JobParameters::Answer(answers) => (
            !answers.blind,
            "Ask it without the picture, or ask a Qwen2.5-VL or a server's model.",
        ),
        JobParameters::Propose(_) => return Ok(()),
    };
    let model = parameters.model();
    match model.source {
        ModelSource::Gguf { .. } if needs_picture => Err(Failure {
            message: format!(
                "`{}` reads text only: it cannot see the pictures",
                model.name
            ),
            help: Some(help.to_owned()),
        }),
        _ => Ok(()),
    }
}

fn loaded(model: &Model, local: &Local, started: Instant) -> TelemetryEvent {
    TelemetryEvent::Loaded {
        model: model.name.clone(),
        device: id_of(local.model().device()),
        compute_type: local.model().weights_format().to_string(),
        seconds: started.elapsed().as_secs_f64(),
        memory_mib: u32::try_from(local.model().weights_bytes() >> 20).ok(),
    }
}

fn open_server(url: &str, options: &ServerOptions) -> Result<Opened, Failure> {
    let key = match &options.key {
        None => provider::KeySource::None,
        Some(KeySource::Environment { variable }) => provider::KeySource::Env(variable.clone()),
        Some(KeySource::Keyring { entry }) => provider::KeySource::Keyring(entry.clone()),
    };
    let side = options.max_side_px.unwrap_or(SENT_SIDE_PX);
    let server = OpenAi::new(ServerConfig {
        base_url: url.to_owned(),
        model: options.model.clone(),
        key,
        concurrency: options.concurrency,
        max_image_side_px: side.min(MAX_SENT_SIDE_PX),
        ..ServerConfig::default()
    });
    let server = server.map_err(|error| Failure::new(&error, error.help()))?;
    Ok(Opened {
        answers: Answers::Server(server),
        revision: None,
        // The client shrinks by itself.
        max_side_px: None,
        trained: true,
    })
}
