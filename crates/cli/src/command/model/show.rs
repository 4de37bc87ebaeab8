//! `callout model show`: what one model is, and whether it fits this machine.

use anyhow::Result;
use clap::Args;
use hub::{
    Cache, Description, Device, Fit, Kind, Need, Weights, describe, devices, fits, locate,
    memory_need,
};
use serde::Serialize;

use super::{kind, parameters, size};
use crate::answer::Answer;
use crate::plain;

/// Describe a model, and say how much memory it needs and whether it fits.
#[derive(Debug, Args)]
pub struct Show {
    /// A path, or a repository in the cache.
    #[arg(value_name = "MODEL")]
    model: String,

    /// Tokens of prompt and answer that must fit.
    #[arg(long, value_name = "N", default_value_t = 4_096, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    context: u64,
}

#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    description: Description,
    devices: Vec<Device>,
    memory: Vec<Row>,
}

/// One way to run it.
#[derive(Debug, Serialize)]
struct Row {
    weights: Weights,
    device: String,
    #[serde(flatten)]
    need: Need,
    total_bytes: u64,
    #[serde(flatten)]
    fit: Fit,
}

impl Show {
    pub fn run(self) -> Result<Answer> {
        let path = locate(&Cache::from_env(), &self.model)?;
        let description = describe(&path)?;
        let devices = devices();
        let memory = rows(&description, &devices, self.context);
        let shown = Shown {
            description,
            devices,
            memory,
        };
        let text = shown.text(self.context);
        Answer::new(&shown, text)
    }
}

/// An adapter runs on its base only, and a GGUF file in one way only.
fn rows(description: &Description, devices: &[Device], context: u64) -> Vec<Row> {
    let ways: &[Weights] = match description.kind {
        Kind::Qwen25Vl => &Weights::ALL,
        Kind::Gguf => &[Weights::F32],
        Kind::Adapter => &[],
    };
    let pairs = devices
        .iter()
        .flat_map(|device| ways.iter().map(move |weights| (device, *weights)));
    pairs
        .map(|(device, weights)| {
            let need = memory_need(description, weights, context, device.kind);
            Row {
                weights,
                device: device.id.clone(),
                need,
                total_bytes: need.total(),
                fit: fits(&need, device),
            }
        })
        .collect()
}

impl Shown {
    fn text(&self, context: u64) -> String {
        let about = &self.description;
        let mut text = plain::line(&about.name);
        let mut say = |name: &str, value: String| {
            text.push_str(&format!("\n  {name:<12} {}", plain::line(&value)));
        };
        say("path", about.path.to_string_lossy().into_owned());
        say("kind", kind(about.kind).to_owned());
        say("architecture", about.architecture.clone());
        let types = about
            .dtypes
            .iter()
            .map(|(name, n)| format!("{name} {}", parameters(*n)));
        let types = types.collect::<Vec<_>>().join(", ");
        say(
            "parameters",
            format!("{} ({types})", parameters(about.parameters)),
        );
        let files = plain::count(u32::try_from(about.shards).unwrap_or(u32::MAX), "file");
        say("on disk", format!("{} in {files}", size(about.disk_bytes)));
        let optional = [
            (
                "context",
                about.context_tokens.map(|n| format!("{n} tokens")),
            ),
            (
                "head",
                about
                    .tied_head
                    .map(|tied| if tied { "tied" } else { "its own" }.to_owned()),
            ),
            ("base model", about.base_model.clone()),
            ("rank", about.rank.map(|rank| rank.to_string())),
            ("revision", about.revision.clone()),
            ("license", about.license.clone()),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                say(name, value);
            }
        }
        if !self.memory.is_empty() {
            text.push_str(&format!("\nMemory for {context} tokens (estimated):\n"));
            text.push_str(&self.table());
        }
        text
    }

    fn table(&self) -> String {
        let rows = self.memory.iter().map(|row| {
            let device = self.devices.iter().find(|device| device.id == row.device);
            let (name, free) = device.map_or((String::new(), String::new()), |device| {
                (plain::clipped(&device.name, 40), size(device.free_bytes))
            });
            let is_gguf = self.description.kind == Kind::Gguf;
            vec![
                format!("{} ({name})", row.device),
                if is_gguf {
                    "as stored".to_owned()
                } else {
                    row.weights.to_string()
                },
                size(row.total_bytes),
                free,
                match row.fit {
                    Fit::Fits => "fits".to_owned(),
                    Fit::Tight => "tight".to_owned(),
                    Fit::TooBig { .. } => "too big".to_owned(),
                },
            ]
        });
        plain::table(&["device", "weights", "needs", "free", ""], rows)
    }
}
