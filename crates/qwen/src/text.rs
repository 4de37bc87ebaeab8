//! The text tower: Qwen2's decoder (arXiv 2407.10671) with multimodal rotary positions.

use candle_core::{Result, Tensor};

use crate::cache::Cache;
use crate::config::Config;
use crate::linear::Linear;
use crate::ops::{self, Mode, Span};
use crate::weight::Weight;

/// The decoder and its head.
#[derive(Debug, Clone)]
pub struct Text {
    /// Token embeddings (vocabulary, hidden).
    pub embed_tokens: Weight,
    /// Decoder layers, first to last.
    pub layers: Vec<Layer>,
    /// Weight of the last normalisation, (hidden).
    pub norm: Tensor,
    /// Scores each word; the embeddings themselves where they are tied.
    pub lm_head: Linear,
    eps: f64,
}

/// One decoder layer.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Weight before attention, (hidden).
    pub input_layernorm: Tensor,
    /// Self-attention.
    pub self_attn: Attention,
    /// Weight before the feed-forward layer, (hidden).
    pub post_attention_layernorm: Tensor,
    /// Feed-forward layer.
    pub mlp: Mlp,
    pub(crate) eps: f64,
}

/// Self-attention with grouped queries.
#[derive(Debug, Clone)]
pub struct Attention {
    /// (heads · head_dim, hidden), with bias.
    pub q_proj: Linear,
    /// (groups · head_dim, hidden), with bias.
    pub k_proj: Linear,
    /// (groups · head_dim, hidden), with bias.
    pub v_proj: Linear,
    /// (hidden, heads · head_dim).
    pub o_proj: Linear,
    pub(crate) head_dim: usize,
}

/// The gated feed-forward layer, of the text tower and of the vision tower.
#[derive(Debug, Clone)]
pub struct Mlp {
    /// (intermediate, hidden).
    pub gate_proj: Linear,
    /// (intermediate, hidden).
    pub up_proj: Linear,
    /// (hidden, intermediate).
    pub down_proj: Linear,
}

/// What all layers of one pass share: where tokens stand and what they see.
#[derive(Debug, Clone)]
pub struct Pass {
    /// (B, S, D/2).
    pub cos: Tensor,
    /// (B, S, D/2).
    pub sin: Tensor,
    /// Which keys a token sees.
    pub span: Span,
    /// Whether gradients will be asked for.
    pub mode: Mode,
}

impl Text {
    pub(crate) fn new(
        config: &Config,
        embed_tokens: Weight,
        layers: Vec<Layer>,
        norm: Tensor,
        lm_head: Linear,
    ) -> Self {
        Self {
            embed_tokens,
            layers,
            norm,
            lm_head,
            eps: config.rms_norm_eps,
        }
    }

    /// Runs all layers. `x`: (B, S, hidden) embeddings. Returns (B, S, hidden) before the last
    /// normalisation. With a cache, `x` is what comes after what the cache holds.
    ///
    /// # Errors
    /// When shapes do not match.
    pub fn forward(
        &self,
        x: &Tensor,
        pass: &Pass,
        mut cache: Option<&mut Cache>,
    ) -> Result<Tensor> {
        let mut x = x.clone();
        for (number, layer) in self.layers.iter().enumerate() {
            let slot = cache.as_deref_mut().map(|cache| (cache, number));
            x = layer.forward(&x, pass, slot)?;
        }
        if let Some(cache) = cache {
            cache.advance(x.dim(1)?);
        }
        Ok(x)
    }

    /// The last normalisation: (…, hidden) -> the same.
    ///
    /// # Errors
    /// When shapes do not match.
    pub fn normalise(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        ops::rms_norm(x, &self.norm, self.eps, mode)
    }

    /// Scores of every word, (…, vocabulary), of normalised hidden states (…, hidden).
    ///
    /// # Errors
    /// When shapes do not match.
    pub fn logits(&self, x: &Tensor) -> Result<Tensor> {
        self.lm_head.forward(x)
    }
}

impl Layer {
    /// (B, S, hidden) -> (B, S, hidden), with this layer's number in the cache.
    ///
    /// # Errors
    /// When shapes do not match.
    pub fn forward(
        &self,
        x: &Tensor,
        pass: &Pass,
        cache: Option<(&mut Cache, usize)>,
    ) -> Result<Tensor> {
        let normal = ops::rms_norm(x, &self.input_layernorm, self.eps, pass.mode)?;
        let x = ops::add(x, &self.self_attn.forward(&normal, pass, cache)?)?;
        let normal = ops::rms_norm(&x, &self.post_attention_layernorm, self.eps, pass.mode)?;
        ops::add(&x, &self.mlp.forward(&normal)?)
    }
}

impl Attention {
    fn forward(
        &self,
        x: &Tensor,
        pass: &Pass,
        cache: Option<(&mut Cache, usize)>,
    ) -> Result<Tensor> {
        let (b, s, _) = x.dims3()?;
        // (B, S, heads · D) -> (B, S, heads, D)
        let heads = |x: Tensor| x.reshape((b, s, (), self.head_dim));
        let q = heads(self.q_proj.forward(x)?)?;
        let k = heads(self.k_proj.forward(x)?)?;
        let v = heads(self.v_proj.forward(x)?)?;
        let q = ops::rope(&q, &pass.cos, &pass.sin)?;
        let k = ops::rope(&k, &pass.cos, &pass.sin)?;
        let (k, v) = match cache {
            Some((cache, layer)) => cache.append(layer, &k, &v)?,
            None => (k, v),
        };
        let out = ops::attention(&q, &k, &v, &pass.span, pass.mode)?;
        self.o_proj.forward(&out.flatten_from(2)?)
    }
}

impl Mlp {
    /// (…, hidden) -> (…, hidden).
    ///
    /// # Errors
    /// When shapes do not match.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let gate = self.gate_proj.forward(x)?;
        let up = self.up_proj.forward(x)?;
        self.down_proj.forward(&ops::swiglu(&gate, &up)?)
    }
}
