//! What a frozen vision tower makes of each image, kept on disk from one epoch to the next.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use qwen::processor::Patches;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

/// A folder of embeddings, each under the hash of its image and of the model that made it.
#[derive(Debug)]
pub struct VisionCache {
    dir: PathBuf,
    limit_bytes: u64,
    used_bytes: u64,
}

/// Most bytes of a file besides the embeddings.
const HEADER_BYTES: u64 = 128;

/// Name of the one tensor of a file.
const NAME: &str = "embeddings";

impl VisionCache {
    /// Opens the cache in `dir`, which is made if it is not there, for at most `limit_bytes`.
    ///
    /// # Errors
    /// When the folder cannot be read or made.
    pub fn open(dir: &Path, limit_bytes: u64) -> Result<Self> {
        fs::create_dir_all(dir).map_err(Error::write(dir))?;
        let mut used_bytes = 0;
        for entry in fs::read_dir(dir).map_err(Error::read(dir))? {
            let metadata = entry
                .and_then(|entry| entry.metadata())
                .map_err(Error::read(dir))?;
            used_bytes += metadata.len();
        }
        Ok(Self {
            dir: dir.to_owned(),
            limit_bytes,
            used_bytes,
        })
    }

    /// Bytes on disk.
    pub fn used_bytes(&self) -> u64 {
        self.used_bytes
    }

    /// The embeddings that model `base` makes of an image: from the disk, or computed and, while there is
    /// room, kept. Epochs come round in turn, so what is kept stays: to make room for the newest would throw
    /// out each image just before it is wanted again.
    ///
    /// # Errors
    /// When they cannot be computed, or written.
    pub fn embeddings(
        &mut self,
        base: &str,
        image: &Patches,
        device: &Device,
        compute: impl FnOnce() -> candle_core::Result<Tensor>,
    ) -> Result<Tensor> {
        let path = self.dir.join(format!("{}.safetensors", key(base, image)));
        if let Some(kept) = read(&path, image, device) {
            return Ok(kept);
        }
        let embeddings = compute()?.detach();
        let bytes = (embeddings.elem_count() * embeddings.dtype().size_in_bytes()) as u64;
        if self.used_bytes + bytes + HEADER_BYTES <= self.limit_bytes {
            self.keep(&path, &embeddings)?;
        }
        Ok(embeddings)
    }

    fn keep(&mut self, path: &Path, embeddings: &Tensor) -> Result<()> {
        let aside = path.with_extension("partial");
        let tensors = HashMap::from([(NAME, embeddings.clone())]);
        candle_core::safetensors::save(&tensors, &aside)
            .map_err(|error| Error::write(&aside)(std::io::Error::other(error)))?;
        // A damaged file that stood here is replaced.
        let before = path.metadata().map_or(0, |metadata| metadata.len());
        self.used_bytes += aside.metadata().map_err(Error::read(&aside))?.len();
        self.used_bytes -= before.min(self.used_bytes);
        fs::rename(&aside, path).map_err(Error::write(path))
    }
}

/// What a file holds; a file that is missing or damaged is nothing, and is written anew.
fn read(path: &Path, image: &Patches, device: &Device) -> Option<Tensor> {
    if !path.exists() {
        return None;
    }
    let kept = candle_core::safetensors::load(path, device)
        .ok()?
        .remove(NAME)?;
    (kept.dim(0).ok()? == image.image_tokens).then_some(kept)
}

fn key(base: &str, image: &Patches) -> String {
    let mut hash = Sha256::new();
    hash.update(base);
    for side in image.grid_thw {
        hash.update(side.to_le_bytes());
    }
    for value in &image.pixel_values {
        hash.update(value.to_le_bytes());
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
