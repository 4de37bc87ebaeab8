//! Products with a weight: frozen in any format, or trainable.

use candle_core::{
    CpuStorage, CustomOp1, CustomOp2, DType, Layout, Result, Shape, Storage, Tensor, bail,
};

use super::kernel::{self, Mat, MatMut, Rows, product, threads};
use super::{contiguous, plain};
use crate::weight::Weight;

/// `x · wᵀ + bias`.
///
/// `x`: (…, K); `w`: (N, K) in any format; `bias`: (N). Returns (…, N) in the type of `x`. A weight that
/// is a variable receives a gradient; a frozen one never costs one.
///
/// # Errors
/// When shapes or devices do not match.
pub fn linear(x: &Tensor, w: &Weight, bias: Option<&Tensor>) -> Result<Tensor> {
    if !x.device().is_cpu() || x.dtype() != DType::F32 {
        return plain::linear(x, w, bias);
    }
    let x = x.contiguous()?;
    let (fused, added) = match bias {
        Some(bias) if bias.track_op() => (None, Some(bias)),
        bias => (bias, None),
    };
    let y = match w {
        Weight::Dense(w) if w.track_op() => x.apply_op2(&w.contiguous()?, Trained)?,
        _ => x.apply_op1(Frozen {
            weight: w.clone(),
            bias: fused.map(|bias| bias.to_dtype(DType::F32)).transpose()?,
        })?,
    };
    let rest = match w {
        Weight::Dense(w) if w.track_op() => bias,
        _ => added,
    };
    match rest {
        Some(bias) => y.broadcast_add(&bias.to_dtype(DType::F32)?),
        None => Ok(y),
    }
}

/// Calls `f` with a weight's rows as they lie in memory.
pub(crate) fn with_rows<T>(w: &Weight, f: impl FnOnce(Rows<'_>) -> Result<T>) -> Result<T> {
    match w {
        Weight::Dense(tensor) => {
            let (storage, layout) = tensor.storage_and_layout();
            let Some((start, end)) = layout.contiguous_offsets() else {
                bail!("a weight is contiguous");
            };
            match &*storage {
                Storage::Cpu(CpuStorage::F32(all)) => f(Rows::F32(&all[start..end])),
                Storage::Cpu(CpuStorage::BF16(all)) => f(Rows::Bf16(&all[start..end])),
                Storage::Cpu(CpuStorage::F16(all)) => {
                    f(Rows::F16(bytemuck::cast_slice(&all[start..end])))
                }
                _ => bail!("a weight on the CPU is f32, bf16 or f16"),
            }
        }
        Weight::Quantized(tensor) => w.with_blocks(tensor, f),
    }
}

/// Calls `f` with a bias's elements, if there is one.
pub(super) fn with_bias<T>(
    bias: Option<&Tensor>,
    f: impl FnOnce(Option<&[f32]>) -> Result<T>,
) -> Result<T> {
    let Some(bias) = bias else {
        return f(None);
    };
    let (storage, layout) = bias.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else {
        bail!("a bias is on its weight's device");
    };
    f(Some(contiguous(storage, layout, "linear")?))
}

/// A product with a weight that does not learn: its backward gives `dx` alone.
struct Frozen {
    weight: Weight,
    bias: Option<Tensor>,
}

impl CustomOp1 for Frozen {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, k) = self.weight.dims();
        let shape = outer(layout.shape(), k, n)?;
        let x = contiguous(x, layout, self.name())?;
        let mut y = vec![0f32; shape.elem_count()];
        with_bias(self.bias.as_ref(), |bias| {
            with_rows(&self.weight, |rows| {
                kernel::linear(x, rows, bias, k, &mut y);
                Ok(())
            })
        })?;
        Ok((CpuStorage::F32(y), shape))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let dx = g.contiguous()?.apply_op1_no_bwd(&Dx(&self.weight))?;
        debug_assert_eq!(dx.shape(), x.shape());
        Ok(Some(dx))
    }
}

/// `g · w`.
struct Dx<'a>(&'a Weight);

impl CustomOp1 for Dx<'_> {
    fn name(&self) -> &'static str {
        "linear-dx"
    }

    fn cpu_fwd(&self, g: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, k) = self.0.dims();
        let shape = outer(layout.shape(), n, k)?;
        let g = contiguous(g, layout, self.name())?;
        let mut dx = vec![0f32; shape.elem_count()];
        with_rows(self.0, |rows| {
            kernel::linear_dx(g, rows, (n, k), &mut dx);
            Ok(())
        })?;
        Ok((CpuStorage::F32(dx), shape))
    }
}

/// A product with an f32 weight that learns.
struct Trained;

impl CustomOp2 for Trained {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (n, k) = w_layout.shape().dims2()?;
        let shape = outer(x_layout.shape(), k, n)?;
        let x = contiguous(x, x_layout, self.name())?;
        let w = contiguous(w, w_layout, self.name())?;
        let mut y = vec![0f32; shape.elem_count()];
        kernel::linear(x, Rows::F32(w), None, k, &mut y);
        Ok((CpuStorage::F32(y), shape))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        _y: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let g = g.contiguous()?;
        let dx = match x.track_op() {
            true => Some(g.apply_op1_no_bwd(&Dx(&Weight::Dense(w.detach())))?),
            false => None,
        };
        Ok((dx, Some(g.apply_op2_no_bwd(x, &Dw)?)))
    }
}

/// `gᵀ · x`, (N, K), summed over all rows.
struct Dw;

impl CustomOp2 for Dw {
    fn name(&self) -> &'static str {
        "linear-dw"
    }

    fn cpu_fwd(
        &self,
        g: &CpuStorage,
        g_layout: &Layout,
        x: &CpuStorage,
        x_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let last = |layout: &Layout| layout.dims().last().copied().unwrap_or(1);
        let (n, k) = (last(g_layout), last(x_layout));
        let g = contiguous(g, g_layout, self.name())?;
        let x = contiguous(x, x_layout, self.name())?;
        let m = x.len() / k;
        let mut dw = vec![0f32; n * k];
        product(
            MatMut::new(&mut dw, (n, k), (k, 1)),
            Mat::new(g, (n, m), (1, n)),
            Mat::new(x, (m, k), (k, 1)),
            false,
            threads(),
        );
        Ok((CpuStorage::F32(dw), Shape::from((n, k))))
    }
}

/// The shape with its last dimension, which must be `from`, replaced.
pub(super) fn outer(shape: &Shape, from: usize, to: usize) -> Result<Shape> {
    let mut dims = shape.dims().to_vec();
    match dims.last_mut() {
        Some(last) if *last == from => *last = to,
        _ => bail!("a product with ({to}, {from}) does not take {shape:?}"),
    }
    Ok(Shape::from(dims))
}
