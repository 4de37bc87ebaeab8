//! What is kept of a frozen vision tower's work, and for how long.

use std::cell::Cell;

use candle_core::{DType, Device, Tensor};
use finetune::vision_cache::VisionCache;
use qwen::processor::Patches;

use crate::compare::flat;

fn image(value: f32) -> Patches {
    Patches {
        pixel_values: vec![value; 8],
        grid_thw: [1, 2, 2],
        image_tokens: 1,
    }
}

/// Asks for the embeddings of an image; says whether they had to be computed.
fn ask(cache: &mut VisionCache, base: &str, value: f32) -> bool {
    let computed = Cell::new(false);
    let embeddings = cache
        .embeddings(base, &image(value), &Device::Cpu, || {
            computed.set(true);
            Tensor::full(value, (1, 64), &Device::Cpu)
        })
        .unwrap();
    assert_eq!(flat(&embeddings), vec![f64::from(value); 64]);
    assert_eq!(embeddings.dtype(), DType::F32);
    computed.get()
}

#[test]
fn each_image_is_computed_once_a_model() {
    let dir = tempfile::tempdir().unwrap();
    let mut cache = VisionCache::open(dir.path(), 1 << 20).unwrap();
    assert!(ask(&mut cache, "a", 1.0));
    assert!(!ask(&mut cache, "a", 1.0));
    assert!(ask(&mut cache, "a", 2.0), "another image");
    assert!(ask(&mut cache, "b", 1.0), "another model");
    let mut again = VisionCache::open(dir.path(), 1 << 20).unwrap();
    assert!(!ask(&mut again, "a", 1.0), "kept on the disk");
    assert_eq!(again.used_bytes(), cache.used_bytes());
}

#[test]
fn the_limit_holds_and_what_is_kept_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut cache = VisionCache::open(dir.path(), 1000).unwrap();
    for value in [1.0, 2.0, 3.0, 4.0, 5.0] {
        ask(&mut cache, "a", value);
    }
    let on_disk: u64 = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(
        on_disk <= 1000 && on_disk == cache.used_bytes(),
        "{on_disk} bytes"
    );
    assert!(!ask(&mut cache, "a", 1.0), "the first is still kept");
    assert!(ask(&mut cache, "a", 5.0), "the last found no room");
}

#[test]
fn a_damaged_file_is_computed_anew() {
    let dir = tempfile::tempdir().unwrap();
    let mut cache = VisionCache::open(dir.path(), 1 << 20).unwrap();
    ask(&mut cache, "a", 1.0);
    let file = std::fs::read_dir(dir.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    std::fs::write(&file, "cut").unwrap();
    assert!(ask(&mut cache, "a", 1.0));
    assert!(!ask(&mut cache, "a", 1.0));
}
