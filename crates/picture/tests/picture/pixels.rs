//! Upright pixels for whoever looks at a picture: lossless, alpha kept, within the same bounds.

use std::fs;

use image::{DynamicImage, ImageFormat};
use picture::{Decoder, Limits, Refusal};

use crate::formats::with_orientation;
use crate::{Bench, encode, quarters, svg, texture};

fn pixels(bench: &mut Bench, bytes: &[u8]) -> Result<DynamicImage, Refusal> {
    let original = bench.path("picture");
    fs::write(&original, bytes).unwrap();
    let pixels = bench.decoder.pixels(&original);
    let left = fs::read_dir(bench.folder.path()).unwrap().count();
    assert_eq!(left, 1, "only the original is left");
    pixels
}

#[test]
fn each_kind_of_pixel_comes_back_unchanged() {
    let mut bench = Bench::new();
    let colors = DynamicImage::from(texture(61, 37));
    for image in [
        DynamicImage::from(colors.to_luma8()),
        DynamicImage::from(colors.to_luma_alpha8()),
        DynamicImage::from(colors.to_rgb8()),
        half_transparent(&colors),
    ] {
        assert_eq!(
            pixels(&mut bench, &encode(&image, ImageFormat::Png)).unwrap(),
            image
        );
    }
    // A small drawing is drawn large enough to read.
    let drawn = pixels(&mut bench, &svg(r#"width="30" height="20""#, "")).unwrap();
    assert_eq!(drawn.width() * 2, drawn.height() * 3);
    // The same worker still makes views.
    let png = encode(&quarters(30, 20), ImageFormat::Bmp);
    assert_eq!(bench.prepare("view.bmp", &png).unwrap().width, 30);
}

fn half_transparent(image: &DynamicImage) -> DynamicImage {
    let mut image = image.to_rgba8();
    for (x, _, pixel) in image.enumerate_pixels_mut() {
        pixel.0[3] = (x * 4) as u8;
    }
    image.into()
}

#[test]
fn a_photo_on_its_side_is_turned_upright() {
    let mut bench = Bench::new();
    let stored = encode(&quarters(64, 32), ImageFormat::Jpeg);
    let upright = pixels(&mut bench, &with_orientation(&stored, 6)).unwrap();
    assert_eq!((upright.width(), upright.height()), (32, 64));
    // Turned clockwise: what was at the bottom left, blue, is at the top left.
    let [red, _, blue] = upright.to_rgb8().get_pixel(4, 4).0;
    assert!(blue > 200 && red < 60, "red {red}, blue {blue}");
}

#[test]
fn hostile_files_are_refused_as_they_are_for_viewing() {
    let mut bench = Bench::with_limits(Limits {
        max_pixels: 5000,
        ..Limits::default()
    });
    let refusal = pixels(&mut bench, b"just words").unwrap_err();
    assert!(matches!(refusal, Refusal::NotAPicture { .. }), "{refusal}");
    let large = encode(&quarters(100, 51), ImageFormat::Png);
    let refusal = pixels(&mut bench, &large).unwrap_err();
    assert!(
        matches!(refusal, Refusal::TooManyPixels { .. }),
        "{refusal}"
    );
    bench.decoder = Decoder::with_program(Limits::default(), "/bin/false");
    let refusal = pixels(&mut bench, &large).unwrap_err();
    assert!(matches!(refusal, Refusal::Crashed { .. }), "{refusal}");
}
