//! What several tests set up: models of the variants, images of a case, sequences of a batch.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{Device, Tensor};
use qwen::load::{LoadOptions, Trainable, load};
use qwen::model::{Images, Qwen};
use qwen::ops::Mode;
use serde_json::Value;

use crate::compare::whole;
use crate::fixtures::{self, Variant};

/// Both modes, with the weights that each is for.
pub const MODES: [(Mode, Trainable); 2] = [
    (Mode::Inference, Trainable::None),
    (Mode::Training, Trainable::All),
];

pub fn model(variant: &Variant, trainable: Trainable) -> Qwen {
    let options = LoadOptions {
        trainable,
        ..LoadOptions::on(Device::Cpu)
    };
    load(&variant.model_dir(), &options).unwrap()
}

pub fn with_adapter(variant: &Variant, adapter: &Path, merge: bool, trainable: Trainable) -> Qwen {
    let options = LoadOptions {
        adapter: Some(adapter.to_owned()),
        merge,
        trainable,
        ..LoadOptions::on(Device::Cpu)
    };
    load(&variant.model_dir(), &options).unwrap()
}

/// The processor's pixel values as the fixtures store them.
pub struct Pictures {
    values: HashMap<String, Tensor>,
    grids: HashMap<String, [u32; 3]>,
}

/// Pixel values of several images, one after the other.
pub struct Joined {
    pub pixel_values: Option<Tensor>,
    pub grids: Vec<[u32; 3]>,
}

impl Pictures {
    pub fn read() -> Self {
        let stored = fixtures::tensors("processor/pixel_values.safetensors");
        let listed: Value = fixtures::json("processor/processor.json");
        let (mut values, mut grids) = (HashMap::new(), HashMap::new());
        for case in listed["cases"].as_array().unwrap() {
            let key = case["key"].as_str().unwrap();
            if let Some(tensor) = stored.get(&format!("{key}.pixel_values")) {
                values.insert(key.to_owned(), tensor.clone());
                let grid: Vec<u32> =
                    serde_json::from_value(case["image_grid_thw"].clone()).unwrap();
                grids.insert(key.to_owned(), grid.try_into().unwrap());
            }
        }
        Self { values, grids }
    }

    pub fn joined(&self, names: &[String]) -> Joined {
        let values: Vec<&Tensor> = names.iter().map(|name| &self.values[name]).collect();
        Joined {
            pixel_values: (!values.is_empty()).then(|| Tensor::cat(&values, 0).unwrap()),
            grids: names.iter().map(|name| self.grids[name]).collect(),
        }
    }
}

impl Joined {
    pub fn images(&self) -> Option<Images<'_>> {
        Some(Images {
            pixel_values: self.pixel_values.as_ref()?,
            grids: &self.grids,
        })
    }
}

/// One row of a stored case, without its padding.
pub struct Row {
    pub input_ids: Vec<u32>,
    pub images: Joined,
}

/// The rows of a case: real tokens by the attention mask, images by their grids' tokens, in order.
pub fn rows(
    case: &str,
    stored: &HashMap<String, Tensor>,
    goldens: &Value,
    pictures: &Pictures,
    image_token: u32,
    merge: u32,
) -> Vec<Row> {
    let ids = &stored[&format!("{case}.input_ids")];
    let mask = &stored[&format!("{case}.attention_mask")];
    let names: Vec<String> =
        serde_json::from_value(goldens["cases"][case]["images"].clone()).unwrap();
    let mut names = names.into_iter();
    (0..ids.dim(0).unwrap())
        .map(|row| {
            let ids = whole(&ids.get(row).unwrap());
            let mask = whole(&mask.get(row).unwrap());
            let input_ids: Vec<u32> = ids
                .iter()
                .zip(&mask)
                .filter(|(_, mask)| **mask == 1)
                .map(|(id, _)| u32::try_from(*id).unwrap())
                .collect();
            let mut left = input_ids.iter().filter(|id| **id == image_token).count();
            let mut own = Vec::new();
            while left > 0 {
                let name = names.next().unwrap();
                let [t, h, w] = pictures.grids[&name];
                left -= (t * h * w / (merge * merge)) as usize;
                own.push(name);
            }
            Row {
                input_ids,
                images: pictures.joined(&own),
            }
        })
        .collect()
}
