//! What the window can change, the command line can: one row for each of the window's commands.

use std::collections::BTreeMap;
use std::path::Path;

use crate::callout;

/// How one of the window's commands is done without a window.
enum Here {
    /// By this subcommand.
    By(&'static str),
    /// It changes nothing.
    Reads,
    /// It is about the window itself, for this reason.
    OfTheWindow(&'static str),
}

use Here::{By, OfTheWindow, Reads};

const TABLE: &[(&str, Here)] = &[
    ("startup", OfTheWindow("opens the workspace of last time")),
    ("create_workspace", By("init")),
    (
        "open_workspace",
        OfTheWindow("every subcommand names its workspace"),
    ),
    ("pick_folder", OfTheWindow("a dialog")),
    ("pick_files", OfTheWindow("a dialog")),
    (
        "save_settings",
        OfTheWindow("its language, theme and width of panes"),
    ),
    (
        "look_at",
        OfTheWindow("what is on the screen is drafted first"),
    ),
    ("queue_page", Reads),
    ("state_counts", Reads),
    ("place_of", Reads),
    ("neighbour", Reads),
    ("open_diagram", Reads),
    ("journal", By("annotate")),
    ("commit_caption", By("annotate")),
    ("accept_draft", By("take-draft")),
    ("take_back_draft", By("take-draft")),
    ("submit", By("submit")),
    ("approve", By("approve")),
    ("return_to_author", By("return")),
    ("reopen", By("reopen")),
    ("resolve_conflict", By("resolve")),
    ("diff", Reads),
    ("three_way", Reads),
    ("start_import", By("import")),
    ("cancel_import", OfTheWindow("Ctrl-C ends an import")),
    ("export_workspace", By("export")),
    ("models", Reads),
    ("inventory", Reads),
    ("describe_model", Reads),
    ("add_model", By("model add")),
    ("replace_model", By("model replace")),
    ("remove_model", By("model forget")),
    ("keep_key", By("model keep-key")),
    ("server_models", Reads),
    ("queue_drafts", By("draft")),
    ("engine", Reads),
    ("ensure_engine", By("engine")),
    ("jobs", Reads),
    ("job_items", Reads),
    ("ask_of_job", By("job pause")),
    ("ask_of_job", By("job resume")),
    ("ask_of_job", By("job retry")),
    ("ask_of_job", By("job cancel")),
    ("follow_job", Reads),
    ("draw_region", By("region draw")),
    ("draw_evidence", By("region draw")),
    ("change_region", By("region change")),
    ("remove_region", By("region remove")),
    ("restore_region", By("region restore")),
    ("reorder_regions", By("region order")),
    ("set_reasons", By("reasons")),
    ("history", Reads),
    ("revision", Reads),
    ("restore_revision", By("restore")),
    ("structure", Reads),
    ("structure_diff", Reads),
    ("agreement", Reads),
    ("terms", Reads),
    ("add_term", By("term add")),
    ("change_term", By("term change")),
    ("remove_term", By("term remove")),
    ("restore_term", By("term restore")),
    ("take_terms", By("term import")),
    ("read_terms_file", Reads),
    ("export_terms", By("term export")),
    ("check_terms", Reads),
    ("claim", By("claim")),
    ("release", By("release")),
    ("claim_next", By("next")),
    ("skip", By("skip")),
    ("unskip", By("unskip")),
    ("set_diagram_kind", By("kind")),
    ("diagram_kinds", Reads),
    ("bulk", By("bulk plan")),
    ("bulk", By("bulk kind")),
    ("bulk", By("bulk skip")),
    ("bulk", By("bulk unskip")),
    ("bulk", By("bulk second")),
    ("undo_bulk", By("bulk undo")),
    ("filters", Reads),
    ("save_filter", By("filter save")),
    ("remove_filter", By("filter remove")),
    ("questions", Reads),
    ("question", Reads),
    ("add_question", By("question add")),
    ("save_question", By("question write")),
    ("commit_question", By("question write")),
    ("take_up_question", By("question take-up")),
    ("make_question_ready", By("question ready")),
    ("reject_question", By("question reject")),
    ("restore_question", By("question restore")),
    ("question_revisions", Reads),
    ("question_trials", Reads),
    ("check_question", Reads),
    ("answer_question", By("question answer")),
    ("question_categories", Reads),
    ("question_coverage", Reads),
    ("queue_proposals", By("question propose")),
    ("queue_answers", By("question ask")),
    ("queue_blind_check", By("question ask")),
    ("review", Reads),
    ("keep_lead_text", By("decide keep")),
    ("decide", By("decide accept")),
    ("decide", By("decide return")),
    ("undo_decision", By("decide undo")),
    ("start_thread", By("thread start")),
    ("answer_thread", By("thread answer")),
    ("settle_thread", By("thread settle")),
    ("settle_thread", By("thread reopen")),
    ("dashboard", Reads),
    ("audit_page", Reads),
    ("export_audit", By("audit")),
    ("save_diagnostics", By("diagnose")),
    ("me", Reads),
    ("people", Reads),
    ("set_role", By("people roles")),
    ("add_person", By("people add")),
    ("rename_person", By("people rename")),
    ("policy", Reads),
    ("set_policy", By("rules")),
];

/// The functions below `#[tauri::command]`, with the bodies they have.
fn commands_of_the_window() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src-tauri");
    let mut commands = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        for piece in source.split("#[tauri::command").skip(1) {
            let (_, rest) = piece.split_once("fn ").unwrap();
            let (name, body) = rest.split_once('(').unwrap();
            commands.insert(name.to_owned(), body.to_owned());
        }
    }
    commands
}

