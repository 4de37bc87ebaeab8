//! Pictures as a server receives them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, Rgb, RgbImage, Rgba, RgbaImage};
use provider::{Message, OpenAi, Part, Picture, Request, Role, ServerConfig};

use crate::server::{Server, ask, question, stream};

/// What the server gets for a picture of a chat: its type, and the picture decoded again.
fn received(image: impl Into<DynamicImage>, max_image_side_px: u32) -> (String, DynamicImage) {
    let server = Server::always(stream(&["x"]));
    let config = ServerConfig {
        max_image_side_px,
        ..server.config()
    };
    let parts = vec![
        Part::Image(Picture::new(image.into())),
        Part::Text("What?".to_owned()),
    ];
    let messages = vec![Message {
        role: Role::User,
        parts,
    }];
    let request = Request {
        messages,
        ..question()
    };
    ask(&OpenAi::new(config).unwrap(), &request).0.unwrap();
    let body = &server.seen()[0].body;
    let content = &body["messages"][0]["content"];
    assert_eq!(content[0]["type"], "image_url");
    assert_eq!(
        content[1],
        serde_json::json!({"type": "text", "text": "What?"})
    );
    let url = content[0]["image_url"]["url"].as_str().unwrap();
    let (mime, data) = url
        .strip_prefix("data:")
        .unwrap()
        .split_once(";base64,")
        .unwrap();
    let bytes = STANDARD.decode(data).unwrap();
    (mime.to_owned(), image::load_from_memory(&bytes).unwrap())
}

#[test]
fn a_small_picture_arrives_pixel_for_pixel() {
    let image = RgbImage::from_fn(40, 30, |x, y| Rgb([x as u8, y as u8, 7]));
    let (mime, got) = received(image.clone(), 2048);
    assert_eq!(mime, "image/png");
    assert_eq!(got.to_rgb8(), image);
}

#[test]
fn a_large_picture_is_scaled_down_in_proportion() {
    let (_, got) = received(RgbImage::new(600, 200), 300);
    assert_eq!((got.width(), got.height()), (300, 100));
    let (_, got) = received(RgbImage::new(2, 3000), 300);
    assert_eq!((got.width(), got.height()), (1, 300));
}

#[test]
fn what_is_transparent_is_white() {
    let image = RgbaImage::from_fn(2, 1, |x, _| Rgba([0, 0, 0, if x == 0 { 0 } else { 255 }]));
    let (_, got) = received(image, 2048);
    let got = got.to_rgb8();
    assert_eq!((got[(0, 0)], got[(1, 0)]), (Rgb([255; 3]), Rgb([0; 3])));
}

#[test]
fn a_picture_that_png_cannot_make_small_goes_as_jpeg() {
    let mut state = 1u32;
    let noise = RgbImage::from_fn(1200, 1000, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [a, b, c, _] = state.to_be_bytes();
        Rgb([a, b, c])
    });
    let (mime, got) = received(noise, 2048);
    assert_eq!(mime, "image/jpeg");
    assert_eq!((got.width(), got.height()), (1200, 1000));
}

#[test]
fn a_picture_by_address_stays_one_and_must_be_plain() {
    let server = Server::always(stream(&["x"]));
    let by = |url: &str| {
        let parts = vec![Part::ImageUrl(url.to_owned())];
        let messages = vec![Message {
            role: Role::User,
            parts,
        }];
        ask(
            &server.client(),
            &Request {
                messages,
                ..question()
            },
        )
        .0
    };
    by("https://example.com/a.png").unwrap();
    let seen = server.seen();
    let part = &seen[0].body["messages"][0]["content"][0];
    assert_eq!(part["image_url"]["url"], "https://example.com/a.png");
    for url in ["file:///etc/passwd", "http://me:secret@host/a.png", "a.png"] {
        let error = by(url).unwrap_err().to_string();
        assert_eq!(
            error,
            "the request cannot be sent: a picture's address is not a plain `http:` or `https:` one"
        );
    }
}
