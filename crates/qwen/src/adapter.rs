//! PEFT adapters: reads a LoRA directory and knows which layer each update belongs to.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor, Var};
use serde::Deserialize;
use thiserror::Error;

use crate::checkpoint::{Checkpoint, CheckpointError, Elements};
use crate::file::{self, FileError};
use crate::linear::Lora;
use crate::ops;

/// Most bytes of `adapter_config.json`.
const MAX_CONFIG_BYTES: u64 = 4 << 20;

/// Name of the file with an adapter's tensors.
const WEIGHTS: &str = "adapter_model.safetensors";

/// Why an adapter was not taken.
#[derive(Debug, Error)]
pub enum AdapterError {
    /// No `adapter_config.json`.
    #[error("not a PEFT adapter directory: no `adapter_config.json` in {}", folder.display())]
    NoConfig {
        /// The directory.
        folder: PathBuf,
    },
    /// The configuration was not read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A kind of adapter that is not supported.
    #[error("`adapter_config.json`: {reason} in {}", folder.display())]
    Unsupported {
        /// What is not supported.
        reason: String,
        /// The directory.
        folder: PathBuf,
    },
    /// The tensors were not read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Tensors that belong to no layer of the model.
    #[error("{count} adapter tensors match no layer of this model, such as `{example}`, in {}", folder.display())]
    NoSuchLayer {
        /// How many.
        count: usize,
        /// One of them.
        example: String,
        /// The directory.
        folder: PathBuf,
    },
    /// A tensor for a layer of another size.
    #[error("adapter tensor `{name}` is {found:?} and the layer takes {expected:?} in {}", folder.display())]
    WrongShape {
        /// Name of the tensor.
        name: String,
        /// As the file has it.
        found: Vec<usize>,
        /// As the layer and the rank ask.
        expected: Vec<usize>,
        /// The directory.
        folder: PathBuf,
    },
    /// The device.
    #[error("the device could not take the adapter")]
    Device(#[from] candle_core::Error),
}

impl AdapterError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoConfig { .. } | Self::File(_) => {
                "Name the directory that PEFT saved: `adapter_config.json` and `adapter_model.safetensors`."
            }
            Self::Unsupported { .. } => "Only plain LoRA and rsLoRA adapters can be put on top.",
            Self::Checkpoint(error) => error.help(),
            Self::NoSuchLayer { .. } | Self::WrongShape { .. } => {
                "The adapter was trained on another model; name the model that its `base_model_name_or_path` names."
            }
            Self::Device(_) => "Try `--device cpu`.",
        }
    }
}

type Result<T> = std::result::Result<T, AdapterError>;

/// `adapter_config.json`, as far as it matters here.
#[derive(Debug, Deserialize)]
struct PeftConfig {
    peft_type: String,
    r: usize,
    lora_alpha: f64,
    #[serde(default)]
    use_rslora: bool,
    #[serde(default)]
    use_dora: bool,
    #[serde(default)]
    fan_in_fan_out: bool,
    #[serde(default)]
    lora_bias: bool,
    #[serde(default)]
    bias: Option<String>,
    #[serde(default)]
    rank_pattern: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    alpha_pattern: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    modules_to_save: Option<Vec<String>>,
}

/// An adapter on disk.
#[derive(Debug)]
pub struct Adapter {
    folder: PathBuf,
    config: PeftConfig,
    tensors: Checkpoint,
    used: RefCell<BTreeSet<String>>,
}

/// What an adapter adds to one weight: `scaling · b · a`.
#[derive(Debug)]
pub struct Update {
    /// (rank, in).
    a: Vec<f32>,
    /// (out, rank).
    b: Vec<f32>,
    rank: usize,
    scaling: f32,
}

impl Adapter {
    /// Opens the adapter in `dir`. Whether it fits a model shows when its layers ask for their updates.
    ///
    /// # Errors
    /// When it is no LoRA adapter, or of a kind that is not supported.
    pub fn open(dir: &Path) -> Result<Self> {
        let Some(config) = file::json::<PeftConfig>(dir, "adapter_config.json", MAX_CONFIG_BYTES)?
        else {
            return Err(AdapterError::NoConfig {
                folder: dir.to_owned(),
            });
        };
        if let Some(reason) = config.unsupported() {
            return Err(AdapterError::Unsupported {
                reason,
                folder: dir.to_owned(),
            });
        }
        Ok(Self {
            folder: dir.to_owned(),
            config,
            tensors: Checkpoint::open_file(dir, WEIGHTS)?,
            used: RefCell::default(),
        })
    }

    /// The update of a layer as tensors of their own, variables where they learn.
    pub(crate) fn lora(
        &self,
        layer: &str,
        dims: (usize, usize),
        device: &Device,
        learns: bool,
        variables: &mut Vec<(String, Var)>,
    ) -> Result<Option<Lora>> {
        let Some(update) = self.update(layer, dims)? else {
            return Ok(None);
        };
        let mut tensor = |values: Vec<f32>, shape: (usize, usize), half: &str| -> Result<Tensor> {
            let tensor = Tensor::from_vec(values, shape, device)?;
            if !learns {
                return Ok(tensor);
            }
            let variable = Var::from_tensor(&tensor)?;
            let tensor = variable.as_tensor().clone();
            variables.push((peft_name(layer, half), variable));
            Ok(tensor)
        };
        let scaling = f64::from(update.scaling);
        Ok(Some(Lora {
            a: tensor(update.a, (update.rank, dims.1), "lora_A")?,
            b: tensor(update.b, (dims.0, update.rank), "lora_B")?,
            scaling,
            dropout: None,
        }))
    }

