//! Bad questions are caught for the right reason, good ones are left alone, and answers are read as meant.

use domain::{
    Choice, Level, Overruled, QuestionContent, QuestionId, QuestionKind, Region, RegionId, Severity,
};
use questions::{Context, Other, check, judge, read_proposals, rotated, rotated_back};

fn region() -> Region {
    Region {
        id: RegionId::from_text("r"),
        name: "core".to_owned(),
        x: 0,
        y: 0,
        width: 1,
        height: 1,
        polygon: Vec::new(),
    }
}

fn context() -> Context {
    Context {
        regions: vec![region()],
        ..Context::default()
    }
}

fn choices(kind: QuestionKind, stem: &str, options: &[&str], key: &[usize]) -> QuestionContent {
    let mut content = QuestionContent::empty(kind, Level::Detailed);
    stem.clone_into(&mut content.stem);
    "it is in the picture".clone_into(&mut content.rationale);
    content.evidence = vec![region().id];
    let option = |(index, text): (usize, &&str)| Choice {
        text: (*text).to_owned(),
        right: key.contains(&index),
    };
    content.choices = options.iter().enumerate().map(option).collect();
    content
}

fn single(options: &[&str], key: usize) -> QuestionContent {
    choices(
        QuestionKind::SingleChoice,
        "Which function selects the SMF?",
        options,
        &[key],
    )
}

fn names(content: &QuestionContent, context: &Context) -> Vec<String> {
    check(content, context)
        .into_iter()
        .map(|finding| finding.check)
        .collect()
}

#[test]
fn a_good_question_is_left_alone() {
    let good = single(&["AMF", "UPF", "UDM", "PCF"], 0);
    assert_eq!(names(&good, &context()), Vec::<String>::new());
    let chinese = choices(
        QuestionKind::MultipleChoice,
        "哪些网元参与鉴权？",
        &["认证服务器", "统一数据管理", "用户面功能", "策略控制"],
        &[0, 1],
    );
    assert_eq!(names(&chinese, &context()), Vec::<String>::new());
}

fn caught(content: QuestionContent, expected: &str) {
    let found = names(&content, &context());
    assert!(
        found.iter().any(|name| name == expected),
        "{expected}: {found:?}"
    );
}

#[test]
fn each_mistake_is_caught_by_its_name() {
    let kind = QuestionKind::SingleChoice;
    caught(choices(kind, "", &["a1", "b1"], &[0]), "empty_stem");
    caught(choices(kind, "Which?", &["AMF", "UPF"], &[]), "no_key");
    caught(
        choices(kind, "Which?", &["AMF", "UPF"], &[0, 1]),
        "double_key",
    );
    caught(choices(kind, "Which?", &["AMF"], &[0]), "too_few_choices");
    caught(single(&["AMF", "", "UDM"], 0), "empty_choice");
    caught(
        single(&["5G Core", "ＵＰＦ", "5g  core."], 1),
        "duplicate_choice",
    );
    caught(
        single(&["10-20 ms", "15–30 ms", "40-50 ms"], 0),
        "overlapping_choice",
    );
    caught(
        single(&["gateway", "border gateway", "hub"], 0),
        "overlapping_choice",
    );
    caught(
        single(&["接入网和核心网", "接入网", "传输网"], 2),
        "overlapping_choice",
    );
    caught(
        single(&["AMF", "UPF", "All of the above"], 2),
        "all_of_the_above",
    );
    caught(single(&["接入", "传输", "以上都对"], 2), "all_of_the_above");
    caught(
        single(
            &["the access and mobility management function", "UPF", "UDM"],
            0,
        ),
        "longest_is_key",
    );
}

