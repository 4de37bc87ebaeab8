//! Backward through the whole model against the reference: every weight that may learn gets the
//! gradient that the reference gives it.

use std::collections::HashMap;

use candle_core::backprop::GradStore;
use candle_core::{D, Tensor, Var};
use qwen::load::Trainable;
use qwen::model::Qwen;
use qwen::ops::Mode;
use serde_json::Value;

use crate::compare::{Tally, flat, whole};
use crate::fixtures::{self, Variant};
use crate::forward::rows_of;
use crate::scene::{self, Pictures};

const TOLERANCE: f64 = 1e-3;

/// The mean loss over all labels of a case, as a tensor that can go back.
fn loss(model: &Qwen, variant: &Variant, case: &str, pictures: &Pictures) -> Tensor {
    let goldens: Value = fixtures::json(&format!("{}/goldens.json", variant.name));
    let stored = fixtures::tensors(&format!("{}/forward.safetensors", variant.name));
    let rows = rows_of(case, &stored, &goldens, pictures, model);
    let all_labels = &stored[&format!("{case}.labels")];
    let (mut total, mut count): (Option<Tensor>, usize) = (None, 0);
    for (number, row) in rows.iter().enumerate() {
        let logits = model
            .forward(&row.input_ids, row.images.images(), Mode::Training)
            .unwrap();
        let logits = logits.squeeze(0).unwrap();
        let labels = whole(&all_labels.get(number).unwrap());
        let places: Vec<(u32, u32)> = labels
            .iter()
            .enumerate()
            .skip(1)
            .filter(|(_, label)| **label >= 0)
            .map(|(at, label)| {
                (
                    u32::try_from(at - 1).unwrap(),
                    u32::try_from(*label).unwrap(),
                )
            })
            .collect();
        let n = places.len();
        let at = Tensor::from_iter(places.iter().map(|place| place.0), model.device()).unwrap();
        let label = Tensor::from_iter(places.iter().map(|place| place.1), model.device()).unwrap();
        let logits = logits.index_select(&at, 0).unwrap();
        let score = logits
            .gather(&label.reshape((n, 1)).unwrap(), 1)
            .unwrap()
            .squeeze(1)
            .unwrap();
        let row = (logits.log_sum_exp(D::Minus1).unwrap() - score)
            .unwrap()
            .sum_all()
            .unwrap();
        total = Some(match total {
            Some(total) => (total + row).unwrap(),
            None => row,
        });
        count += n;
    }
    (total.unwrap() / count as f64).unwrap()
}

fn gradient<'a>(store: &'a GradStore, name: &str, variable: &Var) -> &'a Tensor {
    store
        .get(variable.as_tensor())
        .unwrap_or_else(|| panic!("{name} learns and got no gradient"))
}

#[test]
fn every_weight_gets_the_gradient_of_the_reference() {
    let pictures = Pictures::read();
    for variant in fixtures::manifest().variants {
        let model = scene::model(&variant, Trainable::All);
        let about: Value = fixtures::json(&format!("{}/full_grads.json", variant.name));
        let stored = fixtures::tensors(&format!("{}/full_grads.safetensors", variant.name));
        let mut tally = Tally::new(format!("full gradients, {}", variant.name));
        let loss = loss(&model, &variant, "batch", &pictures);
        tally.close_values(
            "loss",
            &flat(&loss),
            &[about["loss"].as_f64().unwrap()],
            1e-4,
        );
        let store = loss.backward().unwrap();
        let own: HashMap<&str, &Tensor> = model
            .variables
            .iter()
            .map(|(name, variable)| (name.as_str(), gradient(&store, name, variable)))
            .collect();
        let norms = about["grad_norms"].as_object().unwrap();
        for (name, norm) in norms {
            let norm = norm.as_f64().unwrap();
            let ours = flat(own[name.as_str()])
                .iter()
                .map(|x| x * x)
                .sum::<f64>()
                .sqrt();
            tally.close_values(
                &format!("norm of {name}"),
                &[ours / norm],
                &[1.0],
                TOLERANCE,
            );
        }
        assert_eq!(
            norms.len(),
            own.len(),
            "as many weights learn as in the reference"
        );
        for (name, reference) in &stored {
            compare(name, reference, &own, &stored, &mut tally);
        }
    }
}

fn compare(
    name: &str,
    reference: &Tensor,
    own: &HashMap<&str, &Tensor>,
    stored: &HashMap<String, Tensor>,
    tally: &mut Tally,
) {
    if name.ends_with(".rows") {
        return;
    }
    if let Some(weight) = name.strip_suffix(".grad_rows") {
        let rows = stored[&format!("{weight}.rows")]
            .to_dtype(candle_core::DType::U32)
            .unwrap();
        let ours = own[weight].index_select(&rows, 0).unwrap();
        tally.close_norm(name, &ours, reference, TOLERANCE);
    } else if let Some((weight, _)) = name.split_once(".rows0_") {
        let rows = reference.dim(0).unwrap();
        let ours = own[weight]
            .narrow(0, 0, rows)
            .unwrap()
            .reshape(reference.shape())
            .unwrap();
        tally.close_norm(name, &ours, reference, TOLERANCE);
    } else {
        tally.close_norm(name, own[name], reference, TOLERANCE);
    }
}

#[test]
fn every_adapter_weight_gets_the_gradient_of_the_reference() {
    let pictures = Pictures::read();
    for variant in fixtures::manifest().variants {
        let model = scene::with_adapter(
            &variant,
            &variant.path("lora/init"),
            false,
            Trainable::Adapter,
        );
        let reference = fixtures::tensors(&format!("{}/lora/grads.safetensors", variant.name));
        let mut tally = Tally::new(format!("adapter gradients, {}", variant.name));
        let store = loss(&model, &variant, "batch", &pictures)
            .backward()
            .unwrap();
        assert_eq!(reference.len(), model.variables.len());
        for (name, variable) in &model.variables {
            tally.close_norm(
                name,
                gradient(&store, name, variable),
                &reference[name],
                TOLERANCE,
            );
        }
    }
}
