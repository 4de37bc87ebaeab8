//! Rows of an image as opaque RGB of 8 bits, one at a time, so that no second copy of a large image is made.

use image::DynamicImage;

/// An image whose rows can be read as RGB.
pub(super) enum Rows<'a> {
    Luma(&'a [u8]),
    LumaAlpha(&'a [u8]),
    Rgb(&'a [u8]),
    Rgba(&'a [u8]),
    /// Of more than 8 bits a channel, narrowed.
    Narrowed(Vec<u8>),
}

impl<'a> From<&'a DynamicImage> for Rows<'a> {
    fn from(image: &'a DynamicImage) -> Self {
        match image {
            DynamicImage::ImageLuma8(pixels) => Self::Luma(pixels),
            DynamicImage::ImageLumaA8(pixels) => Self::LumaAlpha(pixels),
            DynamicImage::ImageRgb8(pixels) => Self::Rgb(pixels),
            DynamicImage::ImageRgba8(pixels) => Self::Rgba(pixels),
            deep => Self::Narrowed(deep.to_rgba8().into_raw()),
        }
    }
}

impl Rows<'_> {
    /// Writes row `y` of an image `rgb.len() / 3` pixels wide.
    pub(super) fn read(&self, y: usize, rgb: &mut [u8]) {
        let width = rgb.len() / 3;
        let row = |pixels, channels| -> &[u8] { row_of(pixels, y, width * channels) };
        match self {
            Self::Luma(pixels) => fill(rgb, row(pixels, 1), |[grey]| [grey; 3]),
            Self::LumaAlpha(pixels) => fill(rgb, row(pixels, 2), |[grey, alpha]| {
                [on_white(grey, alpha); 3]
            }),
            Self::Rgb(pixels) => rgb.copy_from_slice(row(pixels, 3)),
            Self::Rgba(pixels) => fill(rgb, row(pixels, 4), composited),
            Self::Narrowed(pixels) => fill(rgb, row(pixels, 4), composited),
        }
    }
}

fn row_of(pixels: &[u8], y: usize, row_bytes: usize) -> &[u8] {
    &pixels[y * row_bytes..(y + 1) * row_bytes]
}

fn fill<const N: usize>(rgb: &mut [u8], row: &[u8], convert: impl Fn([u8; N]) -> [u8; 3]) {
    let (targets, _) = rgb.as_chunks_mut::<3>();
    let (pixels, _) = row.as_chunks::<N>();
    for (target, pixel) in targets.iter_mut().zip(pixels) {
        *target = convert(*pixel);
    }
}

fn composited([red, green, blue, alpha]: [u8; 4]) -> [u8; 3] {
    [red, green, blue].map(|sample| on_white(sample, alpha))
}

/// One sample over white, in the integer arithmetic of Pillow's `AlphaComposite.c` for an opaque ground.
fn on_white(sample: u8, alpha: u8) -> u8 {
    const PRECISION_BITS: u32 = 7;
    let (sample, alpha) = (u32::from(sample), u32::from(alpha));
    if alpha == 0 {
        return 255;
    }
    let mixed = (sample * alpha + 255 * (255 - alpha)) << PRECISION_BITS;
    let rounded = mixed + (0x80 << PRECISION_BITS);
    // Division by 255 in shifts.
    ((((rounded >> 8) + rounded) >> 8) >> PRECISION_BITS) as u8
}
