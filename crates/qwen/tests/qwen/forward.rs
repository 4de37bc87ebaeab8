//! The whole model against the reference: positions, hidden states, scores and losses, alone and in batches.

use std::collections::HashMap;

use candle_core::{D, DType, IndexOp, Tensor};
use qwen::model::Qwen;
use qwen::ops::{Mode, Span};
use qwen::positions::Positions;
use serde_json::Value;

use crate::compare::{Tally, flat, whole};
use crate::fixtures::{self, Variant};
use crate::scene::{self, Pictures, Row};

const TOLERANCE: f64 = 1e-4;

#[test]
fn forward_agrees_with_the_reference() {
    let pictures = Pictures::read();
    for variant in fixtures::manifest().variants {
        for (mode, trainable) in scene::MODES {
            let model = scene::model(&variant, trainable);
            check(&variant, &model, mode, &pictures);
        }
    }
}

fn check(variant: &Variant, model: &Qwen, mode: Mode, pictures: &Pictures) {
    let goldens: Value = fixtures::json(&format!("{}/goldens.json", variant.name));
    let stored = fixtures::tensors(&format!("{}/forward.safetensors", variant.name));
    let cases = goldens["cases"].as_object().unwrap();
    assert!(!cases.is_empty(), "no forward cases");
    for (case, about) in cases {
        let mut tally = Tally::new(format!("forward, {}, {case}, {mode:?}", variant.name));
        let rows = rows_of(case, &stored, &goldens, pictures, model);
        let (mut sum, mut labels) = (0.0, 0);
        for (number, row) in rows.iter().enumerate() {
            let of = Of {
                case,
                row: number,
                stored: &stored,
            };
            of.positions(model, row, &mut tally);
            let logits = model
                .forward(&row.input_ids, row.images.images(), mode)
                .unwrap();
            of.logits(&logits, "", &stored["cols"], &mut tally);
            let losses = of.losses(&logits, &mut tally);
            sum += losses.iter().sum::<f64>();
            labels += losses.len();
        }
        let loss = about["loss"].as_f64().unwrap();
        tally.close_values("loss", &[sum / labels as f64], &[loss], TOLERANCE);
        layers(case, &rows, model, mode, &stored, &mut tally);
        together(case, &rows, model, mode, &stored, &mut tally);
    }
}

pub fn rows_of(
    case: &str,
    stored: &HashMap<String, Tensor>,
    goldens: &Value,
    pictures: &Pictures,
    model: &Qwen,
) -> Vec<Row> {
    let merge = u32::try_from(model.config.vision.spatial_merge_size).unwrap();
    scene::rows(
        case,
        stored,
        goldens,
        pictures,
        model.config.image_token_id,
        merge,
    )
}

/// One row of a stored case.
pub struct Of<'a> {
    pub case: &'a str,
    pub row: usize,
    pub stored: &'a HashMap<String, Tensor>,
}

impl Of<'_> {
    fn get(&self, name: &str) -> Option<Tensor> {
        let all = self.stored.get(&format!("{}.{name}", self.case))?;
        Some(all.get(self.row).unwrap())
    }

    fn positions(&self, model: &Qwen, row: &Row, tally: &mut Tally) {
        let ours = Positions::of(&row.input_ids, &row.images.grids, &model.config);
        let reference = &self.stored[&format!("{}.position_ids", self.case)];
        for (axis, ours) in ours.rows.iter().enumerate() {
            let reference = whole(&reference.i((axis, self.row)).unwrap());
            tally.same("position_ids", ours, &reference[..ours.len()]);
        }
        tally.same(
            "rope_deltas",
            &[ours.delta],
            &whole(&self.get("rope_deltas").unwrap()),
        );
    }

    /// Compares scores (1, S, V) of this row with what is stored under `CASE.logits_*`.
    pub fn logits(&self, logits: &Tensor, prefix: &str, columns: &Tensor, tally: &mut Tally) {
        let logits = logits.squeeze(0).unwrap();
        let n = logits.dim(0).unwrap();
        let named = |name: &str| self.get(&format!("{prefix}{name}"));
        if let Some(reference) = named("logits_cols") {
            let columns = columns.to_dtype(DType::U32).unwrap();
            let ours = logits.index_select(&columns, 1).unwrap();
            tally.close(
                "logits_cols",
                &ours,
                &reference.narrow(0, 0, n).unwrap(),
                TOLERANCE,
            );
        }
        let lse = logits.log_sum_exp(D::Minus1).unwrap();
        let reference = named("logits_lse").unwrap();
        tally.close(
            "logits_lse",
            &lse,
            &reference.narrow(0, 0, n).unwrap(),
            TOLERANCE,
        );
        if let Some(reference) = named("logits_argmax") {
            let ours: Vec<i64> = logits
                .argmax(D::Minus1)
                .unwrap()
                .to_vec1::<u32>()
                .unwrap()
                .into_iter()
                .map(i64::from)
                .collect();
            tally.same("logits_argmax", &ours, &whole(&reference)[..n]);
        }
        let last = named("logits_last").unwrap();
        tally.close("logits_last", &logits.get(n - 1).unwrap(), &last, TOLERANCE);
        if let Some(reference) = named("logits_tail") {
            let tail = reference.dim(0).unwrap();
            let ours = logits.narrow(0, n - tail, tail).unwrap();
            tally.close("logits_tail", &ours, &reference, TOLERANCE);
        }
    }

    /// Losses at this row's labels.
    fn losses(&self, logits: &Tensor, tally: &mut Tally) -> Vec<f64> {
        let labels = whole(&self.get("labels").unwrap());
        let logits = logits.squeeze(0).unwrap();
        let lse = flat(&logits.log_sum_exp(D::Minus1).unwrap());
        let reference = flat(&self.get("token_losses").unwrap());
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for (at, label) in labels
            .iter()
            .enumerate()
            .skip(1)
            .filter(|(_, label)| **label >= 0)
        {
            let score: f32 = logits
                .i((at - 1, *label as usize))
                .unwrap()
                .to_scalar()
                .unwrap();
            ours.push(lse[at - 1] - f64::from(score));
            theirs.push(reference[at - 1]);
        }
        if !ours.is_empty() {
            tally.close_values("token_losses", &ours, &theirs, TOLERANCE);
        }
        ours
    }
}

