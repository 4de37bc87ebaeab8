//! A product with a frozen weight and a low-rank update beside it, as one operation: only its input is
//! kept, and the frozen weight costs no gradient.

use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Storage, Tensor, bail};
use rayon::prelude::*;

use super::dropout::{Dropout, Mask};
use super::kernel::{self, Mat, MatMut, Rows, product, threads};
use super::linear::{linear, outer, with_bias, with_rows};
use super::{add, contiguous, plain};
use crate::weight::Weight;

/// Elements that are worth a task.
const PER_TASK: usize = 16_384;

/// A low-rank update `scaling · b · a` (LoRA, arXiv 2106.09685), kept apart from its weight.
#[derive(Debug, Clone)]
pub struct Lora {
    /// (rank, in), f32.
    pub a: Tensor,
    /// (out, rank), f32.
    pub b: Tensor,
    /// `lora_alpha / r`, or `lora_alpha / sqrt(r)` with rank stabilisation (arXiv 2312.03732).
    pub scaling: f64,
    /// Drops elements of the update's input while training.
    pub dropout: Option<Dropout>,
}

/// `x · wᵀ + bias + scaling · dropout(x) · aᵀ · bᵀ`.
///
/// `x`: (…, K); `w`: (N, K) in any format. Returns (…, N) in the type of `x`.
///
/// # Errors
/// When shapes or devices do not match.
pub fn linear_lora(x: &Tensor, w: &Weight, bias: Option<&Tensor>, lora: &Lora) -> Result<Tensor> {
    if !x.device().is_cpu() || x.dtype() != DType::F32 {
        return plain::linear_lora(x, w, bias, lora);
    }
    let mask = lora.dropout.as_ref().and_then(Dropout::mask);
    let trained = |x: &Tensor| x.track_op();
    let base_learns = matches!(w, Weight::Dense(w) if trained(w)) || bias.is_some_and(trained);
    let (weight, bias, base) = match base_learns {
        true => (None, None, Some(linear(x, w, bias)?)),
        false => (Some(w.clone()), bias.cloned(), None),
    };
    let op = Adapted {
        weight,
        bias: bias.map(|bias| bias.to_dtype(DType::F32)).transpose()?,
        scaling: lora.scaling as f32,
        mask,
    };
    let y = x
        .contiguous()?
        .apply_op3(&lora.a.contiguous()?, &lora.b.contiguous()?, op)?;
    match base {
        Some(base) => add(&base, &y),
        None => Ok(y),
    }
}

struct Adapted {
    /// The frozen weight; `None` leaves the update alone.
    weight: Option<Weight>,
    bias: Option<Tensor>,
    scaling: f32,
    mask: Option<Mask>,
}

impl Adapted {
    /// The update's input: `x` itself, or what dropout leaves of it.
    fn seen<'a>(&self, x: &'a [f32]) -> std::borrow::Cow<'a, [f32]> {
        let Some(mask) = &self.mask else {
            return x.into();
        };
        let mut left = x.to_vec();
        dropped(mask, &mut left);
        left.into()
    }

    /// `scaling · seen · aᵀ`, (M, rank).
    fn low(&self, seen: &[f32], a: &[f32], rank: usize) -> Vec<f32> {
        let k = a.len() / rank;
        let mut low = vec![0f32; seen.len() / k * rank];
        kernel::linear(seen, Rows::F32(a), None, k, &mut low);
        low.iter_mut().for_each(|low| *low *= self.scaling);
        low
    }

    /// Gradients towards x, a and b from flat slices.
    fn gradients(&self, [x, a, b, g]: [&[f32]; 4], rank: usize, wants_dx: bool) -> Result<Grads> {
        let (n, k) = (b.len() / rank, a.len() / rank);
        let m = x.len() / k;
        // gb = scaling · g · b, (M, rank)
        let mut gb = vec![0f32; m * rank];
        kernel::linear_dx(g, Rows::F32(b), (n, rank), &mut gb);
        gb.iter_mut().for_each(|gb| *gb *= self.scaling);
        let (mut da, mut db) = (vec![0f32; rank * k], vec![0f32; n * rank]);
        {
            let seen = self.seen(x);
            // da = gbᵀ · seen;  db = gᵀ · (scaling · seen · aᵀ)
            product(
                MatMut::new(&mut da, (rank, k), (k, 1)),
                Mat::new(&gb, (rank, m), (1, rank)),
                Mat::new(&seen, (m, k), (k, 1)),
                false,
                threads(),
            );
            let low = self.low(&seen, a, rank);
            product(
                MatMut::new(&mut db, (n, rank), (rank, 1)),
                Mat::new(g, (n, m), (1, n)),
                Mat::new(&low, (m, rank), (rank, 1)),
                false,
                threads(),
            );
        }
        let dx = match wants_dx {
            true => Some(self.towards_x(g, &gb, a, (m, k, n, rank))?),
            false => None,
        };
        Ok(Grads { dx, da, db })
    }

    /// `g · w + dropout(gb · a)`, (M, K).
    fn towards_x(
        &self,
        g: &[f32],
        gb: &[f32],
        a: &[f32],
        (m, k, n, rank): (usize, usize, usize, usize),
    ) -> Result<Vec<f32>> {
        let mut dx = vec![0f32; m * k];
        let update = |dx: &mut [f32], add: bool| {
            product(
                MatMut::new(dx, (m, k), (k, 1)),
                Mat::new(gb, (m, rank), (rank, 1)),
                Mat::new(a, (rank, k), (k, 1)),
                add,
                threads(),
            );
        };
        let Some(weight) = &self.weight else {
            update(&mut dx, false);
            if let Some(mask) = &self.mask {
                dropped(mask, &mut dx);
            }
            return Ok(dx);
        };
        with_rows(weight, |rows| {
            kernel::linear_dx(g, rows, (n, k), &mut dx);
            Ok(())
        })?;
        match &self.mask {
            None => update(&mut dx, true),
            Some(mask) => {
                let mut part = vec![0f32; m * k];
                update(&mut part, false);
                dropped(mask, &mut part);
                dx.iter_mut().zip(&part).for_each(|(dx, part)| *dx += part);
            }
        }
        Ok(dx)
    }
}

