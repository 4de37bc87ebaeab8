//! What the desk and the command line do with a workspace, told once for both.
//!
//! Here the clock is read and the acting person is known. No window, no argument parser.

pub mod bench;
mod captions;
mod engine;
mod exam;
mod export;
mod import;
mod inventory;
mod jobs;
mod leads;
mod log;
mod pictures;
mod problem;
mod records;
mod servers;
mod session;
mod settings;
mod structure;
mod terms;
mod texts;
mod watch;
mod words;
mod work;

pub use domain;
pub use engine::{EngineStatus, NoEngine};
pub use exam::NotReady;
pub use export::ExportFormat;
pub use import::{Cancel, ImportOptions, ImportProgress, ImportReport, Rejected};
pub use interchange::Exported;
pub use inventory::{
    DeviceInfo, Fitness, Found, Inventory, Listed, MemoryNeed, ModelAbout, describe_model,
};
pub use log::log_problems_in;
pub use pictures::PictureFile;
pub use problem::{Code, Named, Problem};
pub use records::read_terms;
pub use servers::{keep_key, server_models};
pub use session::{Session, Status, person_or_user};
pub use settings::{Language, Settings, Theme};
pub use structure::{
    Structure, StructureDiff, StructureEdge, StructureGroup, StructureNode, StructureProblem,
};
pub use texts::Text;
pub use watch::watch;
pub use words::{Diff, Hunk, HunkKind, Piece, PieceKind, ThreeWay, warm_diff};

/// Reads the clock: the only place where Callout does.
pub fn now() -> domain::Timestamp {
    chrono::Utc::now().into()
}
