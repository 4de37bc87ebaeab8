//! The pyramid: right sizes at each level, and nothing lost at the highest.

use std::collections::BTreeSet;
use std::fs;
use std::time::Instant;

use image::{DynamicImage, GenericImage, ImageFormat, Rgba, RgbaImage};
use picture::{Decoder, Format, Limits, MAX_WHOLE_SIDE_PX, Prepared, View};
use proptest::prelude::*;

use crate::{Bench, encode, open_png, texture};

#[test]
fn an_odd_picture_comes_back_from_its_tiles() {
    let mut bench = Bench::new();
    let source = texture(5001, 1337);
    let prepared = bench
        .prepare("odd.png", &encode(&source.clone().into(), ImageFormat::Png))
        .unwrap();
    assert_eq!(
        prepared,
        Prepared {
            format: Format::Png,
            width: 5001,
            height: 1337,
            view: View::Tiles { tile_px: 512 },
            missing_letters: String::new(),
        }
    );
    let stitched = stitch(&bench, 13, 5001, 1337);
    assert!(
        stitched.to_rgb8() == source,
        "the full level equals the source"
    );
    let half = stitch(&bench, 12, 2501, 669).to_rgb8();
    for (x, y) in [(0, 0), (2500, 0), (1234, 511), (512, 668), (2500, 668)] {
        for channel in 0..3 {
            let at = |dx: u32, dy: u32| {
                u32::from(
                    source
                        .get_pixel((2 * x + dx).min(5000), (2 * y + dy).min(1336))
                        .0[channel],
                )
            };
            let mean = (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1) + 2) / 4;
            assert_eq!(
                u32::from(half.get_pixel(x, y).0[channel]),
                mean,
                "at {x}, {y}"
            );
        }
    }
}

#[test]
fn invisible_colours_leave_no_fringe() {
    let mut bench = Bench::new();
    let stripes = RgbaImage::from_fn(MAX_WHOLE_SIDE_PX + 2, 2, |x, _| {
        if x % 2 == 0 {
            Rgba([250, 250, 250, 255])
        } else {
            Rgba([0; 4])
        }
    });
    bench
        .prepare("stripes.png", &encode(&stripes.into(), ImageFormat::Png))
        .unwrap();
    assert_eq!(
        bench.view("tiles/12/0_0.png").to_rgba8().get_pixel(7, 0).0,
        [250, 250, 250, 128]
    );
}

#[test]
fn a_poster_of_108_million_pixels_fits_the_default_limits() {
    let mut bench = Bench::new();
    let original = bench.path("poster.png");
    let poster = RgbaImage::from_fn(12_000, 9_000, |x, y| {
        Rgba([(x >> 4) as u8, (y >> 4) as u8, (x ^ y) as u8, 255])
    });
    poster.save(&original).unwrap();
    drop(poster);
    let start = Instant::now();
    let dest = bench.path("view");
    let prepared = bench.decoder.prepare(&original, &dest).unwrap();
    assert_eq!(
        (prepared.width, prepared.height, prepared.view),
        (12_000, 9_000, View::Tiles { tile_px: 512 })
    );
    assert_eq!(
        bench
            .view("tiles/14/23_17.png")
            .to_rgba8()
            .get_pixel(0, 0)
            .0,
        [224, 32, 0, 255]
    );
    eprintln!(
        "12,000 × 9,000 pixels: {:.1} s",
        start.elapsed().as_secs_f32()
    );
}

#[test]
fn a_new_view_replaces_an_older_one() {
    let mut bench = Bench::new();
    fs::create_dir(bench.path("view")).unwrap();
    fs::write(bench.path("view").join("stale.png"), "stale").unwrap();
    bench
        .prepare(
            "new.gif",
            &encode(&texture(30, 20).into(), ImageFormat::Gif),
        )
        .unwrap();
    let names: Vec<_> = fs::read_dir(bench.path("view"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["whole.png"]);
    assert!(bench.leftovers().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn every_level_halves_and_every_tile_is_there(long in MAX_WHOLE_SIDE_PX + 1..9000, short in 1_u32..40, upright: bool) {
        let (width, height) = if upright { (short, long) } else { (long, short) };
        let folder = tempfile::tempdir().unwrap();
        let original = folder.path().join("thin.png");
        DynamicImage::new_luma8(width, height).save(&original).unwrap();
        Decoder::new(Limits::default()).prepare(&original, &folder.path().join("view")).unwrap();
        let top = if long > 8192 { 14 } else { 13 };
        for level in 0..=top {
            let (level_width, level_height) = (width.div_ceil(1 << (top - level)), height.div_ceil(1 << (top - level)));
            let tiles = folder.path().join(format!("view/tiles/{level}"));
            let found: BTreeSet<_> = fs::read_dir(&tiles).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            let mut expected = BTreeSet::new();
            for column in 0..level_width.div_ceil(512) {
                for row in 0..level_height.div_ceil(512) {
                    let name = format!("{column}_{row}.png");
                    let size = image::image_dimensions(tiles.join(&name)).unwrap();
                    prop_assert_eq!(size, ((level_width - column * 512).min(512), (level_height - row * 512).min(512)));
                    expected.insert(name);
                }
            }
            prop_assert_eq!(found, expected);
        }
        prop_assert!(!folder.path().join("view/tiles").join((top + 1).to_string()).exists());
    }
}

fn stitch(bench: &Bench, level: u32, width: u32, height: u32) -> DynamicImage {
    let mut whole = DynamicImage::new_rgb8(width, height);
    for column in 0..width.div_ceil(512) {
        for row in 0..height.div_ceil(512) {
            let tile = open_png(&bench.path(&format!("view/tiles/{level}/{column}_{row}.png")));
            whole.copy_from(&tile, column * 512, row * 512).unwrap();
        }
    }
    whole
}
