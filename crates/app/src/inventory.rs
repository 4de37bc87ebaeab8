//! Models that this machine and the workspace have, described so that somebody can choose: what each is,
//! what it needs, and whether it fits. Nothing is loaded; servers are not asked.

use std::path::Path;

use anyhow::Result;
use domain::{Model, ModelId, ModelKind, ModelSource, NewModel, Quantize};
use hub::{Cache, Description, DeviceKind, Fit, Kind, Weights};
use serde::{Deserialize, Serialize};
use specta::Type;
use store::table::model;

use crate::Session;
use crate::jobs::absolute;
use crate::problem::{Named, of_hub};

/// Tokens of prompt and answer that memory is reckoned for: a picture, its context and a long caption.
const CONTEXT_TOKENS: u64 = 4_096;
const MIB: u64 = 1 << 20;

/// What there is to draft with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Inventory {
    /// Where a model can run: the processor, then GPUs.
    pub devices: Vec<DeviceInfo>,
    /// The workspace's models, by name.
    pub listed: Vec<Listed>,
    /// Models on this machine that the workspace does not list yet.
    pub found: Vec<Found>,
}

/// Something that a model can run on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct DeviceInfo {
    /// As [`domain::LocalOptions::device`] has it: `cpu`, `cuda:0`.
    pub id: String,
    /// What its maker calls it.
    pub name: String,
    /// Memory in MiB.
    pub total_mib: u32,
    /// Memory that is not in use, in MiB.
    pub free_mib: u32,
}

/// A model of the workspace's list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Listed {
    /// The model.
    pub model: Model,
    /// What lies on disk; `None` for servers, and where it cannot be read.
    pub about: Option<ModelAbout>,
    /// Why it cannot be read.
    pub problem: Option<String>,
    /// The same for windows in other languages than English.
    pub named: Option<Named>,
}

/// A model on this machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Found {
    /// Its repository, or its folder or file.
    pub name: String,
    /// Its directory, or its GGUF file.
    pub path: String,
    /// What it is; `None` when it is broken.
    pub about: Option<ModelAbout>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// What a model on disk is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ModelAbout {
    /// Name of its repository, or of its folder or file.
    pub name: String,
    /// Its directory, or its GGUF file.
    pub path: String,
    /// How it is run; text models see no pictures.
    pub kind: ModelKind,
    /// Its architecture, as its own files state it.
    pub architecture: String,
    /// Number of parameters.
    pub parameters: f64,
    /// Size of its files with weights, in MiB.
    pub disk_mib: u32,
    /// Number formats of its weights, those with most weights first.
    pub formats: Vec<String>,
    /// Longest prompt with answer, in tokens.
    pub context_tokens: Option<u32>,
    /// Commit of a cached model.
    pub revision: Option<String>,
    /// License that it states.
    pub license: Option<String>,
    /// What it needs on each device, quantised or not.
    pub needs: Vec<MemoryNeed>,
}

/// Memory that a model needs in one way of running it, and whether that is there now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct MemoryNeed {
    /// The device.
    pub device: String,
    /// How its weights are quantised on load; not at all when `None`.
    pub quantize: Option<Quantize>,
    /// Weights, caches and working memory for 4,096 tokens, in MiB; an estimate.
    pub needed_mib: u32,
    /// Memory that is free on the device, in MiB.
    pub free_mib: u32,
    /// What that comes to.
    pub fit: Fitness,
}

/// Whether a model fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Fitness {
    /// It fits, and leaves some.
    Fits,
    /// It fits, but takes more than 85 % of what is free.
    Tight,
    /// It does not fit.
    TooBig,
}

impl Session {
    /// Everything that could draft here. Reads headers of files and asks GPU drivers, which can take seconds.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn inventory(&self) -> Result<Inventory> {
        let devices = hub::devices();
        let listed: Vec<Listed> = self
            .models()?
            .into_iter()
            .map(|model| listed(model, &devices))
            .collect();
        let is_listed = |path: &str| {
            let mut sources = listed.iter().map(|listed| listed.model.source.location());
            sources.any(|location| location == path)
        };
        let found = hub::find(&Cache::from_env(), &[])
            .into_iter()
            .filter(|model| model.kind != Some(Kind::Adapter))
            .map(|model| found(model, &devices))
            .filter(|found| !is_listed(&found.path))
            .collect();
        Ok(Inventory {
            devices: devices.iter().map(device_info).collect(),
            listed,
            found,
        })
    }

    /// Lists a model in place of another, such as the same one with other options.
    ///
    /// # Errors
    /// As [`Self::add_model`], and when the old one is not there.
    pub fn replace_model(&self, old: &ModelId, new: &NewModel) -> Result<Model> {
        let new = absolute(new)?;
        self.write(|tx, by| {
            model::remove(tx, by, old)?;
            model::insert(tx, by, &new)
        })
    }
}

