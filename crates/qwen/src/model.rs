//! The whole model: images and text to hidden states and scores.

use candle_core::quantized::GgmlDType;
use candle_core::{DType, Device, Result, Tensor, Var, bail};

use crate::cache::Cache;
use crate::config::Config;
use crate::linear::Linear;
use crate::ops::{Dropout, Mode, Span};
use crate::positions::{Positions, text_tables};
use crate::text::{Pass, Text};
use crate::vision::Vision;
use crate::weight::Weight;

/// Qwen2.5-VL, loaded.
#[derive(Debug)]
pub struct Qwen {
    /// Sizes.
    pub config: Config,
    /// The vision tower.
    pub vision: Vision,
    /// The text tower.
    pub text: Text,
    /// What learns, by name, in the order of loading.
    pub variables: Vec<(String, Var)>,
    pub(crate) device: Device,
}

/// The images of a conversation, as the processor gives them.
#[derive(Debug, Clone, Copy)]
pub struct Images<'a> {
    /// (patches, channels · temporal · patch · patch) of all images, f32.
    pub pixel_values: &'a Tensor,
    /// (t, h, w) in patches of each image.
    pub grids: &'a [[u32; 3]],
}

impl Qwen {
    /// Where the model computes.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The type of activations: f32 on the CPU, that of the weights elsewhere.
    pub fn compute_type(&self) -> DType {
        match &self.text.layers.first().map(|layer| &layer.input_layernorm) {
            Some(norm) if !self.device.is_cpu() => norm.dtype(),
            _ => DType::F32,
        }
    }

    /// Bytes of all weight matrices in memory.
    pub fn weights_bytes(&self) -> usize {
        let layers: usize = self.linears().map(|linear| linear.weight.bytes()).sum();
        let head = match self.config.tie_word_embeddings {
            true => 0,
            false => self.text.lm_head.weight.bytes(),
        };
        layers + head + self.text.embed_tokens.bytes()
    }

    /// Lets adapters drop a share `rate` of their input. Nothing is dropped until the returned handle, which
    /// all of them share, is given a seed.
    pub fn with_dropout(&mut self, rate: f32) -> Dropout {
        let dropout = Dropout::new(rate);
        for (layer, linear) in (0..).zip(self.linears_mut()) {
            if let Some(lora) = &mut linear.lora {
                lora.dropout = Some(dropout.of_layer(layer));
            }
        }
        dropout
    }

    /// All linear layers but the head.
    fn linears(&self) -> impl Iterator<Item = &Linear> {
        let text = self.text.layers.iter().flat_map(|layer| {
            let (attn, mlp) = (&layer.self_attn, &layer.mlp);
            [
                &attn.q_proj,
                &attn.k_proj,
                &attn.v_proj,
                &attn.o_proj,
                &mlp.gate_proj,
                &mlp.up_proj,
                &mlp.down_proj,
            ]
        });
        let vision = self.vision.blocks.iter().flat_map(|block| {
            let mlp = &block.mlp;
            [
                &block.qkv,
                &block.proj,
                &mlp.gate_proj,
                &mlp.up_proj,
                &mlp.down_proj,
            ]
        });
        let merger = &self.vision.merger;
        let single = [&self.vision.patch_embed, &merger.mlp_0, &merger.mlp_2];
        text.chain(vision).chain(single)
    }

    /// As [`Self::linears`], to be changed.
    fn linears_mut(&mut self) -> impl Iterator<Item = &mut Linear> {
        let text = self.text.layers.iter_mut().flat_map(|layer| {
            let (attn, mlp) = (&mut layer.self_attn, &mut layer.mlp);
            [
                &mut attn.q_proj,
                &mut attn.k_proj,
                &mut attn.v_proj,
                &mut attn.o_proj,
                &mut mlp.gate_proj,
                &mut mlp.up_proj,
                &mut mlp.down_proj,
            ]
        });
        let vision = self.vision.blocks.iter_mut().flat_map(|block| {
            let mlp = &mut block.mlp;
            [
                &mut block.qkv,
                &mut block.proj,
                &mut mlp.gate_proj,
                &mut mlp.up_proj,
                &mut mlp.down_proj,
            ]
        });
        let merger = &mut self.vision.merger;
        let single = [
            &mut self.vision.patch_embed,
            &mut merger.mlp_0,
            &mut merger.mlp_2,
        ];
        text.chain(vision).chain(single)
    }

