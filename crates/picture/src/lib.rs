//! Decodes strangers' pictures within bounds, upright, and cuts them into tiles.
//!
//! A hostile file may not hang, exhaust or crash the program that asked: decoding happens in a worker process with a
//! memory limit, which is killed when it takes too long. This crate knows no database, no window and no network.

mod complete;
mod decoder;
mod prepare;
mod pyramid;
mod raster;
mod refusal;
mod sniff;
mod svg;
mod worker;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use decoder::Decoder;
pub use refusal::Refusal;
pub use sniff::sniff;
pub use worker::serve_if_asked;

/// Longest side of a picture that is shown in one piece, in pixels; a longer one is cut into tiles.
pub const MAX_WHOLE_SIDE_PX: u32 = 4096;

/// Side of a square tile, in pixels; tiles at the right and bottom edges are smaller.
pub const TILE_PX: u32 = 512;

/// What decoding one picture may cost at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Pixels of the decoded picture. Default 200 million.
    pub max_pixels: u64,
    /// Memory that the worker may take for pictures, in bytes. Default 1 GiB.
    pub max_memory_bytes: u64,
    /// Wall-clock time for one picture. Default 20 s. Only a worker process can be held to it.
    pub timeout: Duration,
    /// Size of the file. Default 512 MiB.
    pub max_file_bytes: u64,
    /// Longer side to which an SVG is drawn, in pixels. Default 65,500.
    pub max_drawn_side_px: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pixels: 200_000_000,
            max_memory_bytes: 1 << 30,
            timeout: Duration::from_secs(20),
            max_file_bytes: 512 << 20,
            max_drawn_side_px: 65_500,
        }
    }
}

/// A picture format that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Portable Network Graphics; of an animated one, the picture shown first.
    Png,
    /// JPEG, baseline or progressive.
    Jpeg,
    /// WebP, lossy or lossless; of an animated one, the first frame.
    Webp,
    /// GIF, first frame.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF, first page.
    Tiff,
    /// SVG, plain or gzipped.
    Svg,
}

impl Format {
    /// Returns the name that people use, such as `PNG`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Webp => "WebP",
            Self::Gif => "GIF",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::Svg => "SVG",
        }
    }
}

/// What came of a picture that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// Format of the original, told by its content.
    pub format: Format,
    /// Width of the upright picture, in pixels.
    pub width: u32,
    /// Height of the upright picture, in pixels.
    pub height: u32,
    /// What to show.
    pub view: View,
    /// Letters of an SVG's texts that no installed font has, each once; they are drawn as empty boxes.
    pub missing_letters: String,
}

/// What to show for a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// The original's bytes: any web view shows them upright and whole.
    Original,
    /// `whole.png` in the destination folder.
    Whole,
    /// `tiles/<level>/<column>_<row>.png` in the destination folder, without overlap. The highest level,
    /// `ceil(log2(longer side))`, has the full size; each level below has half of it, rounded up; level 0 is one pixel.
    Tiles {
        /// Side of a tile, in pixels.
        tile_px: u32,
    },
}
