//! Decodes a raster file into upright pixels of 8 bits a channel.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, Seek};

use image::error::ImageError;
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageBuffer, ImageDecoder, ImageFormat, ImageReader};

use crate::{Format, Limits, MAX_WHOLE_SIDE_PX, Refusal, complete};

/// A decoded picture.
pub(crate) struct Upright {
    /// Pixels, EXIF orientation applied; L, LA, RGB or RGBA of 8 bits.
    pub pixels: DynamicImage,
    /// Any web view shows the file's own bytes the same way.
    pub showable_as_is: bool,
}

/// Decodes `file`, which starts as `format` does, from its beginning.
pub(crate) fn decode(format: Format, file: File, limits: &Limits) -> Result<Upright, Refusal> {
    let mut file = BufReader::with_capacity(1 << 16, file);
    let outline = complete::outline(format, &mut file).map_err(|error| unreadable(&error))?;
    file.rewind().map_err(|error| unreadable(&error))?;

    let refuse = |error| refusal(format, &error, limits);
    let mut decoder = open(format, file, limits).map_err(|error| match refuse(error) {
        Refusal::Damaged { .. } if !outline.complete => Refusal::Truncated { format },
        refusal => refusal,
    })?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    check_size(format, &decoder, orientation, limits)?;
    if !outline.complete {
        return Err(Refusal::Truncated { format });
    }
    let mut pixels = read_pixels(decoder).map_err(refuse)?;
    pixels.apply_orientation(orientation);

    let plain = match format {
        Format::Png => !outline.animated,
        Format::Jpeg => matches!(outline.components, 1 | 3),
        _ => false,
    };
    let small = pixels.width().max(pixels.height()) <= MAX_WHOLE_SIDE_PX;
    Ok(Upright {
        pixels,
        showable_as_is: plain && small && orientation == Orientation::NoTransforms,
    })
}

pub(crate) fn unreadable(error: &io::Error) -> Refusal {
    Refusal::Unreadable {
        reason: error.to_string(),
    }
}

/// Refuses a picture of `width` × `height` pixels if the limit is lower.
pub(crate) fn check_pixels(width: u32, height: u32, limits: &Limits) -> Result<(), Refusal> {
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(Refusal::TooManyPixels {
            width,
            height,
            limit_pixels: limits.max_pixels,
        });
    }
    Ok(())
}

fn open(
    format: Format,
    file: BufReader<File>,
    limits: &Limits,
) -> Result<impl ImageDecoder, ImageError> {
    let mut reader = ImageReader::with_format(file, image_format(format));
    let mut bounds = image::Limits::no_limits();
    bounds.max_alloc = Some(limits.max_memory_bytes);
    reader.limits(bounds);
    reader.into_decoder()
}

fn image_format(format: Format) -> ImageFormat {
    match format {
        Format::Jpeg => ImageFormat::Jpeg,
        Format::Webp => ImageFormat::WebP,
        Format::Gif => ImageFormat::Gif,
        Format::Bmp => ImageFormat::Bmp,
        Format::Tiff => ImageFormat::Tiff,
        // An SVG never comes here; the PNG decoder would refuse it.
        Format::Png | Format::Svg => ImageFormat::Png,
    }
}

/// Checks what the header tells, before any pixel is decoded.
fn check_size(
    format: Format,
    decoder: &impl ImageDecoder,
    orientation: Orientation,
    limits: &Limits,
) -> Result<(), Refusal> {
    let (width, height) = decoder.dimensions();
    check_pixels(width, height, limits)?;
    let turned = !matches!(
        orientation,
        Orientation::NoTransforms
            | Orientation::Rotate180
            | Orientation::FlipHorizontal
            | Orientation::FlipVertical
    );
    // The TIFF decoder keeps a buffer of its own, and so does turning on the side.
    let copies = if format == Format::Tiff || turned {
        2
    } else {
        1
    };
    if decoder.total_bytes().saturating_mul(copies) > limits.max_memory_bytes {
        return Err(Refusal::TooMuchMemory {
            limit_bytes: limits.max_memory_bytes,
        });
    }
    Ok(())
}

fn read_pixels(decoder: impl ImageDecoder) -> Result<DynamicImage, ImageError> {
    let (width, height) = decoder.dimensions();
    let color = decoder.color_type();
    let mut bytes = vec![0; usize::try_from(decoder.total_bytes()).unwrap_or(usize::MAX)];
    decoder.read_image(&mut bytes)?;
    let bytes = to_eight_bits(color, bytes);
    let pixels = match color.channel_count() {
        1 => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageLuma8),
        2 => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageLumaA8),
        3 => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageRgb8),
        _ => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageRgba8),
    };
    pixels.ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "fewer pixels than the header tells",
        )
        .into()
    })
}

/// Narrows 16-bit integer and 32-bit float samples in place, so that a deep picture never needs a second buffer.
fn to_eight_bits(color: ColorType, mut bytes: Vec<u8>) -> Vec<u8> {
    let sample_bytes = usize::from(color.bytes_per_pixel() / color.channel_count());
    if sample_bytes == 1 {
        return bytes;
    }
    let samples = bytes.len() / sample_bytes;
    for index in 0..samples {
        let at = index * sample_bytes;
        bytes[index] = match sample_bytes {
            2 => ((u32::from(u16::from_ne_bytes([bytes[at], bytes[at + 1]])) + 128) / 257) as u8,
            _ => (f32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
                * 255.0)
                .round() as u8,
        };
    }
    bytes.truncate(samples);
    bytes.shrink_to_fit();
    bytes
}

fn refusal(format: Format, error: &ImageError, limits: &Limits) -> Refusal {
    match error {
        ImageError::Limits(_) => Refusal::TooMuchMemory {
            limit_bytes: limits.max_memory_bytes,
        },
        ImageError::Unsupported(unsupported) => Refusal::Unsupported {
            what: format!("a {} of an unusual kind ({unsupported})", format.name()),
        },
        error => {
            // The cause alone: what wraps it repeats the format.
            let reason = error
                .source()
                .map_or_else(|| error.to_string(), ToString::to_string);
            let cut = matches!(error, ImageError::IoError(io) if io.kind() == io::ErrorKind::UnexpectedEof);
            if cut || ends_early(error) || reason.to_lowercase().contains("unexpected end of file")
            {
                return Refusal::Truncated { format };
            }
            Refusal::Damaged { format, reason }
        }
    }
}

/// Whether the cause, however deep, is that the file ended. Some decoders say so in words only.
fn ends_early(error: &(dyn Error + 'static)) -> bool {
    let io_ended = error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof);
    io_ended || error.source().is_some_and(ends_early)
}
