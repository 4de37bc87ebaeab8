//! Pictures through a real worker process: every format, every limit, every hostile file.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene should stop there"
)]

mod formats;
mod hostile;
mod pixels;
mod tiles;
mod workers;

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use picture::{Decoder, Limits, Prepared, Refusal};
use tempfile::TempDir;

/// A folder to put pictures in, and a decoder with a worker.
struct Bench {
    folder: TempDir,
    decoder: Decoder,
}

impl Bench {
    fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    fn with_limits(limits: Limits) -> Self {
        let decoder = Decoder::with_program(limits, env!("CARGO_BIN_EXE_picture-worker"));
        Self {
            folder: tempfile::tempdir().unwrap(),
            decoder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Prepares a file of these bytes into the folder `view`.
    fn prepare(&mut self, name: &str, bytes: &[u8]) -> Result<Prepared, Refusal> {
        let original = self.path(name);
        fs::write(&original, bytes).unwrap();
        self.decoder.prepare(&original, &self.path("view"))
    }

    fn refuse(&mut self, name: &str, bytes: &[u8]) -> Refusal {
        let refusal = self.prepare(name, bytes).unwrap_err();
        assert_eq!(self.leftovers(), Vec::<PathBuf>::new(), "after {refusal}");
        refusal
    }

    fn view(&self, name: &str) -> DynamicImage {
        open_png(&self.path("view").join(name))
    }

    fn leftovers(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        entries
            .filter(|path| path.to_string_lossy().contains(".part-"))
            .collect()
    }
}

fn open_png(path: &Path) -> DynamicImage {
    let mut reader = image::ImageReader::open(path).unwrap();
    reader.no_limits();
    reader.decode().unwrap()
}

fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Red, green, blue and white quarters: top left, top right, bottom left, bottom right.
fn quarters(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, y| {
        match (x < width / 2, y < height / 2) {
            (true, true) => Rgb([255, 0, 0]),
            (false, true) => Rgb([0, 255, 0]),
            (true, false) => Rgb([0, 0, 255]),
            (false, false) => Rgb([255, 255, 255]),
        }
    })
    .into()
}

/// Pixels that differ from all their neighbours and do not compress to nothing.
fn texture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let noise = x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(2_246_822_519);
        Rgb([(x ^ y) as u8, (noise >> 24) as u8, (x / 7 + y / 3) as u8])
    })
}

fn svg(attributes: &str, content: &str) -> Vec<u8> {
    format!(r#"<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{content}</svg>"#).into_bytes()
}
