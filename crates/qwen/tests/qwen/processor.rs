//! Images to patches: every case of the reference, and properties against a slow resize written from the definition.

use std::collections::HashMap;

use candle_core::Tensor;
use image::{DynamicImage, GrayImage, LumaA, Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;
use qwen::config::Config;
use qwen::processor::{
    Patches, PreprocessorConfig, Processor, ProcessorError, resize, smart_resize,
};
use serde::Deserialize;

use crate::fixtures;

#[derive(Deserialize)]
struct Reference {
    cases: Vec<Case>,
    smart_resize: Vec<SmartResize>,
}

#[derive(Deserialize)]
struct Case {
    key: String,
    image: String,
    min_pixels: u64,
    max_pixels: u64,
    resized_height: u32,
    resized_width: u32,
    image_grid_thw: [u32; 3],
    patches: usize,
    image_tokens: usize,
    sum: f64,
    sum_abs: f64,
    full: bool,
    resized_png: Option<String>,
}

#[derive(Deserialize)]
struct SmartResize {
    height: u32,
    width: u32,
    factor: u32,
    min_pixels: u64,
    max_pixels: u64,
    resized: Option<[u32; 2]>,
}

/// Tolerance of the reference where the resize is exact.
const MAX_DIFFERENCE: f32 = 2e-5;

fn processor(min_pixels: u64, max_pixels: u64) -> Processor {
    let dir = fixtures::manifest().variants[0].model_dir();
    let config = PreprocessorConfig {
        min_pixels,
        max_pixels,
        ..PreprocessorConfig::from_dir(&dir).unwrap()
    };
    Processor::new(config, &Config::from_dir(&dir).unwrap().vision).unwrap()
}

#[test]
fn every_case_of_the_reference_agrees() {
    let reference: Reference = fixtures::json("processor/processor.json");
    let tensors = fixtures::tensors("processor/pixel_values.safetensors");
    assert!(!reference.cases.is_empty(), "no cases");
    let mut compared = 0;
    for case in &reference.cases {
        let image = image::open(fixtures::path(&case.image)).unwrap();
        let processor = processor(case.min_pixels, case.max_pixels);
        let size = (case.resized_height, case.resized_width);
        assert_eq!(
            processor
                .target_size(image.height(), image.width())
                .unwrap(),
            size,
            "{}",
            case.key
        );
        let patches = processor.image(&image).unwrap();
        assert_eq!(patches.grid_thw, case.image_grid_thw, "{}", case.key);
        assert_eq!(patches.image_tokens, case.image_tokens, "{}", case.key);
        compared += 4 + check_values(case, &patches, &tensors);
        if let Some(png) = &case.resized_png {
            let expected = image::open(fixtures::path(png)).unwrap().into_rgb8();
            let pixels = resize(&image, case.resized_height, case.resized_width);
            assert_eq!(expected.dimensions(), (size.1, size.0));
            assert!(
                pixels == expected.into_raw(),
                "{}: resized pixels",
                case.key
            );
            compared += pixels.len();
        }
    }
    println!(
        "compared {compared} quantities of {} images",
        reference.cases.len()
    );
}

/// Compares all values, or the rows that are stored, and each row's sum; returns how many.
fn check_values(case: &Case, patches: &Patches, tensors: &HashMap<String, Tensor>) -> usize {
    let stored = |name: &str| -> Vec<f32> {
        let tensor = &tensors[&format!("{}.{name}", case.key)];
        tensor.flatten_all().unwrap().to_vec1().unwrap()
    };
    let width = patches.pixel_values.len() / case.patches;
    let rows: Vec<&[f32]> = patches.pixel_values.chunks_exact(width).collect();
    let (numbers, expected) = match case.full {
        true => ((0..case.patches).collect(), stored("pixel_values")),
        false => {
            let numbers: Vec<i64> = tensors[&format!("{}.rows", case.key)].to_vec1().unwrap();
            let numbers: Vec<usize> = numbers.into_iter().map(|row| row as usize).collect();
            (numbers, stored("pixel_values_rows"))
        }
    };
    assert_eq!(expected.len(), numbers.len() * width, "{}", case.key);
    for (&number, expected) in numbers.iter().zip(expected.chunks_exact(width)) {
        let worst = rows[number]
            .iter()
            .zip(expected)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(
            worst < MAX_DIFFERENCE,
            "{}: row {number} by {worst}",
            case.key
        );
    }
    let sums = stored("row_sums");
    assert_eq!(sums.len(), rows.len());
    for (row, expected) in rows.iter().zip(&sums) {
        let sum: f64 = row.iter().map(|value| f64::from(*value)).sum();
        let off = (sum - f64::from(*expected)).abs();
        assert!(off < 2e-3, "{}: a row's sum by {off}", case.key);
    }
    let values = || patches.pixel_values.iter().map(|value| f64::from(*value));
    let near = |sum: f64, expected: f64| (sum - expected).abs() < 1e-6 * case.sum_abs;
    assert!(near(values().sum(), case.sum), "{}: sum", case.key);
    assert!(near(values().map(f64::abs).sum(), case.sum_abs));
    expected.len() + sums.len() + 2
}

#[test]
fn smart_resize_is_exact() {
    let reference: Reference = fixtures::json("processor/processor.json");
    assert!(!reference.smart_resize.is_empty(), "no sizes");
    for row in &reference.smart_resize {
        let size = smart_resize(
            row.height,
            row.width,
            row.factor,
            row.min_pixels,
            row.max_pixels,
        );
        let resized = size.ok().map(|(height, width)| [height, width]);
        assert_eq!(resized, row.resized, "{} × {}", row.height, row.width);
    }
    println!("compared {} sizes", reference.smart_resize.len());
}

#[test]
fn what_cannot_be_processed_is_refused_in_words() {
    fn check(height: u32, width: u32, min_pixels: u64, expected: &str) {
        let error = smart_resize(height, width, 28, min_pixels, u64::MAX).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    check(0, 5, 56, "5 × 0 pixels");
    check(1, 201, 56, "more than 200 times");
    check(40_000, 40_000, 56, "more than the limit of 1073741824");
    check(100, 100, 1 << 40, "more than the limit of 67108864");
    assert!(smart_resize(1, 200, 28, 56, 1 << 20).is_ok());
}

#[test]
fn a_configuration_that_contradicts_the_model_is_refused() {
    fn check(change: impl Fn(&mut PreprocessorConfig), expected: &str) {
        let dir = fixtures::manifest().variants[0].model_dir();
        let mut config = PreprocessorConfig::from_dir(&dir).unwrap();
        change(&mut config);
        let error = Processor::new(config, &Config::from_dir(&dir).unwrap().vision).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    check(|config| config.patch_size = 16, "`patch_size` is 16");
    check(|config| config.merge_size = 0, "`merge_size` is 0");
    check(|config| config.image_std[1] = 0.0, "`image_std`");
    check(|config| config.min_pixels = u64::MAX, "`min_pixels`");
}

#[test]
fn both_layouts_of_the_configuration_are_read() {
    fn read(name: &str, json: &str) -> Result<PreprocessorConfig, ProcessorError> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(name), json).unwrap();
        PreprocessorConfig::from_dir(dir.path())
    }
    let old = read(
        "preprocessor_config.json",
        r#"{ "min_pixels": 784, "max_pixels": 1568 }"#,
    );
    let new = read(
        "processor_config.json",
        r#"{ "image_processor": { "size": { "shortest_edge": 784, "longest_edge": 1568 } } }"#,
    );
    assert_eq!(old.unwrap(), new.unwrap());
    let error = read("other.json", "{}").unwrap_err();
    assert!(
        error.to_string().contains("no `preprocessor_config.json`"),
        "{error}"
    );
    let error = read("preprocessor_config.json", r#"{ "resample": 0 }"#).unwrap_err();
    assert!(error.to_string().contains("`resample`"), "{error}");
}

#[test]
fn alpha_lies_on_white_and_grey_becomes_rgb() {
    fn check(image: impl Into<DynamicImage>, expected: [u8; 3]) {
        let pixels = resize(&image.into(), 2, 2);
        assert_eq!(pixels, expected.repeat(4));
    }
    check(
        RgbaImage::from_pixel(2, 2, Rgba([9, 9, 9, 0])),
        [255, 255, 255],
    );
    check(
        RgbaImage::from_pixel(2, 2, Rgba([255, 0, 10, 255])),
        [255, 0, 10],
    );
    // (0 · 51 + 255 · 204) / 255
    check(
        RgbaImage::from_pixel(2, 2, Rgba([0, 255, 0, 51])),
        [204, 255, 204],
    );
    check(
        image::GrayAlphaImage::from_pixel(2, 2, LumaA([0, 51])),
        [204; 3],
    );
    check(GrayImage::from_pixel(2, 2, image::Luma([7])), [7; 3]);
    check(
        image::ImageBuffer::from_pixel(2, 2, Rgb([65535u16, 0, 257])),
        [255, 0, 1],
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn resizing_follows_the_definition(
        (width, height) in (1u32..90, 1u32..150),
        (new_width, new_height) in (1u32..90, 1u32..150),
        seed in any::<u32>(),
    ) {
        let image = noise(width, height, seed);
        let pixels = resize(&image.clone().into(), new_height, new_width);
        prop_assert_eq!(pixels, slow_resize(&image, new_height, new_width));
    }

    #[test]
    fn sizes_keep_their_bounds(height in 1u32..20_000, width in 1u32..20_000, most in 3136u64..2_000_000) {
        prop_assume!(height.max(width) <= 200 * height.min(width));
        let (new_height, new_width) = smart_resize(height, width, 28, 3136, most).unwrap();
        prop_assert!(new_height % 28 == 0 && new_width % 28 == 0 && new_height > 0 && new_width > 0);
        // One block is the least that a side can have.
        let pixels = u64::from(new_height) * u64::from(new_width);
        prop_assert!(pixels <= most || new_height.min(new_width) == 28);
    }
}

/// Hard edges and noise, where rounding shows.
fn noise(width: u32, height: u32, seed: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let mixed = (x ^ seed)
            .wrapping_mul(2_654_435_761)
            .wrapping_add(y.wrapping_mul(2_246_822_519))
            .rotate_left(13)
            .wrapping_mul(3_266_489_917);
        let bright = if (x / 3 + y / 5) % 2 == 0 { 255 } else { 0 };
        Rgb([(mixed >> 24) as u8, bright, (mixed >> 8) as u8])
    })
}

/// The definition, one sample at a time and without sharing anything. Across first, then down; the other way round where
/// the height loses more than twice as many pixels as the width.
fn slow_resize(image: &RgbImage, new_height: u32, new_width: u32) -> Vec<u8> {
    let lost = |old: u32, new: u32| i64::from(old) - i64::from(new);
    let (rows, columns) = (
        lost(image.height(), new_height),
        lost(image.width(), new_width),
    );
    if rows > 0 && rows > 2 * columns {
        slow_across(&slow_down(image, new_height), new_width).into_raw()
    } else {
        slow_down(&slow_across(image, new_width), new_height).into_raw()
    }
}

fn slow_across(image: &RgbImage, new_width: u32) -> RgbImage {
    RgbImage::from_fn(new_width, image.height(), |x, y| {
        let line = |index: u32| *image.get_pixel(index, y);
        slow_sample(image.width(), new_width, x, line)
    })
}

fn slow_down(image: &RgbImage, new_height: u32) -> RgbImage {
    RgbImage::from_fn(image.width(), new_height, |x, y| {
        let line = |index: u32| *image.get_pixel(x, index);
        slow_sample(image.height(), new_height, y, line)
    })
}

fn slow_sample(size: u32, new_size: u32, index: u32, line: impl Fn(u32) -> Rgb<u8>) -> Rgb<u8> {
    let cubic = |x: f64| match x.abs() {
        x if x < 1.0 => 1.5 * x * x * x - 2.5 * x * x + 1.0,
        x if x < 2.0 => -0.5 * x * x * x + 2.5 * x * x - 4.0 * x + 2.0,
        _ => 0.0,
    };
    let scale = f64::from(size) / f64::from(new_size);
    let stretch = scale.max(1.0);
    let center = (f64::from(index) + 0.5) * scale;
    let weight = |pixel: u32| cubic((f64::from(pixel) + 0.5 - center) / stretch);
    let total: f64 = (0..size).map(weight).sum();
    let mut sums = [0.0; 3];
    for pixel in 0..size {
        let fixed = (weight(pixel) / total * f64::from(1 << 22)).round();
        for (sum, sample) in sums.iter_mut().zip(line(pixel).0) {
            *sum += fixed * f64::from(sample);
        }
    }
    Rgb(sums.map(|sum| {
        let rounded = (sum / f64::from(1 << 22) + 0.5).floor();
        rounded.clamp(0.0, 255.0) as u8
    }))
}
