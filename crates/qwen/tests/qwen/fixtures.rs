//! Finds the reference numbers: `$CALLOUT_FIXTURES/qwen2_5_vl`, by default `tests/fixtures` of the workspace. Nothing in
//! the tests names a variant or a case; they take what the folder's own files list.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use candle_core::{Device, Tensor};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// What `manifest.json` tells.
#[derive(Deserialize)]
pub struct Manifest {
    pub variants: Vec<Variant>,
    pub multi_images: Vec<String>,
}

/// One model with random weights.
#[derive(Deserialize)]
pub struct Variant {
    pub name: String,
    pub tied: bool,
    pub dtype: String,
    pub shards: usize,
}

impl Variant {
    /// Path of a file or folder of this variant.
    pub fn path(&self, name: &str) -> PathBuf {
        path(&format!("{}/{name}", self.name))
    }

    /// The checkpoint's folder.
    pub fn model_dir(&self) -> PathBuf {
        self.path("model")
    }
}

/// Path of a file or folder in the fixtures; it must be there.
pub fn path(name: &str) -> PathBuf {
    let root = std::env::var_os("CALLOUT_FIXTURES").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures")),
        PathBuf::from,
    );
    let path = root.join("qwen2_5_vl").join(name);
    assert!(
        path.exists(),
        "no fixture at {}; set CALLOUT_FIXTURES to the folder that holds `qwen2_5_vl`",
        path.display()
    );
    path
}

/// The manifest, with at least one variant.
pub fn manifest() -> Manifest {
    let manifest: Manifest = json("manifest.json");
    assert!(!manifest.variants.is_empty(), "the manifest has no variant");
    manifest
}

/// A JSON file of the fixtures.
pub fn json<T: DeserializeOwned>(name: &str) -> T {
    let path = path(name);
    serde_json::from_slice(&fs::read(&path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All tensors of a safetensors file of the fixtures, on the CPU.
pub fn tensors(name: &str) -> HashMap<String, Tensor> {
    candle_core::safetensors::load(path(name), &Device::Cpu).unwrap()
}
