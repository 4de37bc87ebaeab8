//! Taking one file: a copy, its hash, and what a bounded decoder says of it.

use std::path::Path;

use domain::{Image, NewDraft, NewRegion, View};
use picture::{Decoder, Limits, Prepared};
use store::Incoming;
use store::table::diagram::{self, NewDiagram};

use super::Why;
use super::files::File;
use crate::Session;
use crate::problem::of_picture;
use crate::session::unix_lines;

/// What came of one file.
pub(super) enum Taken {
    Ready(Box<New>),
    Already,
    Refused(Why),
}

/// A picture ready to be written.
pub(super) struct New {
    pub incoming: Incoming,
    pub diagram: NewDiagram,
    pub regions: Vec<NewRegion>,
    pub drafts: Vec<NewDraft>,
}

pub(super) fn take(
    session: &Session,
    decoder: &mut Decoder,
    limits: &Limits,
    file: &File,
) -> Taken {
    match try_take(session, decoder, limits, file) {
        Ok(taken) => taken,
        Err(error) => Taken::Refused(Why::from(error)),
    }
}

fn try_take(
    session: &Session,
    decoder: &mut Decoder,
    limits: &Limits,
    file: &File,
) -> anyhow::Result<Taken> {
    let metadata = std::fs::metadata(&file.path)?;
    if !metadata.is_file() {
        // Opening a pipe would wait for somebody to write into it; a device may never end.
        return Ok(Taken::Refused(Why::new(
            "is not a file",
            "import.not_a_file",
            &[],
        )));
    }
    let size = metadata.len();
    if size > limits.max_file_bytes {
        let limit = limits.max_file_bytes;
        return Ok(Taken::Refused(Why::new(
            format!("the file has {size} bytes; at most {limit} are taken"),
            "import.too_many_bytes",
            &[&size, &limit],
        )));
    }
    let incoming = session.workspace.receive(&file.path)?;
    let known = session.read(|connection| diagram::by_hash(connection, incoming.hash()))?;
    if known.is_some() {
        return Ok(Taken::Already);
    }
    let derived = session.workspace.derived_dir(incoming.hash());
    let prepared = match decoder.prepare(incoming.path(), &derived) {
        Ok(prepared) => prepared,
        Err(refusal) => {
            let help = refusal
                .help()
                .map_or_else(String::new, |help| format!(". {help}"));
            return Ok(Taken::Refused(Why {
                reason: format!("{refusal}{help}"),
                named: Some(of_picture(&refusal)),
            }));
        }
    };
    let row = file.row.clone().unwrap_or_default();
    let drafts = row.drafts.into_iter().map(|draft| NewDraft {
        text: unix_lines(&draft.text),
        ..draft
    });
    Ok(Taken::Ready(Box::new(New {
        diagram: NewDiagram {
            name: name_of(&file.path),
            image: image(&incoming, &prepared),
            view: view(prepared.view),
            context: row.context,
            source: row.source,
            license: row.license,
            extra: row.extra,
        },
        regions: row.regions,
        drafts: drafts.collect(),
        incoming,
    })))
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

fn image(incoming: &Incoming, prepared: &Prepared) -> Image {
    Image {
        hash: incoming.hash().to_owned(),
        format: prepared.format.name().to_ascii_lowercase(),
        width: prepared.width,
        height: prepared.height,
        bytes: u32::try_from(incoming.bytes()).unwrap_or(u32::MAX),
    }
}

fn view(view: picture::View) -> View {
    match view {
        picture::View::Original => View::Original,
        picture::View::Whole => View::Whole,
        picture::View::Tiles { tile_px } => View::Tiles { tile_px },
    }
}
