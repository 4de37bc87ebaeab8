//! A prompt's file: a head with `version` and `title` between lines of `---`, then `# system` and `# user`.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::template::Template;

/// A prompt that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// The file cannot be read or written.
    #[error("cannot {what} prompt {}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file does not hold a prompt.
    #[error("prompt {}, line {line}: {reason}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
}

impl PromptError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Io { .. } => "Check that the folder is there and may be read and written.",
            Self::Wrong { .. } => {
                "Correct the file, or move it away: the prompt that is built in is then used."
            }
        }
        .to_owned()
    }

    /// For `map_err` on a file.
    pub(super) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}

/// A file's parts.
#[derive(Debug, Clone)]
pub struct Parsed {
    pub path: PathBuf,
    pub version: String,
    pub title: String,
    pub system: Template,
    pub user: Template,
}

/// Takes a file apart and checks every part.
pub fn parse(text: &str, path: &Path) -> Result<Parsed, PromptError> {
    let text = text.trim_start_matches('\u{feff}');
    let lines: Vec<&str> = text.lines().collect();
    let wrong = |line_idx: usize, reason: &str| PromptError::Wrong {
        path: path.to_owned(),
        line: line_idx + 1,
        reason: reason.to_owned(),
    };
    if lines.first().map(|line| line.trim_end()) != Some("---") {
        return Err(wrong(0, "it does not begin with a line `---`"));
    }
    let head_end =
        position(&lines, 1, "---").ok_or_else(|| wrong(0, "the head has no second line `---`"))?;
    let [version, title] = head(&lines[..head_end], &wrong)?;
    let system = position(&lines, head_end, "# system");
    let system = system.ok_or_else(|| wrong(head_end, "there is no line `# system`"))?;
    let user = position(&lines, system, "# user")
        .ok_or_else(|| wrong(system, "there is no line `# user` after `# system`"))?;
    let stray = lines[head_end + 1..system]
        .iter()
        .position(|line| !line.trim().is_empty());
    if let Some(idx) = stray {
        return Err(wrong(head_end + 1 + idx, "there is text before `# system`"));
    }
    let section = |from: usize, to: usize| {
        let source = lines[from + 1..to].join("\n");
        Template::new(source, from + 1, path)
    };
    let user_template = section(user, lines.len())?;
    if lines[user + 1..].iter().all(|line| line.trim().is_empty()) {
        return Err(wrong(user, "nothing follows `# user`"));
    }
    Ok(Parsed {
        path: path.to_owned(),
        version,
        title,
        system: section(system, user)?,
        user: user_template,
    })
}

/// The first 8 hex digits of the SHA-256 of a text.
pub fn short_hash(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Version and title.
fn head(
    lines: &[&str],
    wrong: &impl Fn(usize, &str) -> PromptError,
) -> Result<[String; 2], PromptError> {
    let mut found: [Option<String>; 2] = [None, None];
    for (idx, line) in lines.iter().enumerate().skip(1) {
        if line.trim().is_empty() {
            continue;
        }
        let pair = line.split_once(':');
        let (name, value) =
            pair.ok_or_else(|| wrong(idx, "it is not of the form `name: value`"))?;
        let slot = match name.trim() {
            "version" => &mut found[0],
            "title" => &mut found[1],
            _ => return Err(wrong(idx, "only `version` and `title` are known here")),
        };
        if slot.replace(value.trim().to_owned()).is_some() {
            return Err(wrong(idx, "this was said before"));
        }
    }
    let [version, title] = found.map(Option::unwrap_or_default);
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !(1..=32).contains(&version.len()) || !version.chars().all(plain) {
        let reason = "`version` must be 1–32 letters, digits, dots, hyphens or underscores";
        return Err(wrong(0, reason));
    }
    if title.is_empty() || title.chars().count() > 200 {
        return Err(wrong(0, "`title` must be 1–200 characters"));
    }
    Ok([version, title])
}

fn position(lines: &[&str], from: usize, wanted: &str) -> Option<usize> {
    let found = lines
        .iter()
        .skip(from)
        .position(|line| line.trim_end() == wanted);
    found.map(|idx| idx + from)
}
