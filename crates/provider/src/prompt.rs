//! Prompts: what a model is told for each caption level, for structure, for proposing questions and for answering
//! them, in English and Chinese.
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

/// Most known questions that go into a prompt.
const MAX_KNOWN: usize = 50;

/// What a prompt asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A caption of this level.
    Caption(Level),
    /// Questions about a diagram.
    Questions,
    /// The answer to a question.
    Answer,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Caption(Level::Global),
        Self::Caption(Level::Partial),
        Self::Caption(Level::Detailed),
        Self::Caption(Level::Structure),
        Self::Questions,
        Self::Answer,
    ];

    /// The name of its file, without ending.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caption(level) => level.as_str(),
            Self::Questions => "questions",
            Self::Answer => "answer",
        }
    }
}

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
    /// Whether the picture is shown.
    pub picture: bool,
    /// What experts wrote of the diagram, for questions about it; only its first 8,000 characters.
    pub captions: String,
    /// How many questions are asked for.
    pub count: u32,
    /// Kinds of questions that are asked for, for people and models alike.
    pub kinds: Vec<&'static str>,
    /// Questions that the diagram has already; only the first 50.
    pub known: Vec<String>,
    /// The question that is answered.
    pub question: Option<Asked>,
}

/// A question as an examinee reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Name of its kind, such as `single_choice`.
    pub kind: &'static str,
    /// Its words.
    pub stem: String,
    /// Its options, each with its letter; empty unless it is a choice.
    pub options: Vec<String>,
    /// The unit of a number; empty for none.
    pub unit: String,
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

    /// The chat that asks: the rules, then the picture, where there is one, and the question.
    ///
    /// # Errors
    /// [`PromptError`] when the prompt cannot be filled in.
    pub fn messages(
        &self,
        variables: &Variables,
        picture: Option<Part>,
    ) -> Result<Vec<Message>, PromptError> {
        let values = values(variables);
        let system = self.parsed.system.render(&values, &self.parsed.path)?;
        let user = self.parsed.user.render(&values, &self.parsed.path)?;
        let question = Message {
            role: Role::User,
            parts: picture.into_iter().chain([Part::Text(user)]).collect(),
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
    prompts: Vec<(Language, Purpose, Prompt)>,
}

impl Prompts {
    /// Those built in.
    ///
    /// # Errors
    /// Never; they are tested.
    pub fn embedded() -> Result<Self, PromptError> {
        Self::collect(|language, purpose| {
            Prompt::parse(embedded(language, purpose), &place(language, purpose))
        })
    }

    /// Those of a folder with `en` and `zh` in it; those built in for each that is not there.
    ///
    /// # Errors
    /// [`PromptError`] naming the file that cannot be read or is wrong.
    pub fn load(folder: &Path) -> Result<Self, PromptError> {
        Self::collect(|language, purpose| {
            let path = folder.join(place(language, purpose));
            match read(&path)? {
                Some(text) => Prompt::parse(&text, &path),
                None => Prompt::parse(embedded(language, purpose), &place(language, purpose)),
            }
        })
    }

    /// The prompt of `purpose` in `language`.
    pub fn get(&self, language: Language, purpose: Purpose) -> &Prompt {
        let index = self
            .prompts
            .iter()
            .position(|(its, of, _)| *its == language && *of == purpose);
        // There is one for each pair.
        &self.prompts[index.unwrap_or(0)].2
    }

    fn collect(
        prompt: impl Fn(Language, Purpose) -> Result<Prompt, PromptError>,
    ) -> Result<Self, PromptError> {
        let prompts =
            pairs().map(|(language, purpose)| Ok((language, purpose, prompt(language, purpose)?)));
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
    for (language, purpose) in pairs() {
        let path = folder.join(place(language, purpose));
        let to = folder.join(language.as_str());
        fs::create_dir_all(&to).map_err(PromptError::io("make", &to))?;
        if write_new(&path, &to, embedded(language, purpose))? {
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

fn pairs() -> impl Iterator<Item = (Language, Purpose)> {
    Language::ALL
        .into_iter()
        .flat_map(|language| Purpose::ALL.map(|purpose| (language, purpose)))
}

fn place(language: Language, purpose: Purpose) -> PathBuf {
    Path::new(language.as_str()).join(format!("{}.md", purpose.as_str()))
}

fn embedded(language: Language, purpose: Purpose) -> &'static str {
    macro_rules! both {
        ($name:literal) => {
            match language {
                Language::En => include_str!(concat!("../../../assets/prompts/en/", $name)),
                Language::Zh => include_str!(concat!("../../../assets/prompts/zh/", $name)),
            }
        };
    }
    match purpose {
        Purpose::Caption(Level::Global) => both!("global.md"),
        Purpose::Caption(Level::Partial) => both!("partial.md"),
        Purpose::Caption(Level::Detailed) => both!("detailed.md"),
        Purpose::Caption(Level::Structure) => both!("structure.md"),
        Purpose::Questions => both!("questions.md"),
        Purpose::Answer => both!("answer.md"),
    }
}

/// The values of the names in [`template::NAMES`].
fn values(variables: &Variables) -> minijinja::Value {
    let terms: Vec<String> = variables.terms.iter().take(MAX_TERMS).cloned().collect();
    let known: Vec<String> = variables.known.iter().take(MAX_KNOWN).cloned().collect();
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
    let asked = variables.question.as_ref();
    minijinja::context! {
        width => variables.width, height => variables.height, terms, region, known,
        context => beginning(&variables.context), captions => beginning(&variables.captions),
        picture => variables.picture, count => variables.count, kinds => variables.kinds.join(", "),
        kind => asked.map(|asked| asked.kind), question => asked.map(|asked| asked.stem.clone()),
        options => asked.map(|asked| asked.options.clone()), unit => asked.map(|asked| asked.unit.clone()),
    }
}

fn beginning(text: &str) -> String {
    text.trim().chars().take(MAX_CONTEXT_CHARS).collect()
}

/// Whole per cent of a length, 0–100.
fn percent(part_px: u32, whole_px: u32) -> u64 {
    let whole = u64::from(whole_px.max(1));
    ((u64::from(part_px) * 100 + whole / 2) / whole).min(100)
}
