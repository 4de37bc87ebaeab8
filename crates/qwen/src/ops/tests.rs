//! Each operation against its plain composition, forward and back, on random shapes, and against finite
//! differences; the kernels against arithmetic written out.

use candle_core::backprop::GradStore;
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Result, Tensor, Var};
use proptest::prelude::*;

use super::kernel::{self, Rows};
use super::{
    Dropout, Lora, Mode, Span, attention, cross_entropy, linear, linear_lora, plain, rms_norm,
    rope, swiglu,
};
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

/// Inputs of a linear layer with an update beside it, and the update.
fn adapted(m: usize, (n, k): (usize, usize), rank: usize, seed: u64) -> ([Var; 3], Lora) {
    let (x, a, b) = (
        var(seed, &[k, m]),
        var(seed + 1, &[rank, k]),
        var(seed + 2, &[n, rank]),
    );
    let lora = Lora {
        a: a.as_tensor().clone(),
        b: b.as_tensor().clone(),
        scaling: 0.7,
        dropout: None,
    };
    ([x, a, b], lora)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn linear_with_an_update_agrees(
        m in 1usize..20, n in 1usize..40, k in 1usize..50, rank in 1usize..9, seed in 0u64..1000,
        rate in prop::sample::select(vec![0.0f32, 0.3]),
    ) {
        let ([x, a, b], mut lora) = adapted(m, (n, k), rank, seed);
        let dropout = Dropout::new(rate);
        dropout.set_seed(Some(seed + 7));
        lora.dropout = Some(dropout);
        let bias = random(seed + 3, &[n]);
        for weight in [random(seed + 4, &[n, k]), random(seed + 4, &[n, k]).to_dtype(DType::BF16).unwrap()] {
            let weight = Weight::Dense(weight);
            // Turned, so that it is not contiguous.
            agree(
                &[&x, &a, &b],
                || linear_lora(&x.t()?, &weight, Some(&bias), &lora),
                || plain::linear_lora(&x.t()?.contiguous()?, &weight, Some(&bias), &lora),
            );
        }
        let learning = var(seed + 5, &[n, k]);
        let weight = Weight::Dense(learning.as_tensor().clone());
        agree(
            &[&x, &a, &b, &learning],
            || linear_lora(&x.t()?, &weight, Some(&bias), &lora),
            || plain::linear_lora(&x.t()?.contiguous()?, &weight, Some(&bias), &lora),
        );
    }

    #[test]
    fn cross_entropy_agrees(m in 1usize..20, n in 2usize..60, k in 1usize..30, seed in 0u64..1000) {
        let (x, w) = (var(seed, &[k, m]), var(seed + 1, &[n, k]));
        let labels: Vec<u32> = (0..m).map(|at| u32::try_from((at * 7 + m) % n).unwrap()).collect();
        for w in [w.as_tensor().clone(), w.detach(), w.detach().to_dtype(DType::BF16).unwrap()] {
            let learns = w.is_variable();
            let weight = Weight::Dense(w.clone());
            let (ours, each) = cross_entropy(&x.t().unwrap(), &weight, &labels, 0.3).unwrap();
            let turned = x.t().unwrap().contiguous().unwrap();
            let (reference, others) = plain::cross_entropy(&turned, &weight, &labels, 0.3).unwrap();
            close(&ours, &reference, 1e-5);
            let tensor = |each: Vec<f32>| Tensor::new(each, &Device::Cpu).unwrap();
            close(&tensor(each), &tensor(others), 1e-5);
            let (own, other) = (back(&ours), back(&reference));
            close(own.get(&x).unwrap(), other.get(&x).unwrap(), 5e-5);
            if learns {
                close(own.get(&w).unwrap(), other.get(&w).unwrap(), 5e-5);
            }
        }
    }

    #[test]
    fn attention_of_packed_sequences_agrees(
        lengths in prop::collection::vec(1usize..80, 1..5), groups in 1usize..3, per_group in 1usize..3,
        seed in 0u64..1000
    ) {
        let bounds: Vec<usize> = std::iter::once(0)
            .chain(lengths.iter().scan(0, |sum, length| { *sum += length; Some(*sum) }))
            .collect();
        let s = bounds[bounds.len() - 1];
        let q = var(seed, &[1, s, groups * per_group, 8]);
        let kv = var(seed + 1, &[1, s, 2, groups, 8]);
        let part = |which: usize| kv.narrow(2, which, 1)?.squeeze(2);
        let span = Span::Packed(bounds.into());
        agree(
            &[&q, &kv],
            || attention(&q, &part(0)?, &part(1)?, &span, Mode::Training),
            || plain::attention(&q, &part(0)?, &part(1)?, &span, Mode::Training),
        );
    }
}

