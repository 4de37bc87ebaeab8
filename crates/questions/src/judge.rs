//! Whether an answer is right: letters, words, numbers with units, from a person or out of a model's text.

use domain::{Choice, QuestionContent, QuestionKind};

use crate::text::{folded, spaced};

/// An answer as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Indices of the options that were picked.
    pub picked: Vec<u32>,
    /// Whether it is right; `None` when no answer could be read.
    pub correct: Option<bool>,
    /// Name of the rule by which it was read.
    pub rule: &'static str,
}

/// Reads an answer and compares it with the key.
pub fn judge(content: &QuestionContent, answer: &str) -> Judged {
    match content.kind {
        QuestionKind::SingleChoice => choice(&content.choices, answer, false),
        QuestionKind::MultipleChoice => choice(&content.choices, answer, true),
        QuestionKind::TrueFalse => {
            let (said, rule) = truth(answer);
            Judged {
                picked: Vec::new(),
                correct: said.zip(content.truth).map(|(said, truth)| said == truth),
                rule,
            }
        }
        QuestionKind::FillIn => fill_in(content, answer),
    }
}

fn choice(choices: &[Choice], answer: &str, several: bool) -> Judged {
    let (picked, rule) = read_choice(choices, answer, several);
    let key: Vec<u32> = (0..)
        .zip(choices)
        .filter(|(_, choice)| choice.right)
        .map(|(index, _)| index)
        .collect();
    Judged {
        correct: (!picked.is_empty()).then(|| picked == key),
        picked,
        rule,
    }
}

/// What stands before the letters of an answer in a sentence.
const LEADS: [&str; 10] = [
    "answer is",
    "answer:",
    "answers are",
    "option",
    "choose",
    "选",
    "答案是",
    "答案为",
    "答案:",
    "答案：",
];

fn read_choice(choices: &[Choice], answer: &str, several: bool) -> (Vec<u32>, &'static str) {
    let plain = spaced(answer);
    let known = |letter: char| -> Option<u32> {
        let index = u32::from(letter).checked_sub(u32::from('a'))?;
        ((index as usize) < choices.len()).then_some(index)
    };
    let sorted = |mut picked: Vec<u32>| {
        picked.sort_unstable();
        picked.dedup();
        picked
    };
    // Only letters, with what may stand between them.
    let bare: Vec<char> = plain
        .chars()
        .filter(|c| !" ,.;、，。；()（）[]&+".contains(*c))
        .collect();
    let joined: String = bare
        .iter()
        .collect::<String>()
        .replace("and", "")
        .replace('和', "");
    let letters: Option<Vec<u32>> = joined.chars().map(known).collect();
    if let Some(letters) =
        letters.filter(|letters| !letters.is_empty() && (several || letters.len() == 1))
    {
        return (sorted(letters), "letters");
    }
    let whole = folded(answer);
    if let Some(index) = choices
        .iter()
        .position(|choice| folded(&choice.text) == whole)
    {
        return (
            vec![u32::try_from(index).unwrap_or(u32::MAX)],
            "option_text",
        );
    }
    if let Some(rest) = LEADS
        .iter()
        .filter_map(|lead| plain.rsplit_once(lead))
        .map(|(_, rest)| leading_letters(rest, several))
        .map(|letters| letters.into_iter().filter_map(known).collect::<Vec<_>>())
        .find(|found| !found.is_empty())
    {
        return (sorted(rest), "stated");
    }
    // `B.`, `(B)`, `B because …` at the beginning.
    let found: Vec<u32> = leading_letters(&plain, several)
        .into_iter()
        .filter_map(known)
        .collect();
    if !found.is_empty() {
        return (sorted(found), "first_letter");
    }
    (Vec::new(), "unread")
}

/// Letters that stand alone at the beginning of a text.
fn leading_letters(text: &str, several: bool) -> Vec<char> {
    let mut letters = Vec::new();
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    for word in words {
        let mut characters = word.chars();
        match (characters.next(), characters.next()) {
            (Some(letter), None) if letter.is_ascii_lowercase() => letters.push(letter),
            (Some(letter), Some(next)) if letter.is_ascii_lowercase() && !next.is_ascii() => {
                letters.push(letter)
            }
            _ if several && (word == "and" || word == "和") => {}
            _ => break,
        }
        if !several {
            break;
        }
    }
    letters
}