#[test]
fn what_is_not_about_options_is_caught_as_well() {
    let mut bare = single(&["AMF", "UPF"], 0);
    bare.evidence.clear();
    bare.rationale.clear();
    caught(bare.clone(), "no_evidence");
    caught(bare, "no_rationale");
    let statement = |stem: &str, truth| {
        let mut content = choices(QuestionKind::TrueFalse, stem, &[], &[]);
        content.truth = truth;
        content
    };
    caught(statement("The UPF routes", None), "no_key");
    caught(
        statement("The UPF always drops packets", Some(false)),
        "true_false_giveaway",
    );
    caught(
        statement("用户面一定经过防火墙", Some(false)),
        "true_false_giveaway",
    );
    let gap = choices(QuestionKind::FillIn, "How many hops?", &[], &[]);
    caught(gap.clone(), "no_accepted_answer");
    caught(gap.clone(), "gap_missing");
    let mut far = gap;
    far.accepted = vec!["many".to_owned()];
    far.tolerance = Some(1.0);
    caught(far, "bad_tolerance");
}

#[test]
fn the_set_and_the_captions_are_looked_at() {
    let mut context = context();
    context.captions = vec!["The AMF-1 selects the SMF.".to_owned()];
    let options = single(&["AMF-1", "UPF-1", "UDM-1"], 0);
    assert_eq!(names(&options, &context), ["key_in_caption_only"]);
    context.captions.push("UPF-1 forwards.".to_owned());
    assert_eq!(names(&options, &context), Vec::<String>::new());

    let other = |stem: &str, same_diagram| Other {
        id: QuestionId::from_text("q"),
        stem: stem.to_owned(),
        same_diagram,
    };
    context.others = vec![other("Which function selects the SMF", true)];
    assert_eq!(names(&options, &context), ["near_duplicate"]);
    context.others = vec![other("Which function selects the SMF", false)];
    let elsewhere = check(&options, &context);
    assert_eq!(
        (elsewhere[0].check.as_str(), elsewhere[0].severity),
        ("near_duplicate_elsewhere", Severity::Hint),
        "the same question about another picture is another question"
    );
    context.others = vec![other("Which function selects the SMF in step 4?", true)];
    assert_eq!(
        names(&options, &context),
        Vec::<String>::new(),
        "another step is another question"
    );
    let chinese = choices(
        QuestionKind::SingleChoice,
        "哪个网元选择 SMF？",
        &["一", "二"],
        &[0],
    );
    context.others = vec![other("哪个网元选择SMF", true)];
    assert_eq!(names(&chinese, &context), ["near_duplicate"]);
    context.others.clear();

    context.key_positions = vec![12, 2, 1, 1];
    let four = single(&["AMF", "UPF", "UDM", "PCF"], 0);
    assert_eq!(names(&four, &context), ["key_position"]);
    assert_eq!(
        names(&single(&["AMF", "UPF", "UDM", "PCF"], 1), &context),
        Vec::<String>::new()
    );
    context.found_blind_by = Some("text model".to_owned());
    assert!(names(&four, &context).contains(&"blind_answer".to_owned()));
}

#[test]
fn warnings_are_overruled_with_a_word_and_errors_never() {
    let mut content = single(&["AMF", "", "None of the above"], 2);
    let overrule = |check: &str, note: &str| Overruled {
        check: check.to_owned(),
        about: None,
        note: note.to_owned(),
    };
    content.overruled = vec![
        overrule("all_of_the_above", "it is the point"),
        overrule("empty_choice", "please"),
    ];
    let findings = check(&content, &context());
    let find = |name: &str| {
        findings
            .iter()
            .find(|finding| finding.check == name)
            .map(|finding| (finding.severity, finding.overruled))
    };
    assert_eq!(find("all_of_the_above"), Some((Severity::Warning, true)));
    assert_eq!(find("empty_choice"), Some((Severity::Error, false)));
    content.overruled = vec![overrule("all_of_the_above", "  ")];
    assert!(
        check(&content, &context())
            .iter()
            .all(|finding| !finding.overruled),
        "an empty note is none"
    );
}

