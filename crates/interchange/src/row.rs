//! One line of a `metadata.jsonl`.

use std::collections::BTreeMap;

use domain::{Level, NewDraft, NewRegion};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::callout::Callout;
use crate::metadata::METADATA;
use crate::place;

/// Fields that describe the file; our own export writes them afresh.
pub(crate) const MEASURED: [&str; 3] = ["sha256", "width", "height"];

/// What a `metadata.jsonl` says of one picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// The picture, relative to the folder of the `metadata.jsonl`, parted by `/`; never leads out of it.
    pub file_name: String,
    /// `caption`, or `text` where there is none.
    pub caption: Option<String>,
    /// Text around the figure; paragraphs are parted by blank lines.
    pub context: String,
    /// Where it was published.
    pub source: Option<String>,
    /// Licence.
    pub license: Option<String>,
    /// The caption, and the texts of Callout's own exports, each with where it came from.
    pub drafts: Vec<NewDraft>,
    /// Regions of Callout's own exports, those without a text included.
    pub regions: Vec<NewRegion>,
    /// Fields that Callout does not read: a JSON object, as they were written.
    pub extra: Option<String>,
}

impl Row {
    /// Reads one line. Beside the row, says what in it could not be read.
    ///
    /// # Errors
    /// Why the line says nothing of any picture.
    pub(crate) fn parse(line: &str) -> Result<(Self, Vec<String>), String> {
        let fields = serde_json::from_str(line).map_err(|error| syntax(&error))?;
        let mut reader = Reader {
            fields,
            problems: Vec::new(),
        };
        let file_name = reader.file_name()?;
        let caption = match reader.take::<String>("caption", "text") {
            Some(caption) => Some(caption),
            None => reader.take("text", "text"),
        };
        let context = reader.take("context", "text, nor an array of texts");
        let (source, license) = (
            reader.take("source", "text"),
            reader.take("license", "text"),
        );
        let (mut drafts, regions) = reader.callout();
        drafts.extend(
            caption
                .as_deref()
                .and_then(|caption| draft(caption, &drafts)),
        );
        let row = Self {
            file_name,
            caption,
            context: context.map_or_else(String::new, Context::into_text),
            source,
            license,
            drafts,
            regions,
            extra: reader.rest(),
        };
        Ok((row, reader.problems))
    }
}

/// Text around a figure, as one text or as paragraphs.
#[derive(Deserialize)]
#[serde(untagged)]
enum Context {
    Text(String),
    Paragraphs(Vec<String>),
}

impl Context {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Paragraphs(paragraphs) => paragraphs.join("\n\n"),
        }
    }
}

/// The fields of a line that are not read yet, as they are written.
struct Reader<'a> {
    fields: BTreeMap<String, &'a RawValue>,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn file_name(&mut self) -> Result<String, String> {
        let Some(raw) = self.fields.remove("file_name") else {
            return Err("no `file_name`".to_owned());
        };
        match serde_json::from_str::<String>(raw.get()) {
            Ok(name) => place::normalise(&name).map_err(str::to_owned),
            Err(_) => Err("`file_name` is not text".to_owned()),
        }
    }

    /// The field, unless it is absent or null. One of another shape stays where it is, for export.
    fn take<T: DeserializeOwned>(&mut self, key: &str, shape: &str) -> Option<T> {
        let raw = self.fields.get(key)?;
        if let Ok(value) = serde_json::from_str::<Option<T>>(raw.get()) {
            self.fields.remove(key);
            return value;
        }
        self.problems.push(format!("`{key}` is not {shape}"));
        None
    }

    fn callout(&mut self) -> (Vec<NewDraft>, Vec<NewRegion>) {
        let Some(callout) = self.take::<Callout>("callout", "as Callout writes it") else {
            return Default::default();
        };
        for key in MEASURED {
            self.fields.remove(key);
        }
        callout.into_drafts(METADATA).unwrap_or_else(|problem| {
            self.problems.push(problem.to_owned());
            Default::default()
        })
    }

    /// What was not read, if it can be written again.
    fn rest(&mut self) -> Option<String> {
        let problems = &mut self.problems;
        self.fields.retain(|key, raw| {
            // `RawValue` itself takes any depth, which nothing that reads our export would.
            let sound = serde_json::from_str::<Value>(raw.get());
            if let Err(error) = &sound {
                let key: String = key.chars().take(80).collect();
                problems.push(format!("`{key}` is left out: {}", reason(error)));
            }
            sound.is_ok()
        });
        let extra = (!self.fields.is_empty()).then(|| serde_json::to_string(&self.fields));
        extra.and_then(Result::ok)
    }
}

/// The caption as a draft, unless it has no text or is among the texts already.
fn draft(caption: &str, among: &[NewDraft]) -> Option<NewDraft> {
    let known = among.iter().any(|draft| draft.text == caption);
    (!known && !caption.trim().is_empty()).then(|| NewDraft {
        level: Level::Global,
        region: None,
        text: caption.to_owned(),
        label: METADATA.to_owned(),
    })
}

fn syntax(error: &serde_json::Error) -> String {
    if error.is_data() {
        return "not a JSON object".to_owned();
    }
    format!(
        "not valid JSON: {}, column {}",
        reason(error),
        error.column()
    )
}

/// The parser's word without its place, since it counts lines from the one it was given.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message
        .split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned()
}
