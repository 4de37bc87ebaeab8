//! How much memory is asked for, and whether that is there.

use hub::{Device, DeviceKind, Fit, Need, Weights, describe, fits, memory_need};

use crate::{TENSORS, gguf, model, write};

#[test]
fn weights_take_what_their_type_takes() {
    let dir = tempfile::tempdir().unwrap();
    let described = describe(&model(dir.path())).unwrap();
    let n: u64 = TENSORS
        .iter()
        .map(|(_, shape)| shape.iter().product::<u64>())
        .sum();
    // The gate alone is of the decoder and has rows of 256; the rest, embeddings included, divides into 32.
    let (of_256, of_32) = (64 * 256, 8 * 256 + 256 * 64 + 96 * 32);
    let others = (n - of_256 - of_32) * 2;
    let check = |weights, bytes| {
        let need = memory_need(&described, weights, 1_000, DeviceKind::Cpu);
        assert_eq!(need.weights_bytes, bytes, "{weights}");
        assert_eq!(need.cache_bytes, 2 * 2 * 64 * 1_000 * 4);
        assert!(need.working_bytes > 0);
        assert_eq!(need.total(), bytes + need.cache_bytes + need.working_bytes);
    };
    check(Weights::F32, 4 * n);
    check(Weights::Bf16, 2 * n);
    check(Weights::Q8_0, (of_256 + of_32) * 34 / 32 + others);
    check(Weights::Q4K, of_256 * 144 / 256 + of_32 * 34 / 32 + others);
    let on_gpu = memory_need(&described, Weights::Bf16, 1_000, DeviceKind::Cuda);
    assert_eq!(on_gpu.cache_bytes, 2 * 2 * 64 * 1_000 * 2);
}

#[test]
fn a_gguf_file_is_quantised_already() {
    let dir = tempfile::tempdir().unwrap();
    let described = describe(&write(dir.path(), "small.gguf", gguf("qwen2"))).unwrap();
    for weights in Weights::ALL {
        let need = memory_need(&described, weights, u64::MAX, DeviceKind::Cpu);
        assert_eq!(need.weights_bytes, 2_176);
        assert_eq!(need.total(), u64::MAX, "saturates");
        assert_eq!(weights.as_str().parse(), Ok(weights));
    }
}

#[test]
fn too_big_says_by_how_much() {
    let device = |free_bytes| Device {
        id: "cpu".to_owned(),
        kind: DeviceKind::Cpu,
        name: "test".to_owned(),
        threads: Some(2),
        total_bytes: 2_000,
        free_bytes,
    };
    let need = Need {
        weights_bytes: 600,
        cache_bytes: 300,
        working_bytes: 100,
    };
    assert_eq!(fits(&need, &device(2_000)), Fit::Fits);
    assert_eq!(fits(&need, &device(1_100)), Fit::Tight);
    let too_big = Fit::TooBig {
        needed_bytes: 1_000,
        free_bytes: 999,
    };
    assert_eq!(fits(&need, &device(999)), too_big);
}
