//! The page's commands around models, drafting jobs and the engine. Wiring, as in `commands`.

use std::path::PathBuf;

use app::domain::{
    DiagramId, DraftRequest, Followed, ItemState, Job, JobId, JobItem, JobRequest, KeySource,
    Model, ModelId, NewModel,
};
use app::{EngineStatus, Inventory, ModelAbout};

use crate::commands::{Answer, Shared};

#[tauri::command(async)]
#[specta::specta]
pub fn models(desk: Shared<'_>) -> Answer<Vec<Model>> {
    Ok(desk.session()?.models()?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn inventory(desk: Shared<'_>) -> Answer<Inventory> {
    Ok(desk.session()?.inventory()?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn describe_model(path: PathBuf) -> Answer<ModelAbout> {
    Ok(app::describe_model(&path)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn add_model(desk: Shared<'_>, model: NewModel) -> Answer<Model> {
    Ok(desk.session()?.add_model(&model)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn replace_model(desk: Shared<'_>, old: ModelId, model: NewModel) -> Answer<Model> {
    Ok(desk.session()?.replace_model(&old, &model)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn remove_model(desk: Shared<'_>, id: ModelId) -> Answer<()> {
    Ok(desk.session()?.remove_model(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn keep_key(entry: String, secret: String) -> Answer<()> {
    Ok(app::keep_key(&entry, &secret)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn server_models(url: String, key: Option<KeySource>) -> Answer<Vec<String>> {
    Ok(app::server_models(&url, key.as_ref())?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn queue_drafts(desk: Shared<'_>, request: DraftRequest) -> Answer<Job> {
    Ok(desk.session()?.queue_drafts(&request)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn engine(desk: Shared<'_>) -> Answer<EngineStatus> {
    Ok(desk.session()?.engine()?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn ensure_engine(desk: Shared<'_>) -> Answer<bool> {
    Ok(desk.session()?.ensure_engine()?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn jobs(desk: Shared<'_>) -> Answer<Vec<Job>> {
    Ok(desk.session()?.jobs()?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn job_items(
    desk: Shared<'_>,
    id: JobId,
    state: Option<ItemState>,
    offset: u32,
    limit: u32,
) -> Answer<Vec<JobItem>> {
    Ok(desk.session()?.job_items(&id, state, offset, limit)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn ask_of_job(desk: Shared<'_>, id: JobId, request: JobRequest) -> Answer<Job> {
    Ok(desk.session()?.request(&id, request)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn look_at(desk: Shared<'_>, id: DiagramId) -> Answer<()> {
    Ok(desk.session()?.focus(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn follow_job(desk: Shared<'_>, id: JobId, cursor: String) -> Answer<Followed> {
    Ok(desk.session()?.follow(&id, &cursor)?)
}
