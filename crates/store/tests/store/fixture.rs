//! A workspace in a temporary folder, and short ways to do what people do in it.

use std::sync::atomic::{AtomicI64, Ordering};

use domain::{
    Caption, Committed, DiagramId, DiagramView, DraftId, Image, JournalEntry, Keep, Level,
    NewDraft, NewRegion, PersonId, Saved, Slot, State, SubmitNote, Timestamp, View,
};
use store::annotate::{self, By};
use store::table::diagram::NewDiagram;
use store::table::{annotation, revision, working_copy};
use store::{Connection, Database, Result, Transaction, Workspace, intake, table, view};

/// Texts compared by their characters: enough to tell equal from different.
pub const MEASURES: annotate::Measures<'static> = annotate::Measures {
    kept: &|draft, text| f64::from(u8::from(draft == text)),
    agreement: &|one, other| f64::from(u8::from(one == other)),
};

/// Links that stay where the words before them stayed: enough to see that they are asked for.
pub fn no_links(_: &str, _: &[domain::SpanLink], _: &str) -> Vec<domain::SpanLink> {
    Vec::new()
}

/// A clock that never shows the same moment twice.
pub fn now() -> Timestamp {
    static CLOCK: AtomicI64 = AtomicI64::new(1_700_000_000_000);
    Timestamp::from_millis(CLOCK.fetch_add(1, Ordering::Relaxed))
}

/// Whether the long versions of tests were asked for.
pub fn thorough() -> bool {
    std::env::var_os("CALLOUT_THOROUGH").is_some_and(|value| value == "1")
}

/// One person at one connection.
pub struct Desk {
    pub database: Database,
    pub person: PersonId,
}

/// A workspace that goes away with its folder.
pub struct Fixture {
    /// Holds the workspace; removed at the end.
    pub folder: tempfile::TempDir,
    pub workspace: Workspace,
    pub desk: Desk,
}

impl std::ops::Deref for Fixture {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

impl std::ops::DerefMut for Fixture {
    fn deref_mut(&mut self) -> &mut Desk {
        &mut self.desk
    }
}

impl Fixture {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::create(folder.path(), "wei", now()).unwrap();
        let desk = Desk::sit(&workspace, "wei");
        Self {
            folder,
            workspace,
            desk,
        }
    }

    /// A second person at a connection of their own.
    pub fn desk_of(&self, name: &str) -> Desk {
        Desk::sit(&self.workspace, name)
    }
}

impl Desk {
    pub fn sit(workspace: &Workspace, name: &str) -> Self {
        Self {
            database: workspace.connect().unwrap(),
            person: workspace.join(name, now()).unwrap().id,
        }
    }

    pub fn write<T>(&mut self, f: impl FnOnce(&Transaction<'_>, By<'_>) -> Result<T>) -> Result<T> {
        let by = By {
            person: &self.person,
            at: now(),
        };
        self.database.write(|tx| f(tx, by))
    }

    pub fn read<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> T {
        self.database.read(f).unwrap()
    }

    /// Imports a diagram of this name with one global draft.
    pub fn import(&mut self, name: &str, draft: &str) -> DiagramId {
        self.import_with(name, vec![draft_of(Level::Global, None, draft)])
    }

    pub fn import_with(&mut self, name: &str, drafts: Vec<NewDraft>) -> DiagramId {
        let new = new_diagram(name);
        self.write(|tx, by| intake::import(tx, by, &new, &drafts))
            .unwrap()
            .unwrap()
    }

    /// The queue as this person sees it.
    pub fn through(&self, filter: &domain::QueueFilter) -> store::queue::View {
        store::queue::View::new(filter, &self.person, now())
    }

    /// Lets whatever lease a diagram has run out.
    pub fn lapse(&mut self, id: &DiagramId) {
        let sql = "UPDATE diagram SET claimed_until = 1 WHERE id = ?1 AND claimed_by IS NOT NULL";
        self.write(|tx, _| Ok(tx.execute(sql, [id.as_str()])?))
            .unwrap();
    }

    pub fn journal(&mut self, entry: &JournalEntry) -> Result<Saved> {
        self.write(|tx, by| annotate::journal(tx, by, entry))
    }

    pub fn commit(&mut self, slot: &Slot) -> Committed {
        self.write(|tx, by| annotate::commit(tx, by, slot)).unwrap()
    }

    pub fn revise(&mut self, slot: &Slot, text: &str) -> Result<Committed> {
        self.write(|tx, by| annotate::revise(tx, by, slot, text, &[]))
    }

    pub fn submit(&mut self, slot: &Slot) -> Result<Committed> {
        self.submit_seeing(slot, self.caption(slot).draft.map(|draft| draft.id))
    }

