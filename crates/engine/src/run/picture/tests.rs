//! What a model is shown of a picture, and what the prompt then says of it.

use domain::{Image, RegionId, State, Timestamp, View};
use image::{DynamicImage, Rgb, RgbImage};

use super::*;

fn diagram() -> Diagram {
    Diagram {
        id: domain::DiagramId::new(),
        number: 1,
        name: "ring.png".to_owned(),
        state: State::Todo,
        image: Image {
            hash: "0".repeat(64),
            format: "png".to_owned(),
            width: 1000,
            height: 600,
            bytes: 1,
        },
        view: View::Original,
        context: "A ring.".to_owned(),
        source: None,
        license: None,
        imported_at: Timestamp::from_millis(0),
        kind: String::new(),
        plan: None,
        second: false,
        draft_hidden: false,
        skip_reason: None,
    }
}

/// Each pixel says where it is.
fn picture() -> Picture {
    let image = RgbImage::from_fn(1000, 600, |x, y| Rgb([(x / 4) as u8, (y / 4) as u8, 0]));
    Picture::new(DynamicImage::ImageRgb8(image))
}

fn region([x, y, width, height]: [u32; 4]) -> Region {
    Region {
        id: RegionId::new(),
        name: "core".to_owned(),
        x,
        y,
        width,
        height,
        polygon: Vec::new(),
    }
}

#[test]
fn a_region_is_cut_with_a_margin_and_named_with_its_box_in_the_cut() {
    for (bbox, size, within) in [
        ([400, 200, 200, 100], (280, 180), [40, 40, 200, 100]),
        // At least 32 pixels, and never beyond the picture.
        ([0, 0, 20, 10], (52, 42), [0, 0, 20, 10]),
        ([900, 500, 100, 100], (132, 132), [32, 32, 100, 100]),
        ([0, 0, 1000, 600], (1000, 600), [0, 0, 1000, 600]),
    ] {
        let (shown, variables) = shown(picture(), &diagram(), Some(&region(bbox)), None);
        assert_eq!((shown.image().width(), shown.image().height()), size);
        assert_eq!((variables.width, variables.height), size);
        let named = variables.region.unwrap();
        assert_eq!((named.name.as_str(), named.bbox), ("core", within));
        let corner = shown.image().to_rgb8().get_pixel(within[0], within[1]).0;
        assert_eq!(corner, [(bbox[0] / 4) as u8, (bbox[1] / 4) as u8, 0]);
    }
}

#[test]
fn a_large_picture_is_shown_smaller_where_that_is_asked_for() {
    let (small, variables) = shown(picture(), &diagram(), None, Some(100));
    assert_eq!((small.image().width(), small.image().height()), (100, 60));
    assert_eq!((variables.width, variables.height), (1000, 600));
    assert_eq!(variables.context, "A ring.");
    let (whole, _) = shown(picture(), &diagram(), None, Some(2000));
    assert_eq!(whole.image().width(), 1000);
}