/// Whether an answer says true or false, and the rule by which that was read.
pub(crate) fn truth(answer: &str) -> (Option<bool>, &'static str) {
    let plain = spaced(answer);
    let first = plain
        .split(|c: char| !c.is_alphanumeric())
        .find(|word| !word.is_empty())
        .unwrap_or_default();
    let said = match first {
        "true" | "t" | "yes" | "correct" | "right" => Some(true),
        "false" | "f" | "no" | "incorrect" | "wrong" => Some(false),
        _ => None,
    };
    if said.is_some() {
        return (said, "first_word");
    }
    if plain == "√" || plain == "✓" {
        return (Some(true), "mark");
    }
    if plain == "×" || plain == "✗" {
        return (Some(false), "mark");
    }
    for (words, said) in [
        (
            ["不正确", "不对", "错误", "错", "否", "假"].as_slice(),
            false,
        ),
        (["正确", "对", "是", "真"].as_slice(), true),
    ] {
        if words.iter().any(|word| plain.contains(word)) {
            return (Some(said), "chinese");
        }
    }
    match (plain.contains("true"), plain.contains("false")) {
        (true, false) => (Some(true), "word"),
        (false, true) => (Some(false), "word"),
        _ => (None, "unread"),
    }
}

fn fill_in(content: &QuestionContent, answer: &str) -> Judged {
    let judged = |correct: Option<bool>, rule: &'static str| Judged {
        picked: Vec::new(),
        correct,
        rule,
    };
    let said = folded(answer);
    if said.is_empty() {
        return judged(None, "unread");
    }
    if let Some((value, unit)) = number(answer)
        && (content.tolerance.is_some() || !content.unit.trim().is_empty())
    {
        let wanted = unit_of(&content.unit);
        let unit = if unit.is_empty() {
            content.unit.clone()
        } else {
            unit
        };
        let (Some(scale), Some(own)) = (unit_of(&unit), wanted) else {
            return judged(
                Some(content.accepted.iter().any(|one| folded(one) == said)),
                "words",
            );
        };
        if scale.0 != own.0 {
            return judged(Some(false), "other_unit");
        }
        let near = |accepted: &String| {
            let Some((right, own_unit)) = number(accepted) else {
                return false;
            };
            let right_scale = if own_unit.is_empty() {
                own
            } else {
                unit_of(&own_unit).unwrap_or(own)
            };
            let (given, right) = (value * scale.1, right * right_scale.1);
            let margin = content.tolerance.unwrap_or(0.0) * own.1;
            (given - right).abs() <= margin + right.abs() * 1e-9
        };
        return judged(Some(content.accepted.iter().any(near)), "number");
    }
    judged(
        Some(
            content
                .accepted
                .iter()
                .any(|accepted| folded(accepted) == said),
        ),
        "words",
    )
}

/// A number at the beginning and the unit after it.
pub(crate) fn number(text: &str) -> Option<(f64, String)> {
    let plain = spaced(text).replace(',', "");
    let end = plain
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-' || c == '+'))
        .unwrap_or(plain.len());
    let value: f64 = plain[..end].parse().ok()?;
    Some((value, plain[end..].trim().trim_end_matches('.').to_owned()))
}

/// What a unit measures, and how many of its base it is.
fn unit_of(unit: &str) -> Option<(&'static str, f64)> {
    let plain = spaced(unit).replace("per second", "/s").replace(' ', "");
    let known = match plain.as_str() {
        "" => ("", 1.0),
        "s" | "sec" | "second" | "seconds" | "秒" => ("time", 1.0),
        "ms" | "millisecond" | "milliseconds" | "毫秒" => ("time", 1e-3),
        "us" | "µs" | "μs" | "microsecond" | "microseconds" | "微秒" => ("time", 1e-6),
        "min" | "minute" | "minutes" | "分钟" => ("time", 60.0),
        "h" | "hour" | "hours" | "小时" => ("time", 3600.0),
        "bps" | "bit/s" => ("rate", 1.0),
        "kbps" | "kbit/s" | "kb/s" => ("rate", 1e3),
        "mbps" | "mbit/s" | "mb/s" | "兆比特每秒" => ("rate", 1e6),
        "gbps" | "gbit/s" | "gb/s" => ("rate", 1e9),
        "tbps" | "tbit/s" | "tb/s" => ("rate", 1e12),
        "hz" | "赫兹" => ("frequency", 1.0),
        "khz" => ("frequency", 1e3),
        "mhz" | "兆赫" => ("frequency", 1e6),
        "ghz" | "吉赫" => ("frequency", 1e9),
        "m" | "米" => ("length", 1.0),
        "km" | "公里" | "千米" => ("length", 1e3),
        "%" | "percent" => ("share", 1.0),
        "db" => ("db", 1.0),
        "dbm" => ("dbm", 1.0),
        _ => return None,
    };
    Some(known)
}
