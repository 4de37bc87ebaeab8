//! One file: taken from where it stopped, checked, and only then given its name.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use ureq::http::header;
use ureq::{Agent, Body};

use super::listing::{Listed, refusal};
use super::{FetchError, Progress, Remote, Wanted};

const PIECE_BYTES: usize = 256 << 10;
/// Pieces that may wait for the disk.
const PIECES_AHEAD: usize = 16;
/// How often `cancel` is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// A fetch under way.
pub struct Transfer<'a> {
    pub remote: &'a Remote,
    pub wanted: &'a Wanted,
    pub commit: &'a str,
    pub blobs: PathBuf,
    pub locks: PathBuf,
    pub cancel: &'a AtomicBool,
    pub received_bytes: u64,
    /// Bytes of the files that are whole.
    pub done_bytes: u64,
    pub total_bytes: u64,
    pub progress: &'a mut dyn FnMut(&Progress<'_>),
}

/// A file that is not whole yet.
struct Part {
    path: PathBuf,
    file: File,
    /// Of its first `bytes` bytes.
    hash: Sha256,
    bytes: u64,
}

/// Why an attempt ended; all but [`End::Failed`] may be tried again.
enum End {
    Whole,
    Broken(String),
    Failed(FetchError),
}

impl Transfer<'_> {
    /// Makes the folders of the repository.
    pub fn make_folders(&self, snapshot: &Path) -> Result<(), FetchError> {
        for dir in [&self.blobs, &self.locks, snapshot] {
            std::fs::create_dir_all(dir).map_err(FetchError::io(dir))?;
        }
        Ok(())
    }

    /// Bytes of a file that are not here yet.
    pub fn missing_bytes(&self, file: &Listed) -> u64 {
        let bytes = |path: PathBuf| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        if bytes(self.blobs.join(&file.etag)) == file.bytes {
            return 0;
        }
        file.bytes.saturating_sub(bytes(self.part_path(file)))
    }

    /// Path of the file's blob, which is here and whole when this returns.
    pub fn get(&mut self, file: &Listed) -> Result<PathBuf, FetchError> {
        let blob = self.blobs.join(&file.etag);
        let is_whole = |blob: &Path| {
            std::fs::symlink_metadata(blob)
                .is_ok_and(|metadata| metadata.is_file() && metadata.len() == file.bytes)
        };
        if !is_whole(&blob) {
            let _lock = self.lock(file)?;
            // Another program may have brought it meanwhile.
            if !is_whole(&blob) {
                self.download(file, &blob)?;
            }
        }
        self.done_bytes += file.bytes;
        self.tell(&file.name, 0);
        Ok(blob)
    }

    fn tell(&mut self, file: &str, more_bytes: u64) {
        (self.progress)(&Progress {
            file,
            done_bytes: self.done_bytes + more_bytes,
            total_bytes: self.total_bytes,
        });
    }

    fn part_path(&self, file: &Listed) -> PathBuf {
        self.blobs.join(format!("{}.incomplete", file.etag))
    }

    /// The lock that Python takes as well.
    fn lock(&self, file: &Listed) -> Result<File, FetchError> {
        let path = self.locks.join(format!("{}.lock", file.etag));
        let lock = File::create(&path).map_err(FetchError::io(&path))?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => Err(FetchError::Busy(file.name.clone())),
            // A file system without locks: go on without.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(lock),
        }
    }

    fn download(&mut self, file: &Listed, blob: &Path) -> Result<(), FetchError> {
        let mut part = Part::open(self.part_path(file), file)?;
        let agent = self.remote.agent();
        let mut n_tries = 0;
        while part.bytes < file.bytes || file.bytes == 0 {
            let had = part.bytes;
            let why = match self.attempt(&agent, file, &mut part) {
                End::Whole => break,
                End::Failed(error) => return Err(error),
                End::Broken(why) => why,
            };
            n_tries = if part.bytes > had { 1 } else { n_tries + 1 };
            if n_tries >= self.remote.attempts.max(1) {
                part.file.sync_all().map_err(FetchError::io(&part.path))?;
                return Err(FetchError::Interrupted {
                    file: file.name.clone(),
                    done_bytes: part.bytes,
                    total_bytes: file.bytes,
                    why,
                });
            }
            self.wait(self.remote.pause.saturating_mul(1 << (n_tries - 1).min(6)))?;
        }
        part.finish(file, blob)
    }

    fn wait(&self, pause: Duration) -> Result<(), FetchError> {
        let until = Instant::now() + pause;
        while !self.is_cancelled() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(LOOK));
        }
        Err(FetchError::Cancelled)
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Asks for what is missing, and writes what comes.
    fn attempt(&mut self, agent: &Agent, file: &Listed, part: &mut Part) -> End {
        if self.is_cancelled() {
            return End::Failed(FetchError::Cancelled);
        }
        let repo = self.wanted.repo.as_str();
        let (endpoint, commit) = (&self.remote.endpoint, self.commit);
        let url = format!("{endpoint}/{repo}/resolve/{commit}/{}", file.name);
        let response = match self.remote.get(agent, &url, part.bytes) {
            Ok(response) => response,
            Err(error) if part.bytes == 0 && self.remote.attempts <= 1 => {
                return End::Failed(self.remote.unreachable(error));
            }
            Err(error) => return End::Broken(error.to_string()),
        };
        let status = response.status().as_u16();
        let begin = match status {
            200 => 0,
            206 => part.bytes,
            416 => match part.restart() {
                Ok(()) => return End::Broken("the server has no such part".to_owned()),
                Err(error) => return End::Failed(error),
            },
            408 | 429 | 500..=599 => return End::Broken(format!("HTTP {status}")),
            _ => return End::Failed(refusal(self.remote, self.wanted, status)),
        };
        let range = response.headers().get(header::CONTENT_RANGE);
        let range = range.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        if status == 206 && !range.is_some_and(|range| begins_at(&range, begin)) {
            let why = "it sends another part of a file than it was asked for";
            return End::Failed(self.remote.bad_answer(why));
        }
        if begin != part.bytes
            && let Err(error) = part.restart()
        {
            return End::Failed(error);
        }
        match self.write(response.into_body(), file, part) {
            Ok(ControlFlow::Continue(())) => End::Whole,
            Ok(ControlFlow::Break(why)) => End::Broken(why),
            Err(error) => End::Failed(error),
        }
    }

    /// Writes until the file is whole, or breaks off with the reason.
    fn write(
        &mut self,
        body: Body,
        file: &Listed,
        part: &mut Part,
    ) -> Result<ControlFlow<String>, FetchError> {
        let pieces = pieces(body);
        let mut heard = Instant::now();
        loop {
            if self.is_cancelled() {
                return Err(FetchError::Cancelled);
            }
            match pieces.recv_timeout(LOOK) {
                Ok(Ok(piece)) => {
                    heard = Instant::now();
                    if part.bytes + piece.len() as u64 > file.bytes {
                        part.restart()?;
                        let why = format!("`{}` is longer than it says", file.name);
                        return Err(self.remote.bad_answer(why));
                    }
                    part.push(&piece)?;
                    self.received_bytes += piece.len() as u64;
                    self.tell(&file.name, part.bytes);
                }
                Ok(Err(why)) => return Ok(ControlFlow::Break(why)),
                Err(RecvTimeoutError::Timeout) if heard.elapsed() < self.remote.patience => {}
                Err(RecvTimeoutError::Timeout) => {
                    return Ok(ControlFlow::Break("the server fell silent".to_owned()));
                }
                Err(RecvTimeoutError::Disconnected) if part.bytes == file.bytes => {
                    return Ok(ControlFlow::Continue(()));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Ok(ControlFlow::Break("the server stopped early".to_owned()));
                }
            }
        }
    }
}

