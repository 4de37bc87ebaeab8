//! What a reader sees of a difference, and the promises that hold for every pair of texts.

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use crate::{Diff, HunkKind, PieceKind, Segmenter, TermFinder, Wording};

fn diff(before: &str, after: &str) -> Diff {
    Segmenter::shared().diff(before, after)
}

fn words(text: &str) -> Vec<&str> {
    Segmenter::shared().words(text)
}

/// Writes a diff as text: `[-old-]`, `{+new+}`, both for a replacement.
fn marked(diff: &Diff) -> String {
    let mark = |open: &str, text: &str, close: &str| match text {
        "" => String::new(),
        _ => format!("{open}{text}{close}"),
    };
    let one = |h: &crate::Hunk| match h.kind {
        HunkKind::Equal => h.before.clone(),
        _ => mark("[-", &h.before, "-]") + &mark("{+", &h.after, "+}"),
    };
    diff.hunks.iter().map(one).collect()
}

fn check(before: &str, after: &str, expected: &str) {
    assert_eq!(marked(&diff(before, after)), expected);
}

#[test]
fn english_changes_word_by_word() {
    check(
        "The UE asks the SMF.",
        "The UE asks the AMF.",
        "The UE asks the [-SMF-]{+AMF+}.",
    );
    check("to the gNB", "to the new gNB", "to the {+new +}gNB");
    check("to the new gNB", "to the gNB", "to the [-new -]gNB");
    check("same", "same", "same");
    check("", "new", "{+new+}");
    check("old", "", "[-old-]");
    check("", "", "");
}

#[test]
fn chinese_changes_word_by_word() {
    check(
        "终端通过接入网连接",
        "终端通过核心网连接",
        "终端通过[-接入网-]{+核心网+}连接",
    );
    check(
        "鉴权请求发往用户面功能",
        "鉴权请求发往控制面功能",
        "鉴权请求发往[-用户面-]{+控制面+}功能",
    );
    check(
        "AMF向gNB发起寻呼",
        "AMF向gNB发起切换",
        "AMF向gNB发起[-寻呼-]{+切换+}",
    );
}

#[test]
fn phrases_are_shown_whole() {
    check(
        "sends a registration request via it",
        "sends a Registration Accept via it",
        "sends a [-registration request-]{+Registration Accept+} via it",
    );
    check(
        "Four leaf switches connect to two spine routers.",
        "Each of the four leaf switches has one uplink to both spine switches.",
        "[-Four-]{+Each of the four+} leaf switches [-connect-]{+has one uplink+} to [-two-]{+both+} spine [-routers-]{+switches+}.",
    );
    check(
        "the gNB-CU node",
        "the eNB-DU node",
        "the [-gNB-CU-]{+eNB-DU+} node",
    );
}

#[test]
fn sentences_and_lines_stay_apart() {
    check(
        "It rises. One falls.",
        "It sinks. Two falls.",
        "It [-rises-]{+sinks+}. [-One-]{+Two+} falls.",
    );
    check(
        "one\r\ntwo",
        "uno\r\ndue",
        "[-one-]{+uno+}\r\n[-two-]{+due+}",
    );
}

#[test]
fn kept_counts_words_of_the_old_text_only() {
    let kept = |before, after| diff(before, after).kept;
    assert_eq!(
        kept("one two, three four", "one two; three five six seven"),
        0.75
    );
    assert_eq!(kept("基站发起寻呼", "网元发起寻呼"), 2.0 / 3.0);
    assert_eq!(kept("gone for good", "替换"), 0.0);
    assert_eq!(kept("", "anything"), 1.0);
    assert_eq!(kept(" … ", "anything"), 1.0);
}

#[test]
fn words_leave_out_spaces_and_punctuation() {
    assert_eq!(
        words("N2 (NGAP) at 3.5 GHz, don't"),
        ["N2", "NGAP", "at", "3.5", "GHz", "don't"]
    );
    assert_eq!(
        words("终端经接入网接入核心网，完成鉴权。"),
        ["终端", "经", "接入网", "接入", "核心网", "完成", "鉴权"]
    );
    assert!(words("—— \r\n👍").is_empty());
}

