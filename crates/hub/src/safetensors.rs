//! Headers of safetensors files: which tensors, of which type and shape. No weight is read.
//!
//! The format: a little-endian `u64` with the header's length, the header in JSON, then the tensors' bytes
//! (<https://huggingface.co/docs/safetensors>).

use std::collections::BTreeSet;
use std::fmt;
use std::io::{BufReader, Read};
use std::path::{Component, Path, PathBuf};

use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};

use crate::{Error, file};

/// Longest header, in bytes; the limit that the format itself sets.
const MAX_HEADER_BYTES: u64 = 100_000_000;
const MAX_INDEX_BYTES: u64 = 64 << 20;
const MAX_TENSORS: u64 = 1_000_000;
const MAX_SHARDS: usize = 4_096;
const MAX_RANK: usize = 8;

/// One tensor as the header states it.
#[derive(Debug)]
pub struct Tensor<'a> {
    /// Name in the checkpoint.
    pub name: &'a str,
    /// Type as the format writes it, such as `BF16`.
    pub dtype: &'static str,
    /// Lengths of its axes.
    pub shape: &'a [u64],
    /// Number of elements.
    pub elements: u64,
    /// Bytes in the file.
    pub bytes: u64,
}

/// Calls `each` for every tensor of the file. Refuses a header that is longer than the file or than
/// 100 MB, and tensors that lie outside the file or whose size contradicts their shape.
pub fn read_header(path: &Path, mut each: impl FnMut(&Tensor<'_>)) -> Result<(), Error> {
    let (mut file, file_bytes) = file::open(path)?;
    let mut length = [0; 8];
    file.read_exact(&mut length)
        .map_err(|_too_short| Error::malformed(path, "too short for a safetensors file"))?;
    let header_bytes = u64::from_le_bytes(length);
    if header_bytes > MAX_HEADER_BYTES {
        let why = format!(
            "the safetensors header claims {header_bytes} bytes; {MAX_HEADER_BYTES} are allowed"
        );
        return Err(Error::malformed(path, why));
    }
    if header_bytes > file_bytes.saturating_sub(8) {
        let why = format!(
            "the safetensors header claims {header_bytes} bytes, the file has {file_bytes}"
        );
        return Err(Error::malformed(path, why));
    }
    let tensors = Tensors {
        data_bytes: file_bytes - 8 - header_bytes,
        each: &mut each,
    };
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(file.take(header_bytes)));
    json.deserialize_map(tensors)
        .and_then(|()| json.end())
        .map_err(|error| {
            let what = error.to_string();
            let why = what
                .rsplit_once(" at line ")
                .map_or(what.as_str(), |(why, _)| why);
            Error::malformed(path, format!("bad safetensors header ({why})"))
        })
}

/// The safetensors files of a checkpoint directory: those that its index names, or the single one. Each
/// exists and lies in the directory itself.
pub fn shards(dir: &Path, single: &str) -> Result<Vec<PathBuf>, Error> {
    let index_name = format!("{single}.index.json");
    let index = dir.join(&index_name);
    if dir.join(single).is_file() || !index.exists() {
        return existing(dir, single).map(|path| vec![path]);
    }
    let Index { weight_map } = file::json(&index, MAX_INDEX_BYTES)?;
    if weight_map.0.is_empty() {
        return Err(Error::malformed(&index, "the index names no file"));
    }
    for name in &weight_map.0 {
        let mut parts = Path::new(name).components();
        let plain = matches!(
            (parts.next(), parts.next()),
            (Some(Component::Normal(_)), None)
        );
        if !plain || name.contains(['/', '\\', ':', '\0']) {
            let why = format!(
                "the index names `{}`, which leaves the directory",
                clip(name)
            );
            return Err(Error::malformed(&index, why));
        }
    }
    weight_map
        .0
        .iter()
        .map(|name| existing(dir, name))
        .collect()
}

fn existing(dir: &Path, name: &str) -> Result<PathBuf, Error> {
    let path = dir.join(name);
    if path.is_file() {
        return Ok(path);
    }
    Err(Error::Missing {
        file: clip(name),
        dir: dir.to_owned(),
    })
}