/// Hidden states after each stored layer, and the rotary tables.
fn layers(
    case: &str,
    rows: &[Row],
    model: &Qwen,
    mode: Mode,
    stored: &HashMap<String, Tensor>,
    tally: &mut Tally,
) {
    let Some(reference) = stored.get(&format!("{case}.final_norm")) else {
        return;
    };
    let row = &rows[0];
    let positions = Positions::of(&row.input_ids, &row.images.grids, &model.config);
    let pass = model
        .pass(&[positions.rows], Span::causal(1), mode)
        .unwrap();
    let half = pass.cos.dim(2).unwrap();
    for (name, ours) in [("rope_cos", &pass.cos), ("rope_sin", &pass.sin)] {
        let reference = &stored[&format!("{case}.{name}")];
        tally.close(
            name,
            ours,
            &reference.narrow(2, 0, half).unwrap(),
            TOLERANCE,
        );
    }
    let mut x = model
        .embed(&row.input_ids, row.images.images(), mode)
        .unwrap()
        .unsqueeze(0)
        .unwrap();
    for (number, layer) in model.text.layers.iter().enumerate() {
        x = layer.forward(&x, &pass, None).unwrap();
        if let Some(reference) = stored.get(&format!("{case}.layer{number}")) {
            tally.close(&format!("layer{number}"), &x, reference, TOLERANCE);
        }
    }
    let normal = model.text.normalise(&x, mode).unwrap();
    tally.close("final_norm", &normal, reference, TOLERANCE);
}

/// The rows of a batch in one pass, padded on the left and on the right, give the same as alone.
fn together(
    case: &str,
    rows: &[Row],
    model: &Qwen,
    mode: Mode,
    stored: &HashMap<String, Tensor>,
    tally: &mut Tally,
) {
    let longest = rows.iter().map(|row| row.input_ids.len()).max().unwrap();
    for left in [true, false] {
        let (mut embeds, mut positions, mut starts) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            let missing = longest - row.input_ids.len();
            let x = model
                .embed(&row.input_ids, row.images.images(), mode)
                .unwrap();
            let (before, after) = if left { (missing, 0) } else { (0, missing) };
            embeds.push(
                x.pad_with_zeros(0, before, after)
                    .unwrap()
                    .unsqueeze(0)
                    .unwrap(),
            );
            let own = Positions::of(&row.input_ids, &row.images.grids, &model.config);
            positions.push(own.rows.map(|row| {
                let mut padded = vec![0; before];
                padded.extend(row);
                padded.resize(longest, 0);
                padded
            }));
            starts.push(before);
        }
        let span = Span::Causal {
            starts: starts.clone().into(),
        };
        let pass = model.pass(&positions, span, mode).unwrap();
        let x = Tensor::cat(&embeds, 0).unwrap();
        let x = model.text.forward(&x, &pass, None).unwrap();
        let logits = model
            .text
            .logits(&model.text.normalise(&x, mode).unwrap())
            .unwrap();
        for (number, row) in rows.iter().enumerate() {
            let own = logits
                .i(number)
                .unwrap()
                .narrow(0, starts[number], row.input_ids.len())
                .unwrap();
            let of = Of {
                case,
                row: number,
                stored,
            };
            of.logits(&own.unsqueeze(0).unwrap(), "", &stored["cols"], tally);
        }
    }
}
