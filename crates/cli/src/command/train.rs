//! `callout train` and `callout runs`: fine-tuning on files of rows.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use engine::device::DeviceChoice;
use finetune::Settings;
use finetune::lora::LoraSettings;
use finetune::schedule::{Decay, Schedule};
use finetune::settings::{BaseFormat, Method, Towers};
use hub::Cache;
use picture::{Decoder, Limits};
use serde_json::json;
use training::encode::{Decode, Encoder, EncoderOptions};
use training::rows::{Options, Refused, read};
use training::run::{Config, Line, Outcome, Run, lines};
use training::snapshot::{Side, Snapshot, Split};

use crate::answer::{Answer, complain};
use crate::{Context, plain};

/// What learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tuning {
    /// An adapter beside the weights as they are stored.
    Lora,
    /// An adapter beside weights in blocks of 4.5 bits.
    Qlora,
    /// The language model itself.
    Full,
}

/// Fine-tune a Qwen2.5-VL on rows of conversations with pictures.
///
/// The folder of the run holds its configuration, the frozen rows, a line for each thing that happens, checkpoints, and the
/// adapters that came of it (`best`, `last`). Ctrl-C stops after the step with a checkpoint; `--resume` goes on to
/// the same weights as if nothing had happened. Rows that show the same picture, or pictures that look alike, are
/// learned from or held out together.
#[derive(Debug, Args)]
pub struct Train {
    /// Go on with the run in this folder.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["data", "model", "out"])]
    resume: Option<PathBuf>,
    /// JSON lines of `messages` and `images`, LLaVA's JSON, or an imagefolder.
    #[arg(long, value_name = "FILE", required_unless_present = "resume")]
    data: Option<PathBuf>,
    /// Directory of a Qwen2.5-VL checkpoint, or its name in the Hugging Face cache.
    #[arg(long, value_name = "DIR", required_unless_present = "resume")]
    model: Option<String>,
    /// Folder of the run; empty, or not there yet.
    #[arg(long, value_name = "DIR", required_unless_present = "resume")]
    out: Option<PathBuf>,
    /// Run, or folder of an adapter, to begin from, such as the stage before.
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// 1 synthetic pairs, 2 captions of experts, 3 questions: kept with the run.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    stage: Option<u8>,
    /// Go on without rows that cannot be learned from.
    #[arg(long)]
    skip_bad_rows: bool,
    #[command(flatten)]
    how: How,
    /// Where to compute: `auto`, `cpu`, `cuda` or `cuda:1`.
    #[arg(long, value_name = "D", default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
    /// Threads on the processor; all of them by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

/// How it learns.
#[derive(Debug, Args)]
#[command(next_help_heading = "How it learns")]
struct How {
    /// What learns.
    #[arg(long, value_enum, default_value = "lora")]
    method: Tuning,
    /// Rank of the adapter; its scale is twice that.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=4096))]
    rank: u16,
    /// Scale by the square root of the rank (rsLoRA).
    #[arg(long)]
    rank_stabilised: bool,
    /// Share of the adapter's input that is dropped.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    dropout: f32,
    /// Passes over the rows.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: u32,
    /// Samples that are computed together.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    batch: u16,
    /// Batches whose gradients are summed before a step.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    accumulation: u16,
    /// Highest learning rate.
    #[arg(long, value_name = "X", default_value_t = 1e-4)]
    lr: f64,
    /// Steps of the rise to it.
    #[arg(long, value_name = "N", default_value_t = 0)]
    warmup: usize,
    /// Compute each layer again in the backward: less memory, a third more time.
    #[arg(long)]
    checkpointing: bool,
    /// Share of the rows that is held out.
    #[arg(long, value_name = "SHARE", default_value_t = 0.05, value_parser = share)]
    test_share: f64,
    /// Steps from one look at the held-out rows, and one checkpoint, to the next.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    eval_every: u32,
    /// End when so many looks in a row were no better.
    #[arg(long, value_name = "N")]
    patience: Option<usize>,
    /// Shrink pictures to so many pixels.
    #[arg(long, value_name = "N")]
    max_pixels: Option<u64>,
    /// Refuse rows of more tokens.
    #[arg(long, value_name = "N")]
    max_tokens: Option<usize>,
    /// Decides the split, the order of rows, fresh adapters and dropout.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

/// Say how runs stand.
#[derive(Debug, Args)]
pub struct Runs {
    /// Folders of runs, or folders that hold some.
    #[arg(value_name = "DIR", required = true)]
    dirs: Vec<PathBuf>,
}

impl How {
    fn settings(&self) -> Settings {
        let lora = LoraSettings {
            rank: usize::from(self.rank),
            alpha: 2.0 * f64::from(self.rank),
            rank_stabilised: self.rank_stabilised,
            dropout: self.dropout,
            ..LoraSettings::default()
        };
        Settings {
            method: match self.method {
                Tuning::Lora | Tuning::Qlora => Method::Lora(lora),
                Tuning::Full => Method::Full(Towers::default()),
            },
            base: match self.method {
                Tuning::Qlora => BaseFormat::Q4K,
                Tuning::Lora | Tuning::Full => BaseFormat::AsStored,
            },
            epochs: self.epochs as usize,
            batch_size: usize::from(self.batch),
            accumulation: usize::from(self.accumulation),
            schedule: Schedule {
                learning_rate: self.lr,
                warmup_steps: self.warmup,
                decay: Decay::Cosine,
            },
            recompute: self.checkpointing,
            seed: self.seed,
            ..Settings::default()
        }
    }
}

impl Train {
    pub fn run(self, context: &Context) -> Result<Answer> {
        if let Some(threads) = self.threads {
            engine::use_threads(usize::from(threads));
        }
        let (dir, run) = match (&self.resume, &self.out) {
            (Some(dir), _) => (dir, Run::open(dir)?),
            (None, Some(out)) => (out, self.begin(out)?),
            (None, None) => bail!("say where: --out or --resume"),
        };
        let stop = stop_on_ctrl_c()?;
        let device = self.device.open()?;
        let json = context.json;
        let outcome = run.go(
            decoder(),
            &device,
            &|| stop.load(Ordering::Relaxed),
            &mut |line| {
                if !json {
                    show(line);
                }
            },
        )?;
        told(dir, outcome)
    }

