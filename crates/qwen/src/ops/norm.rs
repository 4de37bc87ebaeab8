//! Root mean square layer normalisation (Zhang and Sennrich, arXiv 1910.07467).

use candle_core::{CpuStorage, CustomOp2, DType, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::kernel::{dot, fastest};
use super::{Mode, contiguous, plain};

/// `x / sqrt(mean(x²) + eps) · weight` over the last dimension.
///
/// `x`: (…, D); `weight`: (D). Same shape as `x`.
///
/// # Errors
/// When shapes do not match.
pub fn rms_norm(x: &Tensor, weight: &Tensor, eps: f64, mode: Mode) -> Result<Tensor> {
    if x.device().is_cpu() && x.dtype() == DType::F32 {
        let weight = weight.to_dtype(DType::F32)?;
        return x.contiguous()?.apply_op2(&weight, RmsNorm { eps });
    }
    match mode {
        Mode::Inference => {
            candle_nn::ops::rms_norm(&x.contiguous()?, &weight.to_dtype(x.dtype())?, eps as f32)
        }
        Mode::Training => plain::rms_norm(x, weight, eps),
    }
}

struct RmsNorm {
    eps: f64,
}

impl RmsNorm {
    /// `1 / sqrt(mean(x²) + eps)` of one row.
    #[inline(always)]
    fn inverse(&self, x: &[f32]) -> f32 {
        let mean = f64::from(dot(x, x)) / x.len() as f64;
        (1.0 / (mean + self.eps).sqrt()) as f32
    }
}

impl CustomOp2 for RmsNorm {
    fn name(&self) -> &'static str {
        "rms-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let x = contiguous(x, x_layout, "rms-norm")?;
        let weight = contiguous(weight, weight_layout, "rms-norm")?;
        let mut y = vec![0f32; x.len()];
        let d = weight.len();
        let rows = rows_per_task(d);
        y.par_chunks_mut(d * rows)
            .zip(x.par_chunks(d * rows))
            .for_each(|(y, x)| {
                fastest(
                    #[inline(always)]
                    || {
                        for (y, x) in y.chunks_exact_mut(d).zip(x.chunks_exact(d)) {
                            let inverse = self.inverse(x);
                            for ((y, x), weight) in y.iter_mut().zip(x).zip(weight) {
                                *y = x * inverse * weight;
                            }
                        }
                    },
                );
            });
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _y: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let d = weight.elem_count();
        let dims = x.dims().to_vec();
        // Detached: a gradient that holds a graph holds the values of the whole step.
        let (x, g) = (x.detach().reshape(((), d))?, g.reshape(((), d))?);
        let dx =
            x.apply_op3_no_bwd(&g.contiguous()?, weight, &RmsNormDx(Self { eps: self.eps }))?;
        let dw = match weight.track_op() {
            true => {
                let mean = (x.sqr()?.mean_keepdim(1)? + self.eps)?;
                let normal = x.broadcast_div(&mean.sqrt()?)?;
                Some((normal * g)?.sum(0)?)
            }
            false => None,
        };
        Ok((Some(dx.reshape(dims)?), dw))
    }
}

/// `dx = r · (g·w) - x · r³ · mean(x · g·w)` with `r = 1 / sqrt(mean(x²) + eps)`.
struct RmsNormDx(RmsNorm);

impl candle_core::CustomOp3 for RmsNormDx {
    fn name(&self) -> &'static str {
        "rms-norm-dx"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        g: &CpuStorage,
        g_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let x = contiguous(x, x_layout, self.name())?;
        let g = contiguous(g, g_layout, self.name())?;
        let weight = contiguous(weight, weight_layout, self.name())?;
        let d = weight.len();
        let rows = rows_per_task(d);
        let mut dx = vec![0f32; x.len()];
        dx.par_chunks_mut(d * rows)
            .zip(x.par_chunks(d * rows).zip(g.par_chunks(d * rows)))
            .for_each(|(dx, (x, g))| {
                fastest(
                    #[inline(always)]
                    || {
                        let rows = x.chunks_exact(d).zip(g.chunks_exact(d));
                        for (dx, (x, g)) in dx.chunks_exact_mut(d).zip(rows) {
                            for ((dx, g), w) in dx.iter_mut().zip(g).zip(weight) {
                                *dx = g * w;
                            }
                            let r = self.0.inverse(x);
                            let pull = r * r * r * dot(x, dx) / d as f32;
                            for (dx, x) in dx.iter_mut().zip(x) {
                                *dx = r * *dx - pull * x;
                            }
                        }
                    },
                );
            });
        Ok((CpuStorage::F32(dx), x_layout.shape().clone()))
    }
}

/// So many rows that a task is worth its start.
fn rows_per_task(d: usize) -> usize {
    (16_384 / d).max(1)
}