fn clip(name: &str) -> String {
    name.chars().take(120).collect()
}

#[derive(Deserialize)]
struct Index {
    weight_map: ShardNames,
}

/// The distinct values of an index's map.
struct ShardNames(BTreeSet<String>);

impl<'de> Deserialize<'de> for ShardNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = ShardNames;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a map from tensors to files")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ShardNames, A::Error> {
                let mut names = BTreeSet::new();
                while let Some((IgnoredAny, name)) = map.next_entry::<IgnoredAny, String>()? {
                    names.insert(name);
                    if names.len() > MAX_SHARDS {
                        return Err(A::Error::custom(format!("more than {MAX_SHARDS} files")));
                    }
                }
                Ok(ShardNames(names))
            }
        }
        deserializer.deserialize_map(Names)
    }
}

/// Reads a header entry by entry, so that none is kept.
struct Tensors<'a, F> {
    data_bytes: u64,
    each: &'a mut F,
}

impl<'de, F: FnMut(&Tensor<'_>)> Visitor<'de> for Tensors<'_, F> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a map of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut n_tensors = 0;
        while let Some(name) = map.next_key::<String>()? {
            if name == "__metadata__" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            n_tensors += 1;
            if n_tensors > MAX_TENSORS {
                return Err(A::Error::custom(format!("more than {MAX_TENSORS} tensors")));
            }
            let entry: Entry = map.next_value()?;
            let tensor = entry.tensor(&name, self.data_bytes);
            (self.each)(&tensor.map_err(A::Error::custom)?);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Entry {
    dtype: String,
    #[serde(deserialize_with = "short_list")]
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

impl Entry {
    fn tensor<'a>(&'a self, name: &'a str, data_bytes: u64) -> Result<Tensor<'a>, String> {
        let (begin, end) = self.data_offsets;
        let shown = clip(name);
        if begin > end || end > data_bytes {
            return Err(format!(
                "tensor `{shown}` lies at {begin}..{end}, the file holds {data_bytes} bytes of tensors"
            ));
        }
        let (dtype, width) = dtype(&self.dtype).ok_or_else(|| {
            format!(
                "tensor `{shown}` has the unknown type `{}`",
                clip(&self.dtype)
            )
        })?;
        let elements = self
            .shape
            .iter()
            .try_fold(1_u64, |product, n| product.checked_mul(*n));
        let bytes = elements.and_then(|n| n.checked_mul(width));
        match (elements, bytes) {
            (Some(elements), Some(bytes)) if bytes == end - begin => Ok(Tensor {
                name,
                dtype,
                shape: &self.shape,
                elements,
                bytes,
            }),
            _ => Err(format!(
                "tensor `{shown}` of shape {:?} cannot have {} bytes",
                self.shape,
                end - begin
            )),
        }
    }
}

/// The type's name and its bytes an element.
fn dtype(name: &str) -> Option<(&'static str, u64)> {
    const KNOWN: [(&str, u64); 15] = [
        ("F64", 8),
        ("F32", 4),
        ("F16", 2),
        ("BF16", 2),
        ("F8_E4M3", 1),
        ("F8_E5M2", 1),
        ("I64", 8),
        ("U64", 8),
        ("I32", 4),
        ("U32", 4),
        ("I16", 2),
        ("U16", 2),
        ("I8", 1),
        ("U8", 1),
        ("BOOL", 1),
    ];
    KNOWN.into_iter().find(|(known, _)| *known == name)
}

fn short_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    struct Axes;
    impl<'de> Visitor<'de> for Axes {
        type Value = Vec<u64>;
        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("the lengths of a tensor's axes")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u64>, A::Error> {
            let mut axes = Vec::new();
            while let Some(n) = seq.next_element()? {
                if axes.len() == MAX_RANK {
                    return Err(de::Error::custom(format!("more than {MAX_RANK} axes")));
                }
                axes.push(n);
            }
            Ok(axes)
        }
    }
    deserializer.deserialize_seq(Axes)
}