struct Grads {
    dx: Option<Vec<f32>>,
    da: Vec<f32>,
    db: Vec<f32>,
}

impl CustomOp3 for Adapted {
    fn name(&self) -> &'static str {
        "linear-lora"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let ((rank, k), (n, b_rank)) = (a_layout.shape().dims2()?, b_layout.shape().dims2()?);
        if rank != b_rank || self.weight.as_ref().is_some_and(|w| w.dims() != (n, k)) {
            bail!("an update of ({n}, {b_rank}) and ({rank}, {k}) does not fit its weight");
        }
        let shape = outer(x_layout.shape(), k, n)?;
        let x = contiguous(x, x_layout, self.name())?;
        let a = contiguous(a, a_layout, self.name())?;
        let b = contiguous(b, b_layout, self.name())?;
        let mut y = vec![0f32; shape.elem_count()];
        if let Some(weight) = &self.weight {
            with_bias(self.bias.as_ref(), |bias| {
                with_rows(weight, |rows| {
                    kernel::linear(x, rows, bias, k, &mut y);
                    Ok(())
                })
            })?;
        }
        let low = self.low(&self.seen(x), a, rank);
        let m = low.len() / rank;
        product(
            MatMut::new(&mut y, (m, n), (n, 1)),
            Mat::new(&low, (m, rank), (rank, 1)),
            Mat::new(b, (rank, n), (1, rank)),
            self.weight.is_some(),
            threads(),
        );
        Ok((CpuStorage::F32(y), shape))
    }

    fn bwd(
        &self,
        x: &Tensor,
        a: &Tensor,
        b: &Tensor,
        _y: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let g = g.contiguous()?;
        let rank = a.dim(0)?;
        let guards = [x, a, b, &g].map(|tensor| tensor.storage_and_layout());
        let mut slices = [&[][..]; 4];
        for (slice, (storage, layout)) in slices.iter_mut().zip(&guards) {
            let Storage::Cpu(storage) = &**storage else {
                bail!("gradients on another device are Candle's");
            };
            *slice = contiguous(storage, layout, self.name())?;
        }
        let Grads { dx, da, db } = self.gradients(slices, rank, x.track_op())?;
        let tensor = |values: Vec<f32>, like: &Tensor| {
            Tensor::from_vec(values, like.shape(), &candle_core::Device::Cpu)
        };
        Ok((
            dx.map(|dx| tensor(dx, x)).transpose()?,
            Some(tensor(da, a)?),
            Some(tensor(db, b)?),
        ))
    }
}

fn dropped(mask: &Mask, x: &mut [f32]) {
    x.par_chunks_mut(PER_TASK)
        .enumerate()
        .for_each(|(task, x)| mask.apply(task * PER_TASK, x));
}