    /// Embeddings of one sequence, (S, hidden): words from the table, image tokens from the vision tower.
    ///
    /// # Errors
    /// When the image tokens are not as many as the images give, or an id is not in the vocabulary.
    pub fn embed(
        &self,
        input_ids: &[u32],
        images: Option<Images<'_>>,
        mode: Mode,
    ) -> Result<Tensor> {
        let seen = match images {
            Some(images) if !images.grids.is_empty() => {
                let pixels = images.pixel_values.to_dtype(self.compute_type())?;
                Some(
                    self.vision
                        .forward(&pixels, images.grids, &self.config, mode)?,
                )
            }
            _ => None,
        };
        self.join(input_ids, seen.as_ref())
    }

    /// Puts vision embeddings (image tokens, hidden) in their places among the words of one sequence.
    ///
    /// # Errors
    /// As [`Self::embed`].
    pub fn join(&self, input_ids: &[u32], seen: Option<&Tensor>) -> Result<Tensor> {
        let image = self.config.image_token_id;
        let wanted = input_ids.iter().filter(|id| **id == image).count();
        let given = seen.map_or(Ok(0), |seen| seen.dim(0))?;
        if wanted != given && seen.is_some() {
            bail!("{wanted} image tokens for {given} vision embeddings");
        }
        let is_seen = |id: u32| id == image && seen.is_some();
        let words: Vec<u32> = input_ids
            .iter()
            .copied()
            .filter(|id| !is_seen(*id))
            .collect();
        // All words at once: going back, each selection costs as much as the whole table.
        let words =
            self.text
                .embed_tokens
                .rows(&Tensor::from_slice(&words, words.len(), &self.device)?)?;
        let Some(seen) = seen else {
            return Ok(words);
        };
        let (mut parts, mut taken, mut read) = (Vec::new(), 0, 0);
        for run in input_ids.chunk_by(|a, b| is_seen(*a) == is_seen(*b)) {
            let (from, at) = match is_seen(run[0]) {
                true => (seen, &mut taken),
                false => (&words, &mut read),
            };
            parts.push(from.narrow(0, *at, run.len())?);
            *at += run.len();
        }
        Tensor::cat(&parts, 0)
    }

    /// What layers need to know about tokens at `rows` of positions, one a sequence.
    ///
    /// # Errors
    /// When the tables do not fit the device.
    pub fn pass(&self, rows: &[[Vec<i64>; 3]], span: Span, mode: Mode) -> Result<Pass> {
        let (cos, sin) = text_tables(rows, &self.config, &self.device)?;
        let compute = self.compute_type();
        Ok(Pass {
            cos: cos.to_dtype(compute)?,
            sin: sin.to_dtype(compute)?,
            span,
            mode,
        })
    }

    /// Scores of every word at every position, (1, S, vocabulary), of one whole sequence without a cache.
    ///
    /// # Errors
    /// As [`Self::embed`].
    pub fn forward(
        &self,
        input_ids: &[u32],
        images: Option<Images<'_>>,
        mode: Mode,
    ) -> Result<Tensor> {
        let grids = images.map_or(&[][..], |images| images.grids);
        let positions = Positions::of(input_ids, grids, &self.config);
        let x = self.embed(input_ids, images, mode)?.unsqueeze(0)?;
        let pass = self.pass(&[positions.rows], Span::causal(1), mode)?;
        let x = self.text.forward(&x, &pass, None)?;
        self.text.logits(&self.text.normalise(&x, mode)?)
    }

    /// A cache for so many positions.
    pub fn cache(&self, positions: usize) -> Cache {
        Cache::new(self.config.num_hidden_layers, positions)
    }

    /// The format that most weights are held in: `f32`, `bf16`, `f16`, `q8_0` or `q4_k`.
    pub fn weights_format(&self) -> String {
        match self
            .text
            .layers
            .first()
            .map(|layer| &layer.mlp.up_proj.weight)
        {
            Some(Weight::Dense(tensor)) => tensor.dtype().as_str().to_owned(),
            Some(Weight::Quantized(tensor)) => match tensor.dtype() {
                GgmlDType::Q4K => "q4_k".to_owned(),
                other => format!("{other:?}").to_lowercase(),
            },
            None => "none".to_owned(),
        }
    }
}
