//! How a test gets a window, drives it and looks at it.

mod desk;
mod driver;
mod keys;
mod lived_in;
pub mod server;
mod stage;
mod workspace;

pub use desk::{Desk, EDITOR, PICTURE};
pub use driver::descendants;
pub use lived_in::live_in;
pub use stage::{Stage, play, sample_folder};
pub use workspace::{Workspace, callout};
