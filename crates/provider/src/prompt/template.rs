//! Filling in a prompt's variables. Of Jinja only `{{ name }}`, `if` and `for` are allowed: a file that a stranger
//! wrote must not be able to build texts that fill the memory.

use std::io::{self, Write};
use std::path::Path;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

use super::PromptError;

/// The names that a prompt may use.
pub const NAMES: [&str; 23] = [
    "context",
    "terms",
    "width",
    "height",
    "region",
    "region.name",
    "region.x",
    "region.y",
    "region.width",
    "region.height",
    "region.left",
    "region.top",
    "region.right",
    "region.bottom",
    "picture",
    "captions",
    "count",
    "kinds",
    "known",
    "kind",
    "question",
    "options",
    "unit",
];

/// Statements that a prompt may use.
const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

/// Steps that filling in may take.
const FUEL: u64 = 50_000;

/// Largest text of a filled-in section, in bytes.
const MAX_TEXT_BYTES: usize = 256 * 1024;

/// One section of a prompt.
#[derive(Debug, Clone)]
pub struct Template {
    source: String,
    /// Lines of the file before it.
    lines_before: usize,
}

impl Template {
    /// Checks a section that follows `lines_before` lines of its file.
    pub fn new(source: String, lines_before: usize, path: &Path) -> Result<Self, PromptError> {
        let template = Self {
            source,
            lines_before,
        };
        if let Err((at, reason)) = check_tags(&template.source) {
            return Err(template.wrong(path, line_of(&template.source, at), reason));
        }
        let environment = environment();
        let compiled = environment.template_from_str(&template.source);
        let compiled = compiled.map_err(|error| template.failed(path, &error))?;
        let mut unknown: Vec<String> = compiled.undeclared_variables(true).into_iter().collect();
        unknown.retain(|name| !NAMES.contains(&name.as_str()));
        unknown.sort();
        if let Some(name) = unknown.first() {
            let line = line_of_name(&template.source, name);
            let known = NAMES.join("`, `");
            let reason = format!("`{name}` is not known; there are `{known}`");
            return Err(template.wrong(path, line, reason));
        }
        Ok(template)
    }

    /// The section with the variables' values, without blank lines at its ends or more than one together.
    pub fn render(&self, values: &Value, path: &Path) -> Result<String, PromptError> {
        let environment = environment();
        let mut text = Bounded(Vec::new());
        let compiled = environment.template_from_str(&self.source);
        compiled
            .and_then(|compiled| compiled.render_captured_to(values.clone(), &mut text))
            .map_err(|error| self.failed(path, &error))?;
        Ok(tidy(&String::from_utf8_lossy(&text.0)))
    }

    fn failed(&self, path: &Path, error: &minijinja::Error) -> PromptError {
        let reason = match (error.kind(), error.detail()) {
            (minijinja::ErrorKind::OutOfFuel, _) => "it takes too many steps".to_owned(),
            (minijinja::ErrorKind::WriteFailure, _) => "it becomes longer than 256 KiB".to_owned(),
            (kind, None) => kind.to_string(),
            (kind, Some(detail)) => format!("{kind}: {detail}"),
        };
        self.wrong(path, error.line().unwrap_or(1), reason)
    }

    /// An error at a line of the section, from 1.
    fn wrong(&self, path: &Path, line: usize, reason: impl Into<String>) -> PromptError {
        PromptError::Wrong {
            path: path.to_owned(),
            line: self.lines_before + line,
            reason: reason.into(),
        }
    }
}

/// No filters, tests or functions: none is needed, and some make long texts of short ones.
fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(50);
    environment
}

/// Refuses every tag that could make a text longer than its parts; gives the byte where it stands.
fn check_tags(source: &str) -> Result<(), (usize, &'static str)> {
    let mut at = 0;
    while let Some(found) = source[at..]
        .find("{{")
        .into_iter()
        .chain(source[at..].find("{%"))
        .chain(source[at..].find("{#"))
        .min()
    {
        let open = at + found;
        let inside = open + 2;
        at = match &source[open..inside] {
            "{#" => end_of_comment(source, inside),
            _ => end_of_tag(source, inside)?,
        };
        if &source[open..inside] == "{%" {
            let statement = source[inside..at]
                .trim_start_matches(['-', '+'])
                .trim_start();
            let word = statement
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .next();
            if !word.is_some_and(|word| STATEMENTS.contains(&word)) {
                return Err((open, "of statements only `if` and `for` are allowed"));
            }
        }
    }
    Ok(())
}

fn end_of_comment(source: &str, from: usize) -> usize {
    source[from..]
        .find("#}")
        .map_or(source.len(), |end| from + end + 2)
}

/// Where a tag ends that began before `from`.
fn end_of_tag(source: &str, from: usize) -> Result<usize, (usize, &'static str)> {
    let mut quote = None;
    let mut escaped = false;
    for (idx, byte) in source.bytes().enumerate().skip(from) {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'}') if source[..idx].ends_with(['}', '%']) && idx > from => return Ok(idx + 1),
            (None, b'~' | b'*' | b'|') => {
                return Err((idx, "`~`, `*` and filters are not allowed in a prompt"));
            }
            (None, b'+') if !source[..idx].ends_with("{%") && !source[..idx].ends_with("{{") => {
                return Err((idx, "`+` is not allowed in a prompt"));
            }
            _ => {}
        }
    }
    Ok(source.len())
}

/// The line, from 1, of a byte.
fn line_of(source: &str, at: usize) -> usize {
    source
        .bytes()
        .take(at)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

/// The line, from 1, of the first tag that has a name in it.
fn line_of_name(source: &str, name: &str) -> usize {
    let in_tag = |line: &str| line.contains(name) && (line.contains("{{") || line.contains("{%"));
    source.lines().position(in_tag).map_or(1, |idx| idx + 1)
}

fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.trim().lines() {
        let line = line.trim_end();
        blank = if line.is_empty() { blank + 1 } else { 0 };
        if blank < 2 {
            tidy.push_str(line);
            tidy.push('\n');
        }
    }
    tidy.truncate(tidy.trim_end().len());
    tidy
}

/// Takes no more than a prompt may have.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_TEXT_BYTES {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
