//! Takes jobs from a workspace and runs them on the local device.
