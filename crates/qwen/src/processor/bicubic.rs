//! Bicubic resizing, bit for bit as Pillow's `Resample.c` does it for 8-bit images: antialiased, a = −0.5, weights of 22
//! fractional bits, each pass rounded to 8 bits.
//!
//! `fast_image_resize` is not used: it keeps 16-bit weights, as Pillow-SIMD does, and so differs by a grey level here and
//! there.

use image::DynamicImage;
use rayon::prelude::*;

use super::rgb::Rows;

/// Fractional bits of a weight: 32, less 8 for the sample and 2 for overshoot and sign.
const PRECISION_BITS: u32 = 32 - 8 - 2;

/// Half of the filter's width, in pixels of the coarser side.
const SUPPORT: f64 = 2.0;

/// Rows of the result that one task makes: enough that the rows shared with its neighbours cost little.
const BAND_ROWS: usize = 64;

/// Which source samples make one sample of the result.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

/// Returns `image` as interleaved opaque RGB of 8 bits, resized; both new sides are at least 1.
///
/// Works in bands in parallel, so that beside the result only a few rows are held.
pub fn resize(image: &DynamicImage, new_height: u32, new_width: u32) -> Vec<u8> {
    let rows = Rows::from(image);
    let (height, width) = (image.height() as usize, image.width() as usize);
    let (new_height, new_width) = (new_height as usize, new_width as usize);
    // As in Pillow, a side that keeps its length is not filtered.
    let across = (width != new_width).then(|| taps(width, new_width));
    let down = match height == new_height {
        true => identity(height),
        false => taps(height, new_height),
    };
    let row_bytes = new_width * 3;
    let mut result = vec![0; new_height * row_bytes];
    result
        .par_chunks_mut(BAND_ROWS * row_bytes)
        .zip(down.par_chunks(BAND_ROWS))
        .for_each(|(band, down)| {
            let first = down.first().map_or(0, |taps| taps.first);
            let last = down
                .last()
                .map_or(0, |taps| taps.first + taps.weights.len());
            let mut narrow = vec![0; (last - first) * row_bytes];
            let mut source = vec![0; width * 3];
            for (y, target) in (first..last).zip(narrow.chunks_exact_mut(row_bytes)) {
                match &across {
                    Some(across) => {
                        rows.read(y, &mut source);
                        filter_row(&source, across, target);
                    }
                    None => rows.read(y, target),
                }
            }
            let mut sums = vec![0; row_bytes];
            for (taps, target) in down.iter().zip(band.chunks_exact_mut(row_bytes)) {
                let from = (taps.first - first) * row_bytes;
                filter_column(&narrow[from..], taps, &mut sums, target);
            }
        });
    result
}

fn filter_row(source: &[u8], across: &[Taps], target: &mut [u8]) {
    let (pixels, _) = source.as_chunks::<3>();
    let (targets, _) = target.as_chunks_mut::<3>();
    for (target, taps) in targets.iter_mut().zip(across) {
        let mut sums = [1 << (PRECISION_BITS - 1); 3];
        for (pixel, weight) in pixels[taps.first..].iter().zip(&taps.weights) {
            for (sum, sample) in sums.iter_mut().zip(pixel) {
                *sum += i32::from(*sample) * weight;
            }
        }
        *target = sums.map(to_sample);
    }
}

fn filter_column(source: &[u8], taps: &Taps, sums: &mut [i32], target: &mut [u8]) {
    if let [weight] = taps.weights[..]
        && weight == 1 << PRECISION_BITS
    {
        target.copy_from_slice(&source[..target.len()]);
        return;
    }
    sums.fill(1 << (PRECISION_BITS - 1));
    for (row, weight) in source.chunks_exact(target.len()).zip(&taps.weights) {
        for (sum, sample) in sums.iter_mut().zip(row) {
            *sum += i32::from(*sample) * weight;
        }
    }
    for (sample, sum) in target.iter_mut().zip(sums) {
        *sample = to_sample(*sum);
    }
}

fn to_sample(sum: i32) -> u8 {
    (sum >> PRECISION_BITS).clamp(0, 255) as u8
}

fn identity(size: usize) -> Vec<Taps> {
    let tap = |first| Taps {
        first,
        weights: vec![1 << PRECISION_BITS],
    };
    (0..size).map(tap).collect()
}

/// The taps of each of `new_size` samples, in the order of operations of `precompute_coeffs`.
fn taps(size: usize, new_size: usize) -> Vec<Taps> {
    let scale = size as f64 / new_size as f64;
    let filter_scale = scale.max(1.0);
    let support = SUPPORT * filter_scale;
    let inverse = 1.0 / filter_scale;
    let taps_of = |index: usize| {
        let center = (index as f64 + 0.5) * scale;
        // Casts cut towards zero and at zero, as the reference does.
        let first = (center - support + 0.5) as usize;
        let last = ((center + support + 0.5) as usize).min(size);
        let weights: Vec<f64> = (0..last - first)
            .map(|offset| bicubic(((offset + first) as f64 - center + 0.5) * inverse))
            .collect();
        let sum: f64 = weights.iter().sum();
        Taps {
            first,
            weights: weights
                .iter()
                .map(|weight| to_fixed(if sum == 0.0 { *weight } else { weight / sum }))
                .collect(),
        }
    };
    (0..new_size).into_par_iter().map(taps_of).collect()
}

fn bicubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

fn to_fixed(weight: f64) -> i32 {
    let scaled = weight * f64::from(1 << PRECISION_BITS);
    (scaled + if weight < 0.0 { -0.5 } else { 0.5 }) as i32
}
