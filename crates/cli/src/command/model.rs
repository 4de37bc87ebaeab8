//! `callout model`: models on disk, on servers, and in a workspace's list. None is loaded here.

mod fetch;
mod key;
mod list;
mod listed;
mod remove;
mod show;

use anyhow::Result;
use clap::{Args, Subcommand};
use hub::Kind;

use crate::Context;
use crate::answer::Answer;

/// Get, list, describe and remove models, and say which of them a workspace may draft with.
///
/// `fetch`, `list`, `show` and `remove` are about models on this machine; `known`, `add`, `replace` and `forget` about
/// the list of a workspace, which `callout draft --model NAME` and the window choose from.
///
/// Models are kept in the cache that Python's `huggingface_hub` uses too (`HF_HUB_CACHE`, `HF_HOME`, or
/// `~/.cache/huggingface/hub`). A model is also just a directory: wherever a MODEL is asked for, a path does.
#[derive(Debug, Args)]
pub struct Model {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Fetch(fetch::Fetch),
    List(list::List),
    Show(show::Show),
    Remove(remove::Remove),
    Known(listed::Known),
    Add(listed::Add),
    Replace(listed::Replace),
    Forget(listed::Forget),
    KeepKey(key::KeepKey),
    AskServer(key::AskServer),
}

impl Model {
    pub fn run(self, context: &Context) -> Result<Answer> {
        match self.command {
            Command::Fetch(fetch) => fetch.run(),
            Command::List(list) => list.run(),
            Command::Show(show) => show.run(),
            Command::Remove(remove) => remove.run(),
            Command::Known(known) => known.run(context),
            Command::Add(add) => add.run(context),
            Command::Replace(replace) => replace.run(context),
            Command::Forget(forget) => forget.run(context),
            Command::KeepKey(keep) => keep.run(),
            Command::AskServer(ask) => ask.run(),
        }
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Qwen25Vl => "Qwen2.5-VL",
        Kind::Gguf => "text (GGUF)",
        Kind::Adapter => "adapter",
    }
}

/// `7.1 GiB`.
fn size(bytes: u64) -> String {
    scaled(bytes, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB"])
}

/// `3.8 B` parameters.
fn parameters(n: u64) -> String {
    scaled(n, 1000.0, &["", "K", "M", "B", "T"])
        .trim_end()
        .to_owned()
}

fn scaled(n: u64, step: f64, units: &[&str]) -> String {
    #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
    let mut value = n as f64;
    let mut unit = 0;
    while value >= step && unit + 1 < units.len() {
        value /= step;
        unit += 1;
    }
    if unit == 0 {
        format!("{n} {}", units[0])
    } else {
        format!("{value:.1} {}", units[unit])
    }
}
