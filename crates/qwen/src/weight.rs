//! A weight matrix, as it is held: dense, or in blocks of a quantised format.

use std::sync::Arc;

use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{DType, Module, Result, Tensor, bail};

use crate::ops::{self, Rows};

/// A weight (N, K), whose product with a vector of K gives N.
#[derive(Debug, Clone)]
pub enum Weight {
    /// f32, bf16 or f16. May be a variable, then in f32.
    Dense(Tensor),
    /// `Q8_0` or `Q4_K`, frozen.
    Quantized(Arc<QTensor>),
}

impl Weight {
    /// (N, K).
    pub fn dims(&self) -> (usize, usize) {
        let dims = match self {
            Self::Dense(tensor) => tensor.dims(),
            Self::Quantized(tensor) => tensor.shape().dims(),
        };
        match dims {
            [n, k] => (*n, *k),
            _ => (0, 0),
        }
    }

    /// The same weight, to which no gradient goes.
    pub fn frozen(&self) -> Self {
        match self {
            Self::Dense(tensor) => Self::Dense(tensor.detach()),
            Self::Quantized(tensor) => Self::Quantized(tensor.clone()),
        }
    }

    /// Bytes that the weight takes in memory.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Dense(tensor) => tensor.elem_count() * tensor.dtype().size_in_bytes(),
            Self::Quantized(tensor) => tensor.storage_size_in_bytes(),
        }
    }

    /// Picks rows, as f32 on the CPU and in the dense type elsewhere: an embedding.
    ///
    /// `ids`: (M) of u32, each below N. Returns (M, K). Differentiable where the weight is a variable.
    ///
    /// # Errors
    /// When an id is N or more.
    pub fn rows(&self, ids: &Tensor) -> Result<Tensor> {
        match self {
            Self::Dense(tensor) if tensor.device().is_cpu() => {
                tensor.index_select(ids, 0)?.to_dtype(DType::F32)
            }
            Self::Dense(tensor) => tensor.index_select(ids, 0),
            Self::Quantized(tensor) if tensor.device().is_cpu() => self.widened_rows(ids),
            Self::Quantized(tensor) => tensor.embedding(ids),
        }
    }

    fn widened_rows(&self, ids: &Tensor) -> Result<Tensor> {
        let (n, k) = self.dims();
        let ids = ids.to_vec1::<u32>()?;
        let mut out = vec![0f32; ids.len() * k];
        ops::with_rows(self, |rows| {
            for (id, out) in ids.iter().zip(out.chunks_exact_mut(k)) {
                let row = *id as usize;
                if row >= n {
                    bail!("row {row} of a weight with {n} rows");
                }
                ops::widen(rows, row, k, out);
            }
            Ok(())
        })?;
        Tensor::from_vec(out, (ids.len(), k), &candle_core::Device::Cpu)
    }

    /// The product of Candle's, for devices without a kernel of ours.
    pub(crate) fn matmul(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Dense(tensor) => x.matmul(&tensor.t()?),
            Self::Quantized(tensor) => {
                let y = QMatMul::from_arc(tensor.clone())?.forward(&x.to_dtype(DType::F32)?)?;
                y.to_dtype(x.dtype())
            }
        }
    }

    /// Hands over a quantised weight's blocks.
    pub(crate) fn with_blocks<T>(
        &self,
        tensor: &QTensor,
        f: impl FnOnce(Rows<'_>) -> Result<T>,
    ) -> Result<T> {
        let bytes = tensor.data()?;
        match tensor.dtype() {
            GgmlDType::Q8_0 => f(Rows::Q8_0(bytemuck::cast_slice(&bytes))),
            GgmlDType::Q4K => f(Rows::Q4K(bytemuck::cast_slice(&bytes))),
            other => bail!("weights are quantised as Q8_0 or Q4_K, not {other:?}"),
        }
    }
}
