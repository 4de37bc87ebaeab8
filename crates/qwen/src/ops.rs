//! Every operation of the model, each in one place, each with a backward.
//!
//! On the CPU an operation is a kernel of ours, or several, with a backward of its own, so inference and
//! training run the same code. On other devices it is a composition of Candle's differentiable
//! operations ([`plain`]); where Candle has a fused kernel without a backward, that is taken in
//! [`Mode::Inference`] only. So nothing here cuts the graph when gradients are wanted.
//!
//! Layouts need no transposition: activations are `(batch, sequence, heads, head_dim)` throughout.

mod add;
mod attention;
mod blocks;
mod cross_entropy;
mod dropout;
mod kernel;
mod linear;
mod lora;
mod norm;
pub mod plain;
mod rope;
mod swiglu;
#[cfg(test)]
mod tests;

pub use add::add;
pub use attention::{Span, attention};
pub use cross_entropy::cross_entropy;
pub use dropout::Dropout;
pub(crate) use kernel::{Rows, add_product, log_sum_exp, widen};
pub use linear::linear;
pub(crate) use linear::with_rows;
pub use lora::{Lora, linear_lora};
pub use norm::rms_norm;
pub use rope::rope;
pub use swiglu::swiglu;

use candle_core::{CpuStorage, Layout, Result, bail};

/// Whether gradients will be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// No: fused kernels without a backward may be used.
    Inference,
    /// Yes: every operation records how to go back.
    Training,
}

/// The f32 elements that a contiguous layout sees.
fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout, op: &str) -> Result<&'a [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("{op} takes contiguous tensors");
    };
    Ok(&f32s(storage, op)?[start..end])
}

/// All f32 elements of a storage.
fn f32s<'a>(storage: &'a CpuStorage, op: &str) -> Result<&'a [f32]> {
    match storage {
        CpuStorage::F32(all) => Ok(all),
        _ => bail!("{op} computes in f32 on the CPU"),
    }
}
