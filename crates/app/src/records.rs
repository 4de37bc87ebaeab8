//! What leaves a workspace besides its texts: the audit log, the glossary, a bundle for bug reports.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use domain::NewTerm;
use serde_json::json;
use store::table;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::{Session, log, now};

/// So much of the end of a log goes into a bundle.
const LOG_BYTES: u64 = 64 * 1_024;

impl Session {
    /// Writes the whole audit log as JSON Lines, oldest first, as it is at one moment; says how many lines.
    ///
    /// # Errors
    /// When `out` cannot be written; then what was there stays.
    pub fn export_audit(&self, out: &Path) -> Result<u32> {
        let mut lines = 0;
        whole_file(out, |file| {
            let mut writer = BufWriter::new(file);
            // A connection of its own: the window goes on reading meanwhile.
            let database = self.workspace.connect()?;
            let written = database.read(|connection| {
                Ok(table::audit::each(connection, |entry| {
                    serde_json::to_writer(&mut writer, &entry)?;
                    writer.write_all(b"\n")?;
                    lines += 1;
                    anyhow::Ok(())
                }))
            })?;
            written?;
            Ok(writer.flush()?)
        })?;
        Ok(lines)
    }

    /// Writes the glossary: JSON, TSV or CSV, by the file's ending; says how many entries.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn export_terms(&self, out: &Path) -> Result<u32> {
        let terms = self.terms()?;
        interchange::write_terms(out, &terms)?;
        Ok(u32::try_from(terms.len()).unwrap_or(u32::MAX))
    }

    /// Writes what a bug report needs and nothing that anybody wrote: versions, the schema, how many rows
    /// each table has, the rules, what SQLite finds wrong, and the ends of the logs without paths and names.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn save_diagnostics(&self, out: &Path) -> Result<()> {
        let (schema, rows) = self.read(store::diagnostics)?;
        let status = self.status()?;
        let hidden = log::Hidden::new(&self.read(store::names)?);
        let about = json!({
            "callout": env!("CARGO_PKG_VERSION"),
            "made_at": now(),
            "system": std::env::consts::OS,
            "architecture": std::env::consts::ARCH,
            "processors": std::thread::available_parallelism().map_or(0, usize::from),
            "workspace": status.id,
            "states": status.states,
            "problems": status.problems.iter().map(|line| hidden.out_of(line)).collect::<Vec<_>>(),
            "policy": self.policy()?,
            "engine": self.engine()?,
            "rows": rows,
        });
        whole_file(out, |file| {
            let mut archive = ZipWriter::new(file);
            archive.start_file("about.json", SimpleFileOptions::default())?;
            archive.write_all(&serde_json::to_vec_pretty(&about)?)?;
            archive.start_file("schema.sql", SimpleFileOptions::default())?;
            archive.write_all(schema.as_bytes())?;
            for name in [log::ENGINE, log::DESK] {
                let Some(said) = log::tail(&self.workspace.runs_dir().join(name), LOG_BYTES) else {
                    continue;
                };
                archive.start_file(name, SimpleFileOptions::default())?;
                archive.write_all(hidden.out_of(&said).as_bytes())?;
            }
            archive.finish()?;
            Ok(())
        })
    }
}

/// Reads a glossary from a file; nothing is taken into a workspace yet.
///
/// # Errors
/// When it cannot be read, with the line.
pub fn read_terms(path: &Path) -> Result<Vec<NewTerm>> {
    Ok(interchange::read_terms(path)?)
}

/// Writes a file whole or not at all.
fn whole_file(out: &Path, write: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let doing = || format!("writing `{}`", out.display());
    let absolute = std::path::absolute(out).with_context(doing)?;
    let folder = absolute.parent().unwrap_or(&absolute);
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(doing)?;
    write(file.as_file_mut()).with_context(doing)?;
    file.as_file().sync_all().with_context(doing)?;
    file.persist(&absolute).with_context(doing)?;
    Ok(())
}
