//! Tests of package `training`.

mod rows;
mod snapshot;