    /// Hands in with this draft on the screen.
    pub fn submit_seeing(&mut self, slot: &Slot, draft_id: Option<DraftId>) -> Result<Committed> {
        let note = SubmitNote {
            draft_id,
            active: Vec::new(),
        };
        self.write(|tx, by| annotate::submit(tx, by, slot, &note, MEASURES))
    }

    pub fn resolve(&mut self, slot: &Slot, keep: Keep) -> Result<Committed> {
        self.write(|tx, by| annotate::resolve(tx, by, slot, keep))
    }

    pub fn state(&self, id: &DiagramId) -> State {
        self.read(|connection| table::diagram::get(connection, id))
            .state
    }

    /// The diagram as this person's window shows it.
    pub fn view(&self, id: &DiagramId) -> DiagramView {
        let by = By {
            person: &self.person,
            at: now(),
        };
        self.read(|connection| view::diagram_view(connection, id, by))
    }

    /// The caption as this person's window shows it.
    pub fn caption(&self, slot: &Slot) -> Caption {
        let mut captions = self.view(&slot.diagram_id).captions.into_iter();
        captions.find(|caption| caption.slot == *slot).unwrap()
    }

    /// The text that counts.
    pub fn head(&self, slot: &Slot) -> Option<String> {
        self.read(|connection| {
            let found = annotation::find(connection, slot, &self.person)?;
            let Some(head) = found.and_then(|annotation| annotation.head) else {
                return Ok(None);
            };
            Ok(Some(revision::get(connection, &head)?.text))
        })
    }

    /// Every text of the caption's chain, oldest first.
    pub fn chain(&self, slot: &Slot) -> Vec<String> {
        self.read(
            |connection| match annotation::find(connection, slot, &self.person)? {
                Some(found) => revision::of_annotation(connection, &found.id),
                None => Ok(Vec::new()),
            },
        )
        .into_iter()
        .map(|revision| revision.text)
        .collect()
    }

    /// What is being typed.
    pub fn working_text(&self, slot: &Slot) -> Option<String> {
        self.read(
            |connection| match annotation::find(connection, slot, &self.person)? {
                Some(found) => working_copy::get(connection, &found.id),
                None => Ok(None),
            },
        )
        .map(|copy| copy.text)
    }

    /// A number that SQL answers.
    pub fn count(&self, sql: &str) -> u32 {
        self.read(|connection| Ok(connection.query_row(sql, (), |row| row.get(0))?))
    }
}

/// A window: it shows a caption and journals what is typed into it.
pub struct Window {
    pub entry: JournalEntry,
}

impl Window {
    pub fn open(desk: &Desk, slot: &Slot) -> Self {
        let caption = desk.caption(slot);
        Self {
            entry: JournalEntry {
                slot: slot.clone(),
                text: caption.text,
                links: Vec::new(),
                editor_state: None,
                base_revision: caption.base_revision,
                version: caption.version,
            },
        }
    }

    /// Replaces the text, hands it over and remembers the answer, as the editor does.
    pub fn types(&mut self, desk: &mut Desk, text: &str) -> Saved {
        self.entry.text = text.to_owned();
        let saved = desk.journal(&self.entry).unwrap();
        self.entry.version = saved.version;
        self.entry.base_revision = saved.base_revision.clone();
        saved
    }

    pub fn commits(&mut self, desk: &mut Desk) -> Committed {
        let committed = desk.commit(&self.entry.slot);
        self.entry.version = committed.version;
        self.entry.base_revision = committed.base_revision.clone();
        committed
    }
}

pub fn global(id: &DiagramId) -> Slot {
    slot(id, Level::Global)
}

pub fn slot(id: &DiagramId, level: Level) -> Slot {
    Slot {
        diagram_id: id.clone(),
        level,
        region_id: None,
    }
}

pub fn draft_of(level: Level, region: Option<&str>, text: &str) -> NewDraft {
    NewDraft {
        level,
        region: region.map(|name| NewRegion {
            name: name.to_owned(),
            bbox: None,
            polygon: Vec::new(),
        }),
        text: text.to_owned(),
        label: "test".to_owned(),
    }
}

/// A diagram whose picture is like no other's.
pub fn new_diagram(name: &str) -> NewDiagram {
    let unique = DiagramId::new().to_string().replace('-', "");
    NewDiagram {
        name: name.to_owned(),
        image: Image {
            hash: format!("{unique}{unique}"),
            format: "png".to_owned(),
            width: 640,
            height: 480,
            bytes: 1_000,
        },
        view: View::Original,
        context: String::new(),
        source: None,
        license: None,
        extra: None,
    }
}
