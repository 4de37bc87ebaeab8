//! Where tokens and patches stand: multimodal position ids of a conversation, and the rotary tables
//! made of them (M-RoPE, Qwen2-VL, arXiv 2409.12191).

use candle_core::{Device, Result, Tensor};

use crate::config::Config;

/// Temporal, height and width positions of each token, and how far the next token's position is from
/// the number of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positions {
    /// Rows t, h, w, each as long as the sequence.
    pub rows: [Vec<i64>; 3],
    /// Largest position plus one, minus the number of tokens: `rope_deltas` of the reference.
    pub delta: i64,
}

impl Positions {
    /// Positions of a sequence without padding: text advances all three rows; an image that starts at p
    /// gets t = p, h = p + row, w = p + column of the merged grid, and the text after it goes on behind
    /// its longer side.
    ///
    /// `grids` are (t, h, w) in patches, one for each run of image tokens, in order. A run that no grid
    /// belongs to advances like text.
    pub fn of(input_ids: &[u32], grids: &[[u32; 3]], config: &Config) -> Self {
        let merge = i64::try_from(config.vision.spatial_merge_size).unwrap_or(1);
        let mut rows = [const { Vec::new() }; 3];
        let (mut next, mut at) = (0i64, 0usize);
        let mut grids = grids.iter();
        while at < input_ids.len() {
            let grid = match input_ids[at] == config.image_token_id {
                true => grids.next(),
                false => None,
            };
            let Some(grid) = grid else {
                rows.iter_mut().for_each(|row| row.push(next));
                next += 1;
                at += 1;
                continue;
            };
            let [t, h, w] = grid.map(i64::from);
            let (h, w) = (h / merge, w / merge);
            for frame in 0..t {
                for y in 0..h {
                    for x in 0..w {
                        rows[0].push(next + frame);
                        rows[1].push(next + y);
                        rows[2].push(next + x);
                        at += 1;
                    }
                }
            }
            next += t.max(h).max(w);
        }
        for row in &mut rows {
            row.truncate(input_ids.len());
        }
        let length = i64::try_from(input_ids.len()).unwrap_or(i64::MAX);
        Self {
            rows,
            delta: next - length,
        }
    }

    /// The position of tokens `from..to` that come after all that was given: the same in all rows.
    pub fn after(&self, from: usize, to: usize) -> [Vec<i64>; 3] {
        let row: Vec<i64> = (from..to)
            .map(|at| i64::try_from(at).unwrap_or(i64::MAX) + self.delta)
            .collect();
        [row.clone(), row.clone(), row]
    }
}

/// Cosine and sine tables, each (B, S, D/2) in f32: chunk i of the frequencies takes its positions from
/// row i, as `mrope_section` counts.
///
/// # Errors
/// When the tables do not fit the device.
pub fn text_tables(
    rows: &[[Vec<i64>; 3]],
    config: &Config,
    device: &Device,
) -> Result<(Tensor, Tensor)> {
    let half = config.head_dim() / 2;
    let inverse = inverse_frequencies(config.rope_theta, config.head_dim());
    let length = rows.first().map_or(0, |row| row[0].len());
    let sections: Vec<usize> = config
        .mrope_section
        .iter()
        .enumerate()
        .flat_map(|(row, count)| std::iter::repeat_n(row, *count))
        .collect();
    let mut angles = Vec::with_capacity(rows.len() * length * half);
    for [t, h, w] in rows {
        for ((t, h), w) in t.iter().zip(h).zip(w) {
            let place = [*t, *h, *w];
            for (frequency, section) in inverse.iter().zip(&sections) {
                angles.push(place[*section] as f32 * frequency);
            }
        }
    }
    tables(angles, (rows.len(), length, half), device)
}

/// Tables of the vision tower, (1, patches, D/2): the frequencies of each patch's row, then of its
/// column. Patches come in the processor's order, a merge block at a time.
///
/// # Errors
/// As [`text_tables`].
pub(crate) fn vision_tables(
    grids: &[[u32; 3]],
    order: &[u32],
    config: &Config,
    device: &Device,
) -> Result<(Tensor, Tensor)> {
    let vision = &config.vision;
    let inverse = inverse_frequencies(10_000.0, vision.head_dim() / 2);
    let merge = vision.spatial_merge_size;
    let mut places = Vec::new();
    for [t, h, w] in grids.iter().map(|grid| grid.map(|side| side as usize)) {
        for _ in 0..t {
            for (block_y, block_x) in pairs(h / merge, w / merge) {
                for (y, x) in pairs(merge, merge) {
                    places.push((block_y * merge + y, block_x * merge + x));
                }
            }
        }
    }
    let unit = vision.spatial_merge_unit();
    let half = vision.head_dim() / 2;
    let mut angles = Vec::with_capacity(places.len() * half);
    for block in order {
        for (y, x) in &places[*block as usize * unit..][..unit] {
            angles.extend(inverse.iter().map(|frequency| *y as f32 * frequency));
            angles.extend(inverse.iter().map(|frequency| *x as f32 * frequency));
        }
    }
    tables(angles, (1, places.len(), half), device)
}

fn pairs(height: usize, width: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..height).flat_map(move |y| (0..width).map(move |x| (y, x)))
}

/// `theta^(-2i/dim)` for i below `dim / 2`.
fn inverse_frequencies(theta: f64, dim: usize) -> Vec<f32> {
    (0..dim / 2)
        .map(|i| {
            let exponent = (2 * i) as f32 / dim as f32;
            1.0 / (theta as f32).powf(exponent)
        })
        .collect()
}

fn tables(
    angles: Vec<f32>,
    shape: (usize, usize, usize),
    device: &Device,
) -> Result<(Tensor, Tensor)> {
    let sin = angles.iter().map(|angle| angle.sin()).collect();
    let cos = angles.into_iter().map(f32::cos).collect();
    Ok((
        Tensor::from_vec(cos, shape, device)?,
        Tensor::from_vec::<_, f32>(sin, shape, device)?,
    ))
}
