//! Models on disk: found, described, fetched and removed, without loading one. Knows no tensor library, no
//! workspace and no window; what it reads comes from strangers, so everything is bounded.

mod cache;
mod describe;
mod device;
mod error;
#[cfg(feature = "fetch")]
pub mod fetch;
mod file;
mod find;
mod gguf;
mod need;
mod remove;
mod safetensors;

pub use cache::{Cache, NotARepo, RepoId};
pub use describe::{Description, Kind, Shape, VisionShape, WeightCounts, describe};
pub use device::{Device, DeviceKind, Fit, devices, fits};
pub use error::Error;
pub use find::{Model, find, locate};
pub use need::{Need, Weights, memory_need};
pub use remove::{RemoveError, Removed, remove};
