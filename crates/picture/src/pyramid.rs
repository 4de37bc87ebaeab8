//! Writes pictures as PNG: whole, or as a pyramid of tiles made in place, so that it needs no second picture.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, ExtendedColorType, ImageEncoder};

use crate::TILE_PX;

/// Most threads that encode tiles.
const MAX_THREADS: usize = 4;

/// Writes `pixels` as one PNG file.
pub(crate) fn write_whole(pixels: DynamicImage, path: &Path) -> io::Result<()> {
    let picture = Raster::from(pixels);
    write_png(
        path,
        &picture.data,
        picture.width,
        picture.height,
        picture.channels,
    )
}

/// Writes `pixels` as tiles into `folder`, from the highest level down to the single pixel.
pub(crate) fn write_tiles(pixels: DynamicImage, folder: &Path) -> io::Result<()> {
    let mut picture = Raster::from(pixels);
    for level in (0..=max_level(picture.width, picture.height)).rev() {
        let folder = folder.join(level.to_string());
        std::fs::create_dir_all(&folder)?;
        write_level(&picture, &folder)?;
        picture.halve();
    }
    Ok(())
}

/// Number of the level that has the full size.
fn max_level(width: u32, height: u32) -> u32 {
    width.max(height).next_power_of_two().trailing_zeros()
}

/// Pixels of 8 bits a channel, row by row without gaps.
struct Raster {
    data: Vec<u8>,
    width: u32,
    height: u32,
    channels: u8,
}

impl From<DynamicImage> for Raster {
    fn from(pixels: DynamicImage) -> Self {
        let (width, height) = (pixels.width(), pixels.height());
        Self {
            width,
            height,
            channels: pixels.color().channel_count(),
            data: pixels.into_bytes(),
        }
    }
}

impl Raster {
    /// Replaces the picture by one of half the size, rounded up; each pixel is the mean of four.
    fn halve(&mut self) {
        match self.channels {
            1 => self.halve_channels::<1>(),
            2 => self.halve_channels::<2>(),
            3 => self.halve_channels::<3>(),
            _ => self.halve_channels::<4>(),
        }
    }

    /// Works in place: a pixel is written at or before the first of the four that it is made of.
    fn halve_channels<const N: usize>(&mut self) {
        let (width, height) = (self.width as usize, self.height as usize);
        let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
        for y in 0..half_height {
            let rows = [2 * y * width, (2 * y + 1).min(height - 1) * width];
            for x in 0..half_width {
                let columns = [2 * x, (2 * x + 1).min(width - 1)];
                let four = [
                    rows[0] + columns[0],
                    rows[0] + columns[1],
                    rows[1] + columns[0],
                    rows[1] + columns[1],
                ];
                let mean =
                    mean::<N>(four.map(|pixel| {
                        std::array::from_fn(|channel| self.data[pixel * N + channel])
                    }));
                let at = (y * half_width + x) * N;
                self.data[at..at + N].copy_from_slice(&mean);
            }
        }
        self.data.truncate(half_width * half_height * N);
        self.data.shrink_to_fit();
        (self.width, self.height) = (half_width as u32, half_height as u32);
    }

    /// Copies one tile's pixels into `out`; returns its size.
    fn copy_tile(&self, column: u32, row: u32, out: &mut Vec<u8>) -> (u32, u32) {
        let (left, top) = (column * TILE_PX, row * TILE_PX);
        let (width, height) = (
            TILE_PX.min(self.width - left),
            TILE_PX.min(self.height - top),
        );
        let pixel_bytes = usize::from(self.channels);
        out.clear();
        for y in top..top + height {
            let start = (y as usize * self.width as usize + left as usize) * pixel_bytes;
            out.extend_from_slice(&self.data[start..start + width as usize * pixel_bytes]);
        }
        (width, height)
    }
}

/// Mean of four pixels. With an alpha channel, colours count by their opacity: invisible ones leave no fringe.
fn mean<const N: usize>(four: [[u8; N]; 4]) -> [u8; N] {
    let has_alpha = N == 2 || N == 4;
    let opacity: u32 = four.iter().map(|pixel| u32::from(pixel[N - 1])).sum();
    std::array::from_fn(|channel| {
        if !has_alpha || channel == N - 1 || opacity == 0 {
            let sum: u32 = four.iter().map(|pixel| u32::from(pixel[channel])).sum();
            return ((sum + 2) / 4) as u8;
        }
        let sum: u32 = four
            .iter()
            .map(|pixel| u32::from(pixel[channel]) * u32::from(pixel[N - 1]))
            .sum();
        ((sum + opacity / 2) / opacity) as u8
    })
}

fn write_level(picture: &Raster, folder: &Path) -> io::Result<()> {
    let columns = picture.width.div_ceil(TILE_PX);
    let tiles = columns * picture.height.div_ceil(TILE_PX);
    let next = AtomicU32::new(0);
    let work = || -> io::Result<()> {
        let mut pixels = Vec::new();
        loop {
            let tile = next.fetch_add(1, Ordering::Relaxed);
            if tile >= tiles {
                return Ok(());
            }
            let (column, row) = (tile % columns, tile / columns);
            let (width, height) = picture.copy_tile(column, row, &mut pixels);
            write_png(
                &folder.join(format!("{column}_{row}.png")),
                &pixels,
                width,
                height,
                picture.channels,
            )?;
        }
    };
    let others = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(MAX_THREADS)
        .min(tiles as usize)
        - 1;
    thread::scope(|scope| {
        // Where no thread can be had, this one does all the work.
        let spawned: Vec<_> = (0..others)
            .filter_map(|_| thread::Builder::new().spawn_scoped(scope, work).ok())
            .collect();
        let mine = work();
        let joined = spawned.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("a thread failed")))
        });
        joined.fold(mine, Result::and)
    })
}

fn write_png(path: &Path, data: &[u8], width: u32, height: u32, channels: u8) -> io::Result<()> {
    let color = match channels {
        1 => ExtendedColorType::L8,
        2 => ExtendedColorType::La8,
        3 => ExtendedColorType::Rgb8,
        _ => ExtendedColorType::Rgba8,
    };
    let mut file = BufWriter::with_capacity(1 << 16, File::create(path)?);
    PngEncoder::new_with_quality(&mut file, CompressionType::Fast, FilterType::Adaptive)
        .write_image(data, width, height, color)
        .map_err(io::Error::other)?;
    file.flush()
}
