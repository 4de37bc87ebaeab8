use app::ImportOptions;
use app::domain::QueueFilter;

use crate::{Bench, bmp};

#[test]
fn rows_come_in_the_order_of_names_and_once() {
    let bench = Bench::new();
    for index in [3_u8, 1, 2, 0] {
        bench.write(&format!("图 {index}.bmp"), &bmp(8, 4, index));
    }
    bench.write("same as 图 0.bmp", &bmp(8, 4, 0));
    let report = bench.import(&bench.input());
    assert_eq!((report.imported, report.already), (4, 1), "{report:?}");
    let page = bench.session.page(&QueueFilter::default(), 0, 10).unwrap();
    let names: Vec<_> = page.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names[..3], ["same as 图 0.bmp", "图 1.bmp", "图 2.bmp"]);
    assert_eq!(bench.import(&bench.input()).already, 5);
}

#[test]
fn what_is_refused_is_named_and_stops_nothing() {
    let bench = Bench::new();
    bench.write("a.png", b"these are words");
    bench.write("b.bmp", &bmp(5, 5, 9));
    bench.write("notes.txt", b"left alone");
    bench.write(
        "metadata.jsonl",
        b"{\"file_name\": \"gone.png\", \"caption\": \"x\"}\nnonsense\n",
    );
    let report = bench.import(&bench.input());
    assert_eq!((report.imported, report.skipped), (1, 1), "{report:?}");
    let told = |part: &str| report.rejected.iter().any(|file| file.path.contains(part));
    assert!(
        told("a.png") && told("gone.png") && told("metadata.jsonl:2"),
        "{report:?}"
    );
    assert_eq!(report.rejected.len(), 3);
}

#[test]
fn a_cancelled_import_keeps_what_came_in() {
    let bench = Bench::new();
    for index in 0..60 {
        bench.write(&format!("{index:02}.bmp"), &bmp(16, 16, index));
    }
    let options = ImportOptions::default();
    let cancel = options.cancel.clone();
    let report = bench
        .session
        .import(&[bench.input()], &options, |_| cancel.cancel())
        .unwrap();
    assert!(report.cancelled && report.imported < 60, "{report:?}");
    let rest = bench.import(&bench.input());
    assert_eq!(
        (rest.already, rest.imported),
        (report.imported, 60 - report.imported)
    );
    assert_eq!(bench.session.status().unwrap().diagrams, 60);
}

#[test]
fn captions_become_drafts_with_unix_lines() {
    let bench = Bench::new();
    bench.write("a.bmp", &bmp(5, 5, 1));
    let row = "{\"file_name\": \"a.bmp\", \"caption\": \"用户面\\r\\n控制面\", \"context\": [\"one\", \"two\"]}";
    bench.write("metadata.jsonl", row.as_bytes());
    bench.import(&bench.input());
    let id = bench.session.find("1").unwrap();
    let view = bench.session.diagram(&id).unwrap();
    assert_eq!(view.captions[0].text, "用户面\n控制面");
    assert_eq!(view.diagram.context, "one\n\ntwo");
    assert!(!view.captions[0].dirty);
}
