//! What must be refused, by name, in time, and without harm to the next picture.

use std::fs;
use std::io::Write;
use std::time::{Duration, Instant};

use image::{DynamicImage, ImageFormat};
use picture::{Format, Limits, Refusal};

use crate::formats::{chunk, zlib};
use crate::{Bench, encode, quarters, svg, texture};

#[test]
fn what_is_no_picture_is_named() {
    fn check(bytes: &[u8], expected: &str) {
        assert_eq!(
            Bench::new().refuse("drawing.png", bytes).to_string(),
            expected
        );
    }
    check(
        b"Session management\n",
        "is not a picture: its first bytes are text",
    );
    check(
        "会话管理。".repeat(500).as_bytes(),
        "is not a picture: its first bytes are text",
    );
    check(
        b"BMW builds cars, and this is a text.",
        "is not a picture: its first bytes are text",
    );
    check(
        b"<html><svg></svg></html>",
        "is not a picture: its first bytes are text",
    );
    check(b"", "is empty");
    check(
        b"%PDF-1.7",
        "is not a picture: its first bytes are those of a PDF document",
    );
    check(
        b"\0\0\0\x1cftypavif\0",
        "is an AVIF picture, which cannot be read",
    );
    check(
        &[1, 2, 3, 0xFF],
        "is not a picture: its first bytes are unknown (01 02 03 ff)",
    );
}

#[test]
fn folders_and_missing_files_are_refused() {
    let mut bench = Bench::new();
    fs::create_dir(bench.path("folder.png")).unwrap();
    let (folder, missing, dest) = (
        bench.path("folder.png"),
        bench.path("missing.png"),
        bench.path("view"),
    );
    assert_eq!(
        bench.decoder.prepare(&folder, &dest),
        Err(Refusal::NotAFile)
    );
    let refusal = bench.decoder.prepare(&missing, &dest).unwrap_err();
    assert!(
        refusal
            .to_string()
            .starts_with("cannot be read: No such file"),
        "{refusal}"
    );
    assert_eq!(picture::sniff(&folder).unwrap(), None);
}

#[test]
fn a_png_bomb_is_refused_by_its_header() {
    let mut header = Vec::new();
    header.extend(40_000_u32.to_be_bytes());
    header.extend(40_000_u32.to_be_bytes());
    header.extend([8, 6, 0, 0, 0]);
    let mut bomb = b"\x89PNG\r\n\x1a\n".to_vec();
    bomb.extend(chunk(b"IHDR", &header));
    bomb.extend(chunk(b"IDAT", &zlib(&vec![0; 10_000_000])));
    bomb.extend(chunk(b"IEND", &[]));
    let refusal = Bench::new().refuse("bomb.png", &bomb);
    assert_eq!(
        refusal.to_string(),
        "is 40000 × 40000 pixels (1600 million), more than the limit of 200 million"
    );
    assert_eq!(
        refusal.help(),
        Some("Scale the picture down, or raise the limit.")
    );
}

