//! A checkpoint's tensors on disk: safetensors in one file or in shards, memory-mapped.
//!
//! What was copied out of the map is given back to the system at once, so that reading a checkpoint
//! never holds it twice.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use half::bf16;
use memmap2::Mmap;
use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors};
use thiserror::Error;

use crate::file::{self, FileError};
use crate::ops::{self, Rows};

/// Most bytes that an index of shards may have.
const MAX_INDEX_BYTES: u64 = 64 << 20;

/// Most shards of a checkpoint.
const MAX_SHARDS: usize = 4096;

/// Bytes that are copied before their pages are given back.
const STEP_BYTES: usize = 4 << 20;

/// Why a checkpoint's tensors were not read.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// Neither one file nor an index.
    #[error("no `model.safetensors` and no `model.safetensors.index.json` in {}", folder.display())]
    NoWeights {
        /// The directory.
        folder: PathBuf,
    },
    /// The index of shards was not read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The index has no list of tensors, or names files elsewhere.
    #[error("`model.safetensors.index.json`: {reason} in {}", folder.display())]
    BadIndex {
        /// What is wrong.
        reason: String,
        /// The directory.
        folder: PathBuf,
    },
    /// The index names a file that is not there.
    #[error("shard `{name}` is missing in {}", folder.display())]
    MissingShard {
        /// Name of the file.
        name: String,
        /// The directory.
        folder: PathBuf,
    },
    /// The system did not let the file be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// The file is not safetensors, or was cut.
    #[error("not a whole safetensors file ({reason}): {}", path.display())]
    Damaged {
        /// What is wrong.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// The model needs a tensor that no file has.
    #[error("tensor `{name}` is missing in {}", folder.display())]
    MissingTensor {
        /// Name of the tensor.
        name: String,
        /// The directory.
        folder: PathBuf,
    },
    /// A tensor of another shape than the configuration says.
    #[error("tensor `{name}` is {found:?} and should be {expected:?} in {}", path.display())]
    WrongShape {
        /// Name of the tensor.
        name: String,
        /// As the file has it.
        found: Vec<usize>,
        /// As the configuration says.
        expected: Vec<usize>,
        /// The file.
        path: PathBuf,
    },
    /// A type that weights do not have.
    #[error("tensor `{name}` holds {found}, not f32, bf16 or f16 in {}", path.display())]
    WrongType {
        /// Name of the tensor.
        name: String,
        /// Type in the file.
        found: String,
        /// The file.
        path: PathBuf,
    },
    /// NaN or an infinity among the weights.
    #[error("tensor `{name}` holds NaN or infinite values in {}", path.display())]
    NotFinite {
        /// Name of the tensor.
        name: String,
        /// The file.
        path: PathBuf,
    },
}

impl CheckpointError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoWeights { .. } => {
                "Name the directory that holds `config.json` and `model.safetensors`."
            }
            Self::NotFinite { .. } => {
                "These weights are broken: training diverged, or the file was damaged."
            }
            Self::WrongType { .. } => "Convert the checkpoint to bf16 safetensors first.",
            _ => "Fetch the checkpoint again; its files do not fit together.",
        }
    }
}

/// Number format of stored weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// 32-bit.
    F32,
    /// The upper half of 32-bit.
    Bf16,
    /// IEEE half precision.
    F16,
}

impl Stored {
    fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::Bf16 | Self::F16 => 2,
        }
    }
}

/// Tensors on disk.
#[derive(Debug)]
pub struct Checkpoint {
    folder: PathBuf,
    shards: Vec<Shard>,
    tensors: HashMap<String, Entry>,
}

#[derive(Debug)]
struct Shard {
    path: PathBuf,
    map: Mmap,
}

#[derive(Debug, Clone)]
struct Entry {
    shard: usize,
    dtype: Dtype,
    shape: Vec<usize>,
    /// Of the file.
    bytes: Range<usize>,
}

impl Checkpoint {
    /// Opens the weights in `dir`: `model.safetensors`, or the shards that its index names.
    ///
    /// # Errors
    /// When a file is missing, cut or hostile. Nothing but headers is read.
    pub fn open(dir: &Path) -> Result<Self, CheckpointError> {
        let single = dir.join("model.safetensors");
        let files = match single.is_file() {
            true => vec![single],
            false => shard_files(dir)?,
        };
        Self::open_files(dir, &files)
    }

