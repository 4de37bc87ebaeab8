//! Taking approved work out.

use std::path::Path;
use std::str::FromStr;

use anyhow::{Result, bail};
use interchange::Exported;
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{Session, now};

/// A format that approved work can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// A folder of pictures with `metadata.jsonl`, as Hugging Face's `imagefolder` reads it.
    Imagefolder,
    /// One JSON line for each text, with its provenance.
    Jsonl,
    /// One JSON line for each question of the set.
    Questions,
}

impl FromStr for ExportFormat {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "imagefolder" => Ok(Self::Imagefolder),
            "jsonl" => Ok(Self::Jsonl),
            "questions" => Ok(Self::Questions),
            _ => bail!(
                "`{text}` is no export format; there are `imagefolder`, `jsonl` and `questions`"
            ),
        }
    }
}

impl Session {
    /// Writes everything approved, or the set of questions, to `out`, whole or not at all.
    ///
    /// # Errors
    /// When `out` exists and holds something else, or cannot be written.
    pub fn export(&self, format: ExportFormat, out: &Path) -> Result<Exported> {
        let database = self.workspace.connect()?;
        let out = std::path::absolute(out)?;
        database_read(&database, |connection| match format {
            ExportFormat::Imagefolder => {
                interchange::export_imagefolder(&self.workspace, connection, &out)
            }
            ExportFormat::Jsonl => {
                interchange::export_jsonl(&self.workspace, connection, &out, now())
            }
            ExportFormat::Questions => {
                interchange::export_questions(&self.workspace, connection, &out, now())
            }
        })
    }
}

/// Reads one consistent state with an error type of another crate.
fn database_read<T>(
    database: &store::Database,
    f: impl FnOnce(&store::Connection) -> interchange::Result<T>,
) -> Result<T> {
    let mut outcome = None;
    database.read(|connection| {
        outcome = Some(f(connection));
        Ok(())
    })?;
    Ok(outcome
        .transpose()?
        .expect("set by the closure that read ran"))
}