#[test]
fn a_diff_reaches_the_window_in_snake_case() {
    let json = serde_json::to_value(diff("a b", "a c")).expect("a diff serialises");
    assert_eq!(
        json["hunks"][1],
        serde_json::json!({"kind": "replace", "before": "b", "after": "c"})
    );
    assert_eq!(json["kept"], 0.5);
}

/// Wholly different texts of 20,000 characters take 60 ms in a debug build, 200 ms when they
/// share every word in another order.
#[test]
fn long_and_wholly_different_texts_still_add_up() {
    let text = |letter: char, step: usize| -> String {
        (0..4_000)
            .map(|i| format!("{letter}{} ", i * step % 3_571))
            .collect()
    };
    holds(&text('w', 7_919), &text('x', 104_729));
    holds(&text('w', 7_919), &text('w', 6_007));
    holds(
        &"终端通过接入网接入核心网，".repeat(1_600),
        &"基站切换到目标小区的承载网。".repeat(1_500),
    );
}

/// Asserts what is true of every diff.
fn holds(before: &str, after: &str) {
    let diff = diff(before, after);
    let joined = |side: fn(&crate::Hunk) -> &str| diff.hunks.iter().map(side).collect::<String>();
    assert_eq!(joined(|h| &h.before), before);
    assert_eq!(joined(|h| &h.after), after);
    assert!((0.0..=1.0).contains(&diff.kept));
    for pair in diff.hunks.windows(2) {
        let n_equal = pair.iter().filter(|h| h.kind == HunkKind::Equal).count();
        assert_eq!(n_equal, 1, "equal and changed pieces alternate: {pair:?}");
    }
    for hunk in &diff.hunks {
        let expected = match (hunk.before.is_empty(), hunk.after.is_empty()) {
            (true, _) => HunkKind::Insert,
            (_, true) => HunkKind::Delete,
            _ if hunk.before == hunk.after => HunkKind::Equal,
            _ => HunkKind::Replace,
        };
        assert_eq!(hunk.kind, expected);
    }
    cut_at_graphemes(before, diff.hunks.iter().map(|h| h.before.len()));
    cut_at_graphemes(after, diff.hunks.iter().map(|h| h.after.len()));
}

fn cut_at_graphemes(text: &str, lengths: impl Iterator<Item = usize>) {
    let mut starts: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
    starts.push(text.len());
    let mut at = 0;
    for length in lengths {
        at += length;
        assert!(
            starts.binary_search(&at).is_ok(),
            "{at} is inside a grapheme of {text:?}"
        );
    }
}

