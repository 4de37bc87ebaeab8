//! CPU kernels on plain slices: dot products with rows of a weight as they lie in memory, widening of
//! such rows, strided matrix products, exponentials. No tensors here.
//!
//! Loops are written so that the compiler vectorises them for the widest instruction set that
//! [`pulp::Arch`] finds at run time.

use gemm::Parallelism;
use half::bf16;
use rayon::prelude::*;

use super::blocks::{BlockQ4K, BlockQ8_0, QK_K, QK8_0, f16_to_f32};

/// Lanes that one accumulator holds: one AVX-512 register of f32.
const LANES: usize = 16;

/// Below this many multiplications a product is not worth a second thread.
const PARALLEL_FROM: usize = 1 << 15;

/// Products with at most this many rows on the left are taken row by row of the weight.
pub(crate) const MAX_GEMV_ROWS: usize = 4;

/// Elements of a block of weight rows that is widened to f32 at once.
const WIDEN_BLOCK: usize = 1 << 20;

/// Rows of a weight `(rows, columns)`, as they lie in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rows<'a> {
    F32(&'a [f32]),
    Bf16(&'a [bf16]),
    /// Bits of IEEE half-precision numbers.
    F16(&'a [u16]),
    Q8_0(&'a [BlockQ8_0]),
    Q4K(&'a [BlockQ4K]),
}

/// `y (m, n) = x (m, k) · wᵀ (k, n) + bias (n)`.
pub(crate) fn linear(x: &[f32], w: Rows<'_>, bias: Option<&[f32]>, k: usize, y: &mut [f32]) {
    let m = x.len() / k;
    let n = y.len() / m.max(1);
    if m == 0 || n == 0 {
        return;
    }
    if let Some(bias) = bias {
        y.chunks_exact_mut(n)
            .for_each(|row| row.copy_from_slice(bias));
    }
    if m <= MAX_GEMV_ROWS {
        gemv(x, w, bias.is_some(), k, (m, n), y);
        return;
    }
    for_each_widened(w, n, k, |first, block| {
        let rows = block.len() / k;
        let columns = MatMut::new(&mut y[first..], (m, rows), (n, 1));
        let weight = Mat::new(block, (k, rows), (1, k));
        product(
            columns,
            Mat::new(x, (m, k), (k, 1)),
            weight,
            bias.is_some(),
            threads(),
        );
    });
}

/// `dx (m, k) = g (m, n) · w (n, k)`: the gradient of [`linear`] towards its input.
pub(crate) fn linear_dx(g: &[f32], w: Rows<'_>, (n, k): (usize, usize), dx: &mut [f32]) {
    let m = g.len() / n;
    for_each_widened(w, n, k, |first, block| {
        let rows = block.len() / k;
        let columns = Mat::new(&g[first..], (m, rows), (n, 1));
        product(
            MatMut::new(dx, (m, k), (k, 1)),
            columns,
            Mat::new(block, (rows, k), (k, 1)),
            first > 0,
            threads(),
        );
    });
}

/// Hands over all rows as f32, a block of them at a time, with the number of the block's first row.
pub(crate) fn for_each_widened(w: Rows<'_>, n: usize, k: usize, mut f: impl FnMut(usize, &[f32])) {
    if let Rows::F32(all) = w {
        f(0, &all[..n * k]);
        return;
    }
    let rows = (WIDEN_BLOCK / k).clamp(1, n);
    let mut scratch = vec![0f32; rows * k];
    for first in (0..n).step_by(rows) {
        let block = &mut scratch[..rows.min(n - first) * k];
        let per_task = (4096 / k).max(1);
        block
            .par_chunks_mut(per_task * k)
            .enumerate()
            .for_each(|(task, out)| widen(w, first + task * per_task, k, out));
        f(first, block);
    }
}

/// Writes rows `first..` as f32 into `out`, a whole number of rows of `k`.
pub(crate) fn widen(w: Rows<'_>, first: usize, k: usize, out: &mut [f32]) {
    fastest(
        #[inline(always)]
        || {
            for (row, out) in out.chunks_exact_mut(k).enumerate() {
                widen_row(w, first + row, k, out);
            }
        },
    );
}

/// Runs a loop compiled for the widest instructions that this processor has. The closure and all that
/// it calls must be `#[inline(always)]`, or they are compiled for the oldest processor.
#[inline(always)]
pub(crate) fn fastest<R>(f: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(f)
}

#[inline(always)]
fn widen_row(w: Rows<'_>, row: usize, k: usize, out: &mut [f32]) {
    match w {
        Rows::F32(all) => out.copy_from_slice(&all[row * k..][..k]),
        Rows::Bf16(all) => {
            for (out, value) in out.iter_mut().zip(&all[row * k..][..k]) {
                *out = bf16_to_f32(*value);
            }
        }
        Rows::F16(all) => {
            for (out, bits) in out.iter_mut().zip(&all[row * k..][..k]) {
                *out = f16_to_f32(*bits);
            }
        }
        Rows::Q8_0(all) => {
            let blocks = &all[row * (k / QK8_0)..][..k / QK8_0];
            for (out, block) in out.chunks_exact_mut(QK8_0).zip(blocks) {
                block.widen(out);
            }
        }
        Rows::Q4K(all) => {
            let blocks = &all[row * (k / QK_K)..][..k / QK_K];
            for (out, block) in out.chunks_exact_mut(QK_K).zip(blocks) {
                block.widen(out);
            }
        }
    }
}

#[inline(always)]
fn bf16_to_f32(value: bf16) -> f32 {
    f32::from_bits(u32::from(value.to_bits()) << 16)
}

/// A product with few rows on the left: each weight row is read once, from memory to a register.
fn gemv(x: &[f32], w: Rows<'_>, add: bool, k: usize, (m, n): (usize, usize), y: &mut [f32]) {
    let sums: Vec<f32> = match w {
        Rows::Q4K(_) => x.chunks_exact(32).map(|group| group.iter().sum()).collect(),
        _ => Vec::new(),
    };
    let per_task = match n * k * m < PARALLEL_FROM {
        true => n,
        false => n.div_ceil(2 * rayon::current_num_threads()).max(8),
    };
    if m == 1 {
        y.par_chunks_mut(per_task)
            .enumerate()
            .for_each(|(task, out)| {
                gemv_rows(x, &sums, w, task * per_task, k, add, out);
            });
        return;
    }
    // (n, m): each task writes a stretch of its own
    let mut turned = vec![0f32; n * m];
    turned
        .par_chunks_mut(per_task * m)
        .enumerate()
        .for_each(|(task, out)| {
            gemv_rows(x, &sums, w, task * per_task, k, false, out);
        });
    for (row, y) in y.chunks_exact_mut(n).enumerate() {
        for (column, y) in y.iter_mut().enumerate() {
            *y = turned[column * m + row] + if add { *y } else { 0.0 };
        }
    }
}

/// `out (rows, m)`: dot products of the weight's rows from `first` with each row of `x (m, k)`.
fn gemv_rows(
    x: &[f32],
    sums: &[f32],
    w: Rows<'_>,
    first: usize,
    k: usize,
    add: bool,
    out: &mut [f32],
) {
    let m = x.len() / k;
    fastest(
        #[inline(always)]
        || {
            for (row, out) in out.chunks_exact_mut(m).enumerate() {
                for (j, out) in out.iter_mut().enumerate() {
                    let x = &x[j * k..][..k];
                    let value = match w {
                        Rows::Q4K(all) => dot_q4k(all, first + row, x, &sums[j * (k / 32)..]),
                        _ => dot_row(w, first + row, x),
                    };
                    *out = value + if add { *out } else { 0.0 };
                }
            }
        },
    );
}

#[inline(always)]
fn dot_row(w: Rows<'_>, row: usize, x: &[f32]) -> f32 {
    let k = x.len();
    match w {
        Rows::F32(all) => dot_map(&all[row * k..][..k], x, |value| value),
        Rows::Bf16(all) => dot_map(&all[row * k..][..k], x, bf16_to_f32),
        Rows::F16(all) => dot_map(&all[row * k..][..k], x, f16_to_f32),
        Rows::Q8_0(all) => dot_q8_0(&all[row * (k / QK8_0)..][..k / QK8_0], x),
        Rows::Q4K(_) => unreachable!("needs the sums of x"),
    }
}

/// Dot product of two f32 slices of one length.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    dot_map(a, b, |value| value)
}

#[inline(always)]
fn dot_map<T: Copy>(w: &[T], x: &[f32], to_f32: impl Fn(T) -> f32 + Copy) -> f32 {
    let mut acc = [[0f32; LANES]; 4];
    let (w_steps, w_rest) = w.as_chunks::<{ 4 * LANES }>();
    let (x_steps, x_rest) = x.as_chunks::<{ 4 * LANES }>();
    for (w, x) in w_steps.iter().zip(x_steps) {
        for (j, acc) in acc.iter_mut().enumerate() {
            for (i, acc) in acc.iter_mut().enumerate() {
                *acc = to_f32(w[j * LANES + i]).mul_add(x[j * LANES + i], *acc);
            }
        }
    }
    let rest: f32 = w_rest.iter().zip(x_rest).map(|(w, x)| to_f32(*w) * x).sum();
    let mut lanes = [0f32; LANES];
    for (i, lane) in lanes.iter_mut().enumerate() {
        *lane = (acc[0][i] + acc[1][i]) + (acc[2][i] + acc[3][i]);
    }
    lanes.iter().sum::<f32>() + rest
}

#[inline(always)]
fn dot_q8_0(blocks: &[BlockQ8_0], x: &[f32]) -> f32 {
    let mut acc = [0f32; LANES];
    let (groups, _) = x.as_chunks::<QK8_0>();
    for (block, x) in blocks.iter().zip(groups) {
        let d = f16_to_f32(block.d);
        for (i, acc) in acc.iter_mut().enumerate() {
            let low = f32::from(block.qs[i]) * x[i];
            let both = f32::from(block.qs[LANES + i]).mul_add(x[LANES + i], low);
            *acc = d.mul_add(both, *acc);
        }
    }
    acc.iter().sum()
}

#[inline(always)]
fn dot_q4k(all: &[BlockQ4K], row: usize, x: &[f32], sums: &[f32]) -> f32 {
    let per_row = x.len() / QK_K;
    let mut acc = [0f32; LANES];
    let mut below = 0f32;
    let (groups, _) = x.as_chunks::<QK_K>();
    for (i, (block, x)) in all[row * per_row..][..per_row]
        .iter()
        .zip(groups)
        .enumerate()
    {
        below += block.dot(x, &sums[i * 8..][..8], &mut acc);
    }
    acc.iter().sum::<f32>() - below
}

/// `eˣ`, within two units in the last place between -87 and 88; zero below.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    // ln 2 in two parts, so that the difference below is exact
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let clamped = x.clamp(-87.0, 88.0);
    let n = (clamped * LOG2_E).round_ties_even();
    let r = n.mul_add(-LN2_LOW, n.mul_add(-LN2_HIGH, clamped));
    let mut p = 1.987_569_1e-4f32;
    for c in [
        1.398_2e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        0.5,
    ] {
        p = p.mul_add(r, c);
    }
    let p = p.mul_add(r * r, r + 1.0);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "n is a whole number between -126 and 127"
    )]
    let scale = f32::from_bits(((n as i32 + 127) as u32) << 23);
    if x < -87.0 { 0.0 } else { p * scale }
}

