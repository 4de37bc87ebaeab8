//! Gradients of attention. Probabilities are computed again, a block of queries and a head at a time,
//! so nothing of the size sequence × sequence is kept (as in FlashAttention, arXiv 2205.14135).

use std::ops::Range;

use candle_core::{Result, Storage, Tensor, bail};
use gemm::Parallelism;
use rayon::prelude::*;

use super::super::kernel::{Mat, MatMut, dot, fastest, product};
use super::{Block, Heads, Span, probabilities, scale};

/// Gradients towards q, k and v, each of its tensor's shape.
pub(super) fn gradients(
    span: &Span,
    [q, k, v]: [&Tensor; 3],
    out: &Tensor,
    g: &Tensor,
) -> Result<(Tensor, Tensor, Tensor)> {
    let (g, out) = (g.contiguous()?, out.contiguous()?);
    with_heads(
        [q, k, v, &out, &g],
        |[q_heads, k_heads, v_heads, out, g]| {
            let [b, s, h, d] = q_heads.dims;
            let [_, t, groups, _] = k_heads.dims;
            let all = Inputs {
                span,
                q: q_heads,
                k: k_heads,
                v: v_heads,
                out,
                g,
            };
            // One task a row and group of heads: only its own queries reach its keys and values.
            let parts: Vec<Part> = (0..b * groups)
                .into_par_iter()
                .map(|at| all.part(at / groups, at % groups))
                .collect();
            let gather = |of: fn(&Part) -> &Vec<f32>, heads: usize, length: usize| {
                let parts = parts.iter().flat_map(|part| of(part).iter().copied());
                let turned = Tensor::from_iter(parts, q.device())?;
                turned
                    .reshape((b, heads, length, d))?
                    .transpose(1, 2)?
                    .contiguous()
            };
            Ok((
                gather(|part| &part.dq, h, s)?,
                gather(|part| &part.dk, groups, t)?,
                gather(|part| &part.dv, groups, t)?,
            ))
        },
    )
}

struct Inputs<'a> {
    span: &'a Span,
    q: Heads<'a>,
    k: Heads<'a>,
    v: Heads<'a>,
    out: Heads<'a>,
    g: Heads<'a>,
}

/// One row's and group's share: `dq` (heads of the group, S, D), `dk` and `dv` (T, D).
struct Part {
    dq: Vec<f32>,
    dk: Vec<f32>,
    dv: Vec<f32>,
}

impl Inputs<'_> {
    fn part(&self, row: usize, group: usize) -> Part {
        let [_, s, h, d] = self.q.dims;
        let [b, t, groups, _] = self.k.dims;
        let per_group = h / groups;
        let mut part = Part {
            dq: vec![0f32; per_group * s * d],
            dk: vec![0f32; t * d],
            dv: vec![0f32; t * d],
        };
        let blocks = self.span.blocks(b, s);
        let (mut p, mut dp) = (Vec::new(), Vec::new());
        for block in blocks.iter().filter(|block| block.row == row) {
            for i in 0..per_group {
                let head = group * per_group + i;
                let keys = probabilities(self.span, self.q, self.k, (block, head), &mut p);
                let dq = &mut part.dq[i * s * d..][..s * d];
                self.value_side(block, head, &keys, &p, &mut part.dv);
                self.score_side((block, head, group), &keys, &p, &mut dp);
                let n = block.queries.len();
                let scores = Mat::new(&dp, (n, keys.len()), (keys.len(), 1));
                let turned = Mat::new(&dp, (keys.len(), n), (1, keys.len()));
                // dq = ds · k;  dk += dsᵀ · q
                product(
                    MatMut::new(&mut dq[block.queries.start * d..], (n, d), (d, 1)),
                    scores,
                    self.k.head(row, &keys, group),
                    false,
                    Parallelism::None,
                );
                product(
                    MatMut::new(&mut part.dk[keys.start * d..], (keys.len(), d), (d, 1)),
                    turned,
                    self.q.head(row, &block.queries, head),
                    true,
                    Parallelism::None,
                );
            }
        }
        part
    }

    /// `dv += pᵀ · g`.
    fn value_side(
        &self,
        block: &Block,
        head: usize,
        keys: &Range<usize>,
        p: &[f32],
        dv: &mut [f32],
    ) {
        let (n, d) = (block.queries.len(), self.q.dims[3]);
        product(
            MatMut::new(&mut dv[keys.start * d..], (keys.len(), d), (d, 1)),
            Mat::new(p, (keys.len(), n), (1, keys.len())),
            self.g.head(block.row, &block.queries, head),
            true,
            Parallelism::None,
        );
    }

    /// `ds = scale · p · (g · vᵀ - sum(g · out))`.
    fn score_side(
        &self,
        (block, head, group): (&Block, usize, usize),
        keys: &Range<usize>,
        p: &[f32],
        ds: &mut Vec<f32>,
    ) {
        let (n, d, width) = (block.queries.len(), self.q.dims[3], keys.len());
        ds.clear();
        ds.resize(n * width, 0.0);
        product(
            MatMut::new(ds, (n, width), (width, 1)),
            self.g.head(block.row, &block.queries, head),
            self.v.head_turned(block.row, keys, group),
            false,
            Parallelism::None,
        );
        fastest(
            #[inline(always)]
            || {
                let rows = ds.chunks_exact_mut(width).zip(p.chunks_exact(width));
                for (query, (ds, p)) in block.queries.clone().zip(rows) {
                    let g = &self.g.from(block.row, query, head)[..d];
                    let drop = dot(g, &self.out.from(block.row, query, head)[..d]);
                    for (ds, p) in ds.iter_mut().zip(p) {
                        *ds = scale(d) * p * (*ds - drop);
                    }
                }
            },
        );
    }
}

/// Reads five tensors at once.
fn with_heads<T>(tensors: [&Tensor; 5], f: impl FnOnce([Heads<'_>; 5]) -> Result<T>) -> Result<T> {
    let guards = tensors.map(|tensor| tensor.storage_and_layout());
    let mut heads = Vec::with_capacity(guards.len());
    for (storage, layout) in &guards {
        let Storage::Cpu(storage) = &**storage else {
            bail!("gradients of attention on another device are Candle's");
        };
        heads.push(Heads::new(storage, layout)?);
    }
    match <[Heads<'_>; 5]>::try_from(heads) {
        Ok(heads) => f(heads),
        Err(_) => bail!("five tensors have five layouts"),
    }
}
