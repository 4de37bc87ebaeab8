//! The boundary to the page, and the TypeScript written from it.

use tauri::Wry;
use tauri_specta::{Builder, collect_commands};

use crate::{annotating, asking, commands as command, drafting, leading};

/// Every command that the page may call.
#[expect(clippy::too_many_lines, reason = "one list of commands")]
pub fn builder() -> Builder<Wry> {
    Builder::new().commands(collect_commands![
        command::startup,
        command::create_workspace,
        command::open_workspace,
        command::pick_folder,
        command::pick_files,
        command::save_settings,
        command::queue_page,
        command::state_counts,
        command::place_of,
        command::neighbour,
        command::open_diagram,
        command::journal,
        command::commit_caption,
        command::submit,
        command::approve,
        command::return_to_author,
        command::reopen,
        command::resolve_conflict,
        command::diff,
        command::three_way,
        command::agreement,
        command::start_import,
        command::cancel_import,
        command::export_workspace,
        drafting::models,
        drafting::inventory,
        drafting::describe_model,
        drafting::add_model,
        drafting::replace_model,
        drafting::remove_model,
        drafting::keep_key,
        drafting::server_models,
        drafting::queue_drafts,
        drafting::engine,
        drafting::ensure_engine,
        drafting::jobs,
        drafting::job_items,
        drafting::ask_of_job,
        drafting::look_at,
        drafting::follow_job,
        annotating::draw_region,
        annotating::draw_evidence,
        annotating::change_region,
        annotating::remove_region,
        annotating::restore_region,
        annotating::reorder_regions,
        annotating::set_reasons,
        annotating::accept_draft,
        annotating::take_back_draft,
        annotating::history,
        annotating::revision,
        annotating::restore_revision,
        annotating::structure,
        annotating::structure_diff,
        annotating::terms,
        annotating::add_term,
        annotating::change_term,
        annotating::remove_term,
        annotating::restore_term,
        annotating::take_terms,
        annotating::read_terms_file,
        annotating::export_terms,
        annotating::check_terms,
        annotating::claim,
        annotating::release,
        annotating::claim_next,
        annotating::skip,
        annotating::unskip,
        annotating::set_diagram_kind,
        annotating::diagram_kinds,
        annotating::bulk,
        annotating::undo_bulk,
        annotating::filters,
        annotating::save_filter,
        annotating::remove_filter,
        asking::questions,
        asking::question,
        asking::add_question,
        asking::save_question,
        asking::commit_question,
        asking::take_up_question,
        asking::make_question_ready,
        asking::reject_question,
        asking::restore_question,
        asking::question_revisions,
        asking::question_trials,
        asking::check_question,
        asking::answer_question,
        asking::question_categories,
        asking::question_coverage,
        asking::queue_proposals,
        asking::queue_answers,
        asking::queue_blind_check,
        leading::review,
        leading::keep_lead_text,
        leading::decide,
        leading::undo_decision,
        leading::start_thread,
        leading::answer_thread,
        leading::settle_thread,
        leading::dashboard,
        leading::audit_page,
        leading::export_audit,
        leading::save_diagnostics,
        leading::me,
        leading::people,
        leading::set_role,
        leading::add_person,
        leading::rename_person,
        leading::policy,
        leading::set_policy,
    ])
}

#[cfg(test)]
mod tests {
    use specta_typescript::Typescript;

    use super::*;

    /// With `UPDATE_BINDINGS=1` it writes the file instead.
    #[test]
    fn bindings_are_fresh() {
        let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/ui/src/backend/bindings.ts");
        let folder = std::env::temp_dir().join(format!("callout-bindings-{}", std::process::id()));
        let written = folder.join("bindings.ts");
        let language =
            Typescript::default().header("// Written from src-tauri by `cargo xtask bindings`.\n");
        builder().export(language, &written).unwrap();
        let fresh = std::fs::read_to_string(&written).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        if std::env::var_os("UPDATE_BINDINGS").is_some() {
            std::fs::write(committed, &fresh).unwrap();
        }
        let current = std::fs::read_to_string(committed).unwrap_or_default();
        assert!(
            current == fresh,
            "bindings are stale: run `cargo xtask bindings`"
        );
    }
}