    /// Opens the one file `dir/name`.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_file(dir: &Path, name: &str) -> Result<Self, CheckpointError> {
        Self::open_files(dir, &[dir.join(name)])
    }

    fn open_files(dir: &Path, files: &[PathBuf]) -> Result<Self, CheckpointError> {
        let mut checkpoint = Self {
            folder: dir.to_owned(),
            shards: Vec::new(),
            tensors: HashMap::new(),
        };
        for path in files {
            checkpoint.add(path)?;
        }
        Ok(checkpoint)
    }

    fn add(&mut self, path: &Path) -> Result<(), CheckpointError> {
        let map = map(path).map_err(|source| CheckpointError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let damaged = |error: SafeTensorError| CheckpointError::Damaged {
            reason: error.to_string(),
            path: path.to_owned(),
        };
        let start = map.as_ptr() as usize;
        for (name, view) in SafeTensors::deserialize(&map).map_err(damaged)?.iter() {
            let first = view.data().as_ptr() as usize - start;
            let entry = Entry {
                shard: self.shards.len(),
                dtype: view.dtype(),
                shape: view.shape().to_vec(),
                bytes: first..first + view.data().len(),
            };
            self.tensors.insert(name.to_owned(), entry);
        }
        self.shards.push(Shard {
            path: path.to_owned(),
            map,
        });
        Ok(())
    }

    /// Names of all tensors, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Whether there is a tensor of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// The shape of a tensor, if there is one of that name.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|entry| entry.shape.as_slice())
    }

    /// Finds a tensor, whose shape must be `expected`.
    pub(crate) fn find(
        &self,
        name: &str,
        expected: &[usize],
    ) -> Result<Found<'_>, CheckpointError> {
        let Some(entry) = self.tensors.get(name) else {
            return Err(CheckpointError::MissingTensor {
                name: name.to_owned(),
                folder: self.folder.clone(),
            });
        };
        let shard = &self.shards[entry.shard];
        if entry.shape != expected {
            return Err(CheckpointError::WrongShape {
                name: name.to_owned(),
                found: entry.shape.clone(),
                expected: expected.to_vec(),
                path: shard.path.clone(),
            });
        }
        let stored = match entry.dtype {
            Dtype::F32 => Stored::F32,
            Dtype::BF16 => Stored::Bf16,
            Dtype::F16 => Stored::F16,
            other => {
                return Err(CheckpointError::WrongType {
                    name: name.to_owned(),
                    found: format!("{other:?}"),
                    path: shard.path.clone(),
                });
            }
        };
        Ok(Found {
            name: name.to_owned(),
            stored,
            shard,
            bytes: entry.bytes.clone(),
        })
    }
}

/// A tensor of a checkpoint, ready to be copied.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    name: String,
    pub(crate) stored: Stored,
    shard: &'a Shard,
    bytes: Range<usize>,
}

impl Found<'_> {
    /// Hands over all elements in order, a whole number of rows of `k` elements at a time.
    pub(crate) fn rows(
        &self,
        k: usize,
        mut f: impl FnMut(Elements<'_>),
    ) -> Result<(), CheckpointError> {
        let row = k * self.stored.size();
        let step = (STEP_BYTES / row).max(1) * row;
        let mut first = self.bytes.start;
        while first < self.bytes.end {
            let range = first..(first + step).min(self.bytes.end);
            let elements = Elements::new(self.stored, &self.shard.map[range.clone()]);
            if !elements.are_finite() {
                return Err(CheckpointError::NotFinite {
                    name: self.name.clone(),
                    path: self.shard.path.clone(),
                });
            }
            f(elements);
            give_back(&self.shard.map, range.clone());
            first = range.end;
        }
        Ok(())
    }
}