#[test]
fn choices_are_read_as_meant() {
    let one = single(&["AMF", "UPF", "UDM", "PCF"], 1);
    let check = |answer: &str, correct: Option<bool>, rule: &str| {
        let judged = judge(&one, answer);
        assert_eq!((judged.correct, judged.rule), (correct, rule), "{answer}");
    };
    check("B", Some(true), "letters");
    check("ｂ.", Some(true), "letters");
    check("(C)", Some(false), "letters");
    check("The answer is B.", Some(true), "stated");
    check("选B，因为用户面由它承担", Some(true), "stated");
    check("答案是 A", Some(false), "stated");
    check("(B) because it forwards", Some(true), "first_letter");
    check("upf", Some(true), "option_text");
    check("I cannot tell from the picture.", None, "unread");
    check("", None, "unread");
    check("A and B", Some(false), "letters");
    check("a", Some(false), "letters");
    check("b", Some(true), "letters");
    check("**B**", Some(true), "letters");
    check("B. UPF", Some(true), "first_letter");
    check("A router forwards it, I think.", None, "unread");
    check("B or C, hard to say", Some(false), "first_letter");
    check("（Ｂ）因为用户面由它承担", Some(true), "first_letter");
    check("我选择 b。", Some(true), "stated");
    check("不选A，选B", Some(true), "stated");
    check(
        "The correct option is B, since a router cannot.",
        Some(true),
        "stated",
    );
    check("答案：**Ｂ**", Some(true), "stated");
    check("\\boxed{B}", Some(true), "stated");
    check("以上都看不出来", None, "unread");
    let many = choices(
        QuestionKind::MultipleChoice,
        "Which?",
        &["AMF", "UPF", "UDM"],
        &[0, 2],
    );
    for answer in [
        "AC",
        "a, c",
        "A and C",
        "C A",
        "ＡＣ",
        "A和C",
        "a和c",
        "Ａ、Ｃ",
        "A和C都正确",
        "选项A和选项C",
        "选AC",
        "(A) and (C), because both are in the core",
        "正确的是选项 A 与 C。",
        "The answers are A and C",
    ] {
        assert_eq!(judge(&many, answer).correct, Some(true), "{answer}");
    }
    assert_eq!(judge(&many, "A").correct, Some(false));
}

#[test]
fn a_statement_is_judged_by_what_is_said_of_it() {
    let mut statement = QuestionContent::empty(QuestionKind::TrueFalse, Level::Global);
    statement.truth = Some(true);
    let says = |answer: &str, said: Option<bool>| {
        assert_eq!(judge(&statement, answer).correct, said, "{answer}");
    };
    for answer in [
        "True.",
        "t",
        "Ｔ",
        "对",
        "正确",
        "是",
        "是的，图中如此。",
        "没错",
        "这个说法是对的",
        "√",
        "The statement is true.",
        "It is not false.",
        "完全正确",
        "不是错误的",
        "Yes",
        "答案是正确",
    ] {
        says(answer, Some(true));
    }
    for answer in [
        "False",
        "f",
        "no, it does not",
        "错误",
        "不正确。",
        "×",
        "不是",
        "不是的",
        "不是，箭头相反。",
        "不对",
        "该陈述不成立",
        "这句话是错误的",
        "这种说法并不正确",
        "并非如此",
        "否",
        "不",
        "Not true.",
        "That isn't correct.",
        "The statement is incorrect",
        "错误，对应的接口是 N4。",
        "答案是错误",
    ] {
        says(answer, Some(false));
    }
    for answer in [
        "perhaps",
        "无法判断",
        "真假难辨",
        "True or false?",
        "图中画的是网关",
        "",
    ] {
        says(answer, None);
    }
}

#[test]
fn gaps_are_judged_by_words_numbers_and_units() {
    let mut gap = QuestionContent::empty(QuestionKind::FillIn, Level::Global);
    gap.accepted = vec!["N2 接口".to_owned(), "NG-C".to_owned()];
    for answer in ["n2接口", "NG-C.", "Ｎ２ 接口"] {
        assert_eq!(judge(&gap, answer).correct, Some(true), "{answer}");
    }
    assert_eq!(judge(&gap, "N3").correct, Some(false));
    gap.accepted = vec!["1.5".to_owned()];
    "s".clone_into(&mut gap.unit);
    gap.tolerance = Some(0.1);
    for (answer, right) in [
        ("1.5", true),
        ("1500 ms", true),
        ("1.59 秒", true),
        ("1.7 s", false),
        ("1.5 ms", false),
        ("1.5 km", false),
        ("１．５秒", true),
        ("about 1.5 s", true),
        ("约1.5秒", true),
        ("1.5 hops", false),
    ] {
        assert_eq!(judge(&gap, answer).correct, Some(right), "{answer}");
    }
}

