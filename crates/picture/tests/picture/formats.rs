//! What must be taken, with the right size, the right way up and the right colours.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;

use image::{DynamicImage, GenericImageView, ImageFormat};
use picture::{Format, Prepared, View};

use crate::{Bench, encode, quarters, svg};

#[test]
fn each_format_is_told_by_its_content_and_keeps_its_size() {
    fn check(format: ImageFormat, expected: Format, view: View) {
        let mut bench = Bench::new();
        let prepared = bench
            .prepare("misleading.txt", &encode(&quarters(30, 20), format))
            .unwrap();
        assert_eq!(
            prepared,
            Prepared {
                format: expected,
                width: 30,
                height: 20,
                view,
                missing_letters: String::new(),
            }
        );
        assert_eq!(
            picture::sniff(&bench.path("misleading.txt")).unwrap(),
            Some(expected)
        );
        if view == View::Whole {
            let expected = quarters(30, 20).to_rgba8();
            let closest = if format == ImageFormat::Gif { 2 } else { 0 };
            let off = bench
                .view("whole.png")
                .to_rgba8()
                .iter()
                .zip(expected.iter())
                .map(|(a, b)| a.abs_diff(*b))
                .max();
            assert!(off <= Some(closest), "{format:?}: colours off by {off:?}");
        }
    }
    check(ImageFormat::Png, Format::Png, View::Original);
    check(ImageFormat::Jpeg, Format::Jpeg, View::Original);
    check(ImageFormat::WebP, Format::Webp, View::Whole);
    check(ImageFormat::Gif, Format::Gif, View::Whole);
    check(ImageFormat::Bmp, Format::Bmp, View::Whole);
    check(ImageFormat::Tiff, Format::Tiff, View::Whole);
}

#[test]
fn each_orientation_is_applied_once() {
    // The corners of the stored picture, then where they stand upright: EXIF 2.32, table 6.
    fn check(orientation: u8, corners: [char; 4]) {
        let mut bench = Bench::new();
        let stored = encode(&quarters(64, 32), ImageFormat::Jpeg);
        let prepared = bench
            .prepare("photo.jpg", &with_orientation(&stored, orientation))
            .unwrap();
        let size = if orientation > 4 { (32, 64) } else { (64, 32) };
        assert_eq!(
            (prepared.width, prepared.height),
            size,
            "orientation {orientation}"
        );
        if orientation == 1 {
            assert_eq!(prepared.view, View::Original);
            return;
        }
        assert_eq!(prepared.view, View::Whole);
        assert_eq!(
            corner_colors(&bench.view("whole.png")),
            corners,
            "orientation {orientation}"
        );
    }
    check(1, ['r', 'g', 'b', 'w']);
    check(2, ['g', 'r', 'w', 'b']);
    check(3, ['w', 'b', 'g', 'r']);
    check(4, ['b', 'w', 'r', 'g']);
    check(5, ['r', 'b', 'g', 'w']);
    check(6, ['b', 'r', 'w', 'g']);
    check(7, ['w', 'g', 'b', 'r']);
    check(8, ['g', 'w', 'r', 'b']);
}

#[test]
fn an_animation_shows_its_first_frame() {
    fn check(bytes: &[u8], format: Format) {
        let mut bench = Bench::new();
        let prepared = bench.prepare("moving", bytes).unwrap();
        assert_eq!(
            prepared,
            Prepared {
                format,
                width: 20,
                height: 10,
                view: View::Whole,
                missing_letters: String::new(),
            }
        );
        assert_eq!(
            corner_colors(&bench.view("whole.png")),
            ['r', 'r', 'r', 'r']
        );
    }
    check(include_bytes!("data/animated.gif"), Format::Gif);
    check(include_bytes!("data/animated.webp"), Format::Webp);
    let still = encode(
        &DynamicImage::ImageRgb8(image::RgbImage::from_pixel(20, 10, image::Rgb([255, 0, 0]))),
        ImageFormat::Png,
    );
    // An `acTL` chunk right after the header makes a PNG an animated one.
    let mut animated = still[..33].to_vec();
    animated.extend(chunk(b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]));
    animated.extend(chunk(
        b"fcTL",
        &[
            0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 10, 0, 0,
        ],
    ));
    animated.extend(&still[33..]);
    check(&animated, Format::Png);
}

#[test]
fn unusual_pixels_are_taken() {
    fn check(image: DynamicImage, format: ImageFormat) {
        let mut bench = Bench::new();
        let prepared = bench.prepare("picture", &encode(&image, format)).unwrap();
        assert_eq!((prepared.width, prepared.height), (30, 20));
        if prepared.view == View::Whole {
            let luma = image.to_luma8();
            let off = bench
                .view("whole.png")
                .to_luma8()
                .iter()
                .zip(luma.iter())
                .map(|(a, b)| a.abs_diff(*b))
                .max();
            assert!(off <= Some(1), "off by {off:?}");
        }
    }
    let picture = quarters(30, 20);
    for format in [ImageFormat::Png, ImageFormat::Tiff] {
        check(picture.to_luma8().into(), format);
        check(picture.to_luma16().into(), format);
        check(picture.to_rgb16().into(), format);
        check(picture.to_rgba16().into(), format);
    }
    check(picture.to_luma_alpha8().into(), ImageFormat::Png);
    check(picture.to_luma_alpha16().into(), ImageFormat::Png);
    check(picture.to_rgb32f().into(), ImageFormat::Tiff);
    check(picture.to_luma8().into(), ImageFormat::Jpeg);
    let taken = |bytes: &[u8]| Bench::new().prepare("picture", bytes).unwrap();
    assert_eq!(taken(include_bytes!("data/cmyk.jpg")).view, View::Whole);
    assert_eq!(
        taken(include_bytes!("data/progressive.jpg")).view,
        View::Original
    );
    assert_eq!(taken(include_bytes!("data/lossy.webp")).width, 240);
}