/// Reads a body in a thread of its own, because a read can neither be stopped nor be given a time-out.
fn pieces(body: Body) -> Receiver<Result<Vec<u8>, String>> {
    let (sender, receiver) = mpsc::sync_channel(PIECES_AHEAD);
    thread::spawn(move || {
        let mut reader = body.into_reader();
        loop {
            let mut piece = vec![0; PIECE_BYTES];
            let (piece, is_last) = match reader.read(&mut piece) {
                Ok(0) => return,
                Ok(n) => {
                    piece.truncate(n);
                    (Ok(piece), false)
                }
                Err(error) => (Err(error.to_string()), true),
            };
            // Nobody listens after a cancel.
            if sender.send(piece).is_err() || is_last {
                return;
            }
        }
    });
    receiver
}

/// Reads `bytes 100-199/200`.
fn begins_at(range: &str, begin: u64) -> bool {
    let first = range
        .strip_prefix("bytes ")
        .and_then(|rest| rest.split_once('-'));
    first.is_some_and(|(first, _)| first.trim().parse() == Ok(begin))
}

impl Part {
    /// Opens what an earlier fetch left. Small files, whose hash is Git's, begin anew.
    fn open(path: PathBuf, listed: &Listed) -> Result<Self, FetchError> {
        if std::fs::symlink_metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
            std::fs::remove_file(&path).map_err(FetchError::io(&path))?;
        }
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(FetchError::io(&path))?;
        let mut part = Self {
            path,
            file,
            hash: Sha256::new(),
            bytes: 0,
        };
        let bytes = part.file.metadata().map_or(0, |metadata| metadata.len());
        if !listed.is_hashed || bytes > listed.bytes {
            part.restart()?;
        } else {
            part.take_over().map_err(FetchError::io(&part.path))?;
        }
        Ok(part)
    }

    fn take_over(&mut self) -> std::io::Result<()> {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let n = self.file.read(&mut piece)?;
            if n == 0 {
                return Ok(());
            }
            self.hash.update(&piece[..n]);
            self.bytes += n as u64;
        }
    }

    fn restart(&mut self) -> Result<(), FetchError> {
        self.hash = Sha256::new();
        self.bytes = 0;
        let emptied = self.file.set_len(0);
        let at_start = emptied.and_then(|()| self.file.seek(SeekFrom::Start(0)));
        at_start.map(|_| ()).map_err(FetchError::io(&self.path))
    }

    fn push(&mut self, piece: &[u8]) -> Result<(), FetchError> {
        self.file
            .write_all(piece)
            .map_err(FetchError::io(&self.path))?;
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
        Ok(())
    }

    /// Gives a whole and sound file its name.
    fn finish(self, listed: &Listed, blob: &Path) -> Result<(), FetchError> {
        let hash: String = self
            .hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if listed.is_hashed && hash != listed.etag {
            std::fs::remove_file(&self.path).map_err(FetchError::io(&self.path))?;
            return Err(FetchError::Damaged(listed.name.clone()));
        }
        self.file.sync_all().map_err(FetchError::io(&self.path))?;
        std::fs::rename(&self.path, blob).map_err(FetchError::io(blob))
    }
}
