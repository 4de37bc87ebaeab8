//! The desk's entry point.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() {
    if let Err(error) = callout_desk::run() {
        eprintln!("callout-desk: {error:#}");
        std::process::exit(1);
    }
}
