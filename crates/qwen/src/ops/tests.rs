//! Each operation against its plain composition, forward and back, on random shapes, and against finite
//! differences; the kernels against arithmetic written out.

use candle_core::backprop::GradStore;
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Result, Tensor, Var};
use proptest::prelude::*;

use super::kernel::{self, Rows};
use super::{Mode, Span, attention, linear, plain, rms_norm, rope, swiglu};
use crate::weight::Weight;

/// Repeatable values between -1 and 1.
fn random(seed: u64, shape: &[usize]) -> Tensor {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

fn var(seed: u64, shape: &[usize]) -> Var {
    Var::from_tensor(&random(seed, shape)).unwrap()
}

fn flat(x: &Tensor) -> Vec<f64> {
    let x = x.flatten_all().unwrap().to_dtype(DType::F64).unwrap();
    x.to_vec1().unwrap()
}

#[track_caller]
fn close(ours: &Tensor, reference: &Tensor, tolerance: f64) {
    assert_eq!(ours.dims(), reference.dims());
    for (at, (a, b)) in flat(ours).iter().zip(flat(reference)).enumerate() {
        assert!(
            (a - b).abs() <= tolerance * (1.0 + b.abs()),
            "[{at}]: {a} instead of {b}"
        );
    }
}

/// Goes back from the sum of the output weighted by repeatable values.
fn back(y: &Tensor) -> GradStore {
    let weights = random(99, y.dims()).to_dtype(y.dtype()).unwrap();
    (y * weights)
        .unwrap()
        .sum_all()
        .unwrap()
        .backward()
        .unwrap()
}

/// `ours` and `reference` agree in value and in every gradient.
#[track_caller]
fn agree(
    variables: &[&Var],
    ours: impl Fn() -> Result<Tensor>,
    reference: impl Fn() -> Result<Tensor>,
) {
    let (ours, reference) = (ours().unwrap(), reference().unwrap());
    close(&ours, &reference, 2e-5);
    let (own, other) = (back(&ours), back(&reference));
    for variable in variables {
        let gradient = own.get(variable.as_tensor()).expect("a gradient");
        close(
            gradient,
            other.get(variable.as_tensor()).expect("a gradient"),
            5e-5,
        );
    }
}

/// The gradient of a sum agrees with differences of its values.
#[track_caller]
fn by_differences(variable: &Var, f: impl Fn() -> Result<Tensor>) {
    const STEP: f32 = 1e-2;
    let gradient = back(&f().unwrap());
    let gradient = flat(gradient.get(variable.as_tensor()).expect("a gradient"));
    let weights = flat(&random(99, f().unwrap().dims()));
    let value = || -> f64 {
        flat(&f().unwrap())
            .iter()
            .zip(&weights)
            .map(|(a, b)| a * b)
            .sum()
    };
    let start = variable.as_tensor().copy().unwrap();
    let shape = start.dims().to_vec();
    let values: Vec<f32> = start.flatten_all().unwrap().to_vec1().unwrap();
    for at in (0..values.len()).step_by(values.len().div_ceil(12)) {
        let moved = |by: f32| {
            let mut values = values.clone();
            values[at] += by;
            let moved = Tensor::from_vec(values, shape.as_slice(), &Device::Cpu).unwrap();
            variable.set(&moved).unwrap();
            value()
        };
        let slope = (moved(STEP) - moved(-STEP)) / (2.0 * f64::from(STEP));
        variable.set(&start).unwrap();
        assert!(
            (slope - gradient[at]).abs() < 2e-2 * (1.0 + slope.abs()),
            "[{at}]: {} where the slope is {slope}",
            gradient[at]
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn linear_agrees(m in 1usize..40, n in 1usize..50, k in 1usize..70, seed in 0u64..1000) {
        let (x, w, b) = (var(seed, &[2, m, k]), var(seed + 1, &[n, k]), var(seed + 2, &[n]));
        let weight = Weight::Dense(w.as_tensor().clone());
        agree(
            &[&x, &w, &b],
            || linear(&x, &weight, Some(&b)),
            || plain::linear(&x, &weight, Some(&b)),
        );
    }

    #[test]
    fn linear_with_a_frozen_weight_agrees(m in 1usize..9, n in 1usize..50, k in 1usize..70, seed in 0u64..1000) {
        let x = var(seed, &[m, k]);
        for dtype in [DType::F32, DType::BF16, DType::F16] {
            let w = random(seed + 1, &[n, k]).to_dtype(dtype).unwrap();
            let b = random(seed + 2, &[n]);
            let weight = Weight::Dense(w);
            agree(
                &[&x],
                || linear(&x, &weight, Some(&b)),
                || plain::linear(&x, &weight, Some(&b)),
            );
        }
    }

    #[test]
    fn linear_takes_what_is_not_contiguous(m in 2usize..9, k in 2usize..20, seed in 0u64..1000) {
        let x = var(seed, &[k, m]);
        let weight = Weight::Dense(random(seed + 1, &[5, k]));
        agree(
            &[&x],
            || linear(&x.t()?, &weight, None),
            || plain::linear(&x.t()?.contiguous()?, &weight, None),
        );
    }

    #[test]
    fn rms_norm_agrees(rows in 1usize..40, d in 1usize..100, seed in 0u64..1000) {
        let (x, w) = (var(seed, &[rows, d]), var(seed + 1, &[d]));
        agree(
            &[&x, &w],
            || rms_norm(&x, &w, 1e-6, Mode::Training),
            || plain::rms_norm(&x, &w, 1e-6),
        );
    }

    #[test]
    fn swiglu_agrees(n in 1usize..3000, seed in 0u64..1000) {
        let (gate, up) = (var(seed, &[n]), var(seed + 1, &[n]));
        agree(&[&gate, &up], || swiglu(&gate, &up), || plain::swiglu(&gate, &up));
    }

    #[test]
    fn rope_agrees(b in 1usize..3, s in 1usize..20, h in 1usize..4, half in 1usize..20, seed in 0u64..1000) {
        // A third of a joint projection: rows are further apart than they are long.
        let x = var(seed, &[b, s, 3, h, 2 * half]);
        let angles = random(seed + 1, &[b, s, half]);
        let (cos, sin) = (angles.cos().unwrap(), angles.sin().unwrap());
        let part = || x.narrow(2, 1, 1)?.squeeze(2);
        agree(&[&x], || rope(&part()?, &cos, &sin), || plain::rope(&part()?, &cos, &sin));
    }

    #[test]
    fn causal_attention_agrees(
        s in 1usize..90, before in 0usize..40, groups in 1usize..3, per_group in 1usize..3,
        half in 1usize..9, pad in 0usize..5, seed in 0u64..1000
    ) {
        let (t, h, d) = (s + before, groups * per_group, 2 * half);
        let q = var(seed, &[2, s, h, d]);
        let (k, v) = (var(seed + 1, &[2, t, groups, d]), var(seed + 2, &[2, t, groups, d]));
        // Padding is never the only thing that a query sees, as in a batch that was read.
        let span = Span::Causal { starts: vec![0, pad.min(before)].into() };
        agree(
            &[&q, &k, &v],
            || attention(&q, &k, &v, &span, Mode::Training),
            || plain::attention(&q, &k, &v, &span, Mode::Training),
        );
    }

    #[test]
    fn attention_within_segments_agrees(
        lengths in prop::collection::vec(1usize..80, 1..5), h in 1usize..3, seed in 0u64..1000
    ) {
        let bounds: Vec<usize> = std::iter::once(0)
            .chain(lengths.iter().scan(0, |sum, length| { *sum += length; Some(*sum) }))
            .collect();
        let s = bounds[bounds.len() - 1];
        let qkv = var(seed, &[1, s, 3, h, 8]);
        let part = |which: usize| qkv.narrow(2, which, 1)?.squeeze(2);
        let span = Span::Segments(bounds.into());
        agree(
            &[&qkv],
            || attention(&part(0)?, &part(1)?, &part(2)?, &span, Mode::Training),
            || plain::attention(&part(0)?, &part(1)?, &part(2)?, &span, Mode::Training),
        );
    }

    #[test]
    fn exponentials_are_exact_to_the_last_digits(x in -86.0f32..87.0) {
        let exact = f64::from(x).exp();
        let relative = (f64::from(kernel::exp(x)) - exact).abs() / exact;
        prop_assert!(relative < 3e-7, "{relative:e} at {x}");
    }
}

#[test]
fn gradients_are_slopes() {
    let (x, w) = (var(1, &[6, 24]), var(2, &[10, 24]));
    let frozen = Weight::Dense(random(3, &[10, 24]));
    by_differences(&x, || linear(&x, &frozen, None));
    by_differences(&w, || {
        linear(&x, &Weight::Dense(w.as_tensor().clone()), None)
    });
    let scale = var(4, &[24]);
    by_differences(&x, || rms_norm(&x, &scale, 1e-6, Mode::Training));
    by_differences(&scale, || rms_norm(&x, &scale, 1e-6, Mode::Training));
    let up = var(5, &[6, 24]);
    by_differences(&x, || swiglu(&x, &up));
    by_differences(&up, || swiglu(&x, &up));
    let (q, k, v) = (
        var(6, &[1, 9, 4, 6]),
        var(7, &[1, 9, 2, 6]),
        var(8, &[1, 9, 2, 6]),
    );
    let span = Span::causal(1);
    for variable in [&q, &k, &v] {
        by_differences(variable, || attention(&q, &k, &v, &span, Mode::Training));
    }
}

/// What a quantised weight stands for, in f32.
fn widened(weight: &Weight) -> Tensor {
    let Weight::Quantized(tensor) = weight else {
        panic!("a dense weight");
    };
    tensor.dequantize(&Device::Cpu).unwrap()
}

#[test]
fn blocks_stand_for_what_ggml_says() {
    for (format, k) in [(GgmlDType::Q8_0, 96), (GgmlDType::Q4K, 512)] {
        let tensor = QTensor::quantize(&random(1, &[20, k]), format).unwrap();
        let weight = Weight::Quantized(tensor.into());
        let dense = widened(&weight);
        let ids = Tensor::new(&[3u32, 19, 0], &Device::Cpu).unwrap();
        close(
            &weight.rows(&ids).unwrap(),
            &dense.index_select(&ids, 0).unwrap(),
            1e-6,
        );
        for m in [1, 3, 4, 5, 33] {
            let x = var(2, &[m, k]);
            let bias = random(3, &[20]);
            let reference = Weight::Dense(dense.clone());
            agree(
                &[&x],
                || linear(&x, &weight, Some(&bias)),
                || plain::linear(&x, &reference, Some(&bias)),
            );
        }
    }
}

#[test]
fn half_precision_is_widened_exactly() {
    for bits in 0..=u16::MAX {
        let exact = half::f16::from_bits(bits).to_f32();
        if exact.is_finite() {
            let mut out = [0f32];
            kernel::widen(Rows::F16(&[bits]), 0, 1, &mut out);
            assert_eq!(out[0].to_bits(), exact.to_bits(), "{bits:#x}");
        }
    }
}

#[test]
fn long_products_agree_with_sums_written_out() {
    let (n, k) = (37, 1031);
    let (w, x) = (random(1, &[n, k]), random(2, &[1, k]));
    let y = linear(&x, &Weight::Dense(w.clone()), None).unwrap();
    let (w, x) = (flat(&w), flat(&x));
    let exact: Vec<f64> = w
        .chunks(k)
        .map(|row| row.iter().zip(&x).map(|(a, b)| a * b).sum())
        .collect();
    for (ours, exact) in flat(&y).iter().zip(&exact) {
        assert!((ours - exact).abs() < 1e-4, "{ours} instead of {exact}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let weight = Weight::Dense(random(1, &[4, 6]));
    assert!(linear(&random(2, &[3, 5]), &weight, None).is_err());
    let (q, k) = (random(3, &[1, 4, 3, 2]), random(4, &[1, 4, 2, 2]));
    assert!(attention(&q, &k, &k, &Span::causal(1), Mode::Inference).is_err());
    let q = random(3, &[1, 4, 2, 2]);
    let holes = Span::Segments([0, 3].into());
    assert!(attention(&q, &k, &k, &holes, Mode::Inference).is_err());
}
