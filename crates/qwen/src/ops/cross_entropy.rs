//! Cross-entropy fused with the output projection (as in Liger Kernel, arXiv 2410.10989): scores exist
//! for a few positions at a time, and the gradient is made while they do.

use candle_core::{CpuStorage, CustomOp2, DType, Layout, Result, Shape, Storage, Tensor, bail};
use rayon::prelude::*;

use super::kernel::{self, Mat, MatMut, Rows, exp, fastest, product, threads};
use super::linear::with_rows;
use super::{contiguous, plain};
use crate::weight::Weight;

/// Scores that exist at once: 32 MB of f32.
const CHUNK: usize = 1 << 23;

/// `scale · Σ -ln p(label)` over positions, where `p = softmax(x · wᵀ)`; also each position's `-ln p`.
///
/// `x`: (M, K), one row a label; `w`: (N, K) in any format, which receives a gradient if it is a variable.
/// The scores of all positions never exist together on the CPU.
///
/// # Errors
/// When shapes do not match, or a label is N or more.
pub fn cross_entropy(
    x: &Tensor,
    w: &Weight,
    labels: &[u32],
    scale: f64,
) -> Result<(Tensor, Vec<f32>)> {
    let ((m, k), (n, w_k)) = (x.dims2()?, w.dims());
    if m != labels.len() || k != w_k || labels.iter().any(|label| *label as usize >= n) {
        bail!(
            "{} labels below {n} for ({m}, {k}) and ({n}, {w_k})",
            labels.len()
        );
    }
    if !x.device().is_cpu() || x.dtype() != DType::F32 {
        return plain::cross_entropy(x, w, labels, scale);
    }
    let x = x.contiguous()?;
    let variable = match w {
        Weight::Dense(w) if w.track_op() => Some(w.contiguous()?),
        _ => None,
    };
    let wants = (x.track_op(), variable.is_some());
    let done = {
        let (storage, layout) = x.storage_and_layout();
        let Storage::Cpu(storage) = &*storage else {
            bail!("cross-entropy on another device is Candle's");
        };
        let values = contiguous(storage, layout, "cross-entropy")?;
        with_rows(w, |rows| {
            Ok(Done::compute(
                values,
                rows,
                labels,
                (n, k),
                scale as f32,
                wants,
            ))
        })?
    };
    let each = done.each.clone();
    let w = variable.unwrap_or_else(|| x.detach());
    Ok((x.apply_op2(&w, done)?, each))
}

/// The loss and its gradients, computed together.
struct Done {
    each: Vec<f32>,
    scale: f32,
    dx: Option<Tensor2>,
    dw: Option<Tensor2>,
}

/// A matrix that waits for the backward.
struct Tensor2 {
    values: Vec<f32>,
    shape: (usize, usize),
}

impl Done {
    fn compute(
        x: &[f32],
        w: Rows<'_>,
        labels: &[u32],
        (n, k): (usize, usize),
        scale: f32,
        (wants_dx, wants_dw): (bool, bool),
    ) -> Self {
        let m = labels.len();
        let mut each = vec![0f32; m];
        let mut dx = vec![0f32; if wants_dx { m * k } else { 0 }];
        let mut dw = vec![0f32; if wants_dw { n * k } else { 0 }];
        let step = (CHUNK / n).clamp(1, m.max(1));
        let mut scores = vec![0f32; step * n];
        for first in (0..m).step_by(step) {
            let count = step.min(m - first);
            let (x, labels) = (&x[first * k..][..count * k], &labels[first..][..count]);
            let scores = &mut scores[..count * n];
            kernel::linear(x, w, None, k, scores);
            each[first..][..count].copy_from_slice(&losses(scores, labels, n, scale));
            if wants_dx {
                kernel::linear_dx(scores, w, (n, k), &mut dx[first * k..][..count * k]);
            }
            if wants_dw {
                product(
                    MatMut::new(&mut dw, (n, k), (k, 1)),
                    Mat::new(scores, (n, count), (1, n)),
                    Mat::new(x, (count, k), (k, 1)),
                    true,
                    threads(),
                );
            }
        }
        let keep = |wanted: bool, values, shape| wanted.then_some(Tensor2 { values, shape });
        Self {
            each,
            scale,
            dx: keep(wants_dx, dx, (m, k)),
            dw: keep(wants_dw, dw, (n, k)),
        }
    }
}

/// `-ln p(label)` of each row of scores, which become their gradients: `scale · (p - 1 at the label)`.
fn losses(scores: &mut [f32], labels: &[u32], n: usize, scale: f32) -> Vec<f32> {
    scores
        .par_chunks_exact_mut(n)
        .zip(labels)
        .map(|(scores, label)| {
            let sum = kernel::log_sum_exp(scores);
            let loss = sum - scores[*label as usize];
            fastest(
                #[inline(always)]
                || {
                    for score in scores.iter_mut() {
                        *score = scale * exp(*score - sum);
                    }
                },
            );
            scores[*label as usize] -= scale;
            loss
        })
        .collect()
}

impl CustomOp2 for Done {
    fn name(&self) -> &'static str {
        "cross-entropy"
    }

    fn cpu_fwd(
        &self,
        _x: &CpuStorage,
        _x_layout: &Layout,
        _w: &CpuStorage,
        _w_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let sum: f64 = self.each.iter().copied().map(f64::from).sum();
        let loss = (sum * f64::from(self.scale)) as f32;
        Ok((CpuStorage::F32(vec![loss]), Shape::from(())))
    }

    fn bwd(
        &self,
        _x: &Tensor,
        _w: &Tensor,
        _loss: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let g = f64::from(g.to_scalar::<f32>()?);
        let scaled = |of: &Option<Tensor2>| -> Result<Option<Tensor>> {
            let Some(Tensor2 { values, shape }) = of else {
                return Ok(None);
            };
            Ok(Some(
                (Tensor::from_slice(values, *shape, &candle_core::Device::Cpu)? * g)?,
            ))
        };
        Ok((scaled(&self.dx)?, scaled(&self.dw)?))
    }
}
