//! The gate of a SwiGLU feed-forward layer (Shazeer, arXiv 2002.05202).

use candle_core::{CpuStorage, CustomOp2, CustomOp3, DType, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::kernel::{exp, fastest};
use super::{contiguous, plain};

/// Elements that are worth a task.
const PER_TASK: usize = 16_384;

/// `silu(gate) · up`, element by element; both of one shape.
///
/// # Errors
/// When shapes do not match.
pub fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    match gate.device().is_cpu() && gate.dtype() == DType::F32 {
        true => gate.contiguous()?.apply_op2(&up.contiguous()?, Swiglu),
        false => plain::swiglu(gate, up),
    }
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

struct Swiglu;

impl CustomOp2 for Swiglu {
    fn name(&self) -> &'static str {
        "swiglu"
    }

    fn cpu_fwd(
        &self,
        gate: &CpuStorage,
        gate_layout: &Layout,
        up: &CpuStorage,
        up_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let gate = contiguous(gate, gate_layout, self.name())?;
        let up = contiguous(up, up_layout, self.name())?;
        let mut y = vec![0f32; gate.len()];
        y.par_chunks_mut(PER_TASK)
            .zip(gate.par_chunks(PER_TASK).zip(up.par_chunks(PER_TASK)))
            .for_each(|(y, (gate, up))| {
                fastest(
                    #[inline(always)]
                    || {
                        for ((y, gate), up) in y.iter_mut().zip(gate).zip(up) {
                            *y = gate * sigmoid(*gate) * up;
                        }
                    },
                );
            });
        Ok((CpuStorage::F32(y), gate_layout.shape().clone()))
    }

    fn bwd(
        &self,
        gate: &Tensor,
        up: &Tensor,
        _y: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let g = g.contiguous()?;
        let d_gate = gate.apply_op3_no_bwd(up, &g, &SwigluGrad { of_gate: true })?;
        let d_up = gate.apply_op3_no_bwd(up, &g, &SwigluGrad { of_gate: false })?;
        Ok((Some(d_gate), Some(d_up)))
    }
}

/// `d gate = g · up · s · (1 + gate · (1 - s))` and `d up = g · gate · s` with `s = sigmoid(gate)`.
struct SwigluGrad {
    of_gate: bool,
}

impl CustomOp3 for SwigluGrad {
    fn name(&self) -> &'static str {
        "swiglu-grad"
    }

    fn cpu_fwd(
        &self,
        gate: &CpuStorage,
        gate_layout: &Layout,
        up: &CpuStorage,
        up_layout: &Layout,
        g: &CpuStorage,
        g_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let gate = contiguous(gate, gate_layout, self.name())?;
        let up = contiguous(up, up_layout, self.name())?;
        let g = contiguous(g, g_layout, self.name())?;
        let mut d = vec![0f32; gate.len()];
        d.par_chunks_mut(PER_TASK)
            .zip(gate.par_chunks(PER_TASK))
            .zip(up.par_chunks(PER_TASK).zip(g.par_chunks(PER_TASK)))
            .for_each(|((d, gate), (up, g))| {
                fastest(
                    #[inline(always)]
                    || {
                        for ((d, gate), (up, g)) in d.iter_mut().zip(gate).zip(up.iter().zip(g)) {
                            let s = sigmoid(*gate);
                            *d = match self.of_gate {
                                true => g * up * s * (1.0 + gate * (1.0 - s)),
                                false => g * gate * s,
                            };
                        }
                    },
                );
            });
        Ok((CpuStorage::F32(d), gate_layout.shape().clone()))
    }
}
