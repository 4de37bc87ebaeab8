//! The desk: one window over one workspace. Wiring only; what it does lives in `app`.

mod annotating;
mod asking;
mod bindings;
mod commands;
mod desk;
mod drafting;
mod leading;
mod pictures;

use std::path::PathBuf;

use tauri::{Emitter, Manager, WebviewUrl, WebviewWindowBuilder};

pub use bindings::builder;
use desk::Desk;

/// What the command line may say to the desk.
#[derive(Debug, Default, PartialEq, Eq)]
struct Arguments {
    workspace: Option<PathBuf>,
    person: Option<String>,
}

/// Runs the desk until its window closes. `context` is what `tauri::generate_context!` embeds.
///
/// # Errors
/// When the arguments are not understood, or the window system cannot be reached.
pub fn run(context: tauri::Context) -> anyhow::Result<()> {
    picture::serve_if_asked();
    let arguments = arguments(std::env::args_os().skip(1))?;
    let builder = builder();
    tauri::Builder::default()
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .register_asynchronous_uri_scheme_protocol("callout", pictures::serve)
        .invoke_handler(builder.invoke_handler())
        .setup(move |app| {
            let config = app.path().app_config_dir()?;
            app.manage(Desk::new(
                app.handle().clone(),
                config,
                arguments.person,
                arguments.workspace,
            ));
            open_window(app)?;
            Ok(())
        })
        .run(context)?;
    Ok(())
}

fn open_window(app: &tauri::App) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
        .title("Callout")
        .inner_size(1440.0, 900.0)
        .min_inner_size(720.0, 480.0)
        .build()?;
    let handle = window.clone();
    window.on_window_event(move |event| {
        if let tauri::WindowEvent::DragDrop(drop) = event {
            report_drop(&handle, drop);
        }
    });
    Ok(())
}

/// Tells the page about dragged files; it asks for an import by the paths it got.
fn report_drop(window: &tauri::WebviewWindow, drop: &tauri::DragDropEvent) {
    use tauri::DragDropEvent as Event;
    let told = match drop {
        Event::Enter { .. } => window.emit("files_hovering", true),
        Event::Leave => window.emit("files_hovering", false),
        Event::Drop { paths, .. } => window
            .emit("files_hovering", false)
            .and_then(|()| window.emit("files_dropped", paths)),
        _ => Ok(()),
    };
    if let Err(error) = told {
        eprintln!("callout: the window was not told of dragged files: {error}");
    }
}

/// Reads `callout-desk [WORKSPACE] [--as PERSON]`.
fn arguments(given: impl Iterator<Item = std::ffi::OsString>) -> anyhow::Result<Arguments> {
    let mut arguments = Arguments::default();
    let mut given = given;
    while let Some(argument) = given.next() {
        if argument == "--as" {
            let person = given.next().and_then(|name| name.into_string().ok());
            arguments.person = Some(person.ok_or_else(|| anyhow::anyhow!("`--as` needs a name"))?);
        } else if argument.to_string_lossy().starts_with('-') {
            anyhow::bail!("usage: callout-desk [WORKSPACE] [--as PERSON]");
        } else {
            arguments.workspace = Some(argument.into());
        }
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_workspace_and_person() {
        let given = ["/tmp/网络.callout", "--as", "李雷"].map(Into::into);
        let arguments = arguments(given.into_iter()).unwrap();
        assert_eq!(arguments.workspace, Some("/tmp/网络.callout".into()));
        assert_eq!(arguments.person.as_deref(), Some("李雷"));
        assert!(super::arguments(["--as".into()].into_iter()).is_err());
    }
}
