//! The callout command.
fn main() {}