#[test]
fn every_command_of_the_window_is_in_the_table() {
    let window = commands_of_the_window();
    assert!(window.len() > 100, "{}", window.len());
    for name in window.keys() {
        assert!(
            TABLE.iter().any(|(known, _)| known == name),
            "the window's command `{name}` is not in the table: give the command line a subcommand for it"
        );
    }
    for (name, here) in TABLE {
        assert!(
            window.contains_key(*name),
            "the window has no command `{name}`"
        );
        if let OfTheWindow(why) = here {
            assert!(!why.is_empty(), "{name}");
        }
    }
}

/// A use case that writes is no reading, whatever the table says.
#[test]
fn what_is_listed_as_reading_does_not_write() {
    let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("../app/src");
    let paths = std::fs::read_dir(app)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.is_file());
    let sources: Vec<String> = paths
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let writes = |use_case: &str| {
        let start = format!("pub fn {use_case}(");
        let mut bodies = sources
            .iter()
            .filter_map(|source| source.split_once(&start));
        bodies.any(|(_, rest)| {
            rest.split("\n    }\n")
                .next()
                .unwrap()
                .contains("self.write(")
        })
    };
    assert!(writes("add_term") && !writes("terms"));
    let window = commands_of_the_window();
    for (name, here) in TABLE {
        let body = &window[*name];
        let asked = body
            .split_once("session()?.")
            .and_then(|(_, rest)| rest.split('(').next());
        if let (Reads, Some(use_case)) = (here, asked) {
            assert!(!writes(use_case), "`{name}` writes, so it is no reading");
        }
    }
}

#[test]
fn every_subcommand_of_the_table_is_there_and_explains_itself() {
    for (name, here) in TABLE {
        let By(subcommand) = here else { continue };
        let args = subcommand.split(' ').chain(["--help"]);
        let help = callout(args).exits(0).out;
        for says in ["--json", "--as <USER>", "Usage: callout "] {
            assert!(
                help.contains(says),
                "{name}, `callout {subcommand}`: no {says} in\n{help}"
            );
        }
        let first = help.lines().next().unwrap();
        assert!(
            !first.is_empty() && !first.starts_with("Usage"),
            "`callout {subcommand}` says nothing"
        );
    }
}
