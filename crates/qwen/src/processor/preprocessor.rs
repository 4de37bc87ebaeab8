//! What `preprocessor_config.json` says, or the image processor's part of transformers 5's `processor_config.json`.

use std::path::Path;

use serde::Deserialize;

use super::ProcessorError;
use crate::config::VisionConfig;
use crate::file;

const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// Pillow's number for bicubic.
const BICUBIC: u32 = 3;

/// How images are made ready; names and defaults are those of transformers' `Qwen2VLImageProcessor`.
#[derive(Debug, Clone, PartialEq)]
pub struct PreprocessorConfig {
    /// Fewest pixels after resizing.
    pub min_pixels: u64,
    /// Most pixels after resizing; one token is (`patch_size` × `merge_size`)² of them.
    pub max_pixels: u64,
    /// Side of a patch, in pixels.
    pub patch_size: u32,
    /// Frames of a patch; a still image is repeated.
    pub temporal_patch_size: u32,
    /// Side of the square of patches that becomes one token.
    pub merge_size: u32,
    /// Mean of each channel, after rescaling.
    pub image_mean: [f32; 3],
    /// Standard deviation of each channel, after rescaling.
    pub image_std: [f32; 3],
    /// Factor that brings grey levels to 0–1; 1/255 by default.
    pub rescale_factor: f64,
}

/// The file as it is written.
#[derive(Deserialize)]
struct Raw {
    min_pixels: Option<u64>,
    max_pixels: Option<u64>,
    #[serde(default)]
    size: Option<Size>,
    patch_size: Option<u32>,
    temporal_patch_size: Option<u32>,
    merge_size: Option<u32>,
    image_mean: Option<[f32; 3]>,
    image_std: Option<[f32; 3]>,
    rescale_factor: Option<f64>,
    do_resize: Option<bool>,
    do_rescale: Option<bool>,
    do_normalize: Option<bool>,
    do_convert_rgb: Option<bool>,
    resample: Option<u32>,
}

#[derive(Default, Deserialize)]
struct Size {
    shortest_edge: Option<u64>,
    longest_edge: Option<u64>,
}

#[derive(Deserialize)]
struct Nested {
    image_processor: Option<Raw>,
}

impl PreprocessorConfig {
    /// Shrinks larger pictures to `max_pixels`, but never below the least that the checkpoint takes.
    pub fn shrink_to(&mut self, max_pixels: u64) {
        self.max_pixels = self.max_pixels.min(max_pixels).max(self.min_pixels);
    }

    /// Reads the configuration of the checkpoint in `dir`.
    ///
    /// # Errors
    /// If there is none, it is malformed, or it asks for another kind of processing.
    pub fn from_dir(dir: &Path) -> Result<Self, ProcessorError> {
        let published: Option<Raw> = file::json(dir, "preprocessor_config.json", MAX_CONFIG_BYTES)?;
        let raw = match published {
            Some(raw) => Some(raw),
            None => file::json::<Nested>(dir, "processor_config.json", MAX_CONFIG_BYTES)?
                .and_then(|nested| nested.image_processor),
        };
        raw.ok_or_else(|| ProcessorError::NoConfig { folder: dir.into() })?
            .into_config()
    }

    /// Refuses what contradicts itself or the vision tower.
    pub(super) fn check(&self, vision: &VisionConfig) -> Result<(), ProcessorError> {
        let same = [
            ("patch_size", self.patch_size, vision.patch_size),
            (
                "temporal_patch_size",
                self.temporal_patch_size,
                vision.temporal_patch_size,
            ),
            ("merge_size", self.merge_size, vision.spatial_merge_size),
        ];
        for (name, value, expected) in same {
            if value as usize != expected {
                return Err(invalid(format!(
                    "`{name}` is {value}, and the vision tower's is {expected}"
                )));
            }
        }
        if self.max_pixels == 0 || self.min_pixels > self.max_pixels {
            return Err(invalid(format!(
                "`min_pixels` {} is above `max_pixels` {}",
                self.min_pixels, self.max_pixels
            )));
        }
        if !self
            .image_std
            .iter()
            .all(|std| std.is_normal() && *std > 0.0)
            || !self.image_mean.iter().all(|mean| mean.is_finite())
            || !self.rescale_factor.is_finite()
        {
            return Err(invalid(
                "`image_mean`, `image_std` or `rescale_factor` is out of range",
            ));
        }
        Ok(())
    }
}

impl Raw {
    fn into_config(self) -> Result<PreprocessorConfig, ProcessorError> {
        let switched_off = [
            ("do_resize", self.do_resize),
            ("do_rescale", self.do_rescale),
            ("do_normalize", self.do_normalize),
            ("do_convert_rgb", self.do_convert_rgb),
        ];
        for (name, value) in switched_off {
            if value == Some(false) {
                return Err(invalid(format!("`{name}` switched off is not supported")));
            }
        }
        if self.resample.is_some_and(|filter| filter != BICUBIC) {
            return Err(invalid("`resample`: only 3, bicubic, is supported"));
        }
        let size = self.size.unwrap_or_default();
        Ok(PreprocessorConfig {
            min_pixels: self.min_pixels.or(size.shortest_edge).unwrap_or(56 * 56),
            max_pixels: self
                .max_pixels
                .or(size.longest_edge)
                .unwrap_or(28 * 28 * 1280),
            patch_size: self.patch_size.unwrap_or(14),
            temporal_patch_size: self.temporal_patch_size.unwrap_or(2),
            merge_size: self.merge_size.unwrap_or(2),
            image_mean: self
                .image_mean
                .unwrap_or([0.481_454_66, 0.457_827_5, 0.408_210_73]),
            image_std: self
                .image_std
                .unwrap_or([0.268_629_54, 0.261_302_6, 0.275_777_1]),
            rescale_factor: self.rescale_factor.unwrap_or(1.0 / 255.0),
        })
    }
}

fn invalid(reason: impl Into<String>) -> ProcessorError {
    ProcessorError::Invalid {
        reason: reason.into(),
    }
}
