//! Models that a workspace may draft with: where each is found and how it is run. Never a key.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{ModelId, Timestamp};

/// Longest name of a model, in characters.
const MAX_NAME_CHARS: usize = 120;
/// Longest path or address, in bytes.
const MAX_LOCATION_BYTES: usize = 4_096;
/// Longest name of a keyring entry, in bytes.
const MAX_ENTRY_BYTES: usize = 64;
/// Most requests to one server at once.
const MAX_CONCURRENCY: u32 = 64;
/// Picture sides that make sense to a model, in pixels.
const SIDE_PX: std::ops::RangeInclusive<u32> = 28..=16_384;

/// A model that a workspace may draft with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Model {
    /// Its name for machines.
    pub id: ModelId,
    /// Its name for people; unique among the models that have not been removed.
    pub name: String,
    /// What and where it is.
    pub source: ModelSource,
    /// When it was added.
    pub added_at: Timestamp,
}

/// A model that has no row yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct NewModel {
    /// Its name for people, at most 120 characters.
    pub name: String,
    /// What and where it is.
    pub source: ModelSource,
}

/// What a model is, where it is found, and how it is run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ModelSource {
    /// A local directory of a Qwen2.5-VL checkpoint in Hugging Face layout.
    Qwen25Vl {
        /// The directory.
        path: String,
        /// How it is run.
        options: LocalOptions,
    },
    /// A local GGUF file of a text model.
    Gguf {
        /// The file.
        path: String,
        /// How it is run.
        options: LocalOptions,
    },
    /// A server that speaks OpenAI's chat completions.
    Server {
        /// Base address, `http` or `https`, such as `http://localhost:8000/v1`.
        url: String,
        /// How it is asked.
        options: ServerOptions,
    },
}

/// The kinds of [`ModelSource`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// A local Qwen2.5-VL directory.
    Qwen25Vl,
    /// A local GGUF text model.
    Gguf,
    /// A server.
    Server,
}

/// How a local model is run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(default)]
pub struct LocalOptions {
    /// `auto`, `cpu`, `cuda` or `cuda:N`.
    pub device: String,
    /// Number type of the weights after quantising on load; not quantised when `None`.
    pub quantize: Option<Quantize>,
    /// Number type of the computation; the device's own choice when `None`.
    pub compute_type: Option<ComputeType>,
    /// Directory of a PEFT adapter on top.
    pub adapter: Option<String>,
    /// Longest side of a picture in pixels, 28–16,384; the checkpoint's own bound when `None`.
    pub max_side_px: Option<u32>,
}

impl Default for LocalOptions {
    fn default() -> Self {
        Self {
            device: "auto".to_owned(),
            quantize: None,
            compute_type: None,
            adapter: None,
            max_side_px: None,
        }
    }
}

/// Number types that weights are quantised to on load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Quantize {
    /// 8.5 bits a weight.
    Q8_0,
    /// 4.5 bits a weight.
    Q4K,
}

/// Number types of a computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ComputeType {
    /// 32 bits.
    F32,
    /// 16 bits, with the range of 32.
    Bf16,
    /// 16 bits, IEEE 754.
    F16,
}

/// How a server is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(default)]
pub struct ServerOptions {
    /// The model's name on the server.
    pub model: String,
    /// Where its key is kept; servers without keys exist.
    pub key: Option<KeySource>,
    /// Requests at once, 1–64.
    pub concurrency: u32,
    /// Longest side of a picture that is sent, in pixels, 28–16,384; 2,048 when `None`.
    pub max_side_px: Option<u32>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            model: String::new(),
            key: None,
            concurrency: 4,
            max_side_px: None,
        }
    }
}

/// Where a key is kept: never in the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum KeySource {
    /// An environment variable of the process that asks.
    Environment {
        /// The variable's name.
        variable: String,
    },
    /// An entry of the operating system's keyring.
    Keyring {
        /// The entry's name.
        entry: String,
    },
}

impl ModelSource {
    /// Its kind.
    pub fn kind(&self) -> ModelKind {
        match self {
            Self::Qwen25Vl { .. } => ModelKind::Qwen25Vl,
            Self::Gguf { .. } => ModelKind::Gguf,
            Self::Server { .. } => ModelKind::Server,
        }
    }

    /// The path, or the address.
    pub fn location(&self) -> &str {
        match self {
            Self::Qwen25Vl { path, .. } | Self::Gguf { path, .. } => path,
            Self::Server { url, .. } => url,
        }
    }

    /// Directory of the adapter, where there is one.
    pub fn adapter(&self) -> Option<&str> {
        match self {
            Self::Qwen25Vl { options, .. } | Self::Gguf { options, .. } => {
                options.adapter.as_deref()
            }
            Self::Server { .. } => None,
        }
    }
}

impl ModelKind {
    /// The name used in the database and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Qwen25Vl => "qwen25_vl",
            Self::Gguf => "gguf",
            Self::Server => "server",
        }
    }
}

