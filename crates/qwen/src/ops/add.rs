//! Sums, as where a layer's output joins the residual stream.

use candle_core::{CpuStorage, CustomOp2, DType, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::contiguous;

/// Elements that are worth a task.
const PER_TASK: usize = 65_536;

/// `x + y`, both of one shape.
///
/// # Errors
/// When shapes do not match.
pub fn add(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    match x.device().is_cpu() && x.dtype() == DType::F32 {
        true => x.contiguous()?.apply_op2(&y.contiguous()?, Add),
        false => x + y,
    }
}

/// Candle's own sum lets threads wait in a loop, which costs more than the sum where they are few.
struct Add;

impl CustomOp2 for Add {
    fn name(&self) -> &'static str {
        "add"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        y: &CpuStorage,
        y_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        if x_layout.shape() != y_layout.shape() {
            bail!("a sum of {:?} and {:?}", x_layout.shape(), y_layout.shape());
        }
        let x = contiguous(x, x_layout, self.name())?;
        let y = contiguous(y, y_layout, self.name())?;
        let mut sum = vec![0f32; x.len()];
        sum.par_chunks_mut(PER_TASK)
            .zip(x.par_chunks(PER_TASK).zip(y.par_chunks(PER_TASK)))
            .for_each(|(sum, (x, y))| {
                for ((sum, x), y) in sum.iter_mut().zip(x).zip(y) {
                    *sum = x + y;
                }
            });
        Ok((CpuStorage::F32(sum), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        _x: &Tensor,
        _y: &Tensor,
        _sum: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((Some(g.clone()), Some(g.clone())))
    }
}