    /// The update of a layer, such as `model.layers.0.mlp.up_proj`, of (out, in).
    pub(crate) fn update(&self, layer: &str, (n, k): (usize, usize)) -> Result<Option<Update>> {
        let find = |half| {
            let names = [peft_name(layer, half), older_name(layer, half)];
            names.into_iter().find(|name| self.tensors.contains(name))
        };
        let (Some(a), Some(b)) = (find("lora_A"), find("lora_B")) else {
            return Ok(None);
        };
        let rank = self.config.rank(layer);
        let update = Update {
            a: self.read(&a, [rank, k])?,
            b: self.read(&b, [n, rank])?,
            rank,
            scaling: self.config.scaling(layer),
        };
        self.used.borrow_mut().extend([a, b]);
        Ok(Some(update))
    }

    fn read(&self, name: &str, expected: [usize; 2]) -> Result<Vec<f32>> {
        let found = self
            .tensors
            .find(name, &expected)
            .map_err(|error| match error {
                CheckpointError::WrongShape { found, .. } => AdapterError::WrongShape {
                    name: name.to_owned(),
                    found,
                    expected: expected.to_vec(),
                    folder: self.folder.clone(),
                },
                error => error.into(),
            })?;
        let mut all = Vec::with_capacity(expected[0] * expected[1]);
        found.rows(1, |elements: Elements<'_>| {
            let start = all.len();
            all.resize(start + elements.len(), 0.0);
            elements.widen(&mut all[start..]);
        })?;
        Ok(all)
    }

    /// Refuses an adapter some of whose tensors no layer took.
    pub(crate) fn all_used(&self) -> Result<()> {
        let used = self.used.borrow();
        let mut unused: Vec<&str> = self
            .tensors
            .names()
            .filter(|name| !used.contains(*name))
            .collect();
        unused.sort_unstable();
        match unused.first() {
            None if used.is_empty() => Err(AdapterError::Unsupported {
                reason: format!("`{WEIGHTS}` holds no tensors"),
                folder: self.folder.clone(),
            }),
            None => Ok(()),
            Some(example) => Err(AdapterError::NoSuchLayer {
                count: unused.len(),
                example: (*example).to_owned(),
                folder: self.folder.clone(),
            }),
        }
    }
}

impl Update {
    /// Adds the update's rows from `first` to rows of a weight, (rows, in).
    pub(crate) fn add_rows(&self, first: usize, rows: &mut [f32]) {
        let k = self.a.len() / self.rank;
        let count = rows.len() / k;
        let b: Vec<f32> = self.b[first * self.rank..][..count * self.rank]
            .iter()
            .map(|b| b * self.scaling)
            .collect();
        ops::add_product(rows, &b, &self.a, (count, self.rank, k));
    }
}

impl PeftConfig {
    fn unsupported(&self) -> Option<String> {
        if self.peft_type != "LORA" {
            return Some(format!(
                "`peft_type` is `{}`",
                self.peft_type.chars().take(40).collect::<String>()
            ));
        }
        if self.r == 0 || self.r > 4096 || !self.lora_alpha.is_finite() {
            return Some("`r` is not between 1 and 4096, or `lora_alpha` is no number".to_owned());
        }
        let asked = [
            ("use_dora", self.use_dora),
            ("fan_in_fan_out", self.fan_in_fan_out),
            ("lora_bias", self.lora_bias),
            (
                "bias",
                self.bias.as_deref().is_some_and(|bias| bias != "none"),
            ),
            (
                "modules_to_save",
                self.modules_to_save
                    .as_ref()
                    .is_some_and(|all| !all.is_empty()),
            ),
        ];
        let (name, _) = asked.into_iter().find(|(_, asked)| *asked)?;
        Some(format!("`{name}` is not supported"))
    }

    /// The rank of a layer: PEFT's patterns match the end of its name.
    fn rank(&self, layer: &str) -> usize {
        let own = pattern(&self.rank_pattern, layer).and_then(serde_json::Value::as_u64);
        own.and_then(|rank| usize::try_from(rank).ok())
            .unwrap_or(self.r)
    }

    fn scaling(&self, layer: &str) -> f32 {
        let own = pattern(&self.alpha_pattern, layer).and_then(serde_json::Value::as_f64);
        let (alpha, rank) = (own.unwrap_or(self.lora_alpha), self.rank(layer) as f64);
        let scaling = match self.use_rslora {
            true => alpha / rank.sqrt(),
            false => alpha / rank,
        };
        scaling as f32
    }
}

fn pattern<'a>(
    patterns: &'a serde_json::Map<String, serde_json::Value>,
    layer: &str,
) -> Option<&'a serde_json::Value> {
    patterns
        .iter()
        .find(|(pattern, _)| layer == pattern.as_str() || layer.ends_with(&format!(".{pattern}")))
        .map(|(_, value)| value)
}

/// A tensor's name as PEFT writes it today, of a layer named as in the published checkpoints.
pub fn peft_name(layer: &str, half: &str) -> String {
    let inner = match layer.strip_prefix("model.") {
        Some(text) => format!("language_model.{text}"),
        None => layer.to_owned(),
    };
    format!("base_model.model.model.{inner}.{half}.weight")
}

/// The same as written with older versions of transformers.
fn older_name(layer: &str, half: &str) -> String {
    format!("base_model.model.{layer}.{half}.weight")
}
