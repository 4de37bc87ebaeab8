//! Takes one picture from file to view, in this process. Who calls it decides in which process that is.

use std::fs::{self, File};
use std::io::{self, Seek};
use std::path::Path;

use image::DynamicImage;

use crate::raster::{self, Upright, unreadable};
use crate::{
    Format, Limits, MAX_WHOLE_SIDE_PX, Prepared, Refusal, TILE_PX, View, pyramid, sniff, svg,
};

/// Decodes `original` and writes its view, if it needs one, into the folder `part`.
pub(crate) fn prepare(original: &Path, part: &Path, limits: &Limits) -> Result<Prepared, Refusal> {
    let Decoded {
        format,
        pixels,
        showable_as_is,
        missing_letters,
    } = decode(original, limits)?;
    let (width, height) = (pixels.width(), pixels.height());
    let view = match showable_as_is {
        true => View::Original,
        false => write_view(pixels, part).map_err(|error| not_written(&error))?,
    };
    Ok(Prepared {
        format,
        width,
        height,
        view,
        missing_letters,
    })
}

/// Decodes `original` and writes its samples, row by row, into the file `part`.
pub(crate) fn write_pixels(
    original: &Path,
    part: &Path,
    limits: &Limits,
) -> Result<Prepared, Refusal> {
    let Decoded {
        format,
        pixels,
        missing_letters,
        ..
    } = decode(original, limits)?;
    fs::write(part, pixels.as_bytes()).map_err(|error| not_written(&error))?;
    Ok(Prepared {
        format,
        width: pixels.width(),
        height: pixels.height(),
        view: View::Original,
        missing_letters,
    })
}

struct Decoded {
    format: Format,
    pixels: DynamicImage,
    showable_as_is: bool,
    missing_letters: String,
}

fn decode(original: &Path, limits: &Limits) -> Result<Decoded, Refusal> {
    let (format, file) = open(original, limits)?;
    if format == Format::Svg {
        let svg::Drawing {
            pixels,
            missing_letters,
        } = svg::draw(file, limits)?;
        return Ok(Decoded {
            format,
            pixels,
            showable_as_is: false,
            missing_letters,
        });
    }
    let Upright {
        pixels,
        showable_as_is,
    } = raster::decode(format, file, limits)?;
    Ok(Decoded {
        format,
        pixels,
        showable_as_is,
        missing_letters: String::new(),
    })
}

pub(crate) fn not_written(error: &io::Error) -> Refusal {
    Refusal::NotWritten {
        reason: error.to_string(),
    }
}

/// Opens a picture's file and tells its format.
fn open(original: &Path, limits: &Limits) -> Result<(Format, File), Refusal> {
    // Before opening: a pipe without a writer would hang there.
    let metadata = fs::metadata(original).map_err(|error| unreadable(&error))?;
    if !metadata.is_file() {
        return Err(Refusal::NotAFile);
    }
    let bytes = metadata.len();
    if bytes == 0 {
        return Err(Refusal::Empty);
    }
    if bytes > limits.max_file_bytes {
        return Err(Refusal::TooManyBytes {
            bytes,
            limit_bytes: limits.max_file_bytes,
        });
    }
    let mut file = File::open(original).map_err(|error| unreadable(&error))?;
    let head = sniff::read_head(&file).map_err(|error| unreadable(&error))?;
    file.rewind().map_err(|error| unreadable(&error))?;
    match sniff::format_of(&head) {
        Some(format) => Ok((format, file)),
        None => Err(match sniff::unsupported(&head) {
            Some(what) => Refusal::Unsupported {
                what: what.to_owned(),
            },
            None => Refusal::NotAPicture {
                found: sniff::describe(&head),
            },
        }),
    }
}

fn write_view(pixels: DynamicImage, part: &Path) -> io::Result<View> {
    fs::create_dir_all(part)?;
    if pixels.width().max(pixels.height()) > MAX_WHOLE_SIDE_PX {
        pyramid::write_tiles(pixels, &part.join("tiles"))?;
        return Ok(View::Tiles { tile_px: TILE_PX });
    }
    pyramid::write_whole(pixels, &part.join("whole.png"))?;
    Ok(View::Whole)
}