#[test]
fn limits_of_bytes_and_memory_are_kept() {
    let png = encode(&texture(300, 200).into(), ImageFormat::Png);
    let few_bytes = Limits {
        max_file_bytes: 1000,
        ..Limits::default()
    };
    assert!(matches!(
        Bench::with_limits(few_bytes).refuse("a.png", &png),
        Refusal::TooManyBytes { .. }
    ));
    let little_memory = Limits {
        max_memory_bytes: 300 * 200 * 3 - 1,
        ..Limits::default()
    };
    assert!(matches!(
        Bench::with_limits(little_memory).refuse("a.png", &png),
        Refusal::TooMuchMemory { .. }
    ));
    let few_pixels = Limits {
        max_pixels: 300 * 200 - 1,
        ..Limits::default()
    };
    assert!(matches!(
        Bench::with_limits(few_pixels).refuse("a.png", &png),
        Refusal::TooManyPixels { width: 300, .. }
    ));
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    fn check(format: Format, whole: &[u8], ends: &[usize]) {
        let mut bench = Bench::new();
        bench.prepare("whole", whole).unwrap();
        for &end in ends {
            let refusal = bench.refuse("cut", &whole[..end]);
            assert_eq!(
                refusal,
                Refusal::Truncated { format },
                "{end} of {} bytes",
                whole.len()
            );
        }
    }
    let picture = DynamicImage::from(texture(120, 90));
    let jpeg = encode(&picture, ImageFormat::Jpeg);
    check(
        Format::Jpeg,
        &jpeg,
        &[
            700,
            jpeg.len() / 2,
            jpeg.len() - 200,
            jpeg.len() - 2,
            jpeg.len() - 1,
        ],
    );
    let progressive = include_bytes!("data/progressive.jpg");
    check(
        Format::Jpeg,
        progressive,
        &[
            progressive.len() / 4,
            progressive.len() / 2,
            progressive.len() - 2,
        ],
    );
    let png = encode(&picture, ImageFormat::Png);
    check(
        Format::Png,
        &png,
        &[40, png.len() / 2, png.len() - 13, png.len() - 5],
    );
    for (format, kind) in [
        (Format::Webp, ImageFormat::WebP),
        (Format::Gif, ImageFormat::Gif),
        (Format::Bmp, ImageFormat::Bmp),
        (Format::Tiff, ImageFormat::Tiff),
    ] {
        let bytes = encode(&picture, kind);
        check(format, &bytes, &[bytes.len() / 2]);
    }
}

#[test]
fn a_file_cut_in_its_header_is_refused() {
    let jpeg = encode(&quarters(30, 20), ImageFormat::Jpeg);
    let png = encode(&quarters(30, 20), ImageFormat::Png);
    let mut bench = Bench::new();
    for end in [8, 12, 20, 30] {
        assert!(matches!(
            bench.refuse("cut", &png[..end]),
            Refusal::Truncated { .. } | Refusal::Damaged { .. }
        ));
        assert!(matches!(
            bench.refuse("cut", &jpeg[..end]),
            Refusal::Truncated { .. } | Refusal::Damaged { .. }
        ));
    }
}

#[test]
fn a_damaged_png_is_refused() {
    let mut png = encode(&texture(120, 90).into(), ImageFormat::Png);
    let middle = png.len() / 2;
    png[middle..middle + 64].fill(0x55);
    assert!(matches!(
        Bench::new().refuse("damaged.png", &png),
        Refusal::Damaged {
            format: Format::Png,
            ..
        }
    ));
}

