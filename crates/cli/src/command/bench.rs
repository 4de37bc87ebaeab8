//! `callout bench`: figures that anybody can repeat. The workspaces it makes are removed again.

mod train;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use app::ImportProgress;
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::Value;

use super::generate::{self, WhichModel};
use super::import::{Cost, Progress};
use crate::answer::Answer;
use crate::{Context, plain};

/// What is asked about the picture.
const QUESTION: &str = "Describe the diagram.";

/// Measure how fast Callout is here, in a temporary workspace.
#[derive(Debug, Args)]
pub struct Bench {
    /// Folder to make the temporary workspace in; its disk is what is measured.
    #[arg(long = "in", value_name = "DIR", global = true)]
    dir: Option<PathBuf>,

    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// How long an import takes.
    Import {
        /// Pictures and folders.
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,

        #[command(flatten)]
        cost: Cost,
    },
    /// How fast a model on this machine writes about a picture, greedily.
    Generate {
        #[command(flatten)]
        model: WhichModel,

        /// Training rows in JSON lines; the picture of the first is asked about.
        #[arg(long, value_name = "FILE")]
        data: PathBuf,

        /// Tokens to write.
        #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(2..=65_536))]
        new: u32,

        /// How often; medians are told.
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
        runs: u32,
    },
    /// How fast a model on this machine learns: forward, backward, clipping and AdamW.
    Train(train::Train),
    /// How long reads, searches and saves take in a workspace of generated diagrams.
    Workspace {
        /// How many diagrams.
        #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
        diagrams: u32,
    },
    /// How long a lead waits for numbers where ten people have written so many revisions.
    Dashboard {
        /// How many revisions.
        #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
        revisions: u32,
    },
    /// How long comparing two captions takes, word by word.
    Diff {
        /// Characters of each.
        #[arg(long, value_name = "N", default_value_t = 20_000)]
        characters: usize,
    },
}

impl Bench {
    pub fn run(self, context: &Context) -> Result<Answer> {
        if let What::Generate {
            model,
            data,
            new,
            runs,
        } = &self.what
        {
            let local = model.open()?;
            let picture = generate::pixels(&first_picture(data)?)?;
            let counts = (*new as usize, *runs as usize);
            return answer(&engine::bench::generate(&local, picture, QUESTION, counts)?);
        }
        if let What::Train(train) = &self.what {
            return answer(&train.figures()?);
        }
        if let What::Diff { characters } = self.what {
            return answer(&app::bench::diff(characters)?);
        }
        let dir = self.dir.unwrap_or_else(std::env::temp_dir);
        let temporary = tempfile::Builder::new()
            .prefix("callout-bench-")
            .tempdir_in(&dir);
        let temporary =
            temporary.with_context(|| format!("making a folder in `{}`", dir.display()))?;
        let root = temporary.path().join("workspace");
        match self.what {
            What::Import { paths, cost } => {
                let mut progress = Progress::new();
                let figures =
                    app::bench::import(&root, &context.person, &paths, cost.limits(), |step| {
                        progress.show(&step);
                    })?;
                progress.finish();
                answer(&figures)
            }
            What::Workspace { diagrams } => answer(&counted(diagrams, "generated", |show| {
                app::bench::workspace(&root, &context.person, diagrams, show)
            })?),
            What::Dashboard { revisions } => answer(&counted(revisions, "revisions", |show| {
                app::bench::dashboard(&root, &context.person, revisions, show)
            })?),
            What::Diff { .. } | What::Generate { .. } | What::Train(_) => {
                unreachable!("needs no workspace")
            }
        }
    }
}

/// Shows how many of `total` there are while `work` makes them.
fn counted<T>(
    total: u32,
    current: &str,
    work: impl FnOnce(&mut dyn FnMut(u32)) -> Result<T>,
) -> Result<T> {
    let mut progress = Progress::new();
    let made = work(&mut |done| {
        progress.show(&ImportProgress {
            done,
            total,
            current: current.to_owned(),
        });
    })?;
    progress.finish();
    Ok(made)
}

/// The picture that the first row of a file names, beside that file.
fn first_picture(data: &Path) -> Result<PathBuf> {
    let rows = training::rows::read(data, &training::rows::Options::default())?.rows;
    let image = rows
        .into_iter()
        .next()
        .and_then(|row| row.images.into_iter().next());
    image.with_context(|| format!("no image in the first row of {}", data.display()))
}

/// Figures as a table: their keys carry the units.
fn answer(figures: &impl Serialize) -> Result<Answer> {
    let value = serde_json::to_value(figures)?;
    let rows = value.as_object().into_iter().flatten();
    let rows = rows.map(|(key, value)| vec![key.clone(), shown(value)]);
    Answer::new(&value, plain::table(&["measured", "figure"], rows))
}

fn shown(value: &Value) -> String {
    match value.as_f64() {
        Some(number) if value.is_f64() => format!("{number:.2}"),
        _ => value.to_string(),
    }
}
