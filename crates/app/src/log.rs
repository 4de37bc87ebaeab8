//! Logs under a workspace's `runs/`: what the desk could not do, kept for bug reports; and how the logs leave the
//! machine, without paths, names and texts.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::{Problem, now};

/// What the engine prints.
pub(crate) const ENGINE: &str = "engine.log";
/// What the desk could not do.
pub(crate) const DESK: &str = "desk.log";
/// The log before the one that is written.
const OLDER: &str = "desk.1.log";
/// A longer log is put aside, and a new one begun.
const MAX_BYTES: u64 = 512 * 1_024;
/// In place of what stays on the machine.
const MASK: &str = "…";

static DESK_LOG: Mutex<Option<PathBuf>> = Mutex::new(None);

/// From now on every [`Problem`] of this process is written to the log of the desk in `workspace`; before, and in the
/// command line, to none.
pub fn log_problems_in(workspace: &store::Workspace) {
    *DESK_LOG.lock().unwrap_or_else(PoisonError::into_inner) =
        Some(workspace.runs_dir().join(DESK));
}

/// Writes a line about a problem. What cannot be written is left out: nobody waits for a log.
pub(crate) fn problem(problem: &Problem) {
    let path = DESK_LOG
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let Some(path) = path else {
        return;
    };
    let code = serde_json::to_string(&problem.code).unwrap_or_default();
    let line = format!(
        "{} {} {}\n",
        now().to_rfc3339(),
        code.trim_matches('"'),
        without_literals(&problem.message)
    );
    append(&path, &line).unwrap_or(());
}

fn append(path: &Path, line: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    if file.metadata()?.len() > MAX_BYTES {
        std::fs::rename(path, path.with_file_name(OLDER))?;
        file = OpenOptions::new().create(true).append(true).open(path)?;
    }
    file.write_all(line.as_bytes())
}

/// The last `most` bytes of a log, from the beginning of a line; `None` where there is no log.
pub(crate) fn tail(path: &Path, most: u64) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let start = length.saturating_sub(most);
    file.seek(SeekFrom::Start(start)).ok()?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).ok()?;
    let said = String::from_utf8_lossy(&bytes).into_owned();
    Some(match said.split_once('\n') {
        Some((_, rest)) if start > 0 => rest.to_owned(),
        _ => said,
    })
}

/// What a log must not tell when it leaves the machine.
#[derive(Debug)]
pub(crate) struct Hidden {
    names: BTreeSet<String>,
}

impl Hidden {
    /// Hides these names, and everything that [`Self::out_of`] hides anyway.
    pub(crate) fn new(names: &[String]) -> Self {
        let names = names.iter().map(|name| name.trim().to_owned());
        Self {
            names: names.filter(|name| !name.is_empty()).collect(),
        }
    }

    /// The text without paths, without what stands in quotes or backticks, and without the names.
    pub(crate) fn out_of(&self, text: &str) -> String {
        let mut clean: Vec<String> = Vec::new();
        for line in text.lines() {
            let mut line = without_paths(&without_literals(line));
            for name in &self.names {
                line = without_name(&line, name);
            }
            clean.push(line);
        }
        clean.join("\n")
    }
}

/// Messages put what is not theirs between backticks or quotes: names, paths, ids, pieces of texts. An odd one hides
/// the rest of the line.
fn without_literals(text: &str) -> String {
    let mut clean = String::new();
    let mut rest = text.replace(['\n', '\r'], " ");
    while let Some(start) = rest.find(['`', '"', '“', '「']) {
        let open = rest[start..].chars().next().unwrap_or('`');
        let close = match open {
            '“' => '”',
            '「' => '」',
            same => same,
        };
        clean.push_str(&rest[..start]);
        clean.push_str(MASK);
        let inner = &rest[start + open.len_utf8()..];
        rest = match inner.find(close) {
            Some(end) => inner[end + close.len_utf8()..].to_owned(),
            None => return clean,
        };
    }
    clean + &rest
}

/// A word with a slash or a backslash in it is a path or an address. One with spaces was between backticks.
fn without_paths(line: &str) -> String {
    let hide = |word: &str| word.contains(['/', '\\']) && word.len() > 1;
    let words = line
        .split(' ')
        .map(|word| if hide(word) { MASK } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Hides a name where it stands by itself: not as a part of a longer English word.
fn without_name(line: &str, name: &str) -> String {
    let is_letter = |char: Option<char>| char.is_some_and(|char| char.is_ascii_alphanumeric());
    let mut clean = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(name) {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        let begins = is_letter(name.chars().next()) && is_letter(before.chars().next_back());
        let ends = is_letter(name.chars().next_back()) && is_letter(after.chars().next());
        clean.push_str(before);
        clean.push_str(if begins || ends { name } else { MASK });
        rest = after;
    }
    clean + rest
}

#[cfg(test)]
mod tests {
    use super::{Hidden, append, tail};

    fn check(names: &[&str], line: &str, wanted: &str) {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(Hidden::new(&names).out_of(line), wanted);
    }

    #[test]
    fn a_log_leaves_without_paths_names_and_texts() {
        check(&[], "no model in `/home/li/模型 7B`", "no model in …");
        check(
            &[],
            "reading /home/li/x.png failed: no such file",
            "reading … failed: no such file",
        );
        check(&[], r"C:\Users\li\x.png is gone", "… is gone");
        check(&[], "it said \"the router forwards", "it said …");
        check(
            &["Li Lei", "韩梅梅"],
            "Li Lei and 韩梅梅的图",
            "… and …的图",
        );
        check(&["an"], "an engine answers", "… engine answers");
        check(
            &["5g core.png"],
            "drafting 5g core.png: out of memory",
            "drafting …: out of memory",
        );
    }

    #[test]
    fn a_long_log_is_put_aside_and_its_end_is_read_by_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs").join("desk.log");
        let line = format!("{}\n", "x".repeat(99));
        for _ in 0..6_000 {
            append(&path, &line).unwrap();
        }
        let both = [&path, &path.with_file_name("desk.1.log")]
            .map(|path| std::fs::metadata(path).unwrap().len());
        assert_eq!(both[0] + both[1], 600_000);
        assert!(both.iter().all(|bytes| *bytes < 530_000), "{both:?}");
        assert_eq!(tail(&path, 250).unwrap(), format!("{line}{line}"));
        assert_eq!(tail(&folder.path().join("none"), 250), None);
    }
}
