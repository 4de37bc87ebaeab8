//! From a directory to a model in memory: which device, which number format, which adapter.

use std::path::{Path, PathBuf};

use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{DType, Device, Tensor, Var};
use half::{bf16, f16};
use rayon::prelude::*;

use crate::adapter::{Adapter, AdapterError};
use crate::checkpoint::{Checkpoint, CheckpointError, Elements, Found, Stored};
use crate::config::{Config, ConfigError};
use crate::linear::Linear;
use crate::model::Qwen;
use crate::text::{self, Mlp, Text};
use crate::vision::{Block, Merger, Vision};
use crate::weight::Weight;

/// Block format that weight matrices are quantised to on load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantization {
    /// 8.5 bits a weight.
    Q8_0,
    /// 4.5 bits a weight; embeddings, head and vision tower stay at 8.5.
    Q4K,
}

/// Which weights may learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trainable {
    /// None: for inference.
    #[default]
    None,
    /// An adapter's.
    Adapter,
    /// Every one of the checkpoint, in f32.
    All,
    /// Those of some parts of the model, in f32.
    Parts(Parts),
}

/// Parts of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// The text tower, its embeddings and its head.
    pub language: bool,
    /// The vision tower without its merger.
    pub vision: bool,
    /// The merger between the towers.
    pub merger: bool,
}

impl Parts {
    /// Whether a tensor or layer of this name, as in the published checkpoints, belongs to one of them.
    pub fn hold(self, name: &str) -> bool {
        match (
            name.starts_with("visual.merger."),
            name.starts_with("visual."),
        ) {
            (true, _) => self.merger,
            (_, true) => self.vision,
            _ => self.language,
        }
    }
}

impl Trainable {
    /// Whether a weight of the checkpoint learns.
    fn holds(self, name: &str) -> bool {
        match self {
            Self::None | Self::Adapter => false,
            Self::All => true,
            Self::Parts(parts) => parts.hold(name),
        }
    }
}

/// How a model is loaded.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Where it computes.
    pub device: Device,
    /// Number format of the weights; by default as stored on the CPU, where arithmetic is in f32 whatever
    /// the weights are, and bf16 elsewhere unless the checkpoint is f32.
    pub dtype: Option<DType>,
    /// Quantises weight matrices.
    pub quantize: Option<Quantization>,
    /// A PEFT adapter directory to put on top.
    pub adapter: Option<PathBuf>,
    /// Adds the adapter into the weights instead of computing it beside them.
    pub merge: bool,
    /// Which weights may learn.
    pub trainable: Trainable,
}

impl LoadOptions {
    /// Plain inference on `device`.
    pub fn on(device: Device) -> Self {
        Self {
            device,
            dtype: None,
            quantize: None,
            adapter: None,
            merge: false,
            trainable: Trainable::None,
        }
    }
}

/// Why a model was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The weights.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The adapter.
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    /// Options that exclude each other.
    #[error("{0}")]
    Options(&'static str),
    /// The device.
    #[error("the device could not take the model")]
    Device(#[from] candle_core::Error),
}

impl LoadError {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Config(error) => error.help(),
            Self::Checkpoint(error) => Some(error.help()),
            Self::Adapter(error) => Some(error.help()),
            Self::Options(_) => None,
            Self::Device(_) => Some("Try `--device cpu`, or `--quantize q8_0` for less memory."),
        }
    }
}

type Result<T> = std::result::Result<T, LoadError>;

/// Loads the checkpoint in `dir`.
///
/// # Errors
/// When the directory is no Qwen2.5-VL, when files are missing, cut or hostile, when weights are not
/// finite, or when the adapter does not fit.
pub fn load(dir: &Path, options: &LoadOptions) -> Result<Qwen> {
    let weights_learn = matches!(options.trainable, Trainable::All | Trainable::Parts(_));
    if options.quantize.is_some() && weights_learn {
        return Err(LoadError::Options("quantised weights do not learn"));
    }
    if options.merge && options.trainable == Trainable::Adapter {
        return Err(LoadError::Options("a merged adapter does not learn"));
    }
    let config = Config::from_dir(dir)?;
    let checkpoint = Checkpoint::open(dir)?;
    let adapter = match &options.adapter {
        Some(dir) => Some(Adapter::open(dir)?),
        None => None,
    };
    let mut loader = Loader {
        checkpoint,
        adapter,
        config: &config,
        options,
        variables: Vec::new(),
    };
    let text = loader.text()?;
    let vision = loader.vision()?;
    if let Some(adapter) = &loader.adapter {
        adapter.all_used()?;
    }
    let variables = loader.variables;
    Ok(Qwen {
        text,
        vision,
        variables,
        device: options.device.clone(),
        config,
    })
}

