//! Tests of package `training`.

mod rows;
