//! How a test gets a window, drives it and looks at it.

mod desk;
mod driver;
mod keys;
pub mod server;
mod stage;
mod workspace;

pub use desk::{Desk, EDITOR, PICTURE};
pub use driver::descendants;
pub use stage::{Stage, play, sample_folder};
pub use workspace::Workspace;
