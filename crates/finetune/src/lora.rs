//! Fresh adapters, in PEFT's layout on disk: a run starts from a folder that PEFT would load, its own or
//! another run's.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{Device, Tensor};
use qwen::adapter::peft_name;
use qwen::config::Config;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::checkpoint::{write_tensors, write_text};
use crate::error::Result;
use crate::order::{Draw, stream};
use crate::settings::{Towers, require};

/// Name of an adapter's configuration.
pub(crate) const CONFIG: &str = "adapter_config.json";

/// Name of an adapter's tensors.
pub(crate) const WEIGHTS: &str = "adapter_model.safetensors";

/// Layers that can have an adapter, by the ends of their names: seven of the text tower, of which the
/// vision tower shares three, two more of the vision tower, two of the merger.
pub const MODULES: [&str; 11] = [
    "q_proj",
    "k_proj",
    "v_proj",
    "o_proj",
    "gate_proj",
    "up_proj",
    "down_proj",
    "attn.qkv",
    "attn.proj",
    "mlp.0",
    "mlp.2",
];

/// Settings of an adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoraSettings {
    /// Rank of the update, 1–4096. Parameter count grows linearly with it.
    pub rank: usize,
    /// The update is scaled by `alpha / rank`.
    pub alpha: f64,
    /// Scales by `alpha / sqrt(rank)` instead (rsLoRA).
    pub rank_stabilised: bool,
    /// Share of the update's input that is dropped while training, at least 0 and below 1.
    pub dropout: f32,
    /// Parts of the model that have adapters.
    pub towers: Towers,
    /// Their layers that do, of [`MODULES`].
    pub modules: Vec<String>,
}

impl Default for LoraSettings {
    fn default() -> Self {
        Self {
            rank: 16,
            alpha: 32.0,
            rank_stabilised: false,
            dropout: 0.0,
            towers: Towers::default(),
            modules: MODULES.map(str::to_owned).to_vec(),
        }
    }
}

impl LoraSettings {
    pub(crate) fn check(&self) -> Result<()> {
        require(
            "rank",
            self.rank,
            (1..=4096).contains(&self.rank),
            "between 1 and 4096",
        )?;
        require("alpha", self.alpha, self.alpha.is_finite(), "a number")?;
        let dropout = self.dropout;
        require(
            "dropout",
            dropout,
            (0.0..1.0).contains(&dropout),
            "at least 0 and below 1",
        )?;
        let unknown = self
            .modules
            .iter()
            .find(|name| !MODULES.contains(&name.as_str()));
        let name = unknown.map_or("", String::as_str);
        require(
            "modules",
            name,
            unknown.is_none(),
            "layers that can have an adapter",
        )?;
        require(
            "modules",
            "empty",
            !self.modules.is_empty(),
            "at least one layer",
        )?;
        self.towers.check()
    }

    /// Names, as in the published checkpoints, and (out, in) of the layers that have an adapter.
    pub fn layers(&self, config: &Config) -> Vec<(String, (usize, usize))> {
        let mut layers = linear_layers(config);
        layers.retain(|(name, _)| {
            let ends = |module: &String| name.ends_with(&format!(".{module}"));
            self.towers.parts().hold(name) && self.modules.iter().any(ends)
        });
        layers
    }

    /// Writes an adapter that changes nothing yet: A random as in PEFT, B zero.
    pub(crate) fn write_fresh(
        &self,
        dir: &Path,
        base: &Path,
        config: &Config,
        seed: u64,
    ) -> Result<()> {
        let mut tensors = HashMap::new();
        for (number, (layer, (n, k))) in (0..).zip(self.layers(config)) {
            let mut rng = stream(seed, Draw::Adapter, number);
            // Kaiming's uniform distribution with a slope of √5, torch's default for linear layers.
            let bound = 1.0 / (k as f32).sqrt();
            let a: Vec<f32> = (0..self.rank * k)
                .map(|_| (rng.f32() * 2.0 - 1.0) * bound)
                .collect();
            let a = Tensor::from_vec(a, (self.rank, k), &Device::Cpu)?;
            let b = Tensor::zeros((n, self.rank), candle_core::DType::F32, &Device::Cpu)?;
            tensors.insert(peft_name(&layer, "lora_A"), a);
            tensors.insert(peft_name(&layer, "lora_B"), b);
        }
        require(
            "modules",
            "without a layer",
            !tensors.is_empty(),
            "layers of the chosen towers",
        )?;
        std::fs::create_dir_all(dir).map_err(crate::error::Error::write(dir))?;
        write_text(&dir.join(CONFIG), &self.peft_config(base, config))?;
        write_tensors(&dir.join(WEIGHTS), &tensors)
    }

