//! Glossaries as tables.

use domain::{Term, TermId};
use interchange::{Error, read_terms, write_terms};

fn term(en: &str, zh: &str, forbidden: &[&str]) -> Term {
    Term {
        id: TermId::new(),
        en: en.to_owned(),
        zh: zh.to_owned(),
        expansion: "Access and Mobility Management Function".to_owned(),
        definition: "says, \"who\" may come in\nand where".to_owned(),
        forbidden: forbidden.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let terms = [
        term(
            "AMF",
            "接入和移动性管理功能",
            &["access manager", "接入管理器"],
        ),
        term("", "网络切片", &[]),
    ];
    for name in ["terms.csv", "terms.tsv", "terms.json"] {
        let path = folder.path().join(name);
        write_terms(&path, &terms).unwrap();
        let read = read_terms(&path).unwrap();
        let pairs: Vec<_> = read.iter().zip(&terms).collect();
        assert_eq!(read.len(), 2, "{name}");
        for (read, written) in pairs {
            assert_eq!(
                (&read.en, &read.zh, &read.definition, &read.forbidden),
                (
                    &written.en,
                    &written.zh,
                    &written.definition,
                    &written.forbidden
                ),
                "{name}"
            );
        }
    }
}

#[test]
fn a_table_of_a_spreadsheet_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("词汇.csv");
    std::fs::write(
        &path,
        "\u{feff}zh,owner,forbidden\r\n 网元 ,li,网络单元；设备\r\n",
    )
    .unwrap();
    let read = read_terms(&path).unwrap();
    assert_eq!(read[0].zh, "网元");
    assert_eq!(read[0].forbidden, ["网络单元", "设备"]);
}

#[test]
fn what_is_no_glossary_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, bytes: &[u8], expected: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = read_terms(&path).unwrap_err();
        assert!(matches!(error, Error::Terms { .. }), "{name}: {error}");
        assert!(error.to_string().contains(expected), "{name}: {error}");
    };
    check("names.csv", b"a,b\n1,2\n", "neither `en` nor `zh`");
    check("names.json", b"{\"en\": 1}", "expected a sequence");
    check("bytes.csv", b"en\n\xff\xfe\n", "utf-8");
}
