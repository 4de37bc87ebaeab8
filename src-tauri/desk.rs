//! What the window's commands share: the open session, the settings, a running import.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use app::{Cancel, Problem, Session, Settings};
use serde::Serialize;
use specta::Type;
use tauri::{AppHandle, Emitter};

/// A workspace as the title bar names it.
#[derive(Debug, Clone, Serialize, Type)]
pub struct WorkspaceInfo {
    /// The folder's name.
    pub name: String,
    /// The folder.
    pub path: String,
    /// Who acts.
    pub person: String,
}

/// What the page needs before it can show anything.
#[derive(Debug, Clone, Serialize, Type)]
pub struct Startup {
    /// The workspace named on the command line, or the last one.
    pub workspace: Option<WorkspaceInfo>,
    /// Preferences.
    pub settings: Settings,
    /// Why that workspace could not be opened.
    pub problem: Option<Problem>,
    /// Callout's version.
    pub version: String,
}

/// The state behind the commands.
pub struct Desk {
    app: AppHandle,
    config_dir: PathBuf,
    person: String,
    /// Whether that name was given for this run.
    named: bool,
    wanted: Option<PathBuf>,
    session: Mutex<Option<Arc<Session>>>,
    settings: Mutex<Settings>,
    import: Mutex<Cancel>,
}

impl Desk {
    /// A desk without a workspace; `wanted` is opened by [`Self::startup`].
    pub fn new(
        app: AppHandle,
        config_dir: PathBuf,
        person: Option<String>,
        wanted: Option<PathBuf>,
    ) -> Self {
        std::thread::spawn(app::warm_diff);
        Self {
            app,
            named: person.is_some(),
            person: app::person_or_user(person),
            wanted,
            session: Mutex::default(),
            settings: Mutex::new(Settings::load(&config_dir)),
            import: Mutex::default(),
            config_dir,
        }
    }

    /// Opens the workspace that is wanted, and says what the page starts with. A page that was loaded
    /// again gets the workspace that is open.
    pub fn startup(&self) -> Startup {
        let open = lock(&self.session).as_ref().map(|session| info(session));
        let last = || lock(&self.settings).recent.first().map(PathBuf::from);
        let (workspace, problem) = match (open, self.wanted.clone().or_else(last)) {
            (Some(open), _) => (Some(open), None),
            (None, None) => (None, None),
            (None, Some(path)) => match self.open(&path) {
                Ok(info) => (Some(info), None),
                Err(problem) => (None, Some(problem)),
            },
        };
        Startup {
            workspace,
            problem,
            settings: lock(&self.settings).clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// The open session.
    pub fn session(&self) -> Result<Arc<Session>, Problem> {
        lock(&self.session)
            .clone()
            .ok_or_else(Problem::no_workspace)
    }

    /// Makes a workspace and opens it.
    pub fn create(&self, path: &Path) -> Result<WorkspaceInfo, Problem> {
        self.enter(Session::create(path, &self.person)?)
    }

    /// Opens a workspace in place of the one that is open.
    pub fn open(&self, path: &Path) -> Result<WorkspaceInfo, Problem> {
        if self.named {
            return self.enter(Session::open(path, &self.person)?);
        }
        let known = lock(&self.settings).people.clone();
        self.enter(Session::open_known(path, &self.person, &known)?)
    }

    fn enter(&self, session: Session) -> Result<WorkspaceInfo, Problem> {
        let session = Arc::new(session);
        let page = self.app.clone();
        app::watch(&session, move || {
            // The page is gone only when the program ends.
            page.emit("workspace_changed", ()).ok();
        })?;
        let info = info(&session);
        {
            let mut settings = lock(&self.settings);
            settings.remember(session.workspace().root());
            // A name that was given is for this run.
            if !self.named {
                let id = session.workspace_id()?.to_string();
                settings.people.insert(id, session.person().id.clone());
            }
            settings.save(&self.config_dir)?;
        }
        app::log_problems_in(session.workspace());
        *lock(&self.session) = Some(session);
        Ok(info)
    }

    /// Keeps the preferences; the recent workspaces, and who this person is there, stay the desk's own.
    pub fn save_settings(&self, new: Settings) -> Result<(), Problem> {
        let mut settings = lock(&self.settings);
        settings.language = new.language;
        settings.theme = new.theme;
        Ok(settings.save(&self.config_dir)?)
    }

    /// A fresh flag for an import that starts now.
    pub fn begin_import(&self) -> Cancel {
        let cancel = Cancel::default();
        *lock(&self.import) = cancel.clone();
        cancel
    }

    /// Stops the running import.
    pub fn cancel_import(&self) {
        lock(&self.import).cancel();
    }
}

fn info(session: &Session) -> WorkspaceInfo {
    WorkspaceInfo {
        name: session.workspace().name(),
        path: session.workspace().root().display().to_string(),
        person: session
            .me()
            .map_or_else(|_| session.person().name.clone(), |me| me.name),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