fn number(accepted: &str, unit: &str, tolerance: Option<f64>) -> QuestionContent {
    let mut gap = QuestionContent::empty(QuestionKind::FillIn, Level::Global);
    gap.accepted = vec![accepted.to_owned()];
    unit.clone_into(&mut gap.unit);
    gap.tolerance = tolerance;
    gap
}

fn takes(gap: &QuestionContent, answer: &str, right: bool) {
    assert_eq!(
        judge(gap, answer).correct,
        Some(right),
        "{answer} for {:?}",
        gap.accepted
    );
}

#[test]
fn what_is_counted_has_a_tolerance_too() {
    let hops = number("3", "hops", Some(1.0));
    for (answer, right) in [
        ("3", true),
        ("3 hops", true),
        ("4 hop", true),
        ("2跳", true),
        ("３", true),
        ("5 hops", false),
        ("3 ms", false),
        ("3 links", false),
    ] {
        takes(&hops, answer, right);
    }
    let vendors = number("12", "racks", None);
    takes(&vendors, "12 racks", true);
    takes(&vendors, "12", true);
    takes(&vendors, "13 racks", false);
    let bare = number("3", "", None);
    takes(&bare, "3 hops", true);
    takes(&bare, "3个", true);
    takes(&bare, "4 hops", false);
    takes(&number("3", "", Some(1.0)), "4 hops", true);
    for (name, other) in [
        ("5G", "5"),
        ("802.11ac", "802.11"),
        ("N2", "2"),
        ("10.0.0.1", "10.0"),
    ] {
        takes(&number(name, "", None), name, true);
        takes(&number(name, "", None), other, false);
    }
    takes(&number("1500", "", None), "1,500", true);
}

#[test]
fn a_bit_is_no_byte() {
    let rate = number("100", "Mbit/s", Some(0.0));
    for (answer, right) in [
        ("100 Mbps", true),
        ("100 mbps", true),
        ("100 Mb/s", true),
        ("0.1 Gbit/s", true),
        ("100 兆比特每秒", true),
        ("100 MB/s", false),
        ("12.5 MB/s", true),
        ("12.5 MBps", true),
        ("100 MBPS", true),
        ("100 MHz", false),
    ] {
        takes(&rate, answer, right);
    }
    let size = number("1", "KiB", Some(0.0));
    takes(&size, "1024 B", true);
    takes(&size, "8192 bits", true);
    takes(&size, "1 kB", false);
}