struct Loader<'a> {
    checkpoint: Checkpoint,
    adapter: Option<Adapter>,
    config: &'a Config,
    options: &'a LoadOptions,
    variables: Vec<(String, Var)>,
}

impl Loader<'_> {
    fn text(&mut self) -> Result<Text> {
        let c = self.config;
        let vocabulary = (c.vocab_size, c.hidden_size);
        // First: while it is quantised it takes most memory besides its own.
        let embed_tokens =
            self.matrix("model.embed_tokens.weight", vocabulary, Role::Vocabulary)?;
        let lm_head = match c.tie_word_embeddings {
            true => embed_tokens.clone(),
            false => self.matrix("lm_head.weight", vocabulary, Role::Vocabulary)?,
        };
        let layers = (0..c.num_hidden_layers)
            .map(|number| self.layer(number))
            .collect::<Result<Vec<_>>>()?;
        let norm = self.vector("model.norm.weight", c.hidden_size)?;
        let lm_head = Linear {
            weight: lm_head,
            bias: None,
            lora: None,
        };
        Ok(Text::new(c, embed_tokens, layers, norm, lm_head))
    }

    fn layer(&mut self, number: usize) -> Result<text::Layer> {
        let c = self.config;
        let at = format!("model.layers.{number}");
        let (hidden, d) = (c.hidden_size, c.head_dim());
        let (heads, groups) = (c.num_attention_heads * d, c.num_key_value_heads * d);
        let attn = format!("{at}.self_attn");
        Ok(text::Layer {
            input_layernorm: self.vector(&format!("{at}.input_layernorm.weight"), hidden)?,
            self_attn: text::Attention {
                q_proj: self.linear(
                    &format!("{attn}.q_proj"),
                    (heads, hidden),
                    Role::Text,
                    true,
                )?,
                k_proj: self.linear(
                    &format!("{attn}.k_proj"),
                    (groups, hidden),
                    Role::Text,
                    true,
                )?,
                v_proj: self.linear(
                    &format!("{attn}.v_proj"),
                    (groups, hidden),
                    Role::Text,
                    true,
                )?,
                o_proj: self.linear(
                    &format!("{attn}.o_proj"),
                    (hidden, heads),
                    Role::Text,
                    false,
                )?,
                head_dim: d,
            },
            post_attention_layernorm: self
                .vector(&format!("{at}.post_attention_layernorm.weight"), hidden)?,
            mlp: self.mlp(
                &format!("{at}.mlp"),
                (hidden, c.intermediate_size),
                Role::Text,
            )?,
            eps: c.rms_norm_eps,
        })
    }

    fn vision(&mut self) -> Result<Vision> {
        let v = &self.config.vision;
        let (hidden, merged) = (v.hidden_size, v.hidden_size * v.spatial_merge_unit());
        let patch_embed = Linear {
            weight: self.patch_embed()?,
            bias: None,
            lora: None,
        };
        let blocks = (0..v.depth)
            .map(|number| self.block(number))
            .collect::<Result<Vec<_>>>()?;
        let merger = Merger {
            ln_q: self.vector("visual.merger.ln_q.weight", hidden)?,
            mlp_0: self.linear("visual.merger.mlp.0", (merged, merged), Role::Vision, true)?,
            mlp_2: self.linear(
                "visual.merger.mlp.2",
                (v.out_hidden_size, merged),
                Role::Vision,
                true,
            )?,
        };
        Ok(Vision {
            patch_embed,
            blocks,
            merger,
        })
    }

    fn block(&mut self, number: usize) -> Result<Block> {
        let v = &self.config.vision;
        let at = format!("visual.blocks.{number}");
        let hidden = v.hidden_size;
        Ok(Block {
            norm1: self.vector(&format!("{at}.norm1.weight"), hidden)?,
            qkv: self.linear(
                &format!("{at}.attn.qkv"),
                (3 * hidden, hidden),
                Role::Vision,
                true,
            )?,
            proj: self.linear(
                &format!("{at}.attn.proj"),
                (hidden, hidden),
                Role::Vision,
                true,
            )?,
            norm2: self.vector(&format!("{at}.norm2.weight"), hidden)?,
            mlp: self.mlp(
                &format!("{at}.mlp"),
                (hidden, v.intermediate_size),
                Role::Vision,
            )?,
            num_heads: v.num_heads,
            full: v.fullatt_block_indexes.contains(&number),
        })
    }

    fn mlp(&mut self, at: &str, (hidden, inner): (usize, usize), role: Role) -> Result<Mlp> {
        let bias = role == Role::Vision;
        Ok(Mlp {
            gate_proj: self.linear(&format!("{at}.gate_proj"), (inner, hidden), role, bias)?,
            up_proj: self.linear(&format!("{at}.up_proj"), (inner, hidden), role, bias)?,
            down_proj: self.linear(&format!("{at}.down_proj"), (hidden, inner), role, bias)?,
        })
    }

    fn linear(&mut self, at: &str, dims: (usize, usize), role: Role, bias: bool) -> Result<Linear> {
        let weight = self.matrix(&format!("{at}.weight"), dims, role)?;
        let bias = match bias {
            true => Some(self.vector(&format!("{at}.bias"), dims.0)?),
            false => None,
        };
        let lora = match (&self.adapter, self.options.merge) {
            (Some(adapter), false) => {
                let learns = self.options.trainable == Trainable::Adapter;
                adapter.lora(at, dims, &self.options.device, learns, &mut self.variables)?
            }
            _ => None,
        };
        Ok(Linear { weight, bias, lora })
    }

    /// The convolution (hidden, channels, temporal, patch, patch) as a matrix.
    fn patch_embed(&mut self) -> Result<Weight> {
        let v = &self.config.vision;
        let name = "visual.patch_embed.proj.weight";
        let shape = [
            v.hidden_size,
            v.in_channels,
            v.temporal_patch_size,
            v.patch_size,
            v.patch_size,
        ];
        let found = self.checkpoint.find(name, &shape)?;
        let dtype = self.dtype(name, found.stored);
        let tensor = dense(
            &found,
            dtype,
            &[v.hidden_size, v.patch_dim()],
            &self.options.device,
        )?;
        Ok(Weight::Dense(self.learn(name, tensor)?))
    }

    /// A vector of `n`: f32 on the CPU, the compute type elsewhere.
    fn vector(&mut self, name: &str, n: usize) -> Result<Tensor> {
        let found = self.checkpoint.find(name, &[n])?;
        let dtype = match self.options.device.is_cpu() {
            true => DType::F32,
            false => self.dtype(name, found.stored),
        };
        let tensor = dense(&found, dtype, &[n], &self.options.device)?;
        self.learn(name, tensor)
    }

    fn matrix(&mut self, name: &str, (n, k): (usize, usize), role: Role) -> Result<Weight> {
        let found = self.checkpoint.find(name, &[n, k])?;
        let layer = name.strip_suffix(".weight").unwrap_or(name);
        let merged = match (&self.adapter, self.options.merge) {
            (Some(adapter), true) => adapter.update(layer, (n, k))?,
            _ => None,
        };
        let block = self
            .options
            .quantize
            .and_then(|to| block_format(to, role, k));
        if let Some(block) = block {
            let rows = Blocks { n, k, block };
            let tensor = rows.quantise(&found, merged.as_ref(), &self.options.device)?;
            return Ok(Weight::Quantized(tensor.into()));
        }
        let dtype = self.dtype(name, found.stored);
        let tensor = match merged {
            Some(update) => {
                // Rounded to bf16, a small update would be lost.
                let dtype = match (self.options.dtype, self.options.device.is_cpu()) {
                    (None, true) => DType::F32,
                    _ => dtype,
                };
                merge(&found, &update, dtype, (n, k), &self.options.device)?
            }
            None => dense(&found, dtype, &[n, k], &self.options.device)?,
        };
        Ok(Weight::Dense(self.learn(name, tensor)?))
    }

    fn dtype(&self, name: &str, stored: Stored) -> DType {
        let learns = self.options.trainable.holds(name);
        let as_stored = match stored {
            Stored::F32 => DType::F32,
            Stored::Bf16 => DType::BF16,
            Stored::F16 => DType::F16,
        };
        match (learns, self.options.dtype) {
            (true, _) => DType::F32,
            (_, Some(dtype)) => dtype,
            (_, None) if self.options.device.is_cpu() => as_stored,
            (_, None) if as_stored == DType::F32 => DType::F32,
            (_, None) => DType::BF16,
        }
    }

    /// Makes a variable of a tensor that learns, and remembers it by name.
    fn learn(&mut self, name: &str, tensor: Tensor) -> Result<Tensor> {
        if !self.options.trainable.holds(name) {
            return Ok(tensor);
        }
        let variable = Var::from_tensor(&tensor)?;
        let tensor = variable.as_tensor().clone();
        self.variables.push((name.to_owned(), variable));
        Ok(tensor)
    }
}

