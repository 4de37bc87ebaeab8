//! What the desk and the command line do with a workspace, told once for both.
//!
//! Here the clock is read and the acting person is known. No window, no argument parser.

pub mod bench;
mod engine;
mod export;
mod import;
mod inventory;
mod jobs;
mod pictures;
mod problem;
mod servers;
mod session;
mod settings;
mod texts;
mod watch;

pub use domain;
pub use engine::{EngineStatus, NoEngine};
pub use export::ExportFormat;
pub use import::{Cancel, ImportOptions, ImportProgress, ImportReport, Rejected};
pub use interchange::Exported;
pub use inventory::{
    DeviceInfo, Fitness, Found, Inventory, Listed, MemoryNeed, ModelAbout, describe_model,
};
pub use pictures::PictureFile;
pub use problem::{Code, Problem};
pub use servers::{keep_key, server_models};
pub use session::{Session, Status, person_or_user};
pub use settings::{Language, Settings, Theme};
pub use texts::Text;
pub use watch::watch;
pub use worddiff::{Diff, Hunk, HunkKind};

/// Reads the clock: the only place where Callout does.
pub fn now() -> domain::Timestamp {
    chrono::Utc::now().into()
}

/// The word-level difference of two texts.
pub fn diff(before: &str, after: &str) -> Diff {
    worddiff::diff(before, after)
}

/// Loads the dictionary of [`diff`] ahead of its first use.
pub fn warm_diff() {
    worddiff::warm();
}
