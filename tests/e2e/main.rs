//! End-to-end tests: the real desk in its real window, driven by WebKitWebDriver with real key events, beside
//! the real command line on the same workspaces. They prove the wiring; details are tested where they live.
//!
//! `cargo xtask test e2e` builds both programs, brings a display, and runs them one at a time. With
//! `CALLOUT_SHOTS=FOLDER` each view's picture is saved there; with `CALLOUT_BENCH=1` latencies are measured.
//! Dragging files onto the window is not tested here: WebDriver cannot drag from outside of it.
#![cfg(target_os = "linux")]

mod harness;

mod axe;
mod bench;
mod board;
mod crash;
mod drafting;
mod editing;
mod keyboard;
mod layout;
mod looks;
mod opening;
mod picture;
mod processes;
mod questions;
mod queue;
mod regions;
mod review;
mod security;
mod structure;
mod terms;
mod tour;
mod transfer;
mod work;