/// Turns scores into probabilities in place: `e^(scale·(s - max))`, divided by their sum.
#[inline(always)]
pub(crate) fn softmax(scores: &mut [f32], scale: f32) {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (steps, rest) = scores.as_chunks::<LANES>();
    for step in steps {
        for (lane, value) in lanes.iter_mut().zip(step) {
            *lane = if *value > *lane { *value } else { *lane };
        }
    }
    let max = lanes
        .iter()
        .chain(rest)
        .fold(f32::NEG_INFINITY, |max, value| max.max(*value));
    let mut lanes = [0f32; LANES];
    let (steps, rest) = scores.as_chunks_mut::<LANES>();
    for step in steps {
        for (lane, value) in lanes.iter_mut().zip(step) {
            *value = exp((*value - max) * scale);
            *lane += *value;
        }
    }
    let mut sum: f32 = lanes.iter().sum();
    for value in rest {
        *value = exp((*value - max) * scale);
        sum += *value;
    }
    let inverse = 1.0 / sum;
    scores.iter_mut().for_each(|value| *value *= inverse);
}

/// A matrix of f32 seen through strides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mat<'a> {
    data: &'a [f32],
    shape: (usize, usize),
    strides: (usize, usize),
}

/// A matrix of f32 seen through strides, to be written.
#[derive(Debug)]
pub(crate) struct MatMut<'a> {
    data: &'a mut [f32],
    shape: (usize, usize),
    strides: (usize, usize),
}