    /// `adapter_config.json`.
    fn peft_config(&self, base: &Path, config: &Config) -> String {
        let layers = self.layers(config);
        let used = |module: &&String| {
            layers
                .iter()
                .any(|(name, _)| name.ends_with(&format!(".{module}")))
        };
        let modules: Vec<&String> = self.modules.iter().filter(used).collect();
        let towers = [
            (self.towers.language, r"(.*\.)?language_model\..*"),
            (
                self.towers.vision,
                r"(.*\.)?visual\.(blocks|patch_embed)\..*",
            ),
            (self.towers.merger, r"(.*\.)?visual\.merger\..*"),
        ];
        let excluded: Vec<&str> = towers
            .iter()
            .filter(|(has, _)| !has)
            .map(|(_, name)| *name)
            .collect();
        let excluded = (!excluded.is_empty()).then(|| excluded.join("|"));
        let config = json!({
            "base_model_name_or_path": base,
            "bias": "none",
            "exclude_modules": excluded,
            "fan_in_fan_out": false,
            "inference_mode": true,
            "init_lora_weights": true,
            "lora_alpha": self.alpha,
            "lora_dropout": self.dropout,
            "modules_to_save": null,
            "peft_type": "LORA",
            "r": self.rank,
            "target_modules": modules,
            "task_type": "CAUSAL_LM",
            "use_dora": false,
            "use_rslora": self.rank_stabilised,
        });
        format!("{config:#}\n")
    }
}

/// All linear layers but the head and the patch embedding.
fn linear_layers(config: &Config) -> Vec<(String, (usize, usize))> {
    let (hidden, inner, d) = (
        config.hidden_size,
        config.intermediate_size,
        config.head_dim(),
    );
    let (heads, groups) = (
        config.num_attention_heads * d,
        config.num_key_value_heads * d,
    );
    let text = [
        ("self_attn.q_proj", (heads, hidden)),
        ("self_attn.k_proj", (groups, hidden)),
        ("self_attn.v_proj", (groups, hidden)),
        ("self_attn.o_proj", (hidden, heads)),
        ("mlp.gate_proj", (inner, hidden)),
        ("mlp.up_proj", (inner, hidden)),
        ("mlp.down_proj", (hidden, inner)),
    ];
    let vision = &config.vision;
    let (width, inner) = (vision.hidden_size, vision.intermediate_size);
    let merged = width * vision.spatial_merge_unit();
    let blocks = [
        ("attn.qkv", (3 * width, width)),
        ("attn.proj", (width, width)),
        ("mlp.gate_proj", (inner, width)),
        ("mlp.up_proj", (inner, width)),
        ("mlp.down_proj", (width, inner)),
    ];
    let merger = [
        ("mlp.0", (merged, merged)),
        ("mlp.2", (vision.out_hidden_size, merged)),
    ];
    let mut layers = Vec::new();
    for number in 0..config.num_hidden_layers {
        layers.extend(text.map(|(name, dims)| (format!("model.layers.{number}.{name}"), dims)));
    }
    for number in 0..vision.depth {
        layers.extend(blocks.map(|(name, dims)| (format!("visual.blocks.{number}.{name}"), dims)));
    }
    layers.extend(merger.map(|(name, dims)| (format!("visual.merger.{name}"), dims)));
    layers
}
