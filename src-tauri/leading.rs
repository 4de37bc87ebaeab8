//! The page's commands around reviewing, people, rules and numbers. Wiring, as in `commands`.

use std::path::PathBuf;

use app::domain::{
    Anchor, AuditFilter, AuditPage, Dashboard, DiagramId, NewDecision, Person, PersonId,
    PersonInfo, Policy, ReviewView, Role, Slot, State, Thread, ThreadId,
};

use crate::commands::{Answer, Shared};

#[tauri::command(async)]
#[specta::specta]
pub fn review(desk: Shared<'_>, id: DiagramId) -> Answer<ReviewView> {
    Ok(desk.session()?.review(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn keep_lead_text(desk: Shared<'_>, slot: Slot, text: Option<String>) -> Answer<()> {
    Ok(desk.session()?.keep_lead_text(&slot, text.as_deref())?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn decide(desk: Shared<'_>, id: DiagramId, decision: NewDecision) -> Answer<State> {
    Ok(desk.session()?.decide(&id, &decision)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn undo_decision(desk: Shared<'_>, id: DiagramId) -> Answer<State> {
    Ok(desk.session()?.undo_decision(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn start_thread(
    desk: Shared<'_>,
    id: DiagramId,
    anchor: Anchor,
    text: String,
) -> Answer<Thread> {
    Ok(desk.session()?.start_thread(&id, &anchor, &text)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn answer_thread(desk: Shared<'_>, id: ThreadId, text: String) -> Answer<Thread> {
    Ok(desk.session()?.answer_thread(&id, &text)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn settle_thread(desk: Shared<'_>, id: ThreadId, settled: bool) -> Answer<Thread> {
    Ok(desk.session()?.settle_thread(&id, settled)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn dashboard(desk: Shared<'_>, days: u32) -> Answer<Dashboard> {
    Ok(desk.session()?.dashboard(days)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn audit_page(
    desk: Shared<'_>,
    filter: AuditFilter,
    offset: u32,
    limit: u32,
) -> Answer<AuditPage> {
    Ok(desk.session()?.audit_page(&filter, offset, limit)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn export_audit(desk: Shared<'_>, out: PathBuf) -> Answer<u32> {
    Ok(desk.session()?.export_audit(&out)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn save_diagnostics(desk: Shared<'_>, out: PathBuf) -> Answer<()> {
    Ok(desk.session()?.save_diagnostics(&out)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn me(desk: Shared<'_>) -> Answer<Person> {
    Ok(desk.session()?.me()?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn people(desk: Shared<'_>) -> Answer<Vec<PersonInfo>> {
    Ok(desk.session()?.people()?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn set_role(
    desk: Shared<'_>,
    person: PersonId,
    role: Role,
    wanted: bool,
) -> Answer<PersonInfo> {
    Ok(desk.session()?.set_role(&person, role, wanted)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn add_person(desk: Shared<'_>, name: String, roles: Vec<Role>) -> Answer<PersonInfo> {
    Ok(desk.session()?.add_person(&name, &roles)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn rename_person(desk: Shared<'_>, person: PersonId, name: String) -> Answer<PersonInfo> {
    Ok(desk.session()?.rename_person(&person, &name)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn policy(desk: Shared<'_>) -> Answer<Policy> {
    Ok(desk.session()?.policy()?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn set_policy(desk: Shared<'_>, policy: Policy) -> Answer<Policy> {
    Ok(desk.session()?.set_policy(&policy)?)
}