impl<'a> Mat<'a> {
    /// `shape` is (rows, columns); `strides` are steps in elements from row to row and column to column.
    pub(crate) fn new(data: &'a [f32], shape: (usize, usize), strides: (usize, usize)) -> Self {
        assert!(reach(shape, strides) <= data.len(), "matrix out of bounds");
        Self {
            data,
            shape,
            strides,
        }
    }
}

impl<'a> MatMut<'a> {
    /// As [`Mat::new`].
    pub(crate) fn new(data: &'a mut [f32], shape: (usize, usize), strides: (usize, usize)) -> Self {
        assert!(reach(shape, strides) <= data.len(), "matrix out of bounds");
        Self {
            data,
            shape,
            strides,
        }
    }
}

fn reach((rows, columns): (usize, usize), (row, column): (usize, usize)) -> usize {
    match rows == 0 || columns == 0 {
        true => 0,
        false => (rows - 1) * row + (columns - 1) * column + 1,
    }
}

/// All threads of the pool.
pub(crate) fn threads() -> Parallelism {
    match rayon::current_num_threads() {
        1 => Parallelism::None,
        n => Parallelism::Rayon(n),
    }
}

/// `dst = a · b`, or `dst += a · b`.
pub(crate) fn product(dst: MatMut<'_>, a: Mat<'_>, b: Mat<'_>, add: bool, threads: Parallelism) {
    let ((m, n), k) = (dst.shape, a.shape.1);
    assert!(
        a.shape.0 == m && b.shape == (k, n),
        "shapes of a product do not match"
    );
    let step = |stride: usize| isize::try_from(stride).unwrap_or(isize::MAX);
    #[expect(
        unsafe_code,
        reason = "gemm takes pointers; each matrix was checked to lie within its slice"
    )]
    // SAFETY: `Mat::new` and `MatMut::new` checked that every element lies in its slice; `dst` is
    // borrowed mutably, so nothing else reads or writes it.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            dst.data.as_mut_ptr(),
            step(dst.strides.1),
            step(dst.strides.0),
            add,
            a.data.as_ptr(),
            step(a.strides.1),
            step(a.strides.0),
            b.data.as_ptr(),
            step(b.strides.1),
            step(b.strides.0),
            1.0f32,
            1.0f32,
            false,
            false,
            false,
            threads,
        );
    }
}

/// `rows (n, k) += b (n, r) · a (r, k)`.
pub(crate) fn add_product(
    rows: &mut [f32],
    b: &[f32],
    a: &[f32],
    (n, r, k): (usize, usize, usize),
) {
    product(
        MatMut::new(rows, (n, k), (k, 1)),
        Mat::new(b, (n, r), (r, 1)),
        Mat::new(a, (r, k), (k, 1)),
        true,
        threads(),
    );
}

/// `ln Σ eˣ`, without overflow.
pub(crate) fn log_sum_exp(x: &[f32]) -> f32 {
    fastest(
        #[inline(always)]
        || {
            let max = x.iter().fold(f32::NEG_INFINITY, |max, x| max.max(*x));
            let mut lanes = [0f32; LANES];
            let (steps, rest) = x.as_chunks::<LANES>();
            for step in steps {
                for (lane, x) in lanes.iter_mut().zip(step) {
                    *lane += exp(x - max);
                }
            }
            let rest: f32 = rest.iter().map(|x| exp(x - max)).sum();
            max + (lanes.iter().sum::<f32>() + rest).ln()
        },
    )
}
