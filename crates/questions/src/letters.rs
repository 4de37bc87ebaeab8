//! Which options an answer names: by letters, by an option's own words, or by a sentence with letters in it.

use domain::Choice;
use unicode_normalization::UnicodeNormalization;

use crate::text::folded;

/// What stands before the letters of an answer in a sentence; in lower case.
const LEADS: [&str; 24] = [
    "answer is",
    "answers are",
    "answer:",
    "answers:",
    "<answer>",
    "boxed{",
    "options are",
    "options:",
    "option is",
    "option",
    "choices are",
    "choice is",
    "choice:",
    "choose",
    "pick",
    "答案是",
    "答案为",
    "答案:",
    "答案",
    "应选择",
    "选择",
    "选项",
    "应选",
    "选",
];
/// Words between two letters that are named together.
const AND: [&str; 9] = ["and", "or", "和", "与", "及", "以及", "或", "跟", "、"];
/// Words after a letter that show that it was no article.
const AFTER: [&str; 12] = [
    "and", "or", "because", "since", "as", "is", "are", "for", "due", "was", "that", "would",
];

/// Indices of the options that an answer picks, in order, and the rule by which it was read.
pub(crate) fn read_choice(choices: &[Choice], answer: &str) -> (Vec<u32>, &'static str) {
    let plain: String = answer.nfkc().collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let count = choices.len();
    if let Some(letters) = bare(&plain, count) {
        return (letters, "letters");
    }
    let whole = folded(answer);
    if let Some(index) = choices
        .iter()
        .position(|choice| !whole.is_empty() && folded(&choice.text) == whole)
    {
        return (
            vec![u32::try_from(index).unwrap_or(u32::MAX)],
            "option_text",
        );
    }
    let lower = plain.to_ascii_lowercase();
    let stated = LEADS
        .iter()
        .filter_map(|lead| lower.rfind(lead).map(|at| at + lead.len()))
        .map(|at| leading(&plain[at..], count))
        .find(|letters| !letters.is_empty());
    // "选项A和选项C" begins with what it says; so does "A: UPF, as option B …".
    let first = leading(&plain, count);
    match stated {
        Some(letters) if first.len() <= letters.len() => (letters, "stated"),
        _ if !first.is_empty() => (first, "first_letter"),
        Some(letters) => (letters, "stated"),
        None => (Vec::new(), "unread"),
    }
}

fn index_of(letter: char, count: usize) -> Option<u32> {
    let index = u32::from(letter.to_ascii_lowercase()).checked_sub(u32::from('a'))?;
    ((index as usize) < count).then_some(index)
}

fn sorted(mut picked: Vec<u32>) -> Vec<u32> {
    picked.sort_unstable();
    picked.dedup();
    picked
}

/// An answer of letters alone, with what may stand between them.
fn bare(plain: &str, count: usize) -> Option<Vec<u32>> {
    let lower = plain.to_ascii_lowercase().replace(" and ", " ");
    let letters: Option<Vec<u32>> = lower
        .chars()
        .filter(|c| !" ,.;:、，。；：和与及()（）[]【】{}*\"'&+/".contains(*c))
        .map(|letter| index_of(letter, count))
        .collect();
    letters.filter(|letters| !letters.is_empty()).map(sorted)
}

/// The letters that a text begins with, named together: `B.`, `(B) because …`, `A和C都对`, `**A** and **C**`.
fn leading(text: &str, count: usize) -> Vec<u32> {
    let mut rest = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    rest = rest.strip_prefix("选项").unwrap_or(rest);
    let mut found = Vec::new();
    let mut capital = None;
    loop {
        let run: String = rest
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        let after = &rest[run.len()..];
        let all: Option<Vec<u32>> = run.chars().map(|c| index_of(c, count)).collect();
        let together = run.len() == 1 || run.chars().all(|c| c.is_ascii_uppercase());
        let Some(letters) = all.filter(|letters| !letters.is_empty() && together) else {
            break;
        };
        let is_capital = run.starts_with(|c: char| c.is_ascii_uppercase());
        if capital.is_some_and(|first| first != is_capital) || is_article(&run, after) {
            break;
        }
        capital = Some(is_capital);
        found.extend(letters);
        let Some(next) = after_and(after) else { break };
        rest = next;
    }
    sorted(found)
}

/// "A router …", "I think …": a word of the sentence, not the name of an option.
fn is_article(run: &str, after: &str) -> bool {
    let Some(word) = after.strip_prefix(' ') else {
        return after.starts_with(['\'', '’']);
    };
    let word: String = word.chars().take_while(char::is_ascii_alphabetic).collect();
    matches!(run, "A" | "a" | "I" | "i")
        && word.len() > 1
        && !AFTER.contains(&word.to_ascii_lowercase().as_str())
}

/// What follows a letter and joins another to it, taken away; `None` where nothing does.
fn after_and(text: &str) -> Option<&str> {
    let closing = |c: char| " )]}】）*\"'".contains(c);
    let opening = |c: char| " ([{【（*\"'".contains(c);
    let text = text.trim_start_matches(closing);
    let joined = text
        .strip_prefix([',', '，', '、', '&', '+', '/', ';', '；'])
        .map(str::trim_start);
    let rest = joined.unwrap_or(text);
    let word = AND
        .iter()
        .filter(|word| rest.starts_with(**word))
        .max_by_key(|word| word.len());
    let rest = match (joined, word) {
        (_, Some(word)) => &rest[word.len()..],
        (Some(rest), None) => rest,
        (None, None) => return None,
    };
    let rest = rest.trim_start_matches(opening);
    let rest = rest
        .strip_prefix("选项")
        .or_else(|| rest.strip_prefix("option "))
        .unwrap_or(rest);
    Some(rest.trim_start_matches(opening))
}
