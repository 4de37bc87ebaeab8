//! Draws an SVG into pixels with resvg: no network, no files, no entities built from entities.

use std::fs::File;
use std::io::{Cursor, Read};
use std::sync::{Arc, LazyLock};

use image::{DynamicImage, ImageBuffer};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Family, Query};
use resvg::usvg::{self, ImageHrefResolver, Options, Size, Tree, roxmltree};

use crate::raster::unreadable;
use crate::{Format, Limits, Refusal};

/// The longer side of a drawing is at least this long, in pixels.
const MIN_LONG_SIDE_PX: f32 = 1600.0;

/// Bytes of memory kept for each pixel: groups with opacity, masks and filters each take a layer of 4.
const MEMORY_BYTES_PER_PIXEL: u64 = 16;

/// The system's fonts, loaded when the first drawing with text comes.
static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| Arc::new(load_fonts()));

/// An SVG in pixels.
#[derive(Debug)]
pub(crate) struct Drawing {
    pub(crate) pixels: DynamicImage,
    /// Letters that no installed font has, each once.
    pub(crate) missing_letters: String,
}

/// Draws the SVG or SVGZ in `file` from its beginning.
pub(crate) fn draw(file: File, limits: &Limits) -> Result<Drawing, Refusal> {
    let text = read_text(file, limits)?;
    if let Some(entity) = compound_entity(&text) {
        return Err(Refusal::Entities { entity });
    }
    let fonts = if has_text(&text) {
        FONTS.clone()
    } else {
        Arc::default()
    };
    render(&text, fonts, limits)
}

fn read_text(file: File, limits: &Limits) -> Result<String, Refusal> {
    let mut start = [0; 2];
    let mut file = file;
    file.read_exact(&mut start)
        .map_err(|error| unreadable(&error))?;
    let zipped = start == [0x1F, 0x8B];
    let whole = Cursor::new(start).chain(file);
    // A text much larger than this could not be parsed within the memory limit anyway.
    let limit_bytes = limits.max_file_bytes.min(limits.max_memory_bytes / 8);
    let mut bytes = Vec::new();
    let read = match zipped {
        true => flate2::read::MultiGzDecoder::new(whole)
            .take(limit_bytes + 1)
            .read_to_end(&mut bytes),
        false => whole.take(limit_bytes + 1).read_to_end(&mut bytes),
    };
    read.map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Refusal::Truncated {
            format: Format::Svg,
        },
        _ => damaged(&error),
    })?;
    let bytes_read = bytes.len() as u64;
    if bytes_read > limit_bytes {
        return Err(Refusal::TooManyBytes {
            bytes: bytes_read,
            limit_bytes,
        });
    }
    String::from_utf8(bytes).map_err(|error| damaged(&error))
}

fn damaged(reason: &dyn std::fmt::Display) -> Refusal {
    Refusal::Damaged {
        format: Format::Svg,
        reason: reason.to_string(),
    }
}

/// Finds the first entity whose value refers to another entity, or that is read from elsewhere. Plain ones stay
/// allowed: drawing programs write them for their namespaces.
fn compound_entity(text: &str) -> Option<String> {
    if !text.contains("<!DOCTYPE") {
        return None;
    }
    text.split("<!ENTITY").skip(1).find_map(|declaration| {
        let declaration = declaration.trim_start();
        let name = declaration.split_whitespace().next().unwrap_or_default();
        let value = declaration[name.len()..].trim_start();
        let plain = value
            .chars()
            .next()
            .filter(|quote| matches!(quote, '"' | '\''))
            .is_some_and(|quote| {
                let value = value[1..].split(quote).next().unwrap_or_default();
                !value.contains(['&', '%', '<'])
            });
        (!plain).then(|| name.chars().take(40).collect())
    })
}

fn has_text(text: &str) -> bool {
    text.contains("<text") || text.contains(":text")
}

fn load_fonts() -> Database {
    let mut fonts = Database::new();
    fonts.load_system_fonts();
    let sans = installed(
        &fonts,
        &[
            "DejaVu Sans",
            "Liberation Sans",
            "Noto Sans",
            "Arial",
            "Helvetica",
        ],
    );
    let serif = installed(
        &fonts,
        &[
            "DejaVu Serif",
            "Liberation Serif",
            "Noto Serif",
            "Times New Roman",
        ],
    );
    let mono = installed(
        &fonts,
        &[
            "DejaVu Sans Mono",
            "Liberation Mono",
            "Noto Sans Mono",
            "Courier New",
        ],
    );
    let missing = |family| {
        fonts
            .query(&Query {
                families: &[family],
                ..Query::default()
            })
            .is_none()
    };
    let (no_sans, no_serif, no_mono) = (
        missing(Family::SansSerif),
        missing(Family::Serif),
        missing(Family::Monospace),
    );
    if let Some(sans) = sans.filter(|_| no_sans) {
        fonts.set_sans_serif_family(sans);
    }
    if let Some(serif) = serif.filter(|_| no_serif) {
        fonts.set_serif_family(serif);
    }
    if let Some(mono) = mono.filter(|_| no_mono) {
        fonts.set_monospace_family(mono);
    }
    fonts
}

