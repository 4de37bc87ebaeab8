//! Rotary position embedding in the half-rotation form (Su et al., arXiv 2104.09864).

use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::kernel::fastest;
use super::{contiguous, f32s, plain};

/// Rotates each head by its position.
///
/// `x`: (B, S, H, D) with the last dimension contiguous; `cos`, `sin`: (B, S, D/2). Returns (B, S, H, D).
///
/// # Errors
/// When shapes do not match.
pub fn rope(x: &Tensor, cos: &Tensor, sin: &Tensor) -> Result<Tensor> {
    match x.device().is_cpu() && x.dtype() == DType::F32 {
        true => x.apply_op3(cos, sin, Rope { back: false }),
        false => plain::rope(x, cos, sin),
    }
}

struct Rope {
    /// Turns the other way: the gradient of a rotation.
    back: bool,
}

impl CustomOp3 for Rope {
    fn name(&self) -> &'static str {
        "rope"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        cos: &CpuStorage,
        cos_layout: &Layout,
        sin: &CpuStorage,
        sin_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (b, s, h, d) = x_layout.shape().dims4()?;
        let &[b_step, s_step, h_step, 1] = x_layout.stride() else {
            bail!("rope takes heads that are contiguous");
        };
        let all = f32s(x, self.name())?;
        let cos = contiguous(cos, cos_layout, self.name())?;
        let sin = contiguous(sin, sin_layout, self.name())?;
        if cos.len() != b * s * d / 2 || sin.len() != cos.len() {
            bail!("rope takes a cosine and a sine for each position");
        }
        let mut y = vec![0f32; b * s * h * d];
        let per_task = (16_384 / (h * d)).max(1);
        y.par_chunks_mut(per_task * h * d)
            .enumerate()
            .for_each(|(task, y)| {
                fastest(
                    #[inline(always)]
                    || {
                        for (i, y) in y.chunks_exact_mut(h * d).enumerate() {
                            let at = task * per_task + i;
                            let row = x_layout.start_offset() + at / s * b_step + at % s * s_step;
                            let (cos, sin) = (&cos[at * d / 2..], &sin[at * d / 2..]);
                            for (head, y) in y.chunks_exact_mut(d).enumerate() {
                                let x = &all[row + head * h_step..][..d];
                                rotate(x, &cos[..d / 2], &sin[..d / 2], self.back, y);
                            }
                        }
                    },
                );
            });
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        _x: &Tensor,
        cos: &Tensor,
        sin: &Tensor,
        _y: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let back = Self { back: !self.back };
        let dx = g.contiguous()?.apply_op3_no_bwd(cos, sin, &back)?;
        Ok((Some(dx), None, None))
    }
}

#[inline(always)]
fn rotate(x: &[f32], cos: &[f32], sin: &[f32], back: bool, y: &mut [f32]) {
    let half = cos.len();
    let (low, high) = x.split_at(half);
    let (y_low, y_high) = y.split_at_mut(half);
    let sign = if back { -1.0 } else { 1.0 };
    for i in 0..half {
        let sin = sin[i] * sign;
        y_low[i] = low[i] * cos[i] - high[i] * sin;
        y_high[i] = high[i] * cos[i] + low[i] * sin;
    }
}
