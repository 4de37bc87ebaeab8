//! The vision tower against the reference, block by block, alone and several images at once.

use candle_core::Tensor;
use qwen::ops::Mode;
use qwen::vision::Windows;

use crate::compare::{Tally, whole};
use crate::fixtures::{self, Variant};
use crate::scene::{self, Pictures};

const TOLERANCE: f64 = 1e-4;

#[test]
fn vision_agrees_with_the_reference() {
    let pictures = Pictures::read();
    for variant in fixtures::manifest().variants {
        for (mode, trainable) in scene::MODES {
            let model = scene::model(&variant, trainable);
            check(&variant, &model, mode, &pictures);
        }
    }
}

fn check(variant: &Variant, model: &qwen::model::Qwen, mode: Mode, pictures: &Pictures) {
    let stored = fixtures::tensors(&format!("{}/vision.safetensors", variant.name));
    let mut tally = Tally::new(format!("vision, {}, {mode:?}", variant.name));
    let names: Vec<&str> = stored
        .keys()
        .filter_map(|key| key.strip_suffix(".embeds"))
        .collect();
    assert!(!names.is_empty(), "no vision cases");
    for name in names {
        let images = match name {
            "packed" => fixtures::manifest().multi_images,
            name => vec![name.to_owned()],
        };
        let joined = pictures.joined(&images);
        let grids: Vec<i64> = joined
            .grids
            .iter()
            .flatten()
            .map(|x| i64::from(*x))
            .collect();
        tally.same(
            &format!("{name}.grid_thw"),
            &grids,
            &whole(&stored[&format!("{name}.grid_thw")]),
        );
        let pixels = joined.pixel_values.as_ref().unwrap();
        let windows = Windows::new(&joined.grids, &model.config, model.device()).unwrap();
        let index: Vec<i64> = windows.window_index.iter().map(|x| i64::from(*x)).collect();
        tally.same(
            &format!("{name}.window_index"),
            &index,
            &whole(&stored[&format!("{name}.window_index")]),
        );
        let mut bounds: Vec<i64> = whole(&stored[&format!("{name}.cu_window_seqlens")]);
        // The reference keeps empty windows where a grid is a whole number of windows.
        bounds.dedup();
        let ours: Vec<i64> = windows
            .cu_window_seqlens
            .iter()
            .map(|x| *x as i64)
            .collect();
        tally.same(&format!("{name}.cu_window_seqlens"), &ours, &bounds);
        let embeds = model
            .vision
            .forward(pixels, &joined.grids, &model.config, mode)
            .unwrap();
        tally.close(
            &format!("{name}.embeds"),
            &embeds,
            &stored[&format!("{name}.embeds")],
            TOLERANCE,
        );
        blocks(name, model, pixels, &windows, mode, &stored, &mut tally);
    }
}

/// Hidden states after the patches and after each stored block.
fn blocks(
    name: &str,
    model: &qwen::model::Qwen,
    pixels: &Tensor,
    windows: &Windows,
    mode: Mode,
    stored: &std::collections::HashMap<String, Tensor>,
    tally: &mut Tally,
) {
    let Some(reference) = stored.get(&format!("{name}.patch_embed")) else {
        return;
    };
    let x = model.vision.patch_embed.forward(pixels).unwrap();
    tally.close(&format!("{name}.patch_embed"), &x, reference, TOLERANCE);
    let mut x = model.vision.to_windows(&x, windows, &model.config).unwrap();
    for (number, block) in model.vision.blocks.iter().enumerate() {
        x = block.forward(&x, windows, mode).unwrap();
        if let Some(reference) = stored.get(&format!("{name}.block{number}")) {
            tally.close(&format!("{name}.block{number}"), &x, reference, TOLERANCE);
        }
    }
}
