//! Turns an image into the patches that the vision tower takes: resized as Pillow does, normalised, cut. It neither
//! opens files nor turns pictures upright.

mod bicubic;
mod preprocessor;
mod rgb;
mod size;

use image::DynamicImage;
use rayon::prelude::*;
use thiserror::Error;

pub use crate::file::FileError;
pub use bicubic::resize;
pub use preprocessor::PreprocessorConfig;
pub use size::smart_resize;

use crate::config::VisionConfig;

/// Most pixels of an image that is taken; beyond 12,000 × 9,000, which diagrams reach.
pub const MAX_INPUT_PIXELS: u64 = 1 << 30;

/// Most pixels after resizing: 86,000 tokens, beyond any context that is trained.
pub const MAX_OUTPUT_PIXELS: u64 = 1 << 26;

/// Colour channels of a patch.
const CHANNELS: usize = 3;

/// Makes patches the way a checkpoint's `preprocessor_config.json` says.
#[derive(Debug, Clone)]
pub struct Processor {
    config: PreprocessorConfig,
    /// Normalised value of each grey level, for each channel.
    levels: Box<[[f32; 256]; CHANNELS]>,
}

/// One image as the vision tower takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Patches {
    /// Normalised values, row-major `[patches, channels × frames × side × side]`. Patches stand in merge blocks: (block
    /// row, block column, row in block, column in block).
    pub pixel_values: Vec<f32>,
    /// Patches in time, in height and in width.
    pub grid_thw: [u32; 3],
    /// Tokens that the image becomes: the grid's product over the merge unit.
    pub image_tokens: usize,
}

/// Why an image, or the processor's configuration, was not taken.
#[derive(Debug, Error)]
pub enum ProcessorError {
    /// An image without pixels.
    #[error("the image is {width} × {height} pixels")]
    NoPixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// A strip, longer than 200 times its width.
    #[error(
        "the image is {width} × {height} pixels; the longer side is more than 200 times the shorter"
    )]
    TooElongated {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// More pixels than [`MAX_INPUT_PIXELS`] before or [`MAX_OUTPUT_PIXELS`] after resizing.
    #[error("the image is {width} × {height} pixels, more than the limit of {limit_pixels}")]
    TooManyPixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// The limit, in pixels.
        limit_pixels: u64,
    },
    /// There is neither `preprocessor_config.json` nor a `processor_config.json` with an image processor.
    #[error("no `preprocessor_config.json` in {}", folder.display())]
    NoConfig {
        /// The checkpoint's folder.
        folder: std::path::PathBuf,
    },
    /// The configuration has a value that cannot be, or that is not supported.
    #[error("the image processor's configuration: {reason}")]
    Invalid {
        /// What is wrong with which value.
        reason: String,
    },
    /// A file was not read.
    #[error(transparent)]
    File(#[from] FileError),
}

impl ProcessorError {
    /// Returns what a person can do about it, where there is something.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::NoPixels { .. } => None,
            Self::TooElongated { .. } => Some("Cut the image into pieces that are less elongated."),
            Self::TooManyPixels { .. } => Some("Scale the image down."),
            Self::NoConfig { .. } | Self::Invalid { .. } | Self::File(_) => {
                Some("Fetch the checkpoint again; its files do not fit together.")
            }
        }
    }
}

impl Processor {
    /// Makes a processor for a vision tower of this shape.
    ///
    /// # Errors
    /// If the configuration contradicts itself or the vision tower.
    pub fn new(config: PreprocessorConfig, vision: &VisionConfig) -> Result<Self, ProcessorError> {
        config.check(vision)?;
        let levels = Box::new(std::array::from_fn(|channel| {
            let mean = f64::from(config.image_mean[channel]);
            let std = f64::from(config.image_std[channel]);
            std::array::from_fn(|level| {
                ((level as f64 * config.rescale_factor - mean) / std) as f32
            })
        }));
        Ok(Self { config, levels })
    }

    /// Returns the configuration that it follows.
    pub fn config(&self) -> &PreprocessorConfig {
        &self.config
    }

    /// Returns the size in pixels, (height, width), that an image of this size is brought to.
    ///
    /// # Errors
    /// If the image is empty, too elongated or too large.
    pub fn target_size(&self, height: u32, width: u32) -> Result<(u32, u32), ProcessorError> {
        let factor = self.config.patch_size * self.config.merge_size;
        let config = &self.config;
        smart_resize(height, width, factor, config.min_pixels, config.max_pixels)
    }

    /// Makes the patches of one image. Alpha is composited on white, grey becomes RGB.
    ///
    /// # Errors
    /// If the image is empty, too elongated or too large.
    pub fn image(&self, image: &DynamicImage) -> Result<Patches, ProcessorError> {
        let (height, width) = self.target_size(image.height(), image.width())?;
        let pixels = resize(image, height, width);
        Ok(self.patchify(&pixels, height, width))
    }

    /// Cuts interleaved RGB of 8 bits into normalised patches.
    fn patchify(&self, pixels: &[u8], height: u32, width: u32) -> Patches {
        let side = self.config.patch_size as usize;
        let merge = self.config.merge_size as usize;
        let frames = self.config.temporal_patch_size as usize;
        let (rows, columns) = (height as usize / side, width as usize / side);
        let patch_values = CHANNELS * frames * side * side;
        let mut pixel_values = vec![0.0; rows * columns * patch_values];
        // One row of merge blocks after the other; within it blocks, then rows and columns of a block.
        pixel_values
            .par_chunks_mut(merge * columns * patch_values)
            .enumerate()
            .for_each(|(block_row, values)| {
                for (index, patch) in values.chunks_exact_mut(patch_values).enumerate() {
                    let (block_column, in_block) =
                        (index / (merge * merge), index % (merge * merge));
                    let row = block_row * merge + in_block / merge;
                    let column = block_column * merge + in_block % merge;
                    let corner = (row * side * width as usize + column * side) * CHANNELS;
                    self.fill_patch(patch, &pixels[corner..], width as usize);
                }
            });
        Patches {
            pixel_values,
            grid_thw: [1, rows as u32, columns as u32],
            image_tokens: rows * columns / (merge * merge),
        }
    }

    /// Writes `[channel, frame, row, column]` of the patch whose top left pixel comes first; the one frame is repeated.
    fn fill_patch(&self, patch: &mut [f32], pixels: &[u8], width: usize) {
        let side = self.config.patch_size as usize;
        let frame_values = side * side;
        let channel_values = patch.len() / CHANNELS;
        for (channel, values) in patch.chunks_exact_mut(channel_values).enumerate() {
            let levels = &self.levels[channel];
            for (row, line) in values[..frame_values].chunks_exact_mut(side).enumerate() {
                let pixels = pixels[row * width * CHANNELS..].chunks(CHANNELS);
                for (value, pixel) in line.iter_mut().zip(pixels) {
                    *value = levels[usize::from(pixel[channel])];
                }
            }
            for start in (frame_values..channel_values).step_by(frame_values) {
                values.copy_within(..frame_values, start);
            }
        }
    }
}
