//! A folder of pictures with `metadata.jsonl`, as Hugging Face's `imagefolder` reads it and as
//! [`Metadata`](crate::Metadata) reads it back.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use domain::{Diagram, Level};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use store::{Connection, Workspace};

use crate::callout::Callout;
use crate::metadata::METADATA;
use crate::names::Names;
use crate::row::MEASURED;
use crate::{Approved, Error, Exported, Result, approved, out};

const IMAGES: &str = "images";

/// One line. A field has one type in all lines, as readers that load them as a table demand.
#[derive(Serialize)]
struct Line<'a> {
    file_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    caption: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<&'a str>,
    sha256: &'a str,
    width: u32,
    height: u32,
    callout: Callout,
    #[serde(flatten)]
    extra: BTreeMap<String, Box<RawValue>>,
}

/// Writes every approved diagram with its original picture to the folder `out`, whole or not at all.
///
/// # Errors
/// [`Error::NotEmpty`], [`Error::InsideWorkspace`], [`Error::Damaged`], [`Error::Missing`],
/// [`Error::Io`], or what the store says; then `out` is as it was.
pub fn export_imagefolder(
    workspace: &Workspace,
    connection: &Connection,
    out: &Path,
) -> Result<Exported> {
    let out = out::prepare(workspace, out)?;
    refuse_if_taken(&out)?;
    let parent = out.parent().unwrap_or(&out);
    let unfinished = tempfile::Builder::new()
        .prefix(".callout-export-")
        .tempdir_in(parent)
        .map_err(Error::io("write in", parent))?;
    // A folder within, since the outer one is for its owner's eyes only.
    let folder = unfinished.path().join("export");
    let mut exported = write(workspace, connection, &folder)?;
    put_in_place(&folder, &out)?;
    out::sync_folder(parent)?;
    exported.path = out.display().to_string();
    Ok(exported)
}

fn refuse_if_taken(out: &Path) -> Result<()> {
    match std::fs::read_dir(out).map(Iterator::count) {
        Ok(0) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound && !out.is_symlink() => Ok(()),
        Ok(_) => Err(Error::NotEmpty(out.to_path_buf())),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Err(Error::io("look into", out)(error))
        }
        Err(_) => Err(Error::NotEmpty(out.to_path_buf())),
    }
}

/// Gives the finished folder its name. An empty folder there gives way; one that has been filled
/// meanwhile does not.
fn put_in_place(folder: &Path, out: &Path) -> Result<()> {
    match std::fs::remove_dir(out) {
        Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {
            return Err(Error::NotEmpty(out.to_path_buf()));
        }
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(Error::io("replace", out)(error));
        }
        _ => {}
    }
    std::fs::rename(folder, out).map_err(Error::io("write", out))
}

fn write(workspace: &Workspace, connection: &Connection, folder: &Path) -> Result<Exported> {
    let images = folder.join(IMAGES);
    std::fs::create_dir_all(&images).map_err(Error::io("make", &images))?;
    let path = folder.join(METADATA);
    let failed = || Error::io("write", &path);
    let mut lines = BufWriter::new(File::create_new(&path).map_err(failed())?);
    let mut names = Names::default();
    let mut exported = Exported {
        path: String::new(),
        diagrams: 0,
        texts: 0,
    };
    for approved in approved(connection)? {
        let approved = approved?;
        let name = names.claim(&approved.diagram);
        copy(workspace, &approved.diagram, &images.join(&name))?;
        let line = line(&approved, format!("{IMAGES}/{name}"))?;
        serde_json::to_writer(&mut lines, &line).map_err(|error| failed()(error.into()))?;
        lines.write_all(b"\n").map_err(failed())?;
        exported.diagrams += 1;
        exported.texts += u32::try_from(approved.texts.len()).unwrap_or(u32::MAX);
    }
    let file = lines
        .into_inner()
        .map_err(|error| failed()(error.into_error()))?;
    file.sync_all().map_err(failed())?;
    out::sync_folder(&images)?;
    out::sync_folder(folder)?;
    Ok(exported)
}

/// Copies an original, and refuses one whose bytes are not those that were imported.
fn copy(workspace: &Workspace, diagram: &Diagram, to: &Path) -> Result<()> {
    let image = &diagram.image;
    let path = workspace.image_path(&image.hash, &image.format);
    let mut from = open_original(diagram, &path)?;
    let mut file = File::create_new(to).map_err(Error::io("write", to))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = from.read(&mut buffer).map_err(Error::io("read", &path))?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        file.write_all(&buffer[..read])
            .map_err(Error::io("write", to))?;
    }
    let hash: String = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if hash != image.hash {
        return Err(Error::Damaged {
            number: diagram.number,
            name: diagram.name.clone(),
            path,
        });
    }
    file.sync_all().map_err(Error::io("write", to))
}

fn open_original(diagram: &Diagram, path: &PathBuf) -> Result<File> {
    File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Error::Missing {
            number: diagram.number,
            name: diagram.name.clone(),
            path: path.clone(),
        },
        _ => Error::io("open", path)(error),
    })
}

fn line(approved: &Approved, file_name: String) -> Result<Line<'_>> {
    let diagram = &approved.diagram;
    let context = Some(&diagram.context).filter(|context| !context.is_empty());
    let mut line = Line {
        file_name,
        caption: caption(approved),
        context: context.map(|context| context.split("\n\n").collect()),
        source: diagram.source.as_deref(),
        license: diagram.license.as_deref(),
        sha256: &diagram.image.hash,
        width: diagram.image.width,
        height: diagram.image.height,
        callout: Callout::of(approved),
        extra: extra(approved)?,
    };
    let (caption, context) = (line.caption.is_some(), line.context.is_some());
    let (source, license) = (line.source.is_some(), line.license.is_some());
    line.extra.retain(|key, _| match key.as_str() {
        "file_name" | "callout" => false,
        "caption" => !caption,
        "context" => !context,
        "source" => !source,
        "license" => !license,
        key => !MEASURED.contains(&key),
    });
    Ok(line)
}

/// The one text that the convention has room for.
fn caption(approved: &Approved) -> Option<&str> {
    let at = |level| approved.texts.iter().find(|text| text.level == level);
    let text = at(Level::Global)
        .or_else(|| at(Level::Detailed))
        .or(approved.texts.first());
    text.map(|text| text.text.as_str())
}

fn extra(approved: &Approved) -> Result<BTreeMap<String, Box<RawValue>>> {
    let unreadable = |source| Error::Extra {
        number: approved.diagram.number,
        source,
    };
    let Some(extra) = &approved.extra else {
        return Ok(BTreeMap::new());
    };
    let mut extra: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(extra).map_err(unreadable)?;
    for value in extra.values_mut() {
        // A value keeps its own layout, and a line must stay one line.
        if value.get().contains(['\n', '\r']) {
            let compact: Value = serde_json::from_str(value.get()).map_err(unreadable)?;
            *value = serde_json::value::to_raw_value(&compact).map_err(unreadable)?;
        }
    }
    Ok(extra)
}
