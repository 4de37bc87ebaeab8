//! The size that an image is brought to: `smart_resize` of transformers, `models/qwen2_vl/image_processing_qwen2_vl.py`.

use super::{MAX_INPUT_PIXELS, MAX_OUTPUT_PIXELS, ProcessorError};

/// Largest ratio of the longer to the shorter side.
const MAX_ASPECT: f64 = 200.0;

/// Returns (height, width) in pixels: multiples of `factor` nearest to the image's, with between `min_pixels` and
/// `max_pixels` pixels where `factor` allows. Halves are rounded to even, as Python does.
///
/// # Errors
/// If a side is 0, the sides' ratio is above 200, or there are too many pixels before or after.
pub fn smart_resize(
    height: u32,
    width: u32,
    factor: u32,
    min_pixels: u64,
    max_pixels: u64,
) -> Result<(u32, u32), ProcessorError> {
    if height == 0 || width == 0 {
        return Err(ProcessorError::NoPixels { width, height });
    }
    let (tall, wide) = (f64::from(height), f64::from(width));
    if tall.max(wide) / tall.min(wide) > MAX_ASPECT {
        return Err(ProcessorError::TooElongated { width, height });
    }
    let area = u64::from(height) * u64::from(width);
    if area > MAX_INPUT_PIXELS {
        return Err(ProcessorError::TooManyPixels {
            width,
            height,
            limit_pixels: MAX_INPUT_PIXELS,
        });
    }
    let factor = f64::from(factor);
    let mut sides = [tall, wide].map(|side| (side / factor).round_ties_even() * factor);
    let pixels = sides[0] * sides[1];
    if pixels > max_pixels as f64 {
        let beta = (area as f64 / max_pixels as f64).sqrt();
        sides = [tall, wide].map(|side| ((side / beta / factor).floor() * factor).max(factor));
    } else if pixels < min_pixels as f64 {
        let beta = (min_pixels as f64 / area as f64).sqrt();
        sides = [tall, wide].map(|side| (side * beta / factor).ceil() * factor);
    }
    // Nothing below one block: bounds that allow no pixels at all would.
    let [new_height, new_width] = sides.map(|side| side.max(factor));
    if new_height * new_width > MAX_OUTPUT_PIXELS as f64 {
        return Err(ProcessorError::TooManyPixels {
            width: new_width as u32,
            height: new_height as u32,
            limit_pixels: MAX_OUTPUT_PIXELS,
        });
    }
    Ok((new_height as u32, new_width as u32))
}