    /// Reads, freezes and splits the rows, and makes the folder.
    fn begin(&self, out: &Path) -> Result<Run> {
        let (Some(data), Some(model)) = (&self.data, &self.model) else {
            bail!("give --data and --model");
        };
        let found = read(data, &Options::default())?;
        let split = Split {
            test_share: self.how.test_share,
            seed: self.how.seed,
        };
        let base = hub::locate(&Cache::from_env(), model)?;
        let options = EncoderOptions {
            decode: decoder(),
            max_pixels: self.how.max_pixels,
            max_tokens: self.how.max_tokens,
        };
        let (rows, unfit) = Encoder::open(&base, options)?.sift(found.rows);
        let (snapshot, broken) = Snapshot::freeze(rows, split, &mut decoder());
        self.complain_of(&[found.refused, unfit, broken].concat())?;
        let config = Config {
            base,
            stage: self.stage,
            from: self.from.as_deref().map(adapter_of).transpose()?,
            settings: self.how.settings(),
            max_pixels: self.how.max_pixels,
            max_tokens: self.how.max_tokens,
            eval_every_steps: self.how.eval_every as usize,
            patience: self.how.patience,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let (train, test) = (
            snapshot.of(Side::Train).len(),
            snapshot.of(Side::Test).len(),
        );
        complain(&format!("{train} rows to learn from, {test} held out"));
        Ok(Run::begin(out, config, snapshot)?)
    }

    fn complain_of(&self, refused: &[Refused]) -> Result<()> {
        for Refused { id, reason } in refused.iter().take(20) {
            complain(&format!("{}: {}", plain::line(id), plain::line(reason)));
        }
        if refused.is_empty() || self.skip_bad_rows {
            return Ok(());
        }
        bail!(
            "{} cannot be learned from; give --skip-bad-rows to go on without",
            plain::count(u32::try_from(refused.len()).unwrap_or(u32::MAX), "row")
        )
    }
}

impl Runs {
    pub fn run(self, _: &Context) -> Result<Answer> {
        let mut found = Vec::new();
        for dir in &self.dirs {
            if dir.join(training::run::CONFIG).is_file() {
                found.push(dir.clone());
                continue;
            }
            let entries =
                std::fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))?;
            let inner = entries.filter_map(|entry| Some(entry.ok()?.path()));
            found.extend(inner.filter(|path| path.join(training::run::CONFIG).is_file()));
        }
        found.sort();
        let all = found
            .iter()
            .map(|dir| state(dir))
            .collect::<Result<Vec<_>>>()?;
        let rows = all.iter().map(|run| {
            ["run", "state", "step", "steps", "best_loss"]
                .map(|key| match &run[key] {
                    serde_json::Value::String(text) => plain::line(text),
                    serde_json::Value::Null => "–".to_owned(),
                    other => other.to_string(),
                })
                .to_vec()
        });
        let text = plain::table(&["run", "state", "step", "of", "best loss"], rows);
        Answer::new(&json!({ "runs": all }), text)
    }
}

/// How a run stands, from what it told.
fn state(dir: &Path) -> Result<serde_json::Value> {
    let config = Config::read(dir)?;
    let (mut state, mut step, mut steps, mut loss) = ("begun", 0, None, None);
    let mut best: Option<f64> = None;
    for line in lines(dir)? {
        match line {
            Line::Started { steps: all, .. } => (state, steps) = ("begun", Some(all)),
            Line::ResumedAtStep { .. } => state = "begun",
            Line::Step {
                step: number,
                loss: now,
                ..
            } => (step, loss) = (number + 1, Some(now)),
            Line::Evaluated { loss, .. } => best = Some(best.map_or(loss, |least| least.min(loss))),
            Line::Stopped { .. } => state = "stopped",
            Line::Finished { .. } => state = "finished",
            Line::Saved { .. } => {}
        }
    }
    Ok(json!({
        "run": dir.display().to_string(), "state": state, "stage": config.stage, "step": step, "steps": steps,
        "loss": loss, "best_loss": best, "base": config.base,
    }))
}

fn told(dir: &Path, outcome: Outcome) -> Result<Answer> {
    let state = state(dir)?;
    let dir = plain::argument(&dir.to_string_lossy());
    let text = match outcome {
        Outcome::Finished => format!(
            "finished; the adapter is in {dir}/best, or {dir}/last where nothing was held out"
        ),
        Outcome::Stopped => format!("stopped; `callout train --resume {dir}` goes on"),
    };
    Answer::new(&state, text)
}

/// The adapter of a run, the best before the last, or of a folder that is one.
fn adapter_of(from: &Path) -> Result<PathBuf> {
    let all = [from.join("best"), from.join("last"), from.to_owned()];
    let found = all
        .into_iter()
        .find(|dir| dir.join("adapter_config.json").is_file());
    found.with_context(|| format!("no adapter in {}", from.display()))
}

fn share(typed: &str) -> Result<f64, String> {
    let share = typed
        .parse()
        .ok()
        .filter(|share| (0.0..1.0).contains(share));
    share.ok_or_else(|| "it is at least 0 and below 1".to_owned())
}

fn decoder() -> Decode {
    let mut decoder = Decoder::new(Limits::default());
    Box::new(move |path| decoder.pixels(path).map_err(|error| error.to_string()))
}

fn show(line: &Line) {
    match line {
        Line::Step {
            step,
            loss,
            tokens,
            seconds,
            learning_rate,
            ..
        } => complain(&format!(
            "step {}: loss {loss:.4}, {:.0} tokens/s, rate {learning_rate:.2e}",
            step + 1,
            *tokens as f64 / seconds.max(1e-9)
        )),
        Line::Evaluated { step, loss } => {
            complain(&format!("held-out rows after step {step}: loss {loss:.4}"))
        }
        Line::Started { steps, trainable } => {
            complain(&format!("{steps} steps, {trainable} numbers learn"))
        }
        Line::ResumedAtStep { step } => complain(&format!("going on after step {step}")),
        Line::Saved { .. } | Line::Stopped { .. } | Line::Finished { .. } => {}
    }
}

/// The first Ctrl-C stops after the step, the second at once; then the last checkpoint stands.
fn stop_on_ctrl_c() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = stop.clone();
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(1);
        }
        complain("stopping after this step; once more to stop at once");
    })
    .context("listening for Ctrl-C")?;
    Ok(stop)
}
