//! Which files an import is about, and what `metadata.jsonl` says of each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use interchange::{Metadata, Row};
use walkdir::{DirEntry, WalkDir};

use super::{Cancel, Rejected, Why, rejected};

const METADATA: &str = "metadata.jsonl";

/// A `metadata.jsonl` speaks of files in its own folder and below, at most so deep.
const METADATA_DEPTH: usize = 4;

const EXTENSIONS: [&str; 12] = [
    "png", "apng", "jpg", "jpeg", "webp", "gif", "bmp", "dib", "tif", "tiff", "svg", "svgz",
];

/// A file to take, with what is known of it.
#[derive(Debug)]
pub(super) struct File {
    pub path: PathBuf,
    pub row: Option<Row>,
}

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub files: Vec<File>,
    pub skipped: u32,
    pub rejected: Vec<Rejected>,
}

/// Walks `paths` in the order given, folders by file name. Files named outright are always tried.
pub(super) fn find(paths: &[PathBuf], workspace: &Path, cancel: &Cancel) -> Found {
    let mut walk = Walk {
        found: Found::default(),
        tables: Tables::default(),
        seen: BTreeSet::new(),
    };
    for path in paths {
        if path.is_dir() {
            walk.folder(path, workspace, cancel);
        } else {
            walk.file(path.clone());
        }
    }
    walk.tables.report(&walk.seen, &mut walk.found.rejected);
    walk.found
}

struct Walk {
    found: Found,
    tables: Tables,
    /// Files found, so that overlapping paths bring each file once.
    seen: BTreeSet<PathBuf>,
}

impl Walk {
    fn folder(&mut self, root: &Path, workspace: &Path, cancel: &Cancel) {
        let entries = WalkDir::new(root)
            .follow_links(true)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| {
                entry.depth() == 0 || (!is_hidden(entry) && entry.path() != workspace)
            });
        for entry in entries {
            match entry {
                _ if cancel.is_set() => return,
                Ok(entry) if !entry.file_type().is_file() => self.other(&entry),
                Ok(entry) if entry.file_name() == METADATA => {
                    self.tables.load(entry.path().parent(), true)
                }
                Ok(entry) if claims_to_be_picture(entry.path()) => self.file(entry.into_path()),
                Ok(_) => self.found.skipped += 1,
                Err(error) => self.found.rejected.push(unreadable(root, &error)),
            }
        }
    }

    fn other(&mut self, entry: &DirEntry) {
        if !entry.file_type().is_dir() {
            self.found.rejected.push(rejected(
                entry.path(),
                Why::new("neither a file nor a folder", "import.neither", &[]),
            ));
        }
    }

    fn file(&mut self, path: PathBuf) {
        if self.seen.insert(path.clone()) {
            let row = self.tables.row_of(&path);
            self.found.files.push(File { path, row });
        }
    }
}

/// The `metadata.jsonl` files met so far, by folder.
#[derive(Default)]
struct Tables(BTreeMap<PathBuf, Table>);

struct Table {
    metadata: Option<Metadata>,
    /// Whether all files it names were to be found, since its folder was walked.
    walked: bool,
}

impl Tables {
    fn load(&mut self, folder: Option<&Path>, walked: bool) {
        let Some(folder) = folder else { return };
        let table = self.0.entry(folder.to_path_buf()).or_insert_with(|| {
            let path = folder.join(METADATA);
            Table {
                metadata: path.is_file().then(|| Metadata::load(&path)),
                walked: false,
            }
        });
        table.walked |= walked;
    }

    fn row_of(&mut self, path: &Path) -> Option<Row> {
        for folder in path.ancestors().skip(1).take(METADATA_DEPTH) {
            self.load(Some(folder), false);
            let metadata = self.0.get(folder).and_then(|table| table.metadata.as_ref());
            let relative = path.strip_prefix(folder).ok()?;
            if let Some(row) = metadata.and_then(|metadata| metadata.row(relative)) {
                return Some(row.clone());
            }
        }
        None
    }

    /// Lines that could not be read, and rows whose picture is not there.
    fn report(&self, seen: &BTreeSet<PathBuf>, rejections: &mut Vec<Rejected>) {
        for (folder, table) in &self.0 {
            let Some(metadata) = &table.metadata else {
                continue;
            };
            let file = folder.join(METADATA);
            for problem in metadata.problems() {
                let place = format!("{}:{}", file.display(), problem.line);
                let why = Why::new(&problem.reason, "import.metadata", &[&problem.reason]);
                rejections.push(rejected(Path::new(&place), why));
            }
            let missing = metadata
                .names()
                .filter(|name| table.walked && !seen.contains(&folder.join(name)));
            for name in missing {
                let reason = format!("named in {METADATA}, but there is no such picture");
                let why = Why::new(reason, "import.no_such_picture", &[]);
                rejections.push(rejected(&folder.join(name), why));
            }
        }
    }
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().to_string_lossy().starts_with('.')
}

/// By its name, or, for a name that says nothing, by its first bytes.
fn claims_to_be_picture(path: &Path) -> bool {
    match path.extension() {
        Some(extension) => {
            let extension = extension.to_string_lossy().to_ascii_lowercase();
            EXTENSIONS.contains(&extension.as_str())
        }
        None => matches!(picture::sniff(path), Ok(Some(_))),
    }
}

fn unreadable(root: &Path, error: &walkdir::Error) -> Rejected {
    let path = error.path().unwrap_or(root);
    match (error.loop_ancestor(), error.io_error()) {
        (Some(ancestor), _) => {
            let ancestor = ancestor.display();
            let reason = format!("a link that leads back to `{ancestor}`");
            rejected(path, Why::new(reason, "import.link_back", &[&ancestor]))
        }
        (None, Some(io)) => {
            let reason = format!("cannot be read: {io}");
            rejected(path, Why::new(reason, "import.unreadable", &[&io]))
        }
        (None, None) => rejected(
            path,
            Why::new(error.to_string(), "import.unreadable", &[&error]),
        ),
    }
}
