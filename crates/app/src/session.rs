//! One person at work in one workspace.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use domain::{
    AuditEntry, Committed, DiagramId, DiagramView, DraftId, JournalEntry, Keep, Person, PersonId,
    Place, QueueFilter, QueuePage, Region, Saved, Slot, SpanLink, State, StateCounts, SubmitNote,
    WorkspaceId,
};
use serde::Serialize;
use store::annotate::By;
use store::{Database, Workspace, annotate, people, queue, regions, review, table, view};

use crate::now;
use crate::words::Prepared;

/// A workspace opened by somebody. Shared between threads; a long search never makes a save wait,
/// since reads and writes have a connection each.
#[derive(Debug)]
pub struct Session {
    pub(crate) workspace: Workspace,
    pub(crate) person: Person,
    reader: Mutex<Database>,
    writer: Mutex<Database>,
    pub(crate) decoder: Mutex<Option<picture::Decoder>>,
    /// Draws structures: never larger than one texture.
    pub(crate) drawer: Mutex<Option<picture::Decoder>>,
    pub(crate) prepared: Prepared,
}

/// What a workspace holds, and whether its database is sound.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// The workspace's id.
    pub id: String,
    /// The folder.
    pub path: String,
    /// How many diagrams there are.
    pub diagrams: u32,
    /// How many in each state.
    pub states: StateCounts,
    /// What SQLite finds wrong; empty when sound.
    pub problems: Vec<String>,
}

/// The name given, else the system's name for whoever runs this.
///
/// A name given is never replaced, not even an empty one: opening a workspace refuses that.
pub fn person_or_user(name: Option<String>) -> String {
    let from_system = || {
        ["USER", "USERNAME", "LOGNAME"]
            .into_iter()
            .filter_map(|variable| std::env::var(variable).ok())
            .find(|name| !name.trim().is_empty())
    };
    name.or_else(from_system)
        .unwrap_or_else(|| "expert".to_owned())
}

impl Session {
    /// Makes a workspace and opens it.
    ///
    /// # Errors
    /// When the folder is a workspace already or cannot be written.
    pub fn create(root: &Path, person: &str) -> Result<Self> {
        std::fs::create_dir_all(root).with_context(|| format!("making `{}`", root.display()))?;
        let root = std::path::absolute(root)?;
        let workspace = Workspace::create(&root, person, now())?;
        let person = workspace.join(person, now())?;
        Self::enter(workspace, person)
    }

    /// Opens a workspace as `person`, who joins on first use.
    ///
    /// # Errors
    /// When the folder holds no workspace, or one of a newer Callout.
    pub fn open(root: &Path, person: &str) -> Result<Self> {
        let root = std::path::absolute(root)?;
        let workspace = Workspace::open(&root)?;
        let person = workspace.join(person, now())?;
        Self::enter(workspace, person)
    }

