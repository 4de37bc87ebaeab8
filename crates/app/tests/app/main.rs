//! Use cases on real workspaces in temporary folders.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod exam;
mod import;
mod inventory;
mod jobs;
mod pictures;
mod records;
mod session;
mod settings;
mod structure;
mod terms;

use std::path::{Path, PathBuf};

use app::{ImportOptions, ImportReport, Session};
use tempfile::TempDir;

/// A workspace and a folder to import from.
struct Bench {
    folder: TempDir,
    session: Session,
}

impl Bench {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let session = Session::create(&folder.path().join("w.callout"), "Mei").unwrap();
        std::fs::create_dir(folder.path().join("in")).unwrap();
        Self { folder, session }
    }

    fn input(&self) -> PathBuf {
        self.folder.path().join("in")
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.input().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn import(&self, path: &Path) -> ImportReport {
        self.session
            .import(&[path.to_path_buf()], &ImportOptions::default(), |_| {})
            .unwrap()
    }
}

/// A BMP of one colour: a format small enough to be written by hand.
fn bmp(width: u32, height: u32, shade: u8) -> Vec<u8> {
    let row = (width * 3).next_multiple_of(4);
    let size = 54 + row * height;
    let mut bytes = Vec::from(*b"BM");
    for word in [
        size,
        0,
        54,
        40,
        width,
        height,
        0x0018_0001,
        0,
        row * height,
        0,
        0,
        0,
        0,
    ] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.resize(size as usize, shade);
    bytes
}