#[test]
fn a_note_answers_for_one_finding_and_not_for_the_next() {
    let mut content = single(&["gateway", "border gateway", "hub"], 2);
    let found = |content: &QuestionContent| {
        let mut all = check(content, &context());
        all.retain(|finding| finding.check == "overlapping_choice" && !finding.overruled);
        all.len()
    };
    assert_eq!(found(&content), 1);
    let about = check(&content, &context())[0].about.clone();
    content.overruled = vec![Overruled {
        check: "overlapping_choice".to_owned(),
        about: Some(about),
        note: "the picture tells them apart".to_owned(),
    }];
    assert_eq!(found(&content), 0);
    content.choices.swap(0, 1);
    assert_eq!(found(&content), 0, "the same two, in another order");
    content.choices.push(Choice {
        text: "hub".to_owned() + " gateway",
        right: false,
    });
    assert!(
        found(&content) > 0,
        "other options overlap for other reasons"
    );
    content.overruled[0].about = None;
    assert_eq!(
        found(&content),
        0,
        "an old note answers for what its check finds"
    );
    let old: Overruled = serde_json::from_str(r#"{"check": "no_evidence", "note": "x"}"#).unwrap();
    assert_eq!(old.about, None);
}

#[test]
fn a_key_that_gives_itself_away_is_seen_in_chinese_too() {
    let long = single(&["接入和移动性管理功能", "用户面", "策略控制"], 0);
    assert_eq!(names(&long, &context()), ["longest_is_key"]);
    let mut context = context();
    context.captions = vec!["请求由 AMF 转发给鉴权服务器，separate 网元不参与。".to_owned()];
    let key = single(&["鉴权服务器", "用户面网元", "策略服务器"], 0);
    assert_eq!(names(&key, &context), ["key_in_caption_only"]);
    let spaced = single(&["由AMF转发", "由UPF转发", "由UDM转发"], 0);
    assert_eq!(names(&spaced, &context), ["key_in_caption_only"]);
    let short = single(&["AMF", "UPF", "UDM"], 0);
    assert_eq!(names(&short, &context), ["key_in_caption_only"]);
    let within = single(&["rate", "hub", "peer"], 0);
    assert_eq!(
        names(&within, &context),
        Vec::<String>::new(),
        "a part of a word is no word"
    );
}

/// What a model wrote, cut off where its tokens ended.
const WRITTEN: &str = r#"Here you are:
```json
{"questions": [
  {"kind": "single_choice", "question": "Who selects the SMF?", "options": ["A. UPF", "B. AMF", "C. UDM"],
   "answer": ["B"], "rationale": "The arrow says so.", "level": "partial", "difficulty": "hard", "category": "path"},
  {"kind": "multiple-choice", "question": "两个网元是？", "options": ["AMF", "UPF", "SMF"], "answer": "A, C"},
  {"kind": "true_false", "question": "The UPF sends it.", "answer": "错误"},
  {"kind": "fill_in", "question": "It takes ____.", "answer": ["8", 8.0], "unit": "ms"},
  {"kind": "single_choice", "question": "Key by text?", "options": ["one", "two"], "answer": "two"},
  {"kind": "single_choice", "question": "No key?", "options": ["one", "two"], "answer": "three"},
  {"kind": "essay", "question": "Why?"},
  {"kind": "true_false", "question": 4, "answer": true},
  {"kind": "true_false", "question": "Cut off"#;

#[test]
fn questions_are_read_out_of_whatever_a_model_wrote() {
    let read = read_proposals(WRITTEN, &QuestionKind::ALL);
    let stems: Vec<&str> = read.questions.iter().map(|one| one.stem.as_str()).collect();
    assert_eq!(
        stems,
        [
            "Who selects the SMF?",
            "两个网元是？",
            "The UPF sends it.",
            "It takes ____.",
            "Key by text?"
        ]
    );
    let first = &read.questions[0];
    assert_eq!(
        first.choices[1],
        Choice {
            text: "AMF".to_owned(),
            right: true
        }
    );
    assert_eq!(
        (first.level, first.category.as_str()),
        (Level::Partial, "path")
    );
    let right = |index: usize| -> Vec<bool> {
        let choices = &read.questions[index].choices;
        choices.iter().map(|choice| choice.right).collect()
    };
    assert_eq!(right(1), [true, false, true]);
    assert_eq!(read.questions[2].truth, Some(false));
    assert_eq!(read.questions[3].accepted, ["8", "8.0"]);
    assert_eq!(right(4), [false, true]);
    assert_eq!(
        read.unfit,
        [
            "its key is not one of its options",
            "its kind is not known",
            "a field has another type"
        ]
    );
    let only = read_proposals(WRITTEN, &[QuestionKind::FillIn]);
    assert_eq!(only.questions.len(), 1);
    let braces = "{ n1{ ".repeat(500);
    let after = read_proposals(&format!("{braces}{WRITTEN}"), &QuestionKind::ALL);
    assert_eq!(after.questions.len(), 5);
    for hostile in [
        "{".repeat(100_000),
        r#"{"a":"#.repeat(50_000),
        "[1,2".to_owned(),
    ] {
        assert_eq!(read_proposals(&hostile, &QuestionKind::ALL).questions, []);
    }
}

#[test]
fn a_rotated_choice_is_the_same_question() {
    let question = single(&["AMF", "UPF", "UDM", "PCF"], 2);
    for by in 0..6 {
        let turned = rotated(&question, by);
        let at = turned
            .choices
            .iter()
            .position(|choice| choice.right)
            .unwrap();
        let letter = ["A", "B", "C", "D"][at];
        let judged = judge(&turned, letter);
        assert_eq!(judged.correct, Some(true));
        assert_eq!(rotated_back(&question.choices, &judged.picked, by), [2]);
    }
}
