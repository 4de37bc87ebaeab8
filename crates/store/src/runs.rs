//! The folder of a job under `runs/`: files that an engine appends to and windows follow. Lines that are cut
//! off or not understood are passed over.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use domain::{Followed, JobId, PartialText, Telemetry};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, Result, Workspace};

const TELEMETRY: &str = "telemetry.jsonl";
const PARTIAL: &str = "partial.jsonl";
/// One file gives at most so much at once.
const MAX_READ_BYTES: u64 = 256 * 1_024;
/// Whoever begins to follow sees the last of each file.
const FIRST_READ_BYTES: u64 = 64 * 1_024;
/// The file of partial text begins anew when it has become so long.
const MAX_PARTIAL_BYTES: u64 = 8 * 1_024 * 1_024;

/// The files of one run, open for its engine.
#[derive(Debug)]
pub struct RunFiles {
    telemetry: Lines,
    partial: Lines,
}

impl Workspace {
    /// The folder of a job's files. It is made by [`RunFiles::open`].
    pub fn run_folder(&self, job: &JobId) -> PathBuf {
        self.runs_dir().join(job.as_str())
    }

    /// Where the folders of jobs lie, and `engine.log`.
    pub fn runs_dir(&self) -> PathBuf {
        self.root().join("runs")
    }
}

impl RunFiles {
    /// Opens the files of a job to append to them.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(workspace: &Workspace, job: &JobId) -> Result<Self> {
        let folder = workspace.run_folder(job);
        std::fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
        Ok(Self {
            telemetry: Lines::open(folder.join(TELEMETRY))?,
            partial: Lines::open(folder.join(PARTIAL))?,
        })
    }

    /// Appends a line of telemetry.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn tell(&mut self, line: &Telemetry) -> Result<()> {
        self.telemetry.append(line)
    }

    /// Appends a piece of text that is being written.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn stream(&mut self, piece: &PartialText) -> Result<()> {
        if piece.n == 0 && self.partial.bytes > MAX_PARTIAL_BYTES {
            self.partial.clear()?;
        }
        self.partial.append(piece)
    }
}

/// What a run told since `cursor`, which an earlier answer gave; the last of it when empty or
/// not understood. At most 256 KiB of each file.
///
/// # Errors
/// [`Error::Io`] when a file is there and cannot be read.
pub fn follow(workspace: &Workspace, job: &JobId, cursor: &str) -> Result<Followed> {
    let folder = workspace.run_folder(job);
    let mut at = cursor.split('.').map(|part| part.parse::<u64>().ok());
    let (telemetry_at, partial_at) = (at.next().flatten(), at.next().flatten());
    let telemetry: Piece<Telemetry> = read_on(&folder.join(TELEMETRY), telemetry_at)?;
    let partial: Piece<PartialText> = read_on(&folder.join(PARTIAL), partial_at)?;
    Ok(Followed {
        cursor: format!("{}.{}", telemetry.end, partial.end),
        telemetry: telemetry.lines,
        partial: partial.lines,
        more: telemetry.more || partial.more,
    })
}

#[derive(Debug)]
struct Lines {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl Lines {
    fn open(path: PathBuf) -> Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(Error::io("open", &path))?;
        let bytes = file.metadata().map_err(Error::io("read", &path))?.len();
        let mut lines = Self { path, file, bytes };
        // A line that a killed engine left unfinished must not swallow the next one.
        if bytes > 0 {
            lines.write(b"\n")?;
        }
        Ok(lines)
    }

    fn append(&mut self, line: &impl Serialize) -> Result<()> {
        let mut text = serde_json::to_vec(line).map_err(|source| Error::Json {
            column: "a line of a run",
            source,
        })?;
        text.push(b'\n');
        self.write(&text)
    }

    /// One write a line, so that a reader seldom sees half of one.
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file
            .write_all(bytes)
            .map_err(Error::io("write", &self.path))?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn clear(&mut self) -> Result<()> {
        self.file
            .set_len(0)
            .map_err(Error::io("shorten", &self.path))?;
        self.bytes = 0;
        Ok(())
    }
}

struct Piece<T> {
    lines: Vec<T>,
    end: u64,
    more: bool,
}

/// The whole lines after `at`, and where they end.
fn read_on<T: DeserializeOwned>(path: &Path, at: Option<u64>) -> Result<Piece<T>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(Piece {
                lines: Vec::new(),
                end: 0,
                more: false,
            });
        }
        Err(error) => return Err(Error::io("open", path)(error)),
    };
    let length = file.metadata().map_err(Error::io("read", path))?.len();
    let start = match at {
        Some(at) if at <= length => at,
        // It has begun anew.
        Some(_) => 0,
        None => length.saturating_sub(FIRST_READ_BYTES),
    };
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))
        .and_then(|_| file.take(MAX_READ_BYTES).read_to_end(&mut bytes))
        .map_err(Error::io("read", path))?;
    let full = bytes.len() as u64 == MAX_READ_BYTES;
    let whole = match bytes.iter().rposition(|byte| *byte == b'\n') {
        Some(last) => last + 1,
        // A line longer than that is none of ours.
        None if full => bytes.len(),
        None => 0,
    };
    let end = start + whole as u64;
    Ok(Piece {
        lines: bytes[..whole]
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect(),
        end,
        more: full && end < length,
    })
}
