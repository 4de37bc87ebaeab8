//! The folder: where the database, the originals and what is derived from them lie.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use domain::{Action, Person, Timestamp, WorkspaceId};
use tempfile::TempPath;

use crate::{Database, Error, Result, migrate, table};

const DATABASE: &str = "callout.db";

/// A workspace folder that exists and whose schema this program knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Makes a workspace in `root`, which may exist; `founder` is the first person in it.
    ///
    /// # Errors
    /// [`Error::AlreadyAWorkspace`]; [`Error::Io`] when the folder cannot be written.
    pub fn create(root: &Path, founder: &str, at: Timestamp) -> Result<Self> {
        let workspace = Self {
            root: root.to_path_buf(),
        };
        if workspace.database_path().exists() {
            return Err(Error::AlreadyAWorkspace(root.to_path_buf()));
        }
        let images = workspace.images_dir();
        std::fs::create_dir_all(&images).map_err(Error::io("make", &images))?;
        // The database appears under its name only when it is whole; should two be made at once, the
        // first stays.
        let unfinished = root.join(format!("{DATABASE}.{}", WorkspaceId::new()));
        let unfinished = TempPath::try_from_path(unfinished).map_err(Error::io("make", root))?;
        let mut database = Database::create(&unfinished)?;
        migrate::create(&mut database)?;
        database.write(|tx| {
            let id = table::workspace::insert(tx, at)?;
            let person = table::person::find_or_insert(tx, founder, at)?;
            table::audit::append(tx, at, &person.id, &Action::Create.on(id.as_str()))
        })?;
        database.into_file()?;
        match unfinished.persist_noclobber(workspace.database_path()) {
            Ok(()) => Ok(workspace),
            Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => {
                Err(Error::AlreadyAWorkspace(root.to_path_buf()))
            }
            Err(failed) => Err(Error::io("name", workspace.database_path())(failed.error)),
        }
    }

    /// Opens the workspace in `root`, bringing an older schema up to date.
    ///
    /// # Errors
    /// [`Error::NotAWorkspace`], [`Error::NewerDatabase`], or what SQLite says.
    pub fn open(root: &Path) -> Result<Self> {
        let workspace = Self {
            root: root.to_path_buf(),
        };
        let path = workspace.database_path();
        if !path.is_file() {
            return Err(Error::NotAWorkspace(root.to_path_buf()));
        }
        migrate::recognise(&path, migrate::known_version())?;
        migrate::migrate(&mut Database::open(&path)?, &path, migrate::MIGRATIONS)?;
        Ok(workspace)
    }

    /// A new connection to its database.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub fn connect(&self) -> Result<Database> {
        Database::open(&self.database_path())
    }

    /// The person of this name, who joins on first use.
    ///
    /// # Errors
    /// [`Error::EmptyName`], or what SQLite says.
    pub fn join(&self, name: &str, at: Timestamp) -> Result<Person> {
        let mut database = self.connect()?;
        if let Some(person) = database.read(|connection| table::person::find(connection, name))? {
            return Ok(person);
        }
        database.write(|tx| table::person::find_or_insert(tx, name, at))
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder's name without `.callout`, for people.
    pub fn name(&self) -> String {
        let name = self.root.file_name().unwrap_or(self.root.as_os_str());
        name.to_string_lossy()
            .trim_end_matches(".callout")
            .to_owned()
    }

    /// The database file.
    pub fn database_path(&self) -> PathBuf {
        self.root.join(DATABASE)
    }

    /// Where the prompts lie that a lead may edit.
    pub fn prompts_dir(&self) -> PathBuf {
        self.root.join("prompts")
    }

    /// Where originals lie, by content hash.
    pub fn images_dir(&self) -> PathBuf {
        self.root.join("images")
    }

    /// The original of a picture.
    pub fn image_path(&self, hash: &str, format: &str) -> PathBuf {
        self.images_dir()
            .join(hash.get(..2).unwrap_or("xx"))
            .join(format!("{hash}.{format}"))
    }

    /// The folder of what is made from a picture: tiles, or an upright copy. It can be made again.
    pub fn derived_dir(&self, hash: &str) -> PathBuf {
        self.root
            .join("derived")
            .join(hash.get(..2).unwrap_or("xx"))
            .join(hash)
    }
}

#[cfg(test)]
mod tests;
