//! `callout bench`: figures that anybody can repeat. The workspaces it makes are removed again.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
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

/// Most bytes of a row of training data.
const MAX_ROW_BYTES: u64 = 16 << 20;

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
            What::Workspace { diagrams } => {
                let mut progress = Progress::new();
                let show = |done| {
                    progress.show(&ImportProgress {
                        done,
                        total: diagrams,
                        current: "generated".to_owned(),
                    });
                };
                let figures = app::bench::workspace(&root, &context.person, diagrams, show)?;
                progress.finish();
                answer(&figures)
            }
            What::Dashboard { revisions } => {
                let mut progress = Progress::new();
                let show = |done| {
                    progress.show(&ImportProgress {
                        done,
                        total: revisions,
                        current: "revisions".to_owned(),
                    });
                };
                let figures = app::bench::dashboard(&root, &context.person, revisions, show)?;
                progress.finish();
                answer(&figures)
            }
            What::Diff { .. } | What::Generate { .. } => unreachable!("needs no workspace"),
        }
    }
}

/// The picture that the first row of a file names, beside that file.
fn first_picture(data: &Path) -> Result<PathBuf> {
    let file = File::open(data).with_context(|| format!("opening {}", data.display()))?;
    let mut line = String::new();
    BufReader::new(file.take(MAX_ROW_BYTES)).read_line(&mut line)?;
    let row: Value =
        serde_json::from_str(&line).with_context(|| format!("reading {}", data.display()))?;
    let name = row["images"][0].as_str().or(row["image"].as_str());
    let name =
        name.with_context(|| format!("no `images` in the first row of {}", data.display()))?;
    Ok(data.parent().unwrap_or(Path::new("")).join(name))
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