/// What is wrong with a model that somebody wants to add.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadModel {
    /// No name, a long one, or one with control characters.
    #[error("a model needs a name of at most {MAX_NAME_CHARS} characters on one line")]
    Name,
    /// No path or address, or a very long one.
    #[error("a model needs a path or an address of at most {MAX_LOCATION_BYTES} bytes")]
    Location,
    /// An address that is no plain `http` address.
    #[error("`{0}` is no address of a server")]
    Url(String),
    /// An address that carries a name, a password or a query.
    #[error("the address of a server must not carry a user, a password or a query")]
    SecretInUrl,
    /// A server's model without a name.
    #[error("the model needs its name on the server")]
    ServerModel,
    /// A key where the name of a place for it belongs.
    #[error("this names no environment variable and no keyring entry")]
    KeySource,
    /// A number out of its range.
    #[error("`{name}` is {value}, and must be {least}–{most}")]
    Range {
        /// The option.
        name: &'static str,
        /// What was given.
        value: u32,
        /// The least that is allowed.
        least: u32,
        /// The most that is allowed.
        most: u32,
    },
    /// A device that does not exist.
    #[error("`{0}` is no device")]
    Device(String),
}

impl BadModel {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Url(_) => Some("Give an address such as `http://localhost:8000/v1`."),
            Self::SecretInUrl | Self::KeySource => Some(
                "Keep the key in the keyring or in an environment variable, and give its name here.",
            ),
            Self::Device(_) => Some("Give `auto`, `cpu`, `cuda` or `cuda:N`."),
            _ => None,
        }
    }
}

impl NewModel {
    /// Checks every field.
    ///
    /// # Errors
    /// [`BadModel`] says which one is wrong.
    pub fn check(&self) -> Result<(), BadModel> {
        let name = self.name.trim();
        if !is_line(name, MAX_NAME_CHARS) {
            return Err(BadModel::Name);
        }
        let location = self.source.location();
        if location.trim().is_empty() || location.len() > MAX_LOCATION_BYTES {
            return Err(BadModel::Location);
        }
        match &self.source {
            ModelSource::Qwen25Vl { options, .. } | ModelSource::Gguf { options, .. } => {
                options.check()
            }
            ModelSource::Server { url, options } => check_url(url).and_then(|()| options.check()),
        }
    }
}

impl LocalOptions {
    fn check(&self) -> Result<(), BadModel> {
        let index = self.device.strip_prefix("cuda:");
        let is_device = matches!(self.device.as_str(), "auto" | "cpu" | "cuda")
            || index.is_some_and(|index| index.parse::<u8>().is_ok());
        if !is_device {
            return Err(BadModel::Device(self.device.clone()));
        }
        if let Some(adapter) = &self.adapter
            && (adapter.trim().is_empty() || adapter.len() > MAX_LOCATION_BYTES)
        {
            return Err(BadModel::Location);
        }
        check_side(self.max_side_px)
    }
}

impl ServerOptions {
    fn check(&self) -> Result<(), BadModel> {
        if !is_line(self.model.trim(), MAX_LOCATION_BYTES) {
            return Err(BadModel::ServerModel);
        }
        if !self.key.as_ref().is_none_or(KeySource::is_name) {
            return Err(BadModel::KeySource);
        }
        in_range("concurrency", self.concurrency, 1..=MAX_CONCURRENCY)?;
        check_side(self.max_side_px)
    }
}

impl KeySource {
    /// Whether this is the name of a place, and not a key that was put here by mistake.
    fn is_name(&self) -> bool {
        match self {
            Self::Environment { variable } => {
                let mut bytes = variable.bytes();
                bytes
                    .next()
                    .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
                    && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                    && variable.len() <= MAX_ENTRY_BYTES
            }
            Self::Keyring { entry } => {
                !entry.is_empty()
                    && entry.len() <= MAX_ENTRY_BYTES
                    && !entry.starts_with("sk-")
                    && !entry.contains(char::is_control)
            }
        }
    }
}

fn check_url(url: &str) -> Result<(), BadModel> {
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"));
    let host = rest.and_then(|rest| rest.split('/').next());
    let is_plain = |url: &str| !url.contains(|each: char| each.is_control() || each == ' ');
    if host.is_none_or(str::is_empty) || !is_plain(url) {
        return Err(BadModel::Url(url.to_owned()));
    }
    if url.contains(['@', '?', '#']) {
        return Err(BadModel::SecretInUrl);
    }
    Ok(())
}

fn check_side(side: Option<u32>) -> Result<(), BadModel> {
    side.map_or(Ok(()), |side| in_range("max_side_px", side, SIDE_PX))
}

fn in_range(
    name: &'static str,
    value: u32,
    range: std::ops::RangeInclusive<u32>,
) -> Result<(), BadModel> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(BadModel::Range {
        name,
        value,
        least: *range.start(),
        most: *range.end(),
    })
}

fn is_line(text: &str, max_chars: usize) -> bool {
    !text.is_empty() && text.chars().count() <= max_chars && !text.contains(char::is_control)
}
