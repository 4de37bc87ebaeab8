//! The vision tower of Qwen2.5-VL (arXiv 2502.13923): patches, blocks that attend within windows or
//! within an image, and the merger that makes text embeddings of 2 × 2 patches.

use candle_core::{DType, Result, Tensor, bail};

use crate::config::{Config, VisionConfig};
use crate::linear::Linear;
use crate::ops::{self, Mode, Span};
use crate::positions::vision_tables;
use crate::text::Mlp;

/// Epsilon of every normalisation in the tower; the checkpoint's configuration does not name it.
const EPS: f64 = 1e-6;

/// The vision tower.
#[derive(Debug, Clone)]
pub struct Vision {
    /// (hidden, channels · temporal · patch · patch), without bias: the convolution, whose stride is its
    /// size, as a product.
    pub patch_embed: Linear,
    /// Blocks, first to last.
    pub blocks: Vec<Block>,
    /// Makes text embeddings.
    pub merger: Merger,
}

/// One block of the tower.
#[derive(Debug, Clone)]
pub struct Block {
    /// Weight before attention, (hidden).
    pub norm1: Tensor,
    /// (3 · hidden, hidden), with bias.
    pub qkv: Linear,
    /// (hidden, hidden), with bias.
    pub proj: Linear,
    /// Weight before the feed-forward layer, (hidden).
    pub norm2: Tensor,
    /// Feed-forward layer, with biases.
    pub mlp: Mlp,
    pub(crate) num_heads: usize,
    /// Attends to the whole image, not to its window alone.
    pub(crate) full: bool,
}

/// Joins merge blocks of patches into one embedding each.
#[derive(Debug, Clone)]
pub struct Merger {
    /// Weight of the normalisation of each patch, (hidden).
    pub ln_q: Tensor,
    /// (merged, merged), with bias.
    pub mlp_0: Linear,
    /// (out_hidden, merged), with bias.
    pub mlp_2: Linear,
}

/// What the blocks of one pass share.
#[derive(Debug, Clone)]
pub struct Windows {
    /// For each place in window order, the merge block that stands there.
    pub window_index: Vec<u32>,
    /// Bounds of windows in patches, in window order; empty windows are left out.
    pub cu_window_seqlens: Vec<usize>,
    /// Bounds of temporal frames in patches.
    pub cu_seqlens: Vec<usize>,
    cos: Tensor,
    sin: Tensor,
}

impl Windows {
    /// Cuts images into windows, from the top left, ragged at the right and bottom. `grids` are (t, h, w)
    /// in patches.
    ///
    /// # Errors
    /// When a grid is not a whole number of merge blocks.
    pub fn new(grids: &[[u32; 3]], config: &Config, device: &candle_core::Device) -> Result<Self> {
        let vision = &config.vision;
        let (merge, unit) = (vision.spatial_merge_size, vision.spatial_merge_unit());
        let mut window_index = Vec::new();
        let (mut cu_window_seqlens, mut cu_seqlens) = (vec![0], vec![0]);
        let mut frames = 0usize;
        for [t, h, w] in grids.iter().map(|grid| grid.map(|side| side as usize)) {
            if h == 0 || w == 0 || !h.is_multiple_of(merge) || !w.is_multiple_of(merge) {
                bail!("a grid of {h} x {w} patches is no whole number of {merge} x {merge} blocks");
            }
            for _ in 0..t {
                cut(vision, (h / merge, w / merge), |block| {
                    let first = u32::try_from(frames / unit).unwrap_or(u32::MAX);
                    window_index.extend(block.iter().map(|at| first + at));
                    cu_window_seqlens.push(window_index.len() * unit);
                });
                frames += h * w;
                cu_seqlens.push(frames);
            }
        }
        let (cos, sin) = vision_tables(grids, &window_index, config, device)?;
        Ok(Self {
            window_index,
            cu_window_seqlens,
            cu_seqlens,
            cos,
            sin,
        })
    }

    /// Number of patches.
    pub fn patches(&self) -> usize {
        self.cu_seqlens.last().copied().unwrap_or(0)
    }

    /// Where each merge block stands in window order.
    fn original_order(&self) -> Vec<u32> {
        let mut places = vec![0; self.window_index.len()];
        for (place, block) in (0u32..).zip(&self.window_index) {
            places[*block as usize] = place;
        }
        places
    }
}

/// Hands over the merge blocks of each window of a frame, rows of windows from the top, each from the left.
fn cut(vision: &VisionConfig, (height, width): (usize, usize), mut window: impl FnMut(&[u32])) {
    let side = vision.window_side_tokens();
    let mut blocks = Vec::with_capacity(side * side);
    for top in (0..height).step_by(side) {
        for left in (0..width).step_by(side) {
            blocks.clear();
            for y in top..(top + side).min(height) {
                for x in left..(left + side).min(width) {
                    blocks.push(u32::try_from(y * width + x).unwrap_or(u32::MAX));
                }
            }
            window(&blocks);
        }
    }
}

