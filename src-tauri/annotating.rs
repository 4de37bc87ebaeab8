//! The page's commands around regions, reasons, history, structure, terms and claims. Wiring, as in `commands`.

use std::path::PathBuf;

use app::domain::{
    BulkAction, BulkDone, BulkId, BulkScope, Claim, Committed, DiagramId, DraftId, DrawnRegion,
    FilterId, HistoryEntry, NewTerm, PersonId, Place, QueueFilter, Reason, Region, RegionChange,
    RegionId, Revision, RevisionId, SavedFilter, Slot, State, Term, TermHit, TermId, TermsTaken,
};
use app::{Structure, StructureDiff};

use crate::commands::{Answer, Shared};

#[tauri::command(async)]
#[specta::specta]
pub fn draw_region(desk: Shared<'_>, id: DiagramId, region: DrawnRegion) -> Answer<Region> {
    Ok(desk.session()?.draw_region(&id, &region)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn draw_evidence(desk: Shared<'_>, id: DiagramId, region: DrawnRegion) -> Answer<Region> {
    Ok(desk.session()?.draw_evidence(&id, &region)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn change_region(
    desk: Shared<'_>,
    id: DiagramId,
    region: RegionId,
    change: RegionChange,
) -> Answer<Region> {
    Ok(desk.session()?.change_region(&id, &region, &change)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn remove_region(desk: Shared<'_>, id: DiagramId, region: RegionId) -> Answer<()> {
    Ok(desk.session()?.remove_region(&id, &region)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn restore_region(desk: Shared<'_>, id: DiagramId, region: RegionId) -> Answer<Region> {
    Ok(desk.session()?.restore_region(&id, &region)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn reorder_regions(
    desk: Shared<'_>,
    id: DiagramId,
    order: Vec<RegionId>,
) -> Answer<Vec<Region>> {
    Ok(desk.session()?.reorder_regions(&id, &order)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn set_reasons(desk: Shared<'_>, slot: Slot, reasons: Vec<Reason>) -> Answer<Vec<Reason>> {
    Ok(desk.session()?.set_reasons(&slot, &reasons)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn accept_draft(desk: Shared<'_>, slot: Slot, draft: DraftId) -> Answer<Committed> {
    Ok(desk.session()?.accept_draft(&slot, Some(&draft))?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn take_back_draft(desk: Shared<'_>, slot: Slot) -> Answer<Committed> {
    Ok(desk.session()?.take_back_draft(&slot)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn history(
    desk: Shared<'_>,
    slot: Slot,
    annotator: Option<PersonId>,
) -> Answer<Vec<HistoryEntry>> {
    Ok(desk.session()?.history(&slot, annotator.as_ref())?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn revision(desk: Shared<'_>, id: RevisionId) -> Answer<Revision> {
    Ok(desk.session()?.revision(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn restore_revision(desk: Shared<'_>, slot: Slot, revision: RevisionId) -> Answer<Committed> {
    Ok(desk.session()?.restore_revision(&slot, &revision)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn structure(desk: Shared<'_>, source: String, detailed: String) -> Answer<Structure> {
    Ok(desk.session()?.structure(&source, &detailed)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn structure_diff(
    desk: Shared<'_>,
    gold: String,
    other: String,
) -> Answer<Option<StructureDiff>> {
    Ok(desk.session()?.structure_diff(&gold, &other)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn terms(desk: Shared<'_>) -> Answer<Vec<Term>> {
    Ok(desk.session()?.terms()?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn add_term(desk: Shared<'_>, term: NewTerm) -> Answer<Term> {
    Ok(desk.session()?.add_term(&term)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn change_term(desk: Shared<'_>, id: TermId, term: NewTerm) -> Answer<Term> {
    Ok(desk.session()?.change_term(&id, &term)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn remove_term(desk: Shared<'_>, id: TermId) -> Answer<()> {
    Ok(desk.session()?.remove_term(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn restore_term(desk: Shared<'_>, id: TermId) -> Answer<Term> {
    Ok(desk.session()?.restore_term(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn take_terms(desk: Shared<'_>, terms: Vec<NewTerm>) -> Answer<TermsTaken> {
    Ok(desk.session()?.take_terms(&terms)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn read_terms_file(path: PathBuf) -> Answer<Vec<NewTerm>> {
    Ok(app::read_terms(&path)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn export_terms(desk: Shared<'_>, out: PathBuf) -> Answer<u32> {
    Ok(desk.session()?.export_terms(&out)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn check_terms(desk: Shared<'_>, text: String) -> Answer<Vec<TermHit>> {
    Ok(desk.session()?.check_terms(&text)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn claim(desk: Shared<'_>, id: DiagramId) -> Answer<Claim> {
    Ok(desk.session()?.claim(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn release(desk: Shared<'_>, id: DiagramId) -> Answer<()> {
    Ok(desk.session()?.release(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn claim_next(
    desk: Shared<'_>,
    filter: QueueFilter,
    after: Option<DiagramId>,
) -> Answer<Option<Place>> {
    Ok(desk.session()?.claim_next(&filter, after.as_ref())?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn skip(desk: Shared<'_>, id: DiagramId, reason: String) -> Answer<State> {
    Ok(desk.session()?.skip(&id, &reason)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn unskip(desk: Shared<'_>, id: DiagramId) -> Answer<State> {
    Ok(desk.session()?.unskip(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn set_diagram_kind(desk: Shared<'_>, id: DiagramId, kind: String) -> Answer<()> {
    Ok(desk.session()?.set_diagram_kind(&id, &kind)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn diagram_kinds(desk: Shared<'_>) -> Answer<Vec<(String, u32)>> {
    Ok(desk.session()?.diagram_kinds()?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn bulk(desk: Shared<'_>, scope: BulkScope, action: BulkAction) -> Answer<BulkDone> {
    Ok(desk.session()?.bulk(&scope, &action)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn undo_bulk(desk: Shared<'_>, id: BulkId) -> Answer<BulkDone> {
    Ok(desk.session()?.undo_bulk(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn filters(desk: Shared<'_>) -> Answer<Vec<SavedFilter>> {
    Ok(desk.session()?.filters()?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn save_filter(desk: Shared<'_>, name: String, filter: QueueFilter) -> Answer<SavedFilter> {
    Ok(desk.session()?.save_filter(&name, &filter)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn remove_filter(desk: Shared<'_>, id: FilterId) -> Answer<()> {
    Ok(desk.session()?.remove_filter(&id)?)
}