#[test]
fn gradients_of_what_training_adds_are_slopes() {
    let ([x, a, b], mut lora) = adapted(6, (10, 24), 3, 1);
    let dropout = Dropout::new(0.4);
    dropout.set_seed(Some(5));
    let frozen = Weight::Dense(random(9, &[10, 24]));
    for rate in [None, Some(dropout)] {
        lora.dropout = rate;
        for variable in [&x, &a, &b] {
            by_differences(variable, || linear_lora(&x.t()?, &frozen, None, &lora));
        }
    }
    let (x, w) = (var(6, &[5, 24]), var(7, &[40, 24]));
    let head = Weight::Dense(w.as_tensor().clone());
    for variable in [&x, &w] {
        by_differences(variable, || {
            Ok(cross_entropy(&x, &head, &[3, 39, 0, 3, 8], 0.5)?.0)
        });
    }
    let (q, k) = (var(8, &[1, 9, 2, 6]), var(9, &[1, 9, 2, 6]));
    let span = Span::Packed([0, 4, 9].into());
    for variable in [&q, &k] {
        by_differences(variable, || attention(&q, &k, &k, &span, Mode::Training));
    }
}

#[test]
fn the_frozen_base_may_be_quantised() {
    let ([x, a, b], lora) = adapted(7, (20, 256), 4, 1);
    for format in [GgmlDType::Q8_0, GgmlDType::Q4K] {
        let weight = Weight::Quantized(
            QTensor::quantize(&random(1, &[20, 256]), format)
                .unwrap()
                .into(),
        );
        let dense = Weight::Dense(widened(&weight));
        agree(
            &[&x, &a, &b],
            || linear_lora(&x.t()?, &weight, None, &lora),
            || plain::linear_lora(&x.t()?.contiguous()?, &dense, None, &lora),
        );
        let labels = [0, 19, 4, 4, 1, 2, 3];
        let x = var(2, &[7, 256]);
        agree(
            &[&x],
            || Ok(cross_entropy(&x, &weight, &labels, 1.0)?.0),
            || Ok(plain::cross_entropy(&x, &dense, &labels, 1.0)?.0),
        );
    }
}

#[test]
fn scores_in_chunks_are_the_same_scores() {
    // More scores than exist at once.
    let (m, n, k) = (70, 150_000, 4);
    let (x, w) = (var(1, &[m, k]), random(2, &[n, k]));
    let labels: Vec<u32> = (0..70).map(|at| at * 2000).collect();
    let weight = Weight::Dense(w);
    agree(
        &[&x],
        || Ok(cross_entropy(&x, &weight, &labels, 1.0 / 70.0)?.0),
        || Ok(plain::cross_entropy(&x, &weight, &labels, 1.0 / 70.0)?.0),
    );
}

#[test]
fn dropout_drops_its_share_and_nothing_without_a_seed() {
    let ([_, _, _], mut lora) = adapted(1, (1, 1), 1, 1);
    let ones = Tensor::ones((100, 400), DType::F32, &Device::Cpu).unwrap();
    // The update hands its input through, so what comes out is what dropout left.
    lora.a = Tensor::eye(400, DType::F32, &Device::Cpu).unwrap();
    lora.b = lora.a.clone();
    lora.scaling = 1.0;
    let dropout = Dropout::new(0.25);
    lora.dropout = Some(dropout.clone());
    let none = Weight::Dense(Tensor::zeros((400, 400), DType::F32, &Device::Cpu).unwrap());
    let left = || flat(&linear_lora(&ones, &none, None, &lora).unwrap());
    assert!(left().iter().all(|x| *x == 1.0), "off until a seed is set");
    dropout.set_seed(Some(1));
    let first = left();
    assert_eq!(first, left(), "the same seed drops the same elements");
    let dropped = first.iter().filter(|x| **x == 0.0).count();
    assert!((9_600..10_400).contains(&dropped), "{dropped} of 40000");
    assert!(
        first
            .iter()
            .all(|x| *x == 0.0 || (*x - 4.0 / 3.0).abs() < 1e-6)
    );
    dropout.set_seed(Some(2));
    assert_ne!(first, left(), "another seed drops others");
}
