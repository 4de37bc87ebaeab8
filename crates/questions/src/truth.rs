//! Whether an answer says that a statement is true, in English and Chinese.

use crate::text::spaced;

/// Words that judge, and how.
const ENGLISH: [(&str, bool); 12] = [
    ("true", true),
    ("correct", true),
    ("right", true),
    ("yes", true),
    ("holds", true),
    ("t", true),
    ("false", false),
    ("incorrect", false),
    ("wrong", false),
    ("untrue", false),
    ("no", false),
    ("f", false),
];
/// Longer ones first, since "对" is part of "不对".
const CHINESE: [(&str, bool); 9] = [
    ("正确", true),
    ("属实", true),
    ("成立", true),
    ("错误", false),
    ("有误", false),
    ("真", true),
    ("对", true),
    ("错", false),
    ("假", false),
];
/// What turns a judgement round when it stands right before it.
const CHINESE_NOT: [&str; 6] = ["不", "没", "非", "未", "不太", "不是"];
/// Words that hold a judging word and judge nothing.
const NO_JUDGEMENT: [&str; 17] = [
    "是否正确",
    "是否",
    "对错",
    "真假",
    "正误",
    "对应",
    "对于",
    "对端",
    "对象",
    "对等",
    "对称",
    "对比",
    "对接",
    "针对",
    "相对",
    "真实",
    "true or false",
];

/// Whether an answer says true or false, and the rule by which that was read.
pub(crate) fn truth(answer: &str) -> (Option<bool>, &'static str) {
    let mut plain = spaced(answer);
    for phrase in NO_JUDGEMENT {
        plain = plain.replace(phrase, " ");
    }
    match plain.trim() {
        "√" | "✓" | "✔" => return (Some(true), "mark"),
        "×" | "✗" | "✘" | "x" => return (Some(false), "mark"),
        _ => {}
    }
    if let Some(stated) = ["answer is", "answer:", "答案是", "答案为", "答案:"]
        .iter()
        .filter_map(|lead| plain.rsplit_once(lead))
        .find_map(|(_, rest)| first_judgement(rest))
    {
        return (Some(stated), "stated");
    }
    if let Some(said) = begins(&plain) {
        return (Some(said), "first_word");
    }
    let all = judgements(&plain);
    match all.first() {
        Some(first) if all.iter().all(|one| one == first) => (Some(*first), "word"),
        _ => (None, "unread"),
    }
}

/// A word at the very beginning that answers by itself.
fn begins(plain: &str) -> Option<bool> {
    let plain = plain.trim_start_matches(|c: char| !c.is_alphanumeric());
    let word: String = plain
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    if let Some((_, said)) = ENGLISH.iter().find(|(known, _)| *known == word) {
        return Some(*said);
    }
    let clause = plain
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    match clause {
        "是" | "是的" | "对的" | "没错" | "不错" => Some(true),
        "否" | "不" | "不是" | "不是的" | "并非" | "并非如此" | "不是这样" | "不是这样的"
        | "并不是" => Some(false),
        _ => first_judgement(clause).filter(|_| !clause.is_ascii()),
    }
}

fn first_judgement(text: &str) -> Option<bool> {
    begins_short(text).or_else(|| judgements(text).first().copied())
}

/// "是" and "否" alone, which inside a sentence say nothing.
fn begins_short(text: &str) -> Option<bool> {
    match text.trim_matches(|c: char| !c.is_alphanumeric()) {
        "是" | "是的" => Some(true),
        "否" | "不是" | "不" => Some(false),
        _ => None,
    }
}

/// Every judgement in a text, in order.
fn judgements(text: &str) -> Vec<bool> {
    let mut found = Vec::new();
    for clause in text.split(['.', ',', ';', '，', '。', '；', '\n', '!', '！']) {
        english(clause, &mut found);
        chinese(clause, &mut found);
    }
    found
}

fn english(clause: &str, found: &mut Vec<bool>) {
    let words: Vec<&str> = clause
        .split(|c: char| !(c.is_ascii_alphanumeric() || "'’".contains(c)))
        .filter(|word| !word.is_empty())
        .collect();
    for (at, word) in words.iter().enumerate() {
        // A letter alone or "no" in a sentence is no judgement.
        let known = ENGLISH
            .iter()
            .find(|(known, _)| known == word && known.len() > 2);
        let Some((_, said)) = known else { continue };
        let before = &words[at.saturating_sub(3)..at];
        let turned = before.iter().any(|word| {
            ["not", "never", "cannot", "isn’t"].contains(word)
                || word.ends_with("n't")
                || word.ends_with("n’t")
        });
        found.push(*said != turned);
    }
}

fn chinese(clause: &str, found: &mut Vec<bool>) {
    let mut rest = clause;
    loop {
        let next = CHINESE
            .iter()
            .filter_map(|(word, said)| rest.find(word).map(|at| (at, *word, *said)))
            .min_by_key(|(at, word, _)| (*at, std::cmp::Reverse(word.len())));
        let Some((at, word, said)) = next else { return };
        let before = rest[..at].trim_end_matches(['完', '全', '是', '很', '太', '够']);
        let turned = CHINESE_NOT.iter().any(|not| before.ends_with(not));
        found.push(said != turned);
        rest = &rest[at + word.len()..];
    }
}
