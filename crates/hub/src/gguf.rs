//! Headers of GGUF files: which text model, of which size. No weight is read.
//!
//! The format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>; versions 2 and 3, little-endian.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use crate::{Error, file};

const MAX_HEADER_BYTES: u64 = 256 << 20;
const MAX_KEYS: u64 = 10_000;
const MAX_TENSORS: u64 = 100_000;
const MAX_NAME_BYTES: u64 = 64 << 10;
/// Longer texts (chat templates) are skipped.
const MAX_TEXT_BYTES: u64 = 1 << 10;
const MAX_AXES: u32 = 4;
const DEFAULT_ALIGNMENT: u64 = 32;

/// What the header of a GGUF file states.
#[derive(Debug, Default)]
pub struct Header {
    /// Whole numbers by key.
    pub numbers: BTreeMap<String, u64>,
    /// Short texts by key.
    pub texts: BTreeMap<String, String>,
    /// Lengths of lists by key.
    pub lengths: BTreeMap<String, u64>,
    /// Parameters by type of weight.
    pub dtypes: BTreeMap<String, u64>,
    /// Bytes of all tensors.
    pub tensor_bytes: u64,
    /// Whether there is an output matrix beside the embedding.
    pub has_output: bool,
}

/// Reads the header. Refuses counts, lengths and offsets that the file cannot hold.
pub fn read_header(path: &Path) -> Result<Header, Error> {
    let (file, file_bytes) = file::open(path)?;
    let limit = file_bytes.min(MAX_HEADER_BYTES);
    let mut reader = Reader {
        file: BufReader::new(file),
        read: 0,
        limit,
    };
    header(&mut reader, file_bytes).map_err(|why| Error::malformed(path, why))
}

fn header(reader: &mut Reader, file_bytes: u64) -> Result<Header, String> {
    if reader.bytes::<4>().ok() != Some(*b"GGUF") {
        return Err("not a GGUF file".to_owned());
    }
    let version = reader.u32()?;
    if !(2..=3).contains(&version) {
        return Err(format!(
            "GGUF version {version} is not supported; 2 and 3 are"
        ));
    }
    let (n_tensors, n_keys) = (reader.u64()?, reader.u64()?);
    if n_tensors > MAX_TENSORS || n_keys > MAX_KEYS {
        return Err(format!(
            "the GGUF header claims {n_tensors} tensors and {n_keys} keys; {MAX_TENSORS} and {MAX_KEYS} are allowed"
        ));
    }
    let mut header = Header::default();
    for _ in 0..n_keys {
        let key = reader.name()?;
        let kind = reader.u32()?;
        reader.value(&key, kind, &mut header)?;
    }
    let mut end = 0;
    for _ in 0..n_tensors {
        let tensor_end = tensor(reader, &mut header)?;
        end = end.max(tensor_end);
    }
    let alignment = header.numbers.get("general.alignment").copied();
    let alignment = alignment.unwrap_or(DEFAULT_ALIGNMENT);
    if !alignment.is_power_of_two() || alignment > 1 << 20 {
        return Err(format!("the GGUF alignment {alignment} is impossible"));
    }
    let data_begin = reader.read.next_multiple_of(alignment);
    if data_begin
        .checked_add(end)
        .is_none_or(|end| end > file_bytes)
    {
        return Err("the GGUF file is cut off: tensors lie behind its end".to_owned());
    }
    Ok(header)
}

/// Reads one tensor's entry; returns where its bytes end.
fn tensor(reader: &mut Reader, header: &mut Header) -> Result<u64, String> {
    let name = reader.name()?;
    let n_axes = reader.u32()?;
    if n_axes > MAX_AXES {
        return Err(format!(
            "a tensor with {n_axes} axes; {MAX_AXES} are allowed"
        ));
    }
    let mut elements = Some(1_u64);
    for _ in 0..n_axes {
        let n = reader.u64()?;
        elements = elements.and_then(|product| product.checked_mul(n));
    }
    let kind = reader.u32()?;
    let offset = reader.u64()?;
    let (dtype, block, block_bytes) =
        dtype(kind).ok_or_else(|| format!("weights of type {kind} are not supported"))?;
    let elements = elements.filter(|n| n.is_multiple_of(block));
    let bytes = elements.and_then(|n| (n / block).checked_mul(block_bytes));
    let end = bytes.and_then(|bytes| offset.checked_add(bytes));
    let (Some(elements), Some(bytes), Some(end)) = (elements, bytes, end) else {
        return Err("a tensor whose size is impossible".to_owned());
    };
    let parameters = header.dtypes.entry(dtype.to_owned()).or_default();
    *parameters = parameters.saturating_add(elements);
    header.tensor_bytes = header.tensor_bytes.saturating_add(bytes);
    header.has_output |= name == "output.weight";
    Ok(end)
}

