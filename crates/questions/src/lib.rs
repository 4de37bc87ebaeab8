//! What is wrong with an objective question, and whether an answer to it is right.
//!
//! Pure functions over what an author writes, in English and Chinese.
#![warn(missing_docs)]

mod check;
mod choices;
mod judge;
mod letters;
mod measure;
mod proposals;
mod rotate;
mod set;
mod text;
mod truth;

pub use check::{Context, Other, check};
pub use judge::{Judged, judge};
pub use proposals::{Proposals, read_proposals};
pub use rotate::{rotated, rotated_back};
