//! Prompts: what a model is told for each caption level and for structure, in English and Chinese.
//!
//! They are files that a lead may edit in the workspace's folder `prompts`; those built in stand for what is not
//! there. A prompt's version holds a hash of its file, so that an edit is seen in every draft.

mod file;
mod template;

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use domain::Level;
use serde::{Deserialize, Serialize};

use crate::{Message, Part, Role};
use file::Parsed;

pub use file::PromptError;

/// Largest prompt file, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Longest surrounding text that goes into a prompt, in characters.
const MAX_CONTEXT_CHARS: usize = 8_000;

/// Most terms that go into a prompt.
const MAX_TERMS: usize = 200;

/// The language that a prompt is written in and asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    En,
    /// Chinese, simplified.
    Zh,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// `en` or `zh`: the name of its folder.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }
}

/// What a prompt may speak of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Variables {
    /// Upright width of the whole picture in pixels.
    pub width: u32,
    /// Upright height of the whole picture in pixels.
    pub height: u32,
    /// Text around the figure in its source; only its first 8,000 characters are used.
    pub context: String,
    /// The region that a partial caption is about.
    pub region: Option<Region>,
    /// Terms to be used; only the first 200.
    pub terms: Vec<String>,
}

/// A region as a prompt names it.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// Left, top, width, height in pixels of the upright picture.
    pub bbox: [u32; 4],
}

/// One prompt, read and checked.
#[derive(Debug, Clone)]
pub struct Prompt {
    parsed: Parsed,
    version: String,
}

impl Prompt {
    /// Reads a prompt; `path` is only for messages.
    ///
    /// # Errors
    /// [`PromptError`] with the line where it is wrong.
    pub fn parse(text: &str, path: &Path) -> Result<Self, PromptError> {
        let parsed = file::parse(text, path)?;
        let version = format!("{}+{}", parsed.version, file::short_hash(text));
        Ok(Self { parsed, version })
    }

    /// Its own version, `+`, and the first 8 hex digits of the SHA-256 of its file.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What it is for, for people.
    pub fn title(&self) -> &str {
        &self.parsed.title
    }

    /// The chat that asks: the rules, then the picture and the question.
    ///
    /// # Errors
    /// [`PromptError`] when the prompt cannot be filled in.
    pub fn messages(
        &self,
        variables: &Variables,
        picture: Part,
    ) -> Result<Vec<Message>, PromptError> {
        let values = values(variables);
        let system = self.parsed.system.render(&values, &self.parsed.path)?;
        let user = self.parsed.user.render(&values, &self.parsed.path)?;
        let question = Message {
            role: Role::User,
            parts: vec![picture, Part::Text(user)],
        };
        Ok(if system.is_empty() {
            vec![question]
        } else {
            vec![Message::text(Role::System, system), question]
        })
    }
}

/// Every prompt in every language.
#[derive(Debug, Clone)]
pub struct Prompts {
    prompts: Vec<(Language, Level, Prompt)>,
}

impl Prompts {
    /// Those built in.
    ///
    /// # Errors
    /// Never; they are tested.
    pub fn embedded() -> Result<Self, PromptError> {
        Self::collect(|language, level| {
            Prompt::parse(embedded(language, level), &place(language, level))
        })
    }

    /// Those of a folder with `en` and `zh` in it; those built in for each that is not there.
    ///
    /// # Errors
    /// [`PromptError`] naming the file that cannot be read or is wrong.
    pub fn load(folder: &Path) -> Result<Self, PromptError> {
        Self::collect(|language, level| {
            let path = folder.join(place(language, level));
            match read(&path)? {
                Some(text) => Prompt::parse(&text, &path),
                None => Prompt::parse(embedded(language, level), &place(language, level)),
            }
        })
    }

    /// The prompt that asks for `level` in `language`.
    pub fn get(&self, language: Language, level: Level) -> &Prompt {
        let index = self
            .prompts
            .iter()
            .position(|(its, of, _)| *its == language && *of == level);
        // There is one for each pair.
        &self.prompts[index.unwrap_or(0)].2
    }