    /// Opens a workspace as whoever this person is there by `known`, which has ids of people by ids of workspaces; as
    /// `person`, who joins on first use, where that is not known.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_known(
        root: &Path,
        person: &str,
        known: &BTreeMap<String, PersonId>,
    ) -> Result<Self> {
        let root = std::path::absolute(root)?;
        let workspace = Workspace::open(&root)?;
        let known = workspace.connect()?.read(|connection| {
            let id = table::workspace::id(connection)?;
            match known.get(id.as_str()) {
                Some(id) => match people::get(connection, id) {
                    Err(store::Error::NoPerson(_)) => Ok(None),
                    found => found.map(Some),
                },
                None => Ok(None),
            }
        })?;
        let person = match known {
            Some(person) => person,
            None => workspace.join(person, now())?,
        };
        Self::enter(workspace, person)
    }

    fn enter(workspace: Workspace, person: Person) -> Result<Self> {
        Ok(Self {
            person,
            reader: Mutex::new(workspace.connect()?),
            writer: Mutex::new(workspace.connect()?),
            decoder: Mutex::new(None),
            drawer: Mutex::new(None),
            prepared: Prepared::default(),
            workspace,
        })
    }

    /// The workspace.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The workspace's id.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn workspace_id(&self) -> Result<WorkspaceId> {
        self.read(table::workspace::id)
    }

    /// Who acts.
    pub fn person(&self) -> &Person {
        &self.person
    }

    pub(crate) fn read<T>(
        &self,
        f: impl FnOnce(&store::Connection) -> store::Result<T>,
    ) -> Result<T> {
        Ok(lock(&self.reader).read(f)?)
    }

    pub(crate) fn write<T>(
        &self,
        f: impl FnOnce(&store::Transaction<'_>, By<'_>) -> store::Result<T>,
    ) -> Result<T> {
        let mut writer = lock(&self.writer);
        Ok(writer.write(|tx| f(tx, self.by()))?)
    }

    /// The acting person at this moment.
    pub(crate) fn by(&self) -> By<'_> {
        By {
            person: &self.person.id,
            at: now(),
        }
    }

    /// Changes when another connection wrote; what this session writes does not count, since
    /// `PRAGMA data_version` leaves out its own connection's commits.
    pub(crate) fn others_version(&self) -> Result<u32> {
        Ok(lock(&self.writer).data_version()?)
    }

    /// The queue as the acting person sees it now.
    fn through(&self, filter: &QueueFilter) -> queue::View {
        queue::View::new(filter, &self.person.id, now())
    }

    /// A stretch of the queue.
    ///
    /// # Errors
    /// When the database cannot be read; so for all reads below.
    pub fn page(&self, filter: &QueueFilter, offset: u32, limit: u32) -> Result<QueuePage> {
        let view = self.through(filter);
        self.read(|connection| view.page(connection, offset, limit))
    }

    /// How many diagrams of each state a search lets through.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn counts(&self, search: &str) -> Result<StateCounts> {
        self.read(|connection| queue::counts(connection, search))
    }

    /// Where a diagram is in the filtered queue.
    ///
    /// # Errors
    /// When there is no such diagram.
    pub fn place_of(&self, filter: &QueueFilter, id: &DiagramId) -> Result<Option<Place>> {
        let view = self.through(filter);
        self.read(|connection| view.place_of(connection, id))
    }

    /// The next or previous diagram that the filter lets through.
    ///
    /// # Errors
    /// When there is no such diagram.
    pub fn neighbour(
        &self,
        filter: &QueueFilter,
        id: &DiagramId,
        forward: bool,
    ) -> Result<Option<Place>> {
        let view = self.through(filter);
        self.read(|connection| view.neighbour(connection, id, forward))
    }

    /// The id that somebody typed: whole, its beginning, or a queue number.
    ///
    /// # Errors
    /// When it names none or several.
    pub fn find(&self, typed: &str) -> Result<DiagramId> {
        self.read(|connection| table::diagram::find(connection, typed))
    }

    /// Everything about one diagram.
    ///
    /// # Errors
    /// When there is no such diagram.
    pub fn diagram(&self, id: &DiagramId) -> Result<DiagramView> {
        let by = self.by();
        self.read(|connection| view::diagram_view(connection, id, by))
    }

    /// What happened to a diagram, oldest first.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn audit(&self, id: &DiagramId) -> Result<Vec<AuditEntry>> {
        self.read(|connection| table::audit::about(connection, id.as_str()))
    }

    /// Keeps what is being typed; see [`annotate::journal`].
    ///
    /// # Errors
    /// When the diagram takes no text or the disk is full; the caller keeps the text.
    pub fn journal(&self, mut entry: JournalEntry) -> Result<Saved> {
        entry.text = unix_lines(&entry.text);
        self.write(|tx, by| annotate::journal(tx, by, &entry))
    }

    /// Makes a revision of what was typed.
    ///
    /// # Errors
    /// As [`Self::journal`].
    pub fn commit(&self, slot: &Slot) -> Result<Committed> {
        self.write(|tx, by| annotate::commit(tx, by, slot))
    }

    /// Writes a whole text with its links as a revision; with `submit`, hands the diagram in as well, or does
    /// neither. Links count the text's code points with Unix line ends.
    ///
    /// # Errors
    /// As [`Self::journal`] and [`Self::submit`].
    pub fn revise(
        &self,
        slot: &Slot,
        text: &str,
        links: &[SpanLink],
        submit: bool,
    ) -> Result<Committed> {
        let text = unix_lines(text);
        let words = self.glossary()?;
        self.write(|tx, by| {
            let committed = annotate::revise(tx, by, slot, &text, links)?;
            if !submit {
                return Ok(committed);
            }
            words.measured(|measures| {
                annotate::submit(tx, by, slot, &SubmitNote::default(), measures)
            })
        })
    }

    /// Hands the diagram in.
    ///
    /// # Errors
    /// When nothing is written, two texts wait for a choice, or somebody else holds the diagram.
    pub fn submit(&self, slot: &Slot, note: &SubmitNote) -> Result<Committed> {
        let words = self.glossary()?;
        self.write(|tx, by| {
            words.measured(|measures| annotate::submit(tx, by, slot, note, measures))
        })
    }

    /// Makes a draft the text of an untouched caption; `None` takes the newest.
    ///
    /// # Errors
    /// When the caption has no such draft to see, or another text of its own.
    pub fn accept_draft(&self, slot: &Slot, draft: Option<&DraftId>) -> Result<Committed> {
        self.write(|tx, by| {
            let newest = match draft {
                Some(_) => None,
                None => table::draft::newest(tx, slot)?.map(|newest| newest.id),
            };
            let draft = draft.or(newest.as_ref()).ok_or(store::Error::NoDraft)?;
            annotate::accept(tx, by, slot, draft)
        })
    }

    /// Takes back that a draft was accepted.
    ///
    /// # Errors
    /// When more than that was written.
    pub fn take_back_draft(&self, slot: &Slot) -> Result<Committed> {
        self.write(|tx, by| annotate::take_back(tx, by, slot))
    }

    /// Settles a conflict.
    ///
    /// # Errors
    /// When none is open.
    pub fn resolve(&self, slot: &Slot, keep: Keep) -> Result<Committed> {
        self.write(|tx, by| annotate::resolve(tx, by, slot, keep))
    }

    /// Accepts submitted work.
    ///
    /// # Errors
    /// Unless the diagram is submitted.
    pub fn approve(&self, id: &DiagramId) -> Result<State> {
        self.write(|tx, by| review::approve(tx, by, id))
    }

    /// Sends work back to its author.
    ///
    /// # Errors
    /// Unless the diagram is submitted or approved.
    pub fn return_to_author(&self, id: &DiagramId, reason: &str) -> Result<State> {
        self.write(|tx, by| review::give_back(tx, by, id, reason))
    }

    /// Opens submitted or approved work for editing again.
    ///
    /// # Errors
    /// Unless the diagram is submitted or approved.
    pub fn reopen(&self, id: &DiagramId) -> Result<State> {
        self.write(|tx, by| review::reopen(tx, by, id))
    }

    /// The region with this id or name.
    ///
    /// # Errors
    /// When the diagram has none.
    pub fn known_region(&self, id: &DiagramId, typed: &str) -> Result<Region> {
        self.read(|connection| regions::known(connection, id, &self.person.id, typed))
    }

    /// The region with this id or name, made over the whole picture when there is none of that name.
    ///
    /// # Errors
    /// Unless an annotator acts; when there is no such diagram, or when it takes no text: then no region is made that
    /// stays empty.
    pub fn region(&self, id: &DiagramId, typed: &str) -> Result<Region> {
        self.write(|tx, by| regions::named(tx, by, id, typed))
    }

    /// What the workspace holds, and whether it is sound.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn status(&self) -> Result<Status> {
        let states = self.counts("")?;
        Ok(Status {
            id: self.read(table::workspace::id)?.to_string(),
            path: self.workspace.root().display().to_string(),
            diagrams: states.total(),
            states,
            problems: lock(&self.reader).problems()?,
        })
    }
}

/// A panic while the lock was held leaves SQLite's state sound: its transaction was rolled back.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Texts are kept with Unix line ends, as the editor counts them.
pub(crate) fn unix_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}
