//! Finds out what a file is, and reads it row by row.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Component, Path, PathBuf};

use qwen::chat::{Message, Role};
use serde_json::Value;

use super::conversation::{Draft, draft};
use super::{Refused, Row, Rows, RowsError};

/// Most bytes of a row.
const MAX_ROW_BYTES: u64 = 16 << 20;

/// Most bytes of a data set that is one JSON text.
const MAX_JSON_BYTES: u64 = 2 << 30;

/// Lists the pictures of an imagefolder and their texts.
const METADATA: &str = "metadata.jsonl";

/// How rows are read.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where images lie; by default beside the file.
    pub image_root: Option<PathBuf>,
    /// What is asked about a picture whose row has a text alone.
    pub prompt: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            image_root: None,
            prompt: "Describe the diagram.".to_owned(),
        }
    }
}

/// Reads JSON lines or a JSON array of `messages` and `images` or of LLaVA's `conversations`, or a folder with
/// `metadata.jsonl`. A row that cannot be learned from stops nothing; its images are looked for, not opened.
///
/// # Errors
/// When the file cannot be read, is none of these, or holds no row to learn from.
pub fn read(path: &Path, options: &Options) -> Result<Rows, RowsError> {
    let file = if path.is_dir() {
        path.join(METADATA)
    } else {
        path.to_owned()
    };
    let root = match (&options.image_root, file.parent()) {
        (Some(root), _) => root.clone(),
        (None, Some(beside)) => beside.to_owned(),
        (None, None) => PathBuf::new(),
    };
    let mut found = Rows::default();
    let mut take = |place: String, value: Result<Value, String>| {
        let named = |value: &Value| {
            let id = value.get("id")?;
            Some(id.as_str().map_or_else(|| id.to_string(), str::to_owned))
        };
        let id = value.as_ref().ok().and_then(named).unwrap_or(place);
        match value.and_then(|value| row(&id, &value, &root, options)) {
            Ok(row) => found.rows.push(row),
            Err(reason) => found.refused.push(Refused { id, reason }),
        }
    };
    let opened = File::open(&file).map_err(io(&file))?;
    if starts_an_array(&file)? {
        for (index, value) in array(&file, opened)?.into_iter().enumerate() {
            take(format!("row {}", index + 1), Ok(value));
        }
    } else {
        lines(&file, opened, &mut take)?;
    }
    if found.rows.is_empty() {
        return Err(RowsError::Empty {
            path: file,
            refused: found.refused,
        });
    }
    Ok(found)
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> RowsError {
    move |source| RowsError::Io {
        path: path.to_owned(),
        source,
    }
}

fn starts_an_array(path: &Path) -> Result<bool, RowsError> {
    let file = File::open(path).map_err(io(path))?;
    for byte in BufReader::new(file).bytes() {
        let byte = byte.map_err(io(path))?;
        // White space, and the mark that Windows puts first.
        if !byte.is_ascii_whitespace() && ![0xEF, 0xBB, 0xBF].contains(&byte) {
            return Ok(byte == b'[');
        }
    }
    Ok(false)
}

fn array(path: &Path, file: File) -> Result<Vec<Value>, RowsError> {
    let mut text = String::new();
    let format = |reason: String| RowsError::Format {
        path: path.to_owned(),
        reason,
    };
    if file.metadata().map_err(io(path))?.len() > MAX_JSON_BYTES {
        return Err(format("it is larger than 2 GiB".to_owned()));
    }
    BufReader::new(file)
        .read_to_string(&mut text)
        .map_err(io(path))?;
    let text = text.trim_start_matches('\u{feff}');
    serde_json::from_str(text).map_err(|error| format(error.to_string()))
}

fn lines(
    path: &Path,
    file: File,
    take: &mut impl FnMut(String, Result<Value, String>),
) -> Result<(), RowsError> {
    let mut reader = BufReader::new(file);
    for number in 1.. {
        let mut line = Vec::new();
        let mut bounded = (&mut reader).take(MAX_ROW_BYTES);
        if bounded.read_until(b'\n', &mut line).map_err(io(path))? == 0 {
            break;
        }
        let place = format!("line {number}");
        if line.len() as u64 == MAX_ROW_BYTES && line.last() != Some(&b'\n') {
            reader.skip_until(b'\n').map_err(io(path))?;
            take(place, Err("it is longer than 16 MiB".to_owned()));
            continue;
        }
        let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&line);
        if !line.trim_ascii().is_empty() {
            take(
                place,
                serde_json::from_slice(line).map_err(|error| error.to_string()),
            );
        }
    }
    Ok(())
}

fn row(id: &str, value: &Value, root: &Path, options: &Options) -> Result<Row, String> {
    let Draft { messages, images } = draft(value, &options.prompt)?;
    if !messages.iter().any(speaks) {
        return Err("the assistant says nothing".to_owned());
    }
    let images = images.iter().map(|image| found(root, image));
    Ok(Row {
        id: id.to_owned(),
        messages,
        images: images.collect::<Result<_, _>>()?,
    })
}

fn speaks(message: &Message) -> bool {
    message.role == Role::Assistant
        && !super::conversation::text_of(&message.content)
            .trim()
            .is_empty()
}

/// Where an image lies; a name that leads out of the folder of images is none.
fn found(root: &Path, image: &str) -> Result<PathBuf, String> {
    let name = Path::new(image);
    let is_inside = name
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if image.is_empty() || !is_inside {
        return Err(format!(
            "the image `{image}` leads out of the folder of images"
        ));
    }
    let path = root.join(name);
    if path.is_file() {
        Ok(path)
    } else {
        Err(format!("there is no image {}", path.display()))
    }
}
