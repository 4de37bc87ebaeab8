//! The picture that a model is shown: the whole diagram, or one region with what is around it.

use std::path::Path;

use ::picture::{Decoder, Limits, Refusal};
use domain::{Diagram, Region};
use image::DynamicImage;
use image::imageops::FilterType;
use provider::Picture;
use provider::prompt::Variables;
use store::Workspace;

/// A region is shown with so much around it, of its longer side: what its lines lead to is often there.
const MARGIN: f64 = 0.2;
/// At least so much, in pixels.
const MIN_MARGIN_PX: u32 = 32;

/// Decodes originals in the picture crate's worker, and keeps the last one: a diagram's levels follow each other.
pub struct Pictures {
    decoder: Decoder,
    last: Option<(String, Picture)>,
}

impl Pictures {
    pub fn new() -> Self {
        Self {
            decoder: Decoder::new(Limits::default()),
            last: None,
        }
    }

    /// The upright picture of a diagram.
    pub fn whole(&mut self, workspace: &Workspace, diagram: &Diagram) -> Result<Picture, Refusal> {
        let image = &diagram.image;
        if let Some((hash, picture)) = &self.last
            && *hash == image.hash
        {
            return Ok(picture.clone());
        }
        let original = workspace.image_path(&image.hash, &image.format);
        let picture = Picture::new(self.decoder.pixels(Path::new(&original))?);
        self.last = Some((image.hash.clone(), picture.clone()));
        Ok(picture)
    }
}

/// What is shown, and what the prompt may say of it. A region is cut out with a margin, and named with its box in what
/// is shown.
pub fn shown(
    picture: Picture,
    diagram: &Diagram,
    region: Option<&Region>,
    max_side_px: Option<u32>,
) -> (Picture, Variables) {
    let mut variables = Variables {
        width: picture.image().width(),
        height: picture.image().height(),
        context: diagram.context.clone(),
        picture: true,
        ..Variables::default()
    };
    let picture = match region {
        None => picture,
        Some(region) => cut(&picture, region, &mut variables),
    };
    let sides = picture.image();
    match max_side_px {
        Some(side) if sides.width().max(sides.height()) > side => {
            let small = sides.resize(side, side, FilterType::CatmullRom);
            (Picture::new(small), variables)
        }
        _ => (picture, variables),
    }
}

fn cut(picture: &Picture, region: &Region, variables: &mut Variables) -> Picture {
    let (width, height) = (picture.image().width(), picture.image().height());
    let margin = (f64::from(region.width.max(region.height)) * MARGIN) as u32;
    let margin = margin.max(MIN_MARGIN_PX);
    let left = region.x.min(width - 1).saturating_sub(margin);
    let top = region.y.min(height - 1).saturating_sub(margin);
    let end =
        |at: u32, side: u32, most: u32| at.saturating_add(side).saturating_add(margin).min(most);
    let right = end(region.x, region.width, width);
    let bottom = end(region.y, region.height, height);
    let cut: DynamicImage = picture
        .image()
        .crop_imm(left, top, right - left, bottom - top);
    variables.width = cut.width();
    variables.height = cut.height();
    variables.region = Some(provider::prompt::Region {
        name: region.name.clone(),
        bbox: [
            region.x.saturating_sub(left),
            region.y.saturating_sub(top),
            region.width,
            region.height,
        ],
    });
    Picture::new(cut)
}

#[cfg(test)]
mod tests;
