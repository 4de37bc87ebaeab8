//! Scaled dot-product attention with grouped queries: causal over a cache, within segments, or both. The
//! matrix of probabilities exists for one block of queries and one head at a time, in the forward and
//! in the backward.

mod backward;

use std::ops::Range;
use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Tensor, bail};
use gemm::Parallelism;
use rayon::prelude::*;

use super::kernel::{Mat, MatMut, dot, fastest, product, softmax};
use super::{Mode, f32s, plain};

/// Queries that are handled together.
const BLOCK: usize = 64;

/// Below this many multiplications, one query's heads are handled by one thread.
const PARALLEL_FROM: usize = 1 << 18;

/// Which keys a query sees.
#[derive(Debug, Clone)]
pub enum Span {
    /// Query `i` of S stands at position `T - S + i` of T keys and sees the keys from its row's start
    /// to itself. One start for each row of the batch: what lies before is padding.
    Causal {
        /// First real key of each row.
        starts: Arc<[usize]>,
    },
    /// Queries and keys are cut at the same places; a query sees the keys of its own segment. The
    /// bounds ascend from 0 to S. Batch of one.
    Segments(Arc<[usize]>),
    /// As `Segments`, but a query sees the keys of its own segment up to itself: sequences packed one
    /// after the other, none of which sees another.
    Packed(Arc<[usize]>),
}

impl Span {
    /// Causal over a batch without padding on the left.
    pub fn causal(batch: usize) -> Self {
        Self::Causal {
            starts: vec![0; batch].into(),
        }
    }

    /// The keys that a query sees.
    pub(super) fn keys(&self, row: usize, query: usize, (s, t): (usize, usize)) -> Range<usize> {
        match self {
            Self::Causal { starts } => {
                let end = t - s + query + 1;
                starts[row].min(end)..end
            }
            Self::Segments(bounds) | Self::Packed(bounds) => {
                let after = bounds.partition_point(|bound| *bound <= query);
                let end = match self {
                    Self::Packed(_) => query + 1,
                    _ => bounds[after],
                };
                bounds[after - 1]..end
            }
        }
    }

    fn check(&self, b: usize, s: usize, t: usize) -> Result<()> {
        let fits = match self {
            Self::Causal { starts } => starts.len() == b && s <= t,
            Self::Segments(bounds) | Self::Packed(bounds) => {
                b == 1
                    && s == t
                    && bounds.first() == Some(&0)
                    && bounds.last() == Some(&s)
                    && bounds.is_sorted()
            }
        };
        match fits {
            true => Ok(()),
            false => bail!("attention over ({b}, {s}) queries and {t} keys does not fit {self:?}"),
        }
    }

    /// Stretches of queries of one row that are handled together, in order.
    fn blocks(&self, b: usize, s: usize) -> Vec<Block> {
        let cut = |row: usize, all: Range<usize>| {
            all.clone().step_by(BLOCK).map(move |first| Block {
                row,
                queries: first..(first + BLOCK).min(all.end),
            })
        };
        match self {
            Self::Causal { .. } => (0..b).flat_map(|row| cut(row, 0..s)).collect(),
            Self::Segments(bounds) | Self::Packed(bounds) => bounds
                .windows(2)
                .flat_map(|pair| cut(0, pair[0]..pair[1]))
                .collect(),
        }
    }
}

/// `softmax(q · kᵀ / √D) · v` for each head.
///
/// `q`: (B, S, H, D); `k`, `v`: (B, T, G, D) with H a multiple of G; each head's D elements contiguous.
/// Returns (B, S, H, D). A query that sees no key gets zeros.
///
/// # Errors
/// When shapes do not match each other or the span.
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, span: &Span, mode: Mode) -> Result<Tensor> {
    let (b, s, h, _) = q.dims4()?;
    let (_, t, groups, _) = k.dims4()?;
    span.check(b, s, t)?;
    if groups == 0 || !h.is_multiple_of(groups) || k.dims() != v.dims() {
        bail!(
            "{h} query heads do not share {:?} keys and {:?} values",
            k.dims(),
            v.dims()
        );
    }
    match q.device().is_cpu() && q.dtype() == DType::F32 {
        true => q.apply_op3(k, v, Attention { span: span.clone() }),
        false => plain::attention(q, k, v, span, mode),
    }
}

#[derive(Debug)]
struct Block {
    row: usize,
    queries: Range<usize>,
}

struct Attention {
    span: Span,
}

/// A (batch, sequence, heads, head_dim) tensor's elements and steps.
#[derive(Clone, Copy)]
struct Heads<'a> {
    data: &'a [f32],
    /// Batch, sequence, heads, head_dim.
    dims: [usize; 4],
    /// Of the first three.
    steps: [usize; 3],
}

impl<'a> Heads<'a> {
    fn new(storage: &'a CpuStorage, layout: &Layout) -> Result<Self> {
        let (b, s, h, d) = layout.shape().dims4()?;
        let &[b_step, s_step, h_step, 1] = layout.stride() else {
            bail!("attention takes heads that are contiguous");
        };
        Ok(Self {
            data: &f32s(storage, "attention")?[layout.start_offset()..],
            dims: [b, s, h, d],
            steps: [b_step, s_step, h_step],
        })
    }