/// Where a matrix belongs; decides how it is quantised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Vocabulary,
    Text,
    Vision,
}

/// The block format for rows of `k`, if any fits.
fn block_format(to: Quantization, role: Role, k: usize) -> Option<GgmlDType> {
    match (to, role) {
        (Quantization::Q4K, Role::Text) if k.is_multiple_of(256) => Some(GgmlDType::Q4K),
        _ if k.is_multiple_of(32) => Some(GgmlDType::Q8_0),
        _ => None,
    }
}

/// Copies a tensor once, into its place.
fn dense(found: &Found<'_>, dtype: DType, shape: &[usize], device: &Device) -> Result<Tensor> {
    let n = shape.iter().product();
    match (dtype, found.stored) {
        (DType::BF16, Stored::Bf16) => {
            let mut all: Vec<bf16> = Vec::with_capacity(n);
            found.rows(1, |elements| {
                if let Elements::Bf16(part) = elements {
                    all.extend_from_slice(&part);
                }
            })?;
            Ok(Tensor::from_vec(all, shape, device)?)
        }
        (DType::F16, Stored::F16) => {
            let mut all: Vec<f16> = Vec::with_capacity(n);
            found.rows(1, |elements| {
                if let Elements::F16(part) = elements {
                    all.extend_from_slice(bytemuck::cast_slice(&part));
                }
            })?;
            Ok(Tensor::from_vec(all, shape, device)?)
        }
        _ => Collect::new(dtype, n)?
            .take(found, 1, |_, _| ())?
            .tensor(shape, device),
    }
}

