//! Bicubic resizing, bit for bit as Pillow 13's `Resample.c` does it for 8-bit images: antialiased, a = −0.5, weights of
//! 22 fractional bits, each pass rounded to 8 bits. Across first, unless the height shrinks by more than twice as many
//! pixels as the width does; older Pillow always went across first, and differs there by some levels at hard edges.
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
    let image = Source {
        rows,
        width,
        across: taps(width, new_width),
    };
    let down = taps(height, new_height);
    let row_bytes = new_width * 3;
    let fill_band = match down_first((height, width), (new_height, new_width)) {
        true => Source::fill_down_first,
        false => Source::fill_across_first,
    };
    let mut result = vec![0; new_height * row_bytes];
    result
        .par_chunks_mut(BAND_ROWS * row_bytes)
        .zip(down.par_chunks(BAND_ROWS))
        .for_each(|(band, down)| fill_band(&image, down, row_bytes, band));
    result
}

/// Whether the height is filtered before the width: Pillow 13's choice, from (height, width) before and after.
fn down_first(old: (usize, usize), new: (usize, usize)) -> bool {
    let fewer_columns = old.1.saturating_sub(new.1);
    new.0 < old.0 && old.0 - new.0 > 2 * fewer_columns
}

/// An image to filter, and how its columns are.
struct Source<'a> {
    rows: Rows<'a>,
    width: usize,
    across: Vec<Taps>,
}

impl Source<'_> {
    fn fill_across_first(&self, down: &[Taps], row_bytes: usize, band: &mut [u8]) {
        let (first, last) = range(down);
        let mut narrow = vec![0; (last - first) * row_bytes];
        let mut source = vec![0; self.width * 3];
        for (y, target) in (first..last).zip(narrow.chunks_exact_mut(row_bytes)) {
            self.rows.read(y, &mut source);
            filter_row(&source, &self.across, target);
        }
        let mut sums = vec![0; row_bytes];
        for (taps, target) in down.iter().zip(band.chunks_exact_mut(row_bytes)) {
            let from = (taps.first - first) * row_bytes;
            filter_column(&narrow[from..], taps, &mut sums, target);
        }
    }

    fn fill_down_first(&self, down: &[Taps], row_bytes: usize, band: &mut [u8]) {
        let (first, last) = range(down);
        let source_bytes = self.width * 3;
        let mut source = vec![0; (last - first) * source_bytes];
        for (y, target) in (first..last).zip(source.chunks_exact_mut(source_bytes)) {
            self.rows.read(y, target);
        }
        let mut sums = vec![0; source_bytes];
        let mut low = vec![0; source_bytes];
        for (taps, target) in down.iter().zip(band.chunks_exact_mut(row_bytes)) {
            let from = (taps.first - first) * source_bytes;
            filter_column(&source[from..], taps, &mut sums, &mut low);
            filter_row(&low, &self.across, target);
        }
    }
}

/// The source rows that a band needs.
fn range(down: &[Taps]) -> (usize, usize) {
    let first = down.first().map_or(0, |taps| taps.first);
    let last = down
        .last()
        .map_or(first, |taps| taps.first + taps.weights.len());
    (first, last)
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
    if taps.weights[..] == [1 << PRECISION_BITS] {
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

/// The taps of each of `new_size` samples, in the order of operations of `precompute_coeffs`. As in Pillow, a side that
/// keeps its length is not filtered.
fn taps(size: usize, new_size: usize) -> Vec<Taps> {
    if size == new_size {
        let same = |first| Taps {
            first,
            weights: vec![1 << PRECISION_BITS],
        };
        return (0..size).map(same).collect();
    }
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
