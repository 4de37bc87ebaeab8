//! Takes jobs from a workspace and runs them on the local device.

pub mod device;
pub mod local;