/// The first of `families` that is installed, else any family that is.
fn installed(fonts: &Database, families: &[&str]) -> Option<String> {
    let names = || {
        fonts
            .faces()
            .flat_map(|face| &face.families)
            .map(|(name, _)| name)
    };
    let known = families
        .iter()
        .find(|family| names().any(|name| name == *family));
    known
        .map(|family| (*family).to_owned())
        .or_else(|| names().next().cloned())
}

fn render(text: &str, fonts: Arc<Database>, limits: &Limits) -> Result<Drawing, Refusal> {
    if fonts.is_empty() && has_text(text) {
        return Err(Refusal::NoFonts);
    }
    let options = Options {
        fontdb: fonts,
        image_href_resolver: ImageHrefResolver {
            resolve_data: ImageHrefResolver::default_data_resolver(),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    let tree = Tree::from_str(text, &options).map_err(|error| parse_refusal(&error))?;
    let natural = tree.size();
    let (width, height) = raster_size(natural, limits);
    let mut pixmap = Pixmap::new(width, height).ok_or(Refusal::TooMuchMemory {
        limit_bytes: limits.max_memory_bytes,
    })?;
    let scale = Transform::from_scale(
        width as f32 / natural.width(),
        height as f32 / natural.height(),
    );
    resvg::render(&tree, scale, &mut pixmap.as_mut());
    let pixels = ImageBuffer::from_raw(width, height, pixmap.take_demultiplied())
        .map(DynamicImage::ImageRgba8)
        .ok_or_else(|| damaged(&"its drawing has no pixels"))?;
    let mut missing_letters = String::new();
    find_missing(tree.root(), &mut missing_letters);
    Ok(Drawing {
        pixels,
        missing_letters,
    })
}

/// Adds the letters of a group's texts that were drawn as the empty box of a font (glyph 0).
fn find_missing(group: &usvg::Group, missing: &mut String) {
    for node in group.children() {
        match node {
            usvg::Node::Group(group) => find_missing(group, missing),
            usvg::Node::Text(text) => {
                let glyphs = text.layouted().iter().flat_map(|it| &it.positioned_glyphs);
                for letter in glyphs
                    .filter(|glyph| glyph.id.0 == 0)
                    .flat_map(|glyph| glyph.text.chars())
                {
                    if !letter.is_whitespace() && !missing.contains(letter) {
                        missing.push(letter);
                    }
                }
            }
            usvg::Node::Path(_) | usvg::Node::Image(_) => {}
        }
    }
}

fn parse_refusal(error: &usvg::Error) -> Refusal {
    match error {
        usvg::Error::ElementsLimitReached
        | usvg::Error::ParsingFailed(roxmltree::Error::NodesLimitReached) => {
            Refusal::TooManyElements
        }
        usvg::Error::ParsingFailed(cause) => damaged(cause),
        error => damaged(error),
    }
}

/// Size of the raster: the natural size times the smallest whole number that makes the longer side long enough,
/// scaled down where the limits demand it.
fn raster_size(natural: Size, limits: &Limits) -> (u32, u32) {
    let (width, height) = (natural.width(), natural.height());
    let long = width.max(height);
    let wanted = (MIN_LONG_SIDE_PX / long).ceil().max(1.0);
    let max_pixels = limits
        .max_pixels
        .min(limits.max_memory_bytes / MEMORY_BYTES_PER_PIXEL)
        .max(1);
    let bound = (max_pixels as f32 / (width * height))
        .sqrt()
        .min(limits.max_drawn_side_px as f32 / long);
    let scale = wanted.min(bound);
    // Rounding down keeps within the limit.
    let side = |length: f32| {
        if scale < wanted {
            (length * scale).floor()
        } else {
            (length * scale).round()
        }
        .max(1.0) as u32
    };
    (side(width), side(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_any_font_is_refused_with_packages_to_install() {
        let svg =
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>a</text></svg>"#;
        let refusal = render(svg, Arc::default(), &Limits::default()).unwrap_err();
        assert_eq!(refusal, Refusal::NoFonts);
        assert!(refusal.help().unwrap().contains("fonts-noto-cjk"));
    }

    #[test]
    fn raster_sizes() {
        fn check(natural: (f32, f32), expected: (u32, u32)) {
            let size = Size::from_wh(natural.0, natural.1).unwrap();
            assert_eq!(
                raster_size(size, &Limits::default()),
                expected,
                "{natural:?}"
            );
        }
        check((800.0, 600.0), (1600, 1200));
        check((100.0, 100.0), (1600, 1600));
        check((300.0, 7.5), (1800, 45));
        check((1600.5, 20.0), (1601, 20));
        check((5000.0, 100.0), (5000, 100));
        check((0.5, 0.001), (1600, 3));
        check((100_000.0, 100_000.0), (8192, 8192));
        check((131_000.0, 2.0), (65_500, 1));
        let small = Limits {
            max_drawn_side_px: 4000,
            ..Limits::default()
        };
        let size = Size::from_wh(8000.0, 100.0).unwrap();
        assert_eq!(raster_size(size, &small), (4000, 50));
    }
}
