//! The page's commands. Each is wiring: a session's use case, and its failure as a [`Problem`].

use std::path::PathBuf;

use app::domain::{
    Committed, DiagramId, DiagramView, JournalEntry, Keep, Place, QueueFilter, QueuePage, Saved,
    Slot, State, StateCounts, SubmitNote,
};
use app::{
    Diff, ExportFormat, Exported, ImportOptions, ImportProgress, ImportReport, Problem, Settings,
    ThreeWay,
};
use tauri::ipc::Channel;

use crate::desk::{Desk, Startup, WorkspaceInfo};

pub(crate) type Shared<'a> = tauri::State<'a, Desk>;
pub(crate) type Answer<T> = Result<T, Problem>;

#[tauri::command(async)]
#[specta::specta]
pub fn startup(desk: Shared<'_>) -> Startup {
    desk.startup()
}

#[tauri::command(async)]
#[specta::specta]
pub fn create_workspace(desk: Shared<'_>, path: PathBuf) -> Answer<WorkspaceInfo> {
    desk.create(&path)
}

#[tauri::command(async)]
#[specta::specta]
pub fn open_workspace(desk: Shared<'_>, path: PathBuf) -> Answer<WorkspaceInfo> {
    desk.open(&path)
}

#[tauri::command]
#[specta::specta]
pub async fn pick_folder() -> Option<String> {
    let folder = rfd::AsyncFileDialog::new().pick_folder().await;
    folder.map(|folder| folder.path().display().to_string())
}

#[tauri::command]
#[specta::specta]
pub async fn pick_files() -> Vec<String> {
    let files = rfd::AsyncFileDialog::new()
        .pick_files()
        .await
        .unwrap_or_default();
    files
        .iter()
        .map(|file| file.path().display().to_string())
        .collect()
}

#[tauri::command(async)]
#[specta::specta]
pub fn save_settings(desk: Shared<'_>, settings: Settings) -> Answer<()> {
    desk.save_settings(settings)
}

#[tauri::command(async)]
#[specta::specta]
pub fn queue_page(
    desk: Shared<'_>,
    filter: QueueFilter,
    offset: u32,
    limit: u32,
) -> Answer<QueuePage> {
    Ok(desk.session()?.page(&filter, offset, limit)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn state_counts(desk: Shared<'_>, search: String) -> Answer<StateCounts> {
    Ok(desk.session()?.counts(&search)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn place_of(desk: Shared<'_>, filter: QueueFilter, id: DiagramId) -> Answer<Option<Place>> {
    Ok(desk.session()?.place_of(&filter, &id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn neighbour(
    desk: Shared<'_>,
    filter: QueueFilter,
    id: DiagramId,
    forward: bool,
) -> Answer<Option<Place>> {
    Ok(desk.session()?.neighbour(&filter, &id, forward)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn open_diagram(desk: Shared<'_>, id: DiagramId) -> Answer<DiagramView> {
    Ok(desk.session()?.diagram(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn journal(desk: Shared<'_>, entry: JournalEntry) -> Answer<Saved> {
    Ok(desk.session()?.journal(entry)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn commit_caption(desk: Shared<'_>, slot: Slot) -> Answer<Committed> {
    Ok(desk.session()?.commit(&slot)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn submit(desk: Shared<'_>, slot: Slot, note: SubmitNote) -> Answer<Committed> {
    Ok(desk.session()?.submit(&slot, &note)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn approve(desk: Shared<'_>, id: DiagramId) -> Answer<State> {
    Ok(desk.session()?.approve(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn return_to_author(desk: Shared<'_>, id: DiagramId, reason: String) -> Answer<State> {
    Ok(desk.session()?.return_to_author(&id, &reason)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn reopen(desk: Shared<'_>, id: DiagramId) -> Answer<State> {
    Ok(desk.session()?.reopen(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn resolve_conflict(desk: Shared<'_>, slot: Slot, keep: Keep) -> Answer<Committed> {
    Ok(desk.session()?.resolve(&slot, keep)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn diff(desk: Shared<'_>, before: String, after: String) -> Answer<Diff> {
    Ok(desk.session()?.diff(&before, &after)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn three_way(desk: Shared<'_>, base: String, one: String, other: String) -> Answer<ThreeWay> {
    Ok(desk.session()?.three_way(&base, &one, &other)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn agreement(desk: Shared<'_>, one: String, other: String) -> Answer<f64> {
    Ok(desk.session()?.agreement(&one, &other)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn start_import(
    desk: Shared<'_>,
    paths: Vec<PathBuf>,
    on_progress: Channel<ImportProgress>,
) -> Answer<ImportReport> {
    let options = ImportOptions {
        cancel: desk.begin_import(),
        ..ImportOptions::default()
    };
    // Progress that nobody listens to any more does not stop an import.
    Ok(desk.session()?.import(&paths, &options, |progress| {
        on_progress.send(progress).unwrap_or(())
    })?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn cancel_import(desk: Shared<'_>) {
    desk.cancel_import();
}

#[tauri::command(async)]
#[specta::specta]
pub fn export_workspace(desk: Shared<'_>, format: ExportFormat, out: PathBuf) -> Answer<Exported> {
    Ok(desk.session()?.export(format, &out)?)
}
