//! `callout export`: approved work for other tools.

use std::path::PathBuf;

use anyhow::Result;
use app::ExportFormat;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::answer::Answer;
use crate::args::InWorkspace;
use crate::{Context, plain};

/// Write everything approved, whole or not at all.
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    workspace: InWorkspace,

    /// What to write.
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    format: ExportFormat,

    /// The folder (imagefolder: new or empty) or the file (jsonl: replaced if there is one).
    #[arg(value_name = "OUT")]
    out: PathBuf,
}

impl Export {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let session = self.workspace.open(context)?;
        let exported = session.export(self.format, &self.out)?;
        let text = format!(
            "wrote {} with {} to `{}`",
            plain::count(exported.diagrams, "diagram"),
            plain::count(exported.texts, "text"),
            plain::line(&exported.path),
        );
        let answer = Answer::new(&exported, text)?;
        Ok(match exported.diagrams {
            0 => answer.note("nothing is approved yet; see `callout help approve`"),
            _ => answer,
        })
    }
}

fn formats() -> impl TypedValueParser<Value = ExportFormat> {
    let values = [
        PossibleValue::new("imagefolder")
            .help("pictures and metadata.jsonl, for Hugging Face datasets and `callout import`"),
        PossibleValue::new("jsonl").help("one JSON line a text, with where it came from"),
        PossibleValue::new("questions").help("one JSON line a question of the set"),
    ];
    PossibleValuesParser::new(values).try_map(|text| text.parse::<ExportFormat>())
}