/// Numbers as they lie in a file, perhaps copied because they lay at an odd address.
pub(crate) enum Elements<'a> {
    F32(std::borrow::Cow<'a, [f32]>),
    Bf16(std::borrow::Cow<'a, [bf16]>),
    F16(std::borrow::Cow<'a, [u16]>),
}

impl<'a> Elements<'a> {
    fn new(stored: Stored, bytes: &'a [u8]) -> Self {
        match stored {
            Stored::F32 => Self::F32(aligned(bytes, |bits: u32| f32::from_bits(bits))),
            Stored::Bf16 => Self::Bf16(aligned(bytes, bf16::from_bits)),
            Stored::F16 => Self::F16(aligned(bytes, |bits: u16| bits)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::F32(all) => all.len(),
            Self::Bf16(all) => all.len(),
            Self::F16(all) => all.len(),
        }
    }

    /// Writes them as f32.
    pub(crate) fn widen(&self, out: &mut [f32]) {
        let rows = match self {
            Self::F32(all) => Rows::F32(all),
            Self::Bf16(all) => Rows::Bf16(all),
            Self::F16(all) => Rows::F16(all),
        };
        let k = out.len();
        ops::widen(rows, 0, k, out);
    }

    fn are_finite(&self) -> bool {
        // Counting instead of stopping at the first lets the loop be vectorised.
        let bad: usize = match self {
            Self::F32(all) => all.iter().map(|x| usize::from(!x.is_finite())).sum(),
            Self::Bf16(all) => all
                .iter()
                .map(|x| usize::from(x.to_bits() & 0x7f80 == 0x7f80))
                .sum(),
            Self::F16(all) => all.iter().map(|x| usize::from(x & 0x7c00 == 0x7c00)).sum(),
        };
        bad == 0
    }
}

/// Sees little-endian bytes as numbers; copies them only where they lie at an odd address.
fn aligned<'a, B: bytemuck::Pod, T: Clone + bytemuck::Pod>(
    bytes: &'a [u8],
    from_bits: impl Fn(B) -> T,
) -> std::borrow::Cow<'a, [T]> {
    match bytemuck::try_cast_slice(bytes) {
        Ok(all) => all.into(),
        Err(_) => bytes
            .chunks_exact(size_of::<B>())
            .map(|bytes| from_bits(bytemuck::pod_read_unaligned(bytes)))
            .collect::<Vec<T>>()
            .into(),
    }
}

/// The files that `model.safetensors.index.json` names, each once, in order of their names.
fn shard_files(dir: &Path) -> Result<Vec<PathBuf>, CheckpointError> {
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: HashMap<String, String>,
    }
    let name = "model.safetensors.index.json";
    let Some(index) = file::json::<Index>(dir, name, MAX_INDEX_BYTES)? else {
        return Err(CheckpointError::NoWeights {
            folder: dir.to_owned(),
        });
    };
    let mut names: Vec<String> = index.weight_map.into_values().collect();
    names.sort_unstable();
    names.dedup();
    let bad = |reason: String| CheckpointError::BadIndex {
        reason,
        folder: dir.to_owned(),
    };
    if names.is_empty() || names.len() > MAX_SHARDS {
        return Err(bad(format!("names {} shards", names.len())));
    }
    for name in &names {
        let mut parts = Path::new(name).components();
        if !matches!(
            (parts.next(), parts.next()),
            (Some(Component::Normal(_)), None)
        ) {
            return Err(bad("names a file outside its folder".to_owned()));
        }
        if !dir.join(name).is_file() {
            return Err(CheckpointError::MissingShard {
                name: name.clone(),
                folder: dir.to_owned(),
            });
        }
    }
    Ok(names.into_iter().map(|name| dir.join(name)).collect())
}

fn map(path: &Path) -> io::Result<Mmap> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    #[expect(
        unsafe_code,
        reason = "a map of a file is how weights are read without a second copy"
    )]
    // SAFETY: the map is read-only, and its bytes are only copied or seen as plain numbers. Should
    // another program cut the file meanwhile, the system ends this one, as with any mapped file.
    unsafe {
        Mmap::map(&file)
    }
}

/// Tells the system that these pages are not needed any more.
fn give_back(map: &Mmap, range: Range<usize>) {
    #[cfg(unix)]
    {
        const PAGE: usize = 4096;
        let first = range.start.next_multiple_of(PAGE);
        let Some(length) = (range.end / PAGE * PAGE).checked_sub(first) else {
            return;
        };
        #[expect(
            unsafe_code,
            reason = "the only call that takes a map's pages out of memory"
        )]
        // SAFETY: the map is of a file and read-only: pages that are asked for again are read again.
        let advised = unsafe {
            map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, first, length)
        };
        // A system that does not take the advice keeps the pages until it needs them.
        drop(advised);
    }
    #[cfg(not(unix))]
    let _ = (map, range);
}
