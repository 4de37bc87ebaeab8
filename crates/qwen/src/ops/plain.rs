//! The same operations as compositions of Candle's differentiable ones: what runs where there is no
//! kernel of ours, and what the kernels are tested against.

use candle_core::{D, DType, Result, Tensor};

use super::{Dropout, Lora, Mode, Span};
use crate::weight::Weight;

/// As [`super::linear`].
///
/// # Errors
/// When shapes or devices do not match; so for all below.
pub fn linear(x: &Tensor, w: &Weight, bias: Option<&Tensor>) -> Result<Tensor> {
    let (n, k) = w.dims();
    let mut dims = x.dims().to_vec();
    let rows = x.reshape(((), k))?;
    let y = match w {
        Weight::Dense(w) => rows.matmul(&w.to_dtype(x.dtype())?.t()?)?,
        // Candle's own product with a quantised weight cuts the graph.
        Weight::Quantized(w) if rows.track_op() => {
            rows.matmul(&w.dequantize(x.device())?.to_dtype(x.dtype())?.t()?)?
        }
        Weight::Quantized(_) => w.matmul(&rows)?,
    };
    if let Some(last) = dims.last_mut() {
        *last = n;
    }
    let y = y.reshape(dims)?;
    match bias {
        Some(bias) => y.broadcast_add(&bias.to_dtype(y.dtype())?),
        None => Ok(y),
    }
}

/// As [`super::linear_lora`].
///
/// # Errors
/// As [`linear`].
pub fn linear_lora(x: &Tensor, w: &Weight, bias: Option<&Tensor>, lora: &Lora) -> Result<Tensor> {
    let y = linear(x, w, bias)?;
    let seen = match lora.dropout.as_ref().and_then(Dropout::mask) {
        Some(mask) => {
            let factors = mask.factors(x.elem_count());
            let factors = Tensor::from_vec(factors, x.shape(), x.device())?;
            (x * factors.to_dtype(x.dtype())?)?
        }
        None => x.clone(),
    };
    let low = linear(&seen, &Weight::Dense(lora.a.clone()), None)?;
    let update = linear(&low, &Weight::Dense(lora.b.clone()), None)?;
    y + (update * lora.scaling)?
}

/// As [`super::cross_entropy`].
///
/// # Errors
/// As [`linear`].
pub fn cross_entropy(
    x: &Tensor,
    w: &Weight,
    labels: &[u32],
    scale: f64,
) -> Result<(Tensor, Vec<f32>)> {
    let logits = linear(x, w, None)?.to_dtype(DType::F32)?;
    let at = Tensor::from_slice(labels, (labels.len(), 1), x.device())?;
    let score = logits.gather(&at, 1)?.squeeze(1)?;
    let losses = (logits.log_sum_exp(D::Minus1)? - score)?;
    let each = losses.to_vec1()?;
    Ok(((losses.sum_all()? * scale)?, each))
}

/// As [`super::rms_norm`].
///
/// # Errors
/// As [`linear`].
pub fn rms_norm(x: &Tensor, weight: &Tensor, eps: f64) -> Result<Tensor> {
    let kind = x.dtype();
    let x = x.to_dtype(DType::F32)?;
    let mean = (x.sqr()?.mean_keepdim(D::Minus1)? + eps)?;
    let normal = x.broadcast_div(&mean.sqrt()?)?;
    normal
        .to_dtype(kind)?
        .broadcast_mul(&weight.to_dtype(kind)?)
}

/// As [`super::rope`].
///
/// # Errors
/// As [`linear`].
pub fn rope(x: &Tensor, cos: &Tensor, sin: &Tensor) -> Result<Tensor> {
    let half = x.dim(D::Minus1)? / 2;
    let (low, high) = (
        x.narrow(D::Minus1, 0, half)?,
        x.narrow(D::Minus1, half, half)?,
    );
    // (B, S, D/2) -> (B, S, 1, D/2)
    let cos = cos.to_dtype(x.dtype())?.unsqueeze(2)?;
    let sin = sin.to_dtype(x.dtype())?.unsqueeze(2)?;
    let first = (low.broadcast_mul(&cos)? - high.broadcast_mul(&sin)?)?;
    let second = (high.broadcast_mul(&cos)? + low.broadcast_mul(&sin)?)?;
    Tensor::cat(&[first, second], D::Minus1)
}

/// As [`super::swiglu`].
///
/// # Errors
/// As [`linear`].
pub fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    gate.silu()? * up
}

/// As [`super::attention`].
///
/// # Errors
/// As [`linear`].
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, span: &Span, mode: Mode) -> Result<Tensor> {
    let (Span::Segments(bounds) | Span::Packed(bounds)) = span else {
        return masked(q, k, v, span, mode);
    };
    let parts = bounds
        .windows(2)
        .filter(|pair| pair[0] < pair[1])
        .map(|pair| {
            let cut = |x: &Tensor| x.narrow(1, pair[0], pair[1] - pair[0]);
            let whole = match span {
                Span::Packed(_) => Span::causal(1),
                _ => Span::Segments([0, pair[1] - pair[0]].into()),
            };
            masked(&cut(q)?, &cut(k)?, &cut(v)?, &whole, mode)
        })
        .collect::<Result<Vec<_>>>()?;
    Tensor::cat(&parts, 1)
}

/// Attention with a dense mask, which is left out where every query sees every key.
fn masked(q: &Tensor, k: &Tensor, v: &Tensor, span: &Span, mode: Mode) -> Result<Tensor> {
    let (b, s, h, d) = q.dims4()?;
    let (_, t, groups, _) = k.dims4()?;
    let shared = |x: &Tensor| {
        // (B, T, G, D) -> (B, H, T, D)
        x.unsqueeze(3)?
            .broadcast_as((b, t, groups, h / groups, d))?
            .reshape((b, t, h, d))?
            .transpose(1, 2)?
            .contiguous()
    };
    let q = (q.transpose(1, 2)?.contiguous()? / (d as f64).sqrt())?;
    let scores = q.matmul(&shared(k)?.t()?)?.to_dtype(DType::F32)?;
    let scores = match mask(span, (b, s, t), &scores)? {
        Some(mask) => scores.broadcast_add(&mask)?,
        None => scores,
    };
    let p = match mode {
        Mode::Inference => candle_nn::ops::softmax_last_dim(&scores)?,
        Mode::Training => candle_nn::ops::softmax(&scores, D::Minus1)?,
    };
    let out = p.to_dtype(v.dtype())?.matmul(&shared(v)?)?;
    out.transpose(1, 2)?.contiguous()
}

/// (B, 1, S, T): zero where a query sees a key, a large negative number elsewhere, so that a query of
/// padding, which sees nothing, still gives finite numbers.
fn mask(span: &Span, (b, s, t): (usize, usize, usize), like: &Tensor) -> Result<Option<Tensor>> {
    let whole = (0..b).all(|row| (0..s).all(|query| span.keys(row, query, (s, t)) == (0..t)));
    if whole {
        return Ok(None);
    }
    let mut mask = vec![-1e30f32; b * s * t];
    for (at, row) in mask.chunks_exact_mut(t).enumerate() {
        row[span.keys(at / s, at % s, (s, t))].fill(0.0);
    }
    Ok(Some(Tensor::from_vec(mask, (b, 1, s, t), like.device())?))
}
