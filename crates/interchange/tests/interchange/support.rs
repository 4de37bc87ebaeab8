//! A real workspace in a temporary folder.

use std::io::Cursor;
use std::path::PathBuf;

use domain::{DiagramId, Level, NewDraft, NewRegion, Person, Slot, Timestamp, View};
use store::annotate::{self, By};
use store::table::diagram::{self, NewDiagram};
use store::table::region;
use store::{Database, Workspace, intake, review};
use tempfile::TempDir;

pub struct Desk {
    pub temp: TempDir,
    pub workspace: Workspace,
    pub database: Database,
    author: Person,
    lead: Person,
}

/// Texts compared by their characters: enough to tell equal from different.
const MEASURES: annotate::Measures<'static> = annotate::Measures {
    kept: &|draft, text| f64::from(u8::from(draft == text)),
    agreement: &|one, other| f64::from(u8::from(one == other)),
};

/// A diagram to import; each `shade` is another picture.
pub struct Given<'a> {
    pub name: &'a str,
    pub shade: u8,
    pub context: &'a str,
    pub extra: Option<&'a str>,
    pub drafts: Vec<NewDraft>,
}

pub fn given(name: &str, shade: u8) -> Given<'_> {
    let (context, extra, drafts) = ("", None, Vec::new());
    Given {
        name,
        shade,
        context,
        extra,
        drafts,
    }
}

pub fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + millis)
}

pub fn png(shade: u8) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = image::GrayImage::from_pixel(40, 30, image::Luma([shade]));
    picture
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

impl Desk {
    pub fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let workspace = Workspace::create(&temp.path().join("ws"), "lead", at(0)).unwrap();
        Self {
            author: workspace.join("专家 Li", at(1)).unwrap(),
            lead: workspace.join("lead", at(1)).unwrap(),
            database: workspace.connect().unwrap(),
            workspace,
            temp,
        }
    }

    pub fn out(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    pub fn import(&mut self, given: &Given<'_>) -> DiagramId {
        let file = self.out("incoming.png");
        std::fs::write(&file, png(given.shade)).unwrap();
        let incoming = self.workspace.receive(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        let image = domain::Image {
            hash: incoming.hash().to_owned(),
            format: "png".to_owned(),
            width: 40,
            height: 30,
            bytes: u32::try_from(incoming.bytes()).unwrap(),
        };
        self.workspace.keep(incoming, "png").unwrap();
        let new = NewDiagram {
            name: given.name.to_owned(),
            image,
            view: View::Original,
            context: given.context.to_owned(),
            source: Some("Book, fig. 1".to_owned()),
            license: Some("CC BY 4.0".to_owned()),
            extra: given.extra.map(str::to_owned),
        };
        let by = By {
            person: &self.author.id,
            at: at(2),
        };
        self.database
            .write(|tx| intake::import(tx, by, &new, &given.drafts))
            .unwrap()
            .unwrap()
    }

    pub fn region(&mut self, id: &DiagramId, name: &str, bbox: [u32; 4]) {
        let new = NewRegion {
            name: name.to_owned(),
            bbox: Some(bbox),
            polygon: Vec::new(),
        };
        let author = &self.author.id;
        self.database
            .write(|tx| region::find_or_insert(tx, id, &new, author, at(2)))
            .unwrap();
    }

    /// The author writes these texts and submits them.
    pub fn submit(&mut self, id: &DiagramId, texts: &[(Level, Option<&str>, &str)]) {
        let by = By {
            person: &self.author.id,
            at: at(3),
        };
        self.database
            .write(|tx| {
                let mut last = None;
                for (level, region, text) in texts {
                    let region_id = match region {
                        Some(name) => Some(region::find(tx, id, name)?.id),
                        None => None,
                    };
                    let slot = Slot {
                        diagram_id: id.clone(),
                        level: *level,
                        region_id,
                    };
                    annotate::revise(tx, by, &slot, text, &[])?;
                    last = Some(slot);
                }
                let by = By { at: at(4), ..by };
                annotate::submit(
                    tx,
                    by,
                    &last.unwrap(),
                    &domain::SubmitNote::default(),
                    MEASURES,
                )
            })
            .unwrap();
    }

    pub fn approve(&mut self, id: &DiagramId) {
        let by = By {
            person: &self.lead.id,
            at: at(5),
        };
        self.database
            .write(|tx| review::approve(tx, by, id))
            .unwrap();
    }

    /// A diagram with one approved global text.
    pub fn approved(&mut self, given: &Given<'_>, text: &str) -> DiagramId {
        let id = self.import(given);
        self.submit(&id, &[(Level::Global, None, text)]);
        self.approve(&id);
        id
    }

    pub fn original(&self, id: &DiagramId) -> PathBuf {
        let diagram = self
            .database
            .read(|connection| diagram::get(connection, id))
            .unwrap();
        self.workspace
            .image_path(&diagram.image.hash, &diagram.image.format)
    }

    pub fn export_folder(&self, out: &str) -> interchange::Result<interchange::Exported> {
        let out = self.out(out);
        self.reading(|connection| {
            interchange::export_imagefolder(&self.workspace, connection, &out)
        })
    }

    pub fn export_jsonl(&self, out: &str) -> interchange::Result<interchange::Exported> {
        let out = self.out(out);
        self.reading(|connection| {
            interchange::export_jsonl(&self.workspace, connection, &out, at(9))
        })
    }

    pub fn reading<T>(&self, f: impl FnOnce(&store::Connection) -> T) -> T {
        self.database.read(|connection| Ok(f(connection))).unwrap()
    }

    /// What lies beside the workspace.
    pub fn beside(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.temp.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name != "ws").collect();
        names.sort();
        names
    }
}