/// Texts out of few pieces, so that two of them share some: words, Chinese, emoji with joiners
/// and skin tones, flags, combining and variation marks, Thai, line ends, and any character.
fn caption() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => prop::sample::select(vec![
            "UE", "gNB", "the", "接入网", "核心网", "网", "会话", "葛\u{E0100}", "e\u{301}", "👨‍👩‍👧", "👍🏽", "👍",
            "🇨🇳", "🇨", "น\u{E33}", "\u{E33}", "\u{301}", "क्ष", "\r\n", "\r", "\n", " ", "  ", "，", "。", "-", "→",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_diff_adds_up(before in caption(), after in caption()) {
        holds(&before, &after);
    }

    #[test]
    fn nothing_changes_between_equal_texts(text in caption()) {
        let diff = diff(&text, &text);
        prop_assert!(diff.hunks.iter().all(|h| h.kind == HunkKind::Equal));
        prop_assert_eq!(diff.kept, 1.0);
    }
}

#[test]
fn a_glossary_keeps_its_terms_whole() {
    let text = "量子密钥中继节点";
    assert!(words(text).len() > 1);
    assert_eq!(Segmenter::new([text]).words(text), [text]);
}

/// Each piece as its kind's letter and its three wordings, where they differ.
fn aligned(base: &str, one: &str, other: &str) -> String {
    let pieces = Segmenter::shared().three_way(base, one, other).pieces;
    let said = |piece: &crate::Piece| match piece.kind {
        PieceKind::Same => piece.base.clone(),
        kind => format!("{{{kind:?} {}|{}|{}}}", piece.base, piece.one, piece.other),
    };
    pieces.iter().map(said).collect()
}

#[test]
fn three_texts_are_aligned_by_words() {
    let base = "The router sends packets to the server.";
    let one = "The switch sends packets to the server.";
    let other = "The router sends frames to the server quickly.";
    assert_eq!(
        aligned(base, one, other),
        "The {One router|switch|router} sends {Other packets|packets|frames} to the server{Other || quickly}."
    );
    assert_eq!(aligned(base, one, one).matches("Both").count(), 1);
    let apart = aligned(base, one, "The hub sends packets to the server.");
    assert_eq!(
        apart,
        "The {Apart router|switch|hub} sends packets to the server."
    );
    assert_eq!(
        aligned("路由器转发报文。", "交换机转发报文。", "路由器转发报文。"),
        "{One 路由器|交换机|路由器}转发报文。"
    );
}

proptest! {
    #[test]
    fn three_texts_add_up_whoever_comes_first(base in caption(), one in caption(), other in caption()) {
        let pieces = Segmenter::shared().three_way(&base, &one, &other).pieces;
        let joined = |wording: fn(&crate::Piece) -> &str| pieces.iter().map(wording).collect::<String>();
        prop_assert_eq!(joined(|piece| &piece.base), base.clone());
        prop_assert_eq!(joined(|piece| &piece.one), one.clone());
        prop_assert_eq!(joined(|piece| &piece.other), other.clone());
        let turned = Segmenter::shared().three_way(&base, &other, &one).pieces;
        let bases: Vec<_> = turned.iter().map(|piece| piece.base.clone()).collect();
        prop_assert_eq!(pieces.iter().map(|piece| piece.base.clone()).collect::<Vec<_>>(), bases);
        let alone = Segmenter::shared().three_way(&base, &base, &other).pieces;
        prop_assert!(alone.iter().all(|piece| matches!(piece.kind, PieceKind::Same | PieceKind::Other)));
    }
}

fn found(wordings: &[(&str, bool)], text: &str) -> Vec<String> {
    let wordings = wordings
        .iter()
        .enumerate()
        .map(|(entry, (text, forbidden))| Wording {
            text: (*text).to_owned(),
            entry,
            forbidden: *forbidden,
        });
    let finder = TermFinder::new(wordings.collect()).unwrap();
    let characters: Vec<char> = text.chars().collect();
    let hits = finder.find(text).into_iter();
    hits.map(|hit| characters[hit.start..hit.end].iter().collect())
        .collect()
}

#[test]
fn terms_are_found_as_words_of_their_own() {
    let terms = [
        ("AMF", false),
        ("接入", false),
        ("接入网", false),
        ("base station", true),
    ];
    assert_eq!(
        found(
            &terms,
            "𝄞 The AMF, not AMFX nor amf, sees the Base Station."
        ),
        ["AMF", "Base Station"]
    );
    assert_eq!(found(&terms, "接入网与接入"), ["接入网", "接入"]);
    assert_eq!(found(&terms, "ＡＭＦ连接接入网"), ["ＡＭＦ", "接入网"]);
    assert_eq!(
        found(&[("网元", false), ("核心网元", true)], "核心网元"),
        ["核心网元"]
    );
    let mixed = [("5G核心网", false), ("AMF", false), ("N2接口", false)];
    assert_eq!(
        found(&mixed, "采用5G核心网的AMF网元经N2接口相连，不是15G核心网"),
        ["5G核心网", "AMF", "N2接口"]
    );
    let words = Segmenter::new(mixed.iter().map(|(term, _)| *term));
    assert!(
        words.words("采用5G核心网的AMF网元").contains(&"5G核心网"),
        "a glossary's term is one word"
    );
    let two = Segmenter::new(["base station"]);
    assert_eq!(
        two.words("The base station, 基站 base stations"),
        ["The", "base station", "基站", "base", "stations"]
    );
    assert_eq!(found(&terms, ""), Vec::<String>::new());
    assert!(TermFinder::new(Vec::new()).is_none());
}

#[test]
fn agreement_is_the_same_from_both_sides() {
    let agreement = |one: &str, other: &str| Segmenter::shared().agreement(one, other);
    let (one, other) = ("the gNB sends data", "the gNB drops all data now");
    assert!((agreement(one, other) - agreement(other, one)).abs() < 1e-12);
    assert!((agreement(one, other) - 0.6).abs() < 1e-12);
    assert!((agreement("", "") - 1.0).abs() < 1e-12);
    assert!(agreement("甲", "乙").abs() < 1e-12);
}