    /// One head of a stretch of positions, as (positions, head_dim).
    fn head(&self, row: usize, positions: &Range<usize>, head: usize) -> Mat<'a> {
        Mat::new(
            self.from(row, positions.start, head),
            (positions.len(), self.dims[3]),
            (self.steps[1], 1),
        )
    }

    /// The same, turned: (head_dim, positions).
    fn head_turned(&self, row: usize, positions: &Range<usize>, head: usize) -> Mat<'a> {
        Mat::new(
            self.from(row, positions.start, head),
            (self.dims[3], positions.len()),
            (1, self.steps[1]),
        )
    }

    #[inline(always)]
    fn from(&self, row: usize, position: usize, head: usize) -> &'a [f32] {
        let [b, s, h] = self.steps;
        &self.data[row * b + position * s + head * h..]
    }
}

impl CustomOp3 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(
        &self,
        q: &CpuStorage,
        q_layout: &Layout,
        k: &CpuStorage,
        k_layout: &Layout,
        v: &CpuStorage,
        v_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (q, k, v) = (
            Heads::new(q, q_layout)?,
            Heads::new(k, k_layout)?,
            Heads::new(v, v_layout)?,
        );
        let [b, s, h, d] = q.dims;
        let mut out = vec![0f32; b * s * h * d];
        if s == 1 {
            self.one_query(q, k, v, &mut out);
            return Ok((CpuStorage::F32(out), q_layout.shape().clone()));
        }
        let mut rest = out.as_mut_slice();
        let mut tasks = Vec::new();
        for block in self.span.blocks(b, s) {
            let (mine, others) = rest.split_at_mut(block.queries.len() * h * d);
            rest = others;
            tasks.push((block, mine));
        }
        tasks
            .into_par_iter()
            .for_each(|(block, out)| self.block(q, k, v, &block, out));
        Ok((CpuStorage::F32(out), q_layout.shape().clone()))
    }

    fn bwd(
        &self,
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
        out: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (dq, dk, dv) = backward::gradients(&self.span, [q, k, v], out, g)?;
        Ok((Some(dq), Some(dk), Some(dv)))
    }
}

impl Attention {
    /// All heads of a block of queries: two matrix products a head.
    fn block(&self, q: Heads<'_>, k: Heads<'_>, v: Heads<'_>, block: &Block, out: &mut [f32]) {
        let [_, _, h, d] = q.dims;
        let mut scores = Vec::new();
        for head in 0..h {
            let keys = probabilities(&self.span, q, k, (block, head), &mut scores);
            let n = block.queries.len();
            product(
                MatMut::new(&mut out[head * d..], (n, d), (h * d, 1)),
                Mat::new(&scores, (n, keys.len()), (keys.len(), 1)),
                v.head(block.row, &keys, head * v.dims[2] / h),
                false,
                Parallelism::None,
            );
        }
    }

    /// A single query for each row, as when decoding: `out` is (B, 1, H, D).
    fn one_query(&self, q: Heads<'_>, k: Heads<'_>, v: Heads<'_>, out: &mut [f32]) {
        let [_, t, groups, d] = k.dims;
        let per_group = q.dims[2] / groups;
        let one = |(at, out): (usize, &mut [f32])| {
            let (row, group) = (at / groups, at % groups);
            let keys = self.span.keys(row, 0, (1, t));
            let mut scores = vec![0f32; keys.len()];
            fastest(
                #[inline(always)]
                || {
                    for (i, out) in out.chunks_exact_mut(d).enumerate() {
                        let query = &q.from(row, 0, group * per_group + i)[..d];
                        for (score, at) in scores.iter_mut().zip(keys.clone()) {
                            *score = dot(query, &k.from(row, at, group)[..d]);
                        }
                        softmax(&mut scores, scale(d));
                        for (score, at) in scores.iter().zip(keys.clone()) {
                            for (out, v) in out.iter_mut().zip(&v.from(row, at, group)[..d]) {
                                *out = score.mul_add(*v, *out);
                            }
                        }
                    }
                },
            );
        };
        match t * q.dims[2] * d < PARALLEL_FROM {
            true => out
                .chunks_exact_mut(per_group * d)
                .enumerate()
                .for_each(one),
            false => out
                .par_chunks_exact_mut(per_group * d)
                .enumerate()
                .for_each(one),
        }
    }
}

fn scale(d: usize) -> f32 {
    1.0 / (d as f32).sqrt()
}

/// Fills `scores` with one head's probabilities, (queries, keys), over the keys that any query of the
/// block sees; returns those keys.
fn probabilities(
    span: &Span,
    q: Heads<'_>,
    k: Heads<'_>,
    (block, head): (&Block, usize),
    scores: &mut Vec<f32>,
) -> Range<usize> {
    let ([_, s, h, d], t) = (q.dims, k.dims[1]);
    let n = block.queries.len();
    let first = span.keys(block.row, block.queries.start, (s, t));
    let last = span.keys(block.row, block.queries.end - 1, (s, t));
    let keys = first.start.min(last.start)..last.end;
    let width = keys.len();
    scores.clear();
    scores.resize(n * width, 0.0);
    product(
        MatMut::new(scores, (n, width), (width, 1)),
        q.head(block.row, &block.queries, head),
        k.head_turned(block.row, &keys, head * k.dims[2] / h),
        false,
        Parallelism::None,
    );
    fastest(
        #[inline(always)]
        || {
            for (query, scores) in block.queries.clone().zip(scores.chunks_exact_mut(width)) {
                let seen = span.keys(block.row, query, (s, t));
                scores[..seen.start - keys.start].fill(0.0);
                scores[seen.end - keys.start..].fill(0.0);
                let seen = &mut scores[seen.start - keys.start..seen.end - keys.start];
                if !seen.is_empty() {
                    softmax(seen, scale(d));
                }
            }
        },
    );
    keys
}
