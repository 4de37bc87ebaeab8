//! Runs of fine-tuning, from files of rows to a folder with everything that came of them.
//!
//! [`rows`] reads data sets as others write them, [`snapshot`] freezes and splits them, [`encode`] makes rows into what
//! a model learns from. The training itself is crate `finetune`.

pub mod encode;
pub mod rows;
pub mod run;
pub mod snapshot;
