use proptest::prelude::*;
use rusqlite::Connection;

use super::*;

/// Whether a caption is found by what somebody types; through the real index.
fn finds(caption: &str, typed: &str) -> bool {
    let Some(query) = match_query(typed) else {
        return false;
    };
    let index = Connection::open_in_memory().unwrap();
    let ddl = crate::migrate::SCHEMA
        .split(';')
        .find(|ddl| ddl.contains("VIRTUAL TABLE"))
        .unwrap();
    index.execute_batch(ddl).unwrap();
    index
        .execute(
            "INSERT INTO diagram_words (rowid, words) VALUES (1, ?1)",
            [index_text(caption)],
        )
        .unwrap();
    let sql = "SELECT count(*) FROM diagram_words WHERE diagram_words MATCH ?1";
    let found: u32 = index.query_row(sql, [&query], |row| row.get(0)).unwrap();
    found == 1
}

fn check(caption: &str, typed: &str, found: bool) {
    assert_eq!(finds(caption, typed), found, "`{typed}` in `{caption}`");
}

#[test]
fn chinese_is_found_by_any_stretch_of_it() {
    let caption = "SMF 负责PDU会话管理，并选择 UPF。";
    for typed in [
        "会",
        "理",
        "会话",
        "会话管理",
        "PDU会话",
        "pdu会",
        "负责PDU",
        "负责 会话",
        "ＰＤＵ",
        "ｐｄｕ会话",
    ] {
        check(caption, typed, true);
    }
    for typed in ["话会", "会管", "会议", "管理选择", "用户", "PDU管理"] {
        check(caption, typed, false);
    }
}

#[test]
fn words_are_found_by_their_beginning_in_any_case() {
    let caption = "The SMF sends a Session Management request over N4/PFCP to the Café.";
    for typed in [
        "Session Manag",
        "session management",
        "N4/PFCP",
        "n4",
        "PFCP smf",
        "cafe",
        "CAFÉ",
        "req",
    ] {
        check(caption, typed, true);
    }
    for typed in [
        "anagement",
        "Management Session/request",
        "N4/SMF",
        "sess ion",
    ] {
        check(caption, typed, false);
    }
}

#[test]
fn english_and_chinese_mix_in_one_query() {
    let caption = "UE 发起 Registration Request，AMF 鉴权";
    check(caption, "鉴权 regist AMF", true);
    check(caption, "鉴权 regist SMF", false);
}

#[test]
fn japanese_and_korean_are_found_too() {
    check("セッション管理を行う", "ション管", true);
    check("세션 관리 기능", "세션", true);
}

#[test]
fn operators_are_text() {
    let caption = "a NEAR miss AND a column: x-y \"quoted\"";
    for typed in ["\"", "*", "-", ":", "()", "。", "   ", ""] {
        assert_eq!(match_query(typed), None, "`{typed}`");
    }
    for typed in [
        "AND",
        "NEAR(",
        "-x",
        "column:",
        "\"quoted\"",
        "quot*",
        "x-y",
        "^a",
        "near miss and",
    ] {
        check(caption, typed, true);
    }
    check(caption, "OR", false);
    check(caption, "words:column", false);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_typed_is_an_error(caption in any::<String>(), typed in any::<String>()) {
        finds(&caption, &typed);
        finds(&typed, &typed);
    }

    #[test]
    fn every_stretch_of_a_chinese_caption_finds_it(
        caption in "[会话管理用户面接入认证]{1,12}", from in 0usize..12, length in 1usize..12,
    ) {
        let stretch: String = caption.chars().skip(from).take(length).collect();
        prop_assert!(stretch.is_empty() || finds(&caption, &stretch), "`{}` in `{}`", stretch, caption);
    }
}
