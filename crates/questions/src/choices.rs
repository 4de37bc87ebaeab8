//! Checks of the options of a choice.

use domain::{Choice, Finding, QuestionContent, QuestionKind, Severity};

use crate::check::{about, finding, same};
use crate::text::{folded, occurs, spaced, width};

/// A key so many times as long as the longest distractor is seen without reading.
const LONGER: f64 = 1.4;

const ALL: [&str; 14] = [
    "all of the above",
    "none of the above",
    "all the above",
    "both of the above",
    "以上都对",
    "以上都是",
    "以上皆是",
    "以上全部",
    "以上都不对",
    "以上都不是",
    "以上皆非",
    "都正确",
    "都不正确",
    "全部正确",
];

pub(crate) fn check(content: &QuestionContent, captions: &[String], findings: &mut Vec<Finding>) {
    let choices = &content.choices;
    keys(content, findings);
    if choices.len() < 2 {
        findings.push(finding(
            "too_few_choices",
            Severity::Error,
            Vec::new(),
            "a choice needs at least two options",
            "Add an option.",
        ));
    }
    for (index, choice) in choices.iter().enumerate() {
        one(index, choice, &choices[..index], findings);
    }
    length(choices, findings);
    in_caption(choices, captions, findings);
}

fn at(index: usize, mut finding: Finding) -> Finding {
    finding.choice = u32::try_from(index).ok();
    finding
}

fn letter(index: usize) -> String {
    ('A'..='Z')
        .nth(index)
        .map_or_else(|| (index + 1).to_string(), String::from)
}

fn keys(content: &QuestionContent, findings: &mut Vec<Finding>) {
    let keys = content.choices.iter().filter(|choice| choice.right).count();
    if keys == 0 {
        findings.push(finding(
            "no_key",
            Severity::Error,
            Vec::new(),
            "no option is marked as right",
            "Mark the right option.",
        ));
    }
    if keys > 1 && content.kind == QuestionKind::SingleChoice {
        findings.push(finding(
            "double_key",
            Severity::Error,
            Vec::new(),
            format!("{keys} options are marked as right, and one may be"),
            "Leave one, or make it a multiple choice.",
        ));
    }
}

fn one(index: usize, choice: &Choice, before: &[Choice], findings: &mut Vec<Finding>) {
    let name = letter(index);
    if choice.text.trim().is_empty() {
        findings.push(at(
            index,
            finding(
                "empty_choice",
                Severity::Error,
                vec![name.clone()],
                format!("option {name} is empty"),
                "Write it, or take it out.",
            ),
        ));
        return;
    }
    let words = folded(&choice.text);
    if ALL.iter().any(|phrase| words.contains(&folded(phrase))) {
        let found = finding(
            "all_of_the_above",
            Severity::Warning,
            vec![name.clone()],
            format!("option {name} speaks of the other options"),
            "It cannot be shuffled, and who sees two right options need not read on: name a fact instead.",
        );
        findings.push(at(index, about(&[&choice.text], found)));
    }
    for (earlier, other) in before.iter().enumerate() {
        let known = letter(earlier);
        if same(&other.text, &choice.text) {
            findings.push(at(
                index,
                finding(
                    "duplicate_choice",
                    Severity::Error,
                    vec![known.clone(), name.clone()],
                    format!("options {known} and {name} say the same"),
                    "Change one of them.",
                ),
            ));
        } else if overlap(&other.text, &choice.text) {
            let found = finding(
                "overlapping_choice",
                Severity::Warning,
                vec![known.clone(), name.clone()],
                format!("options {known} and {name} overlap: whoever picks one may mean the other"),
                "Make them exclude each other.",
            );
            // The same two overlap in whatever order they stand.
            let mut texts = [other.text.as_str(), choice.text.as_str()];
            texts.sort_unstable();
            findings.push(at(index, about(&texts, found)));
        }
    }
}

/// One option within the other as words of its own, or two ranges of numbers that share some.
fn overlap(one: &str, other: &str) -> bool {
    if let (Some(one), Some(other)) = (range(one), range(other)) {
        return one.0 < other.1 && other.0 < one.1;
    }
    let (short, long) = if width(one) <= width(other) {
        (one, other)
    } else {
        (other, one)
    };
    let (short, long) = (spaced(short), spaced(long));
    let least = if short.is_ascii() { 3 } else { 6 };
    width(&short) >= least && occurs(&short, &long)
}

/// `10-20`, `10 – 20 ms`, `10 to 20`, `10～20`.
fn range(text: &str) -> Option<(f64, f64)> {
    let plain = spaced(text);
    let parts = ["-", "–", "—", "~", "～", " to ", "至", "到"]
        .iter()
        .find_map(|dash| plain.split_once(dash))?;
    let number = |part: &str| -> Option<f64> {
        let digits: String = part
            .trim()
            .chars()
            .take_while(|c| c.is_ascii_digit() || *c == '.')
            .collect();
        digits.parse().ok()
    };
    let found = (number(parts.0)?, number(parts.1)?);
    (found.0 < found.1).then_some(found)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "lengths of options stay far below 2^52"
)]
fn length(choices: &[Choice], findings: &mut Vec<Finding>) {
    let longest = |right: bool| {
        choices
            .iter()
            .enumerate()
            .filter(|(_, choice)| choice.right == right)
            .map(|(index, choice)| (width(&choice.text), index))
            .max()
    };
    let (Some((key, index)), Some((distractor, _))) = (longest(true), longest(false)) else {
        return;
    };
    if distractor > 0 && key >= 12 && key as f64 > LONGER * distractor as f64 {
        let name = letter(index);
        let found = finding(
            "longest_is_key",
            Severity::Warning,
            vec![name.clone()],
            format!("the key, {name}, is much longer than every other option"),
            "Shorten it, or make the others as exact.",
        );
        findings.push(at(index, about(&[&choices[index].text], found)));
    }
}

/// The key alone occurs in a caption: whoever learnt the captions need not look.
fn in_caption(choices: &[Choice], captions: &[String], findings: &mut Vec<Finding>) {
    let said: Vec<String> = captions.iter().map(|caption| spaced(caption)).collect();
    let stands = |choice: &Choice| {
        let wanted = spaced(&choice.text);
        // A digit or a letter alone stands in any caption.
        width(&wanted) >= 2 && said.iter().any(|caption| occurs(&wanted, caption))
    };
    let (keys, distractors): (Vec<&Choice>, Vec<&Choice>) =
        choices.iter().partition(|choice| choice.right);
    if !keys.is_empty()
        && !distractors.is_empty()
        && keys.iter().all(|key| stands(key))
        && !distractors.iter().any(|other| stands(other))
    {
        let texts: Vec<&str> = keys.iter().map(|key| key.text.as_str()).collect();
        findings.push(about(
            &texts,
            finding(
                "key_in_caption_only",
                Severity::Warning,
                keys.iter().map(|key| key.text.clone()).collect(),
                "only the key stands in the diagram's captions",
                "Take distractors from the same picture.",
            ),
        ));
    }
}
