//! The collator's second half: samples are packed one after the other into a single sequence, in which
//! none sees another. So there is no padding to compute.

use std::sync::Arc;

use candle_core::Tensor;
use qwen::config::Config;
use qwen::model::Qwen;
use qwen::ops::{Mode, Span};
use qwen::positions::Positions;
use qwen::text::Pass;

use crate::error::{Error, Result};
use crate::sample::Sample;

/// Samples that are computed together.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Token ids of all samples, one after the other.
    pub input_ids: Vec<u32>,
    /// (t, h, w) in patches of all images.
    pub grids: Vec<[u32; 3]>,
    /// Where a hidden state predicts a label, ascending.
    pub places: Vec<u32>,
    /// What is predicted there.
    pub labels: Vec<u32>,
    /// Labels of each sample.
    pub n_labels: Vec<usize>,
    bounds: Arc<[usize]>,
    positions: [Vec<i64>; 3],
}

impl Batch {
    /// Packs samples.
    ///
    /// # Errors
    /// When a sample is longer than the model's context.
    pub fn pack(samples: &[Sample], config: &Config) -> Result<Self> {
        let mut batch = Self {
            input_ids: Vec::new(),
            grids: Vec::new(),
            places: Vec::new(),
            labels: Vec::new(),
            n_labels: Vec::new(),
            bounds: Arc::new([]),
            positions: Default::default(),
        };
        let mut bounds = vec![0];
        for sample in samples {
            batch.push(sample, config)?;
            bounds.push(batch.input_ids.len());
        }
        batch.bounds = bounds.into();
        Ok(batch)
    }

    fn push(&mut self, sample: &Sample, config: &Config) -> Result<()> {
        let (tokens, limit_tokens) = (sample.input_ids.len(), config.max_position_embeddings);
        if tokens > limit_tokens {
            return Err(Error::TooLong {
                tokens,
                limit_tokens,
            });
        }
        let first = self.input_ids.len();
        let grids: Vec<[u32; 3]> = sample.images.iter().map(|image| image.grid_thw).collect();
        let positions = Positions::of(&sample.input_ids, &grids, config);
        for (all, own) in self.positions.iter_mut().zip(positions.rows) {
            all.extend(own);
        }
        self.grids.extend(grids);
        self.n_labels.push(sample.n_labels());
        let pairs = sample.input_ids.iter().zip(&sample.is_label).enumerate();
        for (at, (id, _)) in pairs.skip(1).filter(|(_, (_, is_label))| **is_label) {
            self.places
                .push(u32::try_from(first + at - 1).unwrap_or(u32::MAX));
            self.labels.push(*id);
        }
        self.input_ids.extend(&sample.input_ids);
        Ok(())
    }

    /// What the text tower's layers need to know.
    ///
    /// # Errors
    /// When the tables do not fit the device.
    pub fn pass(&self, model: &Qwen, mode: Mode) -> Result<Pass> {
        let span = Span::Packed(self.bounds.clone());
        Ok(model.pass(std::slice::from_ref(&self.positions), span, mode)?)
    }

    /// Each sample's mean loss, of the losses of all labels.
    pub fn by_sample(&self, losses: &[f32]) -> Vec<f64> {
        let mut rest = losses;
        let means = self.n_labels.iter().map(|n| {
            let (own, others) = rest.split_at(*n);
            rest = others;
            own.iter().copied().map(f64::from).sum::<f64>() / (*n).max(1) as f64
        });
        means.collect()
    }
}

/// The pixel values of all images of some samples, one after the other: (patches, values of a patch).
///
/// # Errors
/// When they do not fit the device.
pub fn pixel_values(samples: &[Sample], model: &Qwen) -> Result<Option<Tensor>> {
    let width = model.config.vision.patch_dim();
    let images = samples.iter().flat_map(|sample| &sample.images);
    let values: Vec<f32> = images
        .flat_map(|image| &image.pixel_values)
        .copied()
        .collect();
    match values.len() / width {
        0 => Ok(None),
        patches => Ok(Some(Tensor::from_vec(
            values,
            (patches, width),
            model.device(),
        )?)),
    }
}