    fn collect(
        prompt: impl Fn(Language, Level) -> Result<Prompt, PromptError>,
    ) -> Result<Self, PromptError> {
        let prompts =
            pairs().map(|(language, level)| Ok((language, level, prompt(language, level)?)));
        Ok(Self {
            prompts: prompts.collect::<Result<_, PromptError>>()?,
        })
    }
}

/// Writes those built in into a folder for editing; a file that is there stays as it is. Gives what was written.
///
/// # Errors
/// [`PromptError::Io`] naming what could not be written; files are whole or not there.
pub fn copy_into(folder: &Path) -> Result<Vec<PathBuf>, PromptError> {
    let mut written = Vec::new();
    for (language, level) in pairs() {
        let path = folder.join(place(language, level));
        let to = folder.join(language.as_str());
        fs::create_dir_all(&to).map_err(PromptError::io("make", &to))?;
        if write_new(&path, &to, embedded(language, level))? {
            written.push(path);
        }
    }
    Ok(written)
}

/// Whether it was written; not when something is there.
fn write_new(path: &Path, folder: &Path, text: &str) -> Result<bool, PromptError> {
    if path.symlink_metadata().is_ok() {
        return Ok(false);
    }
    let mut file = tempfile::Builder::new()
        .prefix(".prompt-")
        .tempfile_in(folder)
        .map_err(PromptError::io("write in", folder))?;
    file.write_all(text.as_bytes())
        .map_err(PromptError::io("write", path))?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(failed) => Err(PromptError::io("write", path)(failed.error)),
    }
}

/// The text of a file; `None` when there is none.
fn read(path: &Path) -> Result<Option<String>, PromptError> {
    let about = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(PromptError::io("read", path))?,
    };
    let unfit = |reason: &str| PromptError::Wrong {
        path: path.to_owned(),
        line: 1,
        reason: reason.to_owned(),
    };
    if !about.is_file() {
        return Err(unfit("it is not a file"));
    }
    let file = fs::File::open(path).map_err(PromptError::io("read", path))?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(PromptError::io("read", path))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(unfit("it is larger than 64 KiB"));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(unfit("it is not UTF-8")),
    }
}

fn pairs() -> impl Iterator<Item = (Language, Level)> {
    Language::ALL
        .into_iter()
        .flat_map(|language| Level::ALL.map(|level| (language, level)))
}

fn place(language: Language, level: Level) -> PathBuf {
    Path::new(language.as_str()).join(format!("{}.md", level.as_str()))
}

fn embedded(language: Language, level: Level) -> &'static str {
    macro_rules! asset {
        ($path:literal) => {
            include_str!(concat!("../../../assets/prompts/", $path))
        };
    }
    match (language, level) {
        (Language::En, Level::Global) => asset!("en/global.md"),
        (Language::En, Level::Partial) => asset!("en/partial.md"),
        (Language::En, Level::Detailed) => asset!("en/detailed.md"),
        (Language::En, Level::Structure) => asset!("en/structure.md"),
        (Language::Zh, Level::Global) => asset!("zh/global.md"),
        (Language::Zh, Level::Partial) => asset!("zh/partial.md"),
        (Language::Zh, Level::Detailed) => asset!("zh/detailed.md"),
        (Language::Zh, Level::Structure) => asset!("zh/structure.md"),
    }
}

/// The values of the names in [`template::NAMES`].
fn values(variables: &Variables) -> minijinja::Value {
    let context: String = variables
        .context
        .trim()
        .chars()
        .take(MAX_CONTEXT_CHARS)
        .collect();
    let terms: Vec<String> = variables.terms.iter().take(MAX_TERMS).cloned().collect();
    let region = variables.region.as_ref().map(|region| {
        let [x, y, width, height] = region.bbox;
        minijinja::context! {
            name => &region.name, x, y, width, height,
            left => percent(x, variables.width),
            top => percent(y, variables.height),
            right => percent(x.saturating_add(width), variables.width),
            bottom => percent(y.saturating_add(height), variables.height),
        }
    });
    minijinja::context! {
        width => variables.width, height => variables.height, context, terms, region,
    }
}

/// Whole per cent of a length, 0–100.
fn percent(part_px: u32, whole_px: u32) -> u64 {
    let whole = u64::from(whole_px.max(1));
    ((u64::from(part_px) * 100 + whole / 2) / whole).min(100)
}