#[test]
fn a_palette_of_sixteen_colours_is_taken() {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend(chunk(b"IHDR", &[0, 0, 0, 4, 0, 0, 0, 1, 4, 3, 0, 0, 0]));
    png.extend(chunk(b"PLTE", &[255, 0, 0, 0, 255, 0]));
    png.extend(chunk(b"IDAT", &zlib(&[0, 0x01, 0x10])));
    png.extend(chunk(b"IEND", &[]));
    let prepared = Bench::new().prepare("palette.png", &png).unwrap();
    assert_eq!(
        (prepared.width, prepared.height, prepared.view),
        (4, 1, View::Original)
    );
}

#[test]
fn an_svg_is_drawn_large_enough_to_read() {
    let mut bench = Bench::new();
    let drawing = svg(
        r#"width="300" height="100""#,
        r#"<rect width="150" height="100" fill="red"/><text x="160" y="50">PDU会话</text>"#,
    );
    let expected = Prepared {
        format: Format::Svg,
        width: 1800,
        height: 600,
        view: View::Whole,
        missing_letters: String::new(),
    };
    assert_eq!(bench.prepare("drawing", &drawing).unwrap(), expected);
    let whole = bench.view("whole.png").to_rgba8();
    assert_eq!(whole.get_pixel(10, 10).0, [255, 0, 0, 255]);
    assert_eq!(whole.get_pixel(1790, 590).0[3], 0, "paper is transparent");
    assert!(
        whole
            .enumerate_pixels()
            .any(|(x, _, pixel)| x > 950 && pixel.0 == [0, 0, 0, 255]),
        "the text is drawn"
    );
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    zipped.write_all(&drawing).unwrap();
    assert_eq!(
        bench
            .prepare("drawing.svgz", &zipped.finish().unwrap())
            .unwrap(),
        expected
    );
}

#[test]
fn an_svg_is_found_behind_its_preamble() {
    fn check(preamble: &str) {
        let text =
            format!(r#"{preamble}<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"/>"#);
        Bench::new()
            .prepare("drawing", text.as_bytes())
            .unwrap_or_else(|refusal| panic!("{preamble}: {refusal}"));
    }
    check("\u{FEFF}");
    check("\u{FEFF}<?xml version=\"1.0\"?>\n<!-- Made by hand, <html> -->\n<!-- twice -->");
    check(
        "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">",
    );
    check("<!DOCTYPE svg [ <!ENTITY ns_svg \"http://www.w3.org/2000/svg\"> ]>");
}

#[test]
fn any_file_name_will_do() {
    fn check(name: &OsStr) {
        let mut bench = Bench::new();
        let original = bench.folder.path().join(name);
        let mut dest = name.to_owned();
        dest.push(".view");
        let dest = bench.folder.path().join(dest);
        fs::write(&original, encode(&quarters(30, 20), ImageFormat::Gif)).unwrap();
        assert_eq!(
            bench.decoder.prepare(&original, &dest).unwrap().view,
            View::Whole
        );
        assert_eq!(
            image::open(dest.join("whole.png")).unwrap().dimensions(),
            (30, 20)
        );
    }
    check(OsStr::new("会话 管理.png"));
    check(OsStr::new("it's \"quoted\" and\nbroken\\.png"));
    check(OsStr::from_bytes(b"not \xFF unicode.png"));
}

/// Puts an EXIF segment that holds nothing but the orientation behind the start of a JPEG.
pub fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let tiff = [
        b'M',
        b'M',
        0,
        42,
        0,
        0,
        0,
        8,
        0,
        1,
        0x01,
        0x12,
        0,
        3,
        0,
        0,
        0,
        1,
        0,
        orientation,
        0,
        0,
        0,
        0,
        0,
        0,
    ];
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xFF, 0xE1, 0, 2 + 6 + tiff.len() as u8]);
    bytes.extend(b"Exif\0\0");
    bytes.extend(tiff);
    bytes.extend(&jpeg[2..]);
    bytes
}

fn corner_colors(image: &DynamicImage) -> [char; 4] {
    let (right, bottom) = (image.width() - 2, image.height() - 2);
    [(1, 1), (right, 1), (1, bottom), (right, bottom)].map(|(x, y)| {
        let image::Rgba([red, green, blue, _]) = image.get_pixel(x, y);
        match (red > 127, green > 127, blue > 127) {
            (true, false, false) => 'r',
            (false, true, false) => 'g',
            (false, false, true) => 'b',
            (true, true, true) => 'w',
            _ => '?',
        }
    })
}

/// A PNG chunk with its length and checksum.
pub fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut sum = flate2::Crc::new();
    sum.update(kind);
    sum.update(data);
    let parts: [&[u8]; 4] = [
        &(data.len() as u32).to_be_bytes(),
        kind,
        data,
        &sum.sum().to_be_bytes(),
    ];
    parts.concat()
}

pub fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn letters_that_no_font_has_are_named() {
    let mut bench = Bench::new();
    // For private use: no font of a system draws them.
    let drawing = svg(
        r#"width="300" height="100""#,
        "<g><text x=\"10\" y=\"50\">AMF 会话 \u{10fffa}\u{10fffd}\u{10fffa}</text></g>",
    );
    let missing = bench.prepare("drawing", &drawing).unwrap().missing_letters;
    assert_eq!(missing, "\u{10fffa}\u{10fffd}");
}