#[test]
fn entities_made_of_entities_or_files_are_refused_by_name() {
    fn check(declarations: &str, name: &str) {
        let laughs = format!(
            r#"<?xml version="1.0"?><!DOCTYPE svg [{declarations}]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&{name};</text></svg>"#
        );
        assert_eq!(
            Bench::new().refuse("laughs.svg", laughs.as_bytes()),
            Refusal::Entities {
                entity: name.to_owned()
            }
        );
    }
    let billion: String = (1..10)
        .map(|n| {
            format!(
                "<!ENTITY lol{n} \"{}\">",
                format!("&lol{};", n - 1).repeat(10)
            )
        })
        .collect();
    check(&format!("<!ENTITY lol0 \"lol\">{billion}"), "lol1");
    check(r#"<!ENTITY secret SYSTEM "file:///etc/passwd">"#, "secret");
    check(
        r#"<!ENTITY remote PUBLIC "a" "http://example.org/a">"#,
        "remote",
    );
    check("<!ENTITY % parameter '<!ENTITY inner \"a\">'>", "%");
}

#[test]
fn a_flat_entity_repeated_a_million_times_does_no_harm() {
    let body = "&a;".repeat(1_000_000);
    let text = format!(
        r#"<!DOCTYPE svg [<!ENTITY a "{}">]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><desc>{body}</desc></svg>"#,
        "x".repeat(100_000)
    );
    let mut bench = Bench::with_limits(Limits {
        timeout: Duration::from_secs(5),
        ..Limits::default()
    });
    bench.prepare("quadratic.svg", text.as_bytes()).unwrap_err();
    bench
        .prepare("next.png", &encode(&quarters(30, 20), ImageFormat::Png))
        .unwrap();
}

#[test]
fn exponential_use_ends_in_a_refusal() {
    let mut content = r#"<defs><path id="u0" d="M0 0h1v1z"/>"#.to_owned();
    for n in 1..40 {
        content += &format!(
            r##"<g id="u{n}"><use href="#u{0}"/><use href="#u{0}" x="1"/></g>"##,
            n - 1
        );
    }
    content += r##"</defs><use href="#u39"/>"##;
    let start = Instant::now();
    let mut bench = Bench::with_limits(Limits {
        timeout: Duration::from_secs(5),
        ..Limits::default()
    });
    let refusal = bench.refuse("uses.svg", &svg(r#"width="100" height="100""#, &content));
    assert!(
        matches!(
            refusal,
            Refusal::TooManyElements | Refusal::TooMuchMemory { .. } | Refusal::TooSlow { .. }
        ),
        "{refusal}"
    );
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn an_allocation_beyond_the_limit_is_a_refusal_not_a_silence() {
    let layers = 60;
    let content = format!(
        "{}<rect width=\"9\" height=\"9\"/><circle r=\"3\"/>{}",
        r#"<g opacity="0.5"><rect width="1600" height="1600"/>"#.repeat(layers),
        "</g>".repeat(layers)
    );
    // Each layer takes 10 MiB.
    let limits = Limits {
        max_memory_bytes: 100 << 20,
        ..Limits::default()
    };
    let mut bench = Bench::with_limits(limits);
    let refusal = bench.refuse(
        "layers.svg",
        &svg(r#"width="1600" height="1600""#, &content),
    );
    assert_eq!(
        refusal.to_string(),
        "needs more memory than the limit of 100 MiB"
    );
    bench
        .prepare("next.png", &encode(&quarters(30, 20), ImageFormat::Png))
        .unwrap();
}

#[test]
fn a_zipped_svg_may_not_grow_without_end() {
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    zipped
        .write_all(br#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">"#)
        .unwrap();
    for _ in 0..200 {
        zipped.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    zipped.write_all(b"</svg>").unwrap();
    let refusal = Bench::new().refuse("grows.svgz", &zipped.finish().unwrap());
    assert!(matches!(refusal, Refusal::TooManyBytes { .. }), "{refusal}");
}

#[test]
fn a_deeply_nested_svg_does_no_harm() {
    let content = format!("{}{}", "<g>".repeat(200_000), "</g>".repeat(200_000));
    let mut bench = Bench::new();
    bench
        .prepare("deep.svg", &svg(r#"width="9" height="9""#, &content))
        .unwrap_err();
    bench
        .prepare("next.png", &encode(&quarters(30, 20), ImageFormat::Png))
        .unwrap();
}

#[test]
fn an_svg_reads_no_file_beside_it() {
    let mut bench = Bench::new();
    fs::write(
        bench.path("secret.png"),
        encode(&quarters(30, 20), ImageFormat::Png),
    )
    .unwrap();
    let link = bench.path("secret.png").to_string_lossy().into_owned();
    let images = format!(
        r#"<image href="secret.png" width="9" height="9"/><image href="{link}" width="9" height="9"/><image href="file://{link}" width="9" height="9"/>"#
    );
    bench
        .prepare("reads.svg", &svg(r#"width="9" height="9""#, &images))
        .unwrap();
    assert!(
        bench
            .view("whole.png")
            .to_rgba8()
            .pixels()
            .all(|pixel| pixel.0 == [0; 4]),
        "nothing is drawn"
    );
}
