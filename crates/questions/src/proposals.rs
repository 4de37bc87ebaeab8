//! Questions read out of a model's text. It was asked for a JSON array and may have written anything.

use domain::{Choice, Difficulty, Level, QuestionContent, QuestionKind};
use serde::Deserialize;
use serde_json::Value;

/// Most questions that are read out of one text.
const MAX_QUESTIONS: usize = 50;
/// Longest text of a field, in characters; a longer one is not a question that anybody wants.
const MAX_CHARS: usize = 2_000;
/// At so many places something is tried to be read: a text of braces alone must not take for ever.
const MAX_TRIES: usize = 2_000;
/// Most options or accepted answers.
const MAX_CHOICES: usize = 10;

/// What was read out of a model's text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proposals {
    /// Questions that can be written on; each still has to be checked and taken up by an expert.
    pub questions: Vec<QuestionContent>,
    /// Why something that looked like a question is none.
    pub unfit: Vec<&'static str>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Proposed {
    kind: String,
    question: String,
    options: Vec<Value>,
    answer: Value,
    unit: String,
    rationale: String,
    level: String,
    difficulty: String,
    category: String,
}

/// Reads every object that is a question, whatever stands around it: fences, words, a list that was cut off. Only the
/// `wanted` kinds are taken.
pub fn read_proposals(text: &str, wanted: &[QuestionKind]) -> Proposals {
    let mut read = Proposals::default();
    let mut rest = text;
    for _ in 0..MAX_TRIES {
        let Some(open) = rest.find('{') else { break };
        rest = &rest[open..];
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let Some(Ok(value)) = stream.next() else {
            rest = &rest[1..];
            continue;
        };
        let end = stream.byte_offset();
        // An object around a list of questions is gone into.
        if value.get("question").is_none() && rest[1..end].contains('{') {
            rest = &rest[1..];
            continue;
        }
        rest = &rest[end..];
        if read.questions.len() == MAX_QUESTIONS {
            break;
        }
        match question(value, wanted) {
            Ok(question) => read.questions.push(question),
            Err(reason) => read.unfit.push(reason),
        }
    }
    read
}

fn question(value: Value, wanted: &[QuestionKind]) -> Result<QuestionContent, &'static str> {
    let proposed: Proposed =
        serde_json::from_value(value).map_err(|_wrong_types| "a field has another type")?;
    let kind: QuestionKind = proposed
        .kind
        .trim()
        .to_lowercase()
        .parse()
        .map_err(|_unknown| "its kind is not known")?;
    if !wanted.contains(&kind) {
        return Err("it is of a kind that was not asked for");
    }
    let level = match proposed.level.trim() {
        "global" => Level::Global,
        "partial" => Level::Partial,
        _ => Level::Detailed,
    };
    let mut content = QuestionContent::empty(kind, level);
    content.stem = short(&proposed.question)?;
    if content.stem.is_empty() {
        return Err("it has no words");
    }
    content.rationale = short(&proposed.rationale)?;
    content.category = short(&proposed.category)?;
    content.difficulty = match proposed.difficulty.trim() {
        "easy" => Difficulty::Easy,
        "hard" => Difficulty::Hard,
        _ => Difficulty::Medium,
    };
    match kind {
        QuestionKind::SingleChoice | QuestionKind::MultipleChoice => {
            content.choices = choices(&proposed)?;
            let keys = content.choices.iter().filter(|choice| choice.right).count();
            if keys == 0 || (kind == QuestionKind::SingleChoice && keys != 1) {
                return Err("its key is not one of its options");
            }
        }
        QuestionKind::TrueFalse => {
            content.truth =
                Some(truth(&proposed.answer).ok_or("it is not said whether it is true")?);
        }
        QuestionKind::FillIn => {
            content.unit = short(&proposed.unit)?;
            content.accepted = texts(&proposed.answer)?;
            if content.accepted.is_empty() {
                return Err("it has no answer");
            }
        }
    }
    Ok(content)
}

fn choices(proposed: &Proposed) -> Result<Vec<Choice>, &'static str> {
    if !(2..=MAX_CHOICES).contains(&proposed.options.len()) {
        return Err("it has too few or too many options");
    }
    let options: Vec<String> = proposed
        .options
        .iter()
        .map(|option| text(option).and_then(|option| short(&option)))
        .collect::<Result<_, _>>()?;
    // "A. …" in front of each option is the list's own, not the option's.
    let lettered = options
        .iter()
        .zip('A'..)
        .all(|(option, letter)| without_letter(option, letter).is_some());
    let plain: Vec<String> = options
        .iter()
        .zip('A'..)
        .map(|(option, letter)| match without_letter(option, letter) {
            Some(plain) if lettered => plain.to_owned(),
            _ => option.clone(),
        })
        .collect();
    let key = texts(&proposed.answer)?;
    let is_key = |index: usize, option: &str| {
        let letter = char::from(b'A' + u8::try_from(index).unwrap_or(25)).to_string();
        key.iter().any(|named| {
            named
                .trim_end_matches(['.', ')'])
                .eq_ignore_ascii_case(&letter)
                || named.eq_ignore_ascii_case(option)
                || named.eq_ignore_ascii_case(&options[index])
        })
    };
    Ok(plain
        .iter()
        .enumerate()
        .map(|(index, option)| Choice {
            text: option.clone(),
            right: is_key(index, option),
        })
        .collect())
}

/// An option without the letter that a list puts in front of it.
fn without_letter(option: &str, letter: char) -> Option<&str> {
    let rest = option
        .strip_prefix(letter)
        .or_else(|| option.strip_prefix('(')?.strip_prefix(letter))?;
    let plain = rest.trim_start_matches(['.', ')', ':', '、', '．', '：', '）']);
    (plain.len() < rest.len()).then(|| plain.trim_start())
}

fn truth(answer: &Value) -> Option<bool> {
    match answer {
        Value::Bool(truth) => Some(*truth),
        Value::Array(list) => truth(list.first()?),
        Value::String(word) => crate::truth::truth(word).0,
        _ => None,
    }
}

/// A text, or a list of texts; letters may stand in one text, as in "A, C".
fn texts(value: &Value) -> Result<Vec<String>, &'static str> {
    let all = match value {
        Value::Array(list) => list.iter().map(text).collect::<Result<Vec<_>, _>>()?,
        other => vec![text(other)?],
    };
    let mut found = Vec::new();
    for one in all {
        let parts: Vec<&str> = one.split([',', '、', '，', ';']).map(str::trim).collect();
        let letters = parts.len() > 1 && parts.iter().all(|part| part.chars().count() == 1);
        if letters {
            found.extend(parts.into_iter().map(str::to_owned));
        } else {
            found.push(short(&one)?);
        }
    }
    found.retain(|one| !one.is_empty());
    if found.len() > MAX_CHOICES {
        return Err("it has too many answers");
    }
    Ok(found)
}

fn text(value: &Value) -> Result<String, &'static str> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        Value::Null => Ok(String::new()),
        Value::Array(_) | Value::Object(_) => Err("a field has another type"),
    }
}

/// Without blanks around it and without characters that no text has.
fn short(text: &str) -> Result<String, &'static str> {
    if text.chars().count() > MAX_CHARS {
        return Err("a field is far too long");
    }
    let visible = |c: &char| !c.is_control() || *c == '\n';
    Ok(text.trim().chars().filter(visible).collect())
}