impl Vision {
    /// Embeds images. `pixel_values`: (patches, channels · temporal · patch · patch) of all images, in the
    /// processor's order; `grids`: (t, h, w) in patches of each. Returns (image tokens, out_hidden).
    ///
    /// # Errors
    /// When the patches are not as many as the grids say.
    pub fn forward(
        &self,
        pixel_values: &Tensor,
        grids: &[[u32; 3]],
        config: &Config,
        mode: Mode,
    ) -> Result<Tensor> {
        match self.forward_while(pixel_values, grids, config, mode, &mut || true)? {
            Some(merged) => Ok(merged),
            None => bail!("nobody ended the work"),
        }
    }

    /// As [`Self::forward`], asking after every block whether to go on; `None` if not.
    ///
    /// # Errors
    /// As [`Self::forward`].
    pub fn forward_while(
        &self,
        pixel_values: &Tensor,
        grids: &[[u32; 3]],
        config: &Config,
        mode: Mode,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Tensor>> {
        let windows = Windows::new(grids, config, pixel_values.device())?;
        if pixel_values.dim(0)? != windows.patches() {
            bail!(
                "{} patches for grids of {}",
                pixel_values.dim(0)?,
                windows.patches()
            );
        }
        let x = self.patch_embed.forward(pixel_values)?;
        let mut x = self.to_windows(&x, &windows, config)?;
        for block in &self.blocks {
            x = block.forward(&x, &windows, mode)?;
            if !go_on() {
                return Ok(None);
            }
        }
        Ok(Some(self.merge(&x, &windows, config, mode)?))
    }

    /// (patches, hidden) in window order -> (image tokens, out_hidden) in the images' order.
    ///
    /// # Errors
    /// When shapes do not match.
    pub fn merge(
        &self,
        x: &Tensor,
        windows: &Windows,
        config: &Config,
        mode: Mode,
    ) -> Result<Tensor> {
        let merged = self.merger.forward(x, config, mode)?;
        let order = windows.original_order();
        merged.index_select(&index(order, merged.device())?, 0)
    }

    /// (patches, hidden) in the processor's order -> the same in window order, a merge block at a time.
    ///
    /// # Errors
    /// When there are fewer patches than the windows hold.
    pub fn to_windows(&self, x: &Tensor, windows: &Windows, config: &Config) -> Result<Tensor> {
        let (patches, hidden) = x.dims2()?;
        let unit = config.vision.spatial_merge_unit();
        let blocks = x.reshape((patches / unit, unit * hidden))?;
        let order = index(windows.window_index.clone(), x.device())?;
        blocks.index_select(&order, 0)?.reshape((patches, hidden))
    }
}

fn index(order: Vec<u32>, device: &candle_core::Device) -> Result<Tensor> {
    let n = order.len();
    Tensor::from_vec(order, n, device)
}

impl Block {
    /// (patches, hidden) in window order -> the same.
    ///
    /// # Errors
    /// When shapes do not match.
    pub fn forward(&self, x: &Tensor, windows: &Windows, mode: Mode) -> Result<Tensor> {
        let normal = ops::rms_norm(x, &self.norm1, EPS, mode)?;
        let x = ops::add(x, &self.attend(&normal, windows, mode)?)?;
        let normal = ops::rms_norm(&x, &self.norm2, EPS, mode)?;
        ops::add(&x, &self.mlp.forward(&normal)?)
    }

    fn attend(&self, x: &Tensor, windows: &Windows, mode: Mode) -> Result<Tensor> {
        let (patches, hidden) = x.dims2()?;
        let d = hidden / self.num_heads;
        // (patches, 3 · hidden) -> q, k, v of (1, patches, heads, D)
        let qkv = self
            .qkv
            .forward(x)?
            .reshape((patches, 3, self.num_heads, d))?;
        let part = |which: usize| qkv.narrow(1, which, 1)?.squeeze(1)?.unsqueeze(0);
        let q = ops::rope(&part(0)?, &windows.cos, &windows.sin)?;
        let k = ops::rope(&part(1)?, &windows.cos, &windows.sin)?;
        let bounds = match self.full {
            true => &windows.cu_seqlens,
            false => &windows.cu_window_seqlens,
        };
        let span = Span::Segments(bounds.as_slice().into());
        let out = ops::attention(&q, &k, &part(2)?, &span, mode)?;
        self.proj.forward(&out.reshape((patches, hidden))?)
    }
}

impl Merger {
    /// (patches, hidden) -> (patches / merge², out_hidden).
    ///
    /// # Errors
    /// When shapes do not match.
    pub fn forward(&self, x: &Tensor, config: &Config, mode: Mode) -> Result<Tensor> {
        let unit = config.vision.spatial_merge_unit();
        let (patches, hidden) = x.dims2()?;
        let x = ops::rms_norm(x, &self.ln_q, EPS, mode)?;
        let x = self
            .mlp_0
            .forward(&x.reshape((patches / unit, unit * hidden))?)?;
        let kind = x.dtype();
        let x = x.to_dtype(DType::F32)?.gelu_erf()?.to_dtype(kind)?;
        self.mlp_2.forward(&x)
    }
}