/// What a model directory or a GGUF file is.
///
/// # Errors
/// When it is no model that can draft, or is broken.
pub fn describe_model(path: &Path) -> Result<ModelAbout> {
    let description = hub::describe(&std::path::absolute(path)?)?;
    if description.kind == Kind::Adapter {
        let found = "a PEFT adapter, which works on top of a model".to_owned();
        let path = description.path;
        return Err(hub::Error::NotAModel { found, path }.into());
    }
    Ok(about(&description, &hub::devices()))
}

fn listed(model: Model, devices: &[hub::Device]) -> Listed {
    let (about, broken) = match &model.source {
        ModelSource::Server { .. } => (None, None),
        ModelSource::Qwen25Vl { path, .. } | ModelSource::Gguf { path, .. } => {
            match hub::describe(Path::new(path)) {
                Ok(description) => (Some(about(&description, devices)), None),
                Err(error) => (None, Some(error)),
            }
        }
    };
    Listed {
        model,
        about,
        named: broken.as_ref().map(of_hub),
        problem: broken.map(|error| error.to_string()),
    }
}

fn found(model: hub::Model, devices: &[hub::Device]) -> Found {
    Found {
        name: model.name,
        path: model.path.display().to_string(),
        about: model.description.as_ref().map(|each| about(each, devices)),
        problem: model.problem,
    }
}

fn about(description: &Description, devices: &[hub::Device]) -> ModelAbout {
    let mut formats: Vec<_> = description.dtypes.iter().collect();
    formats.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    let ways: &[_] = match description.kind {
        // Its weights are quantised already.
        Kind::Gguf => &[None],
        _ => &[None, Some(Quantize::Q8_0), Some(Quantize::Q4K)],
    };
    let need = |device| {
        let ways = ways.iter();
        ways.map(move |quantize| memory_need(description, device, *quantize))
    };
    ModelAbout {
        name: description.name.clone(),
        path: description.path.display().to_string(),
        kind: match description.kind {
            Kind::Gguf => ModelKind::Gguf,
            _ => ModelKind::Qwen25Vl,
        },
        architecture: description.architecture.clone(),
        parameters: description.parameters as f64,
        disk_mib: mib(description.disk_bytes),
        formats: formats.into_iter().map(|(name, _)| name.clone()).collect(),
        context_tokens: description
            .context_tokens
            .map(|n| u32::try_from(n).unwrap_or(u32::MAX)),
        revision: description.revision.clone(),
        license: description.license.clone(),
        needs: devices.iter().flat_map(need).collect(),
    }
}

fn memory_need(
    description: &Description,
    device: &hub::Device,
    quantize: Option<Quantize>,
) -> MemoryNeed {
    // Unquantised, the processor computes in 32 bits and a GPU in 16.
    let weights = match (quantize, device.kind) {
        (Some(Quantize::Q8_0), _) => Weights::Q8_0,
        (Some(Quantize::Q4K), _) => Weights::Q4K,
        (None, DeviceKind::Cpu) => Weights::F32,
        (None, DeviceKind::Cuda) => Weights::Bf16,
    };
    let need = hub::memory_need(description, weights, CONTEXT_TOKENS, device.kind);
    MemoryNeed {
        device: device.id.clone(),
        quantize,
        needed_mib: mib(need.total()),
        free_mib: mib(device.free_bytes),
        fit: match hub::fits(&need, device) {
            Fit::Fits => Fitness::Fits,
            Fit::Tight => Fitness::Tight,
            Fit::TooBig { .. } => Fitness::TooBig,
        },
    }
}

fn device_info(device: &hub::Device) -> DeviceInfo {
    DeviceInfo {
        id: device.id.clone(),
        name: device.name.clone(),
        total_mib: mib(device.total_bytes),
        free_mib: mib(device.free_bytes),
    }
}

fn mib(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(MIB)).unwrap_or(u32::MAX)
}
