//! Pictures as data URLs: no larger than the server takes, and without transparency.

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat, ImageResult, Rgb, RgbImage};

use crate::{Picture, ProviderError};

/// A PNG larger than this goes as JPEG instead, in bytes.
const MAX_PNG_BYTES: usize = 3 << 20;

/// Keeps small letters legible.
const JPEG_QUALITY: u8 = 92;

/// The picture as a `data:` URL, its longer side at most `max_side_px`.
///
/// # Errors
/// [`ProviderError::Request`] when it is empty or cannot be encoded.
pub fn data_url(picture: &Picture, max_side_px: u32) -> Result<String, ProviderError> {
    let image = picture.image();
    if image.width() == 0 || image.height() == 0 {
        return Err(ProviderError::Request("a picture is empty".to_owned()));
    }
    let image = opaque(image);
    let image = if image.width().max(image.height()) > max_side_px {
        image.resize(max_side_px, max_side_px, FilterType::Lanczos3)
    } else {
        image
    };
    let (mime, bytes) = encode(&image)
        .map_err(|error| ProviderError::Request(format!("a picture cannot be encoded: {error}")))?;
    Ok(format!("data:{mime};base64,{}", STANDARD.encode(bytes)))
}

/// Eight bits a channel, transparent parts on white as a page would show them.
fn opaque(image: &DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return if image.color().has_color() {
            image.to_rgb8().into()
        } else {
            image.to_luma8().into()
        };
    }
    let image = image.to_rgba8();
    let on_white = RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0.map(u32::from);
        Rgb([red, green, blue].map(|channel| {
            let mixed = (channel * alpha + 255 * (255 - alpha) + 127) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        }))
    });
    on_white.into()
}

fn encode(image: &DynamicImage) -> ImageResult<(&'static str, Vec<u8>)> {
    let mut png = Vec::new();
    image.write_to(&mut Cursor::new(&mut png), ImageFormat::Png)?;
    if png.len() <= MAX_PNG_BYTES {
        return Ok(("image/png", png));
    }
    let mut jpeg = Vec::new();
    image.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY))?;
    Ok(("image/jpeg", jpeg))
}
