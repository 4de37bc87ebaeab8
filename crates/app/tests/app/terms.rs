//! The glossary in use: found in texts of both languages, and kept whole when texts are compared.

use domain::{NewTerm, TermHit};

use crate::Bench;

fn term(en: &str, zh: &str, forbidden: &[&str]) -> NewTerm {
    NewTerm {
        en: en.to_owned(),
        zh: zh.to_owned(),
        forbidden: forbidden.iter().map(|word| (*word).to_owned()).collect(),
        ..NewTerm::default()
    }
}

fn cut(text: &str, hit: &TermHit) -> String {
    let length = (hit.end - hit.start) as usize;
    text.chars().skip(hit.start as usize).take(length).collect()
}

#[test]
fn terms_and_what_should_not_be_said_are_found_in_code_points() {
    let bench = Bench::new();
    bench
        .session
        .take_terms(&[
            term("UPF", "用户面功能", &["user plane node", "用户面节点"]),
            term("link", "", &[]),
        ])
        .unwrap();
    let text = "𝒜 The User Plane Node and the uplink join a link；用户面节点转发。";
    let hits = bench.session.check_terms(text).unwrap();
    let found: Vec<_> = hits
        .iter()
        .map(|hit| (cut(text, hit), hit.preferred.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            ("User Plane Node".to_owned(), Some("UPF")),
            ("link".to_owned(), None),
            ("用户面节点".to_owned(), Some("用户面功能")),
        ]
    );
    // Nothing is left to find once the entries are gone.
    for known in bench.session.terms().unwrap() {
        bench.session.remove_term(&known.id).unwrap();
    }
    assert_eq!(bench.session.check_terms(text).unwrap(), []);
}

#[test]
fn a_term_is_one_word_to_the_difference() {
    let bench = Bench::new();
    let (before, after) = ("由量子密钥分发网转发", "由量子密钥管理网转发");
    let removed = |bench: &Bench| {
        let diff = bench.session.diff(before, after).unwrap();
        let changed = diff
            .hunks
            .iter()
            .filter(|hunk| hunk.kind != app::HunkKind::Equal);
        changed.map(|hunk| hunk.before.clone()).collect::<Vec<_>>()
    };
    assert_eq!(removed(&bench), ["分发"]);
    bench
        .session
        .add_term(&term("", "量子密钥分发", &[]))
        .unwrap();
    assert_eq!(removed(&bench), ["量子密钥分发"]);
}