/// Name, elements in a block and bytes of a block of ggml's types that Candle reads.
fn dtype(kind: u32) -> Option<(&'static str, u64, u64)> {
    Some(match kind {
        0 => ("F32", 1, 4),
        1 => ("F16", 1, 2),
        2 => ("Q4_0", 32, 18),
        3 => ("Q4_1", 32, 20),
        6 => ("Q5_0", 32, 22),
        7 => ("Q5_1", 32, 24),
        8 => ("Q8_0", 32, 34),
        9 => ("Q8_1", 32, 36),
        10 => ("Q2_K", 256, 84),
        11 => ("Q3_K", 256, 110),
        12 => ("Q4_K", 256, 144),
        13 => ("Q5_K", 256, 176),
        14 => ("Q6_K", 256, 210),
        15 => ("Q8_K", 256, 292),
        30 => ("BF16", 1, 2),
        _ => return None,
    })
}

/// Reads up to a limit.
struct Reader {
    file: BufReader<File>,
    read: u64,
    limit: u64,
}

impl Reader {
    fn take(&mut self, n: u64) -> Result<(), String> {
        self.read = self
            .read
            .checked_add(n)
            .filter(|read| *read <= self.limit)
            .ok_or("the GGUF header is longer than its file or 256 MiB")?;
        Ok(())
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N as u64)?;
        let mut bytes = [0; N];
        self.file
            .read_exact(&mut bytes)
            .map_err(|error| error.to_string())?;
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, String> {
        Ok(u32::from_le_bytes(self.bytes()?))
    }

    fn u64(&mut self) -> Result<u64, String> {
        Ok(u64::from_le_bytes(self.bytes()?))
    }

    fn skip(&mut self, n: u64) -> Result<(), String> {
        self.take(n)?;
        let n = i64::try_from(n).map_err(|error| error.to_string())?;
        self.file
            .seek_relative(n)
            .map_err(|error| error.to_string())
    }

    fn name(&mut self) -> Result<String, String> {
        let n = self.u64()?;
        if n > MAX_NAME_BYTES {
            return Err(format!(
                "a name of {n} bytes in the GGUF header; {MAX_NAME_BYTES} are allowed"
            ));
        }
        self.text(n)
    }

    fn text(&mut self, n: u64) -> Result<String, String> {
        self.take(n)?;
        let mut text = Vec::new();
        let read = self.file.by_ref().take(n).read_to_end(&mut text);
        read.map_err(|error| error.to_string())?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Keeps whole numbers, short texts and lengths of lists; skips the rest.
    fn value(&mut self, key: &str, kind: u32, header: &mut Header) -> Result<(), String> {
        let number = match kind {
            0 => Some(u64::from(self.bytes::<1>()?[0])),
            2 => Some(u64::from(u16::from_le_bytes(self.bytes()?))),
            4 | 5 => Some(u64::from(self.u32()?)),
            10 | 11 => Some(self.u64()?),
            8 => {
                let n = self.u64()?;
                if n > MAX_TEXT_BYTES {
                    return self.skip(n);
                }
                let text = self.text(n)?;
                header.texts.insert(key.to_owned(), text);
                None
            }
            9 => {
                let n = self.list()?;
                header.lengths.insert(key.to_owned(), n);
                None
            }
            _ => {
                self.skip(width(kind)?)?;
                None
            }
        };
        if let Some(number) = number {
            header.numbers.insert(key.to_owned(), number);
        }
        Ok(())
    }

    /// Skips a list; returns its length. Lists of lists are refused: no model has them.
    fn list(&mut self) -> Result<u64, String> {
        let (kind, n) = (self.u32()?, self.u64()?);
        if kind != 8 {
            let bytes = n
                .checked_mul(width(kind)?)
                .ok_or("a list in the GGUF header is impossibly long")?;
            self.skip(bytes)?;
            return Ok(n);
        }
        // Each text takes eight bytes at least, so the file's length bounds this loop.
        for _ in 0..n {
            let bytes = self.u64()?;
            self.skip(bytes)?;
        }
        Ok(n)
    }
}

fn width(kind: u32) -> Result<u64, String> {
    match kind {
        0 | 1 | 7 => Ok(1),
        2 | 3 => Ok(2),
        4..=6 => Ok(4),
        10..=12 => Ok(8),
        _ => Err(format!("a GGUF value of the unknown type {kind}")),
    }
}
