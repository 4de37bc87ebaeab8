//! A glossary as a table: CSV, TSV or JSON.
//!
//! Columns are found by their names in the first line: `en`, `zh`, `expansion`, `definition`, `forbidden`;
//! `en` or `zh` is needed, others may be missing, unknown ones are left alone. Wordings in `forbidden` are
//! parted by `;` or `；`.

use std::io::Write;
use std::path::Path;

use domain::{NewTerm, Term};
use serde::Deserialize;

use crate::{Error, Result};

/// A larger file is no glossary.
const MAX_BYTES: u64 = 16 << 20;

/// Reads a glossary: JSON by its ending, TSV by its ending, CSV otherwise.
///
/// # Errors
/// [`Error::Io`], or [`Error::Terms`] with the line that cannot be read.
pub fn read_terms(path: &Path) -> Result<Vec<NewTerm>> {
    let failed = || Error::io("read", path);
    let size = std::fs::metadata(path).map_err(failed())?.len();
    if size > MAX_BYTES {
        return Err(bad(
            path,
            format!("it is larger than {} MiB", MAX_BYTES >> 20),
        ));
    }
    let bytes = std::fs::read(path).map_err(failed())?;
    let text = std::str::from_utf8(&bytes).map_err(|error| bad(path, error.to_string()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match ending(path).as_str() {
        "json" => serde_json::from_str(text).map_err(|error| bad(path, error.to_string())),
        "tsv" => table(path, text, b'\t'),
        _ => table(path, text, b','),
    }
}

/// Writes a glossary in the format of the file's ending, whole or not at all.
///
/// # Errors
/// [`Error::Io`].
pub fn write_terms(path: &Path, terms: &[Term]) -> Result<()> {
    let failed = || Error::io("write", path);
    let absolute = std::path::absolute(path).map_err(failed())?;
    let folder = absolute.parent().unwrap_or(&absolute);
    let mut file =
        tempfile::NamedTempFile::new_in(folder).map_err(Error::io("write in", folder))?;
    let bytes = match ending(path).as_str() {
        "json" => serde_json::to_vec_pretty(&terms.iter().map(entry).collect::<Vec<_>>())
            .map_err(|error| bad(path, error.to_string()))?,
        "tsv" => rows(path, terms, b'\t')?,
        _ => rows(path, terms, b',')?,
    };
    file.write_all(&bytes).map_err(failed())?;
    file.as_file().sync_all().map_err(failed())?;
    file.persist(path).map_err(|error| failed()(error.error))?;
    Ok(())
}

/// One line of the table.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    en: String,
    #[serde(default)]
    zh: String,
    #[serde(default)]
    expansion: String,
    #[serde(default)]
    definition: String,
    #[serde(default)]
    forbidden: String,
}

fn table(path: &Path, text: &str, delimiter: u8) -> Result<Vec<NewTerm>> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let head = reader
        .headers()
        .map_err(|error| bad(path, error.to_string()))?;
    if !head.iter().any(|column| column == "en" || column == "zh") {
        return Err(bad(
            path,
            "its first line names neither `en` nor `zh`".to_owned(),
        ));
    }
    let lines = reader.deserialize::<Line>().map(|line| {
        let line = line.map_err(|error| bad(path, error.to_string()))?;
        let forbidden = line.forbidden.split([';', '；']).map(str::trim);
        Ok(NewTerm {
            en: line.en,
            zh: line.zh,
            expansion: line.expansion,
            definition: line.definition,
            forbidden: forbidden
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect(),
        })
    });
    lines.collect()
}

fn rows(path: &Path, terms: &[Term], delimiter: u8) -> Result<Vec<u8>> {
    let failed = |error: csv::Error| bad(path, error.to_string());
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .from_writer(Vec::new());
    writer
        .write_record(["en", "zh", "expansion", "definition", "forbidden"])
        .map_err(failed)?;
    for term in terms {
        let forbidden = term.forbidden.join("; ");
        let record = [
            &term.en,
            &term.zh,
            &term.expansion,
            &term.definition,
            &forbidden,
        ];
        writer.write_record(record).map_err(failed)?;
    }
    writer
        .into_inner()
        .map_err(|error| bad(path, error.to_string()))
}

fn entry(term: &Term) -> NewTerm {
    NewTerm {
        en: term.en.clone(),
        zh: term.zh.clone(),
        expansion: term.expansion.clone(),
        definition: term.definition.clone(),
        forbidden: term.forbidden.clone(),
    }
}

fn ending(path: &Path) -> String {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    ending.to_ascii_lowercase()
}

fn bad(path: &Path, problem: String) -> Error {
    Error::Terms {
        path: path.to_path_buf(),
        problem,
    }
}