/// As [`dense`], with an adapter's update added in f32.
fn merge(
    found: &Found<'_>,
    update: &crate::adapter::Update,
    dtype: DType,
    (n, k): (usize, usize),
    device: &Device,
) -> Result<Tensor> {
    Collect::new(dtype, n * k)?
        .take(found, k, |first, block| update.add_rows(first / k, block))?
        .tensor(&[n, k], device)
}

/// A tensor that grows block by block in its own format.
enum Collect {
    F32(Vec<f32>),
    Bf16(Vec<bf16>),
    F16(Vec<f16>),
}

impl Collect {
    fn new(dtype: DType, n: usize) -> Result<Self> {
        match dtype {
            DType::F32 => Ok(Self::F32(Vec::with_capacity(n))),
            DType::BF16 => Ok(Self::Bf16(Vec::with_capacity(n))),
            DType::F16 => Ok(Self::F16(Vec::with_capacity(n))),
            _ => Err(LoadError::Options("weights are held as f32, bf16 or f16")),
        }
    }

    /// Widens rows of `k`, lets `change` add to them (it is told the number of the block's first element),
    /// and keeps them.
    fn take(
        mut self,
        found: &Found<'_>,
        k: usize,
        mut change: impl FnMut(usize, &mut [f32]),
    ) -> Result<Self> {
        let (mut block, mut first) = (Vec::new(), 0);
        found.rows(k, |elements| {
            block.resize(elements.len(), 0.0);
            elements.widen(&mut block);
            change(first, &mut block);
            first += block.len();
            match &mut self {
                Self::F32(all) => all.extend_from_slice(&block),
                Self::Bf16(all) => all.extend(block.iter().map(|x| bf16::from_f32(*x))),
                Self::F16(all) => all.extend(block.iter().map(|x| f16::from_f32(*x))),
            }
        })?;
        Ok(self)
    }

    fn tensor(self, shape: &[usize], device: &Device) -> Result<Tensor> {
        Ok(match self {
            Self::F32(all) => Tensor::from_vec(all, shape, device)?,
            Self::Bf16(all) => Tensor::from_vec(all, shape, device)?,
            Self::F16(all) => Tensor::from_vec(all, shape, device)?,
        })
    }
}

/// A matrix to be quantised.
struct Blocks {
    n: usize,
    k: usize,
    block: GgmlDType,
}

impl Blocks {
    /// Quantises rows as they are read, so that the matrix never exists in f32.
    fn quantise(
        &self,
        found: &Found<'_>,
        update: Option<&crate::adapter::Update>,
        device: &Device,
    ) -> Result<QTensor> {
        let size = self.n * self.k / self.block.block_size() * self.block.type_size();
        let mut bytes: Vec<u8> = Vec::with_capacity(size);
        let (mut block, mut first, mut failed) = (Vec::new(), 0, None);
        found.rows(self.k, |elements| {
            block.resize(elements.len(), 0.0);
            elements.widen(&mut block);
            if let Some(update) = update {
                update.add_rows(first, &mut block);
            }
            first += block.len() / self.k;
            let done = self
                .rows_quantised(&block)
                .map(|rows| bytes.extend(rows.concat()));
            failed = failed.take().or(done.err());
        })?;
        if let Some(error) = failed {
            return Err(error.into());
        }
        let storage = QStorage::from_data(bytes.into(), device, self.block)?;
        Ok(QTensor::new(storage, (self.n, self.k))?)
    }

    /// Blocks of some rows, a piece for each task.
    fn rows_quantised(&self, rows: &[f32]) -> candle_core::Result<Vec<Vec<u8>>> {
        let per_task = (65_536 / self.k).max(1) * self.k;
        rows.par_chunks(per_task)
            .map(|rows| {
                let rows = Tensor::from_slice(rows, rows.len(), &Device::Cpu)?;
                Ok(QTensor::quantize(&rows, self.block)?.data()?.into_owned())
            })
            .collect()
    }
}
