//! The benchmarks run and say what they measured; how fast is not a test's business.

use crate::{callout, sample};

#[test]
fn a_workspace_of_generated_diagrams_is_measured() {
    let figures = callout(["bench", "workspace", "--diagrams", "300", "--json"])
        .exits(0)
        .json();
    assert_eq!(figures["diagrams"], 300);
    for key in [
        "open_first_page_ms",
        "page_at_90_percent_ms",
        "counts_ms",
        "search_common_ms",
        "search_rare_ms",
        "search_common_zh_ms",
        "search_rare_zh_ms",
        "next_diagram_ms",
        "journal_p50_ms",
        "journal_p95_ms",
        "database_mb",
    ] {
        assert!(figures[key].as_f64().unwrap() > 0.0, "{key} in {figures}");
    }
}

#[test]
fn an_import_is_measured_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let args = [
        "bench".as_ref(),
        "import".as_ref(),
        "--in".as_ref(),
        dir.path().as_os_str(),
    ];
    let sample = sample();
    let run = callout(
        args.into_iter()
            .chain([sample.as_os_str(), "--json".as_ref()]),
    )
    .exits(0);
    assert_eq!(run.json()["imported"], 12);
    assert!(run.json()["pictures_per_s"].as_f64().unwrap() > 0.0);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn numbers_of_leads_and_long_differences_are_measured() {
    let figures = callout(["bench", "dashboard", "--revisions", "400", "--json"])
        .exits(0)
        .json();
    assert_eq!(
        (&figures["revisions"], &figures["diagrams"]),
        (&400.into(), &80.into())
    );
    for key in ["dashboard_ms", "list_behind_a_number_ms", "audit_page_ms"] {
        assert!(figures[key].as_f64().unwrap() > 0.0, "{key} in {figures}");
    }
    let figures = callout(["bench", "diff", "--characters", "2000", "--json"])
        .exits(0)
        .json();
    assert_eq!(figures["characters"], 2000);
    assert!(figures["hunks"].as_u64().unwrap() > 5, "{figures}");
    assert!(figures["three_way_ms"].as_f64().unwrap() > 0.0);
}
