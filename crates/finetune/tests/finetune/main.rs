//! Fine-tuning against reference numbers of PyTorch and PEFT, and against itself.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene should stop there"
)]

#[path = "../../../qwen/tests/qwen/compare.rs"]
mod compare;
#[path = "../../../qwen/tests/qwen/fixtures.rs"]
#[expect(dead_code, reason = "shared with the tests of qwen, which need more")]
mod fixtures;
#[path = "../../../qwen/tests/qwen/scene.rs"]
#[expect(dead_code, reason = "shared with the tests of qwen, which need more")]
mod scene;

mod agreement;
mod cases;
mod collator;
mod equal;
mod gradients;
mod resume;
mod runs;
mod settings;
mod vision_cache;
