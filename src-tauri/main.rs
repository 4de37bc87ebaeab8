//! The desk's entry point.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() {
    // Expanded here and nowhere else: it writes compressed assets to the build folder, and two
    // compilers that do so at once (of the library and of its tests) embed each other's half-written files.
    if let Err(error) = callout_desk::run(tauri::generate_context!()) {
        eprintln!("callout-desk: {error:#}");
        std::process::exit(1);
    }
}
