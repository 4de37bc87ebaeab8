//! One item of a job that answers questions: one question, with its picture or without.

use domain::{
    AnswerParameters, JobItem, PromptLanguage, Question, QuestionContent, QuestionKind,
    QuestionTrial, RevisionId, Sampling,
};
use provider::Part;
use provider::prompt::{Asked, Purpose, Variables};
use questions::{judge, rotated, rotated_back};
use store::{Database, examine};

use super::picture::{self, Pictures};
use super::shift::{Made, Shift, Trouble, language};
use super::{Result, now};

/// An answer is short; a model that thinks aloud gets some room.
const MAX_ANSWER_TOKENS: u32 = 256;
/// Longest answer that is kept, in characters.
const MAX_KEPT_CHARS: usize = 2_000;
/// In so many rotations a key that was found blind was not guessed: a chance of 1 in 256 with four options.
const MAX_ROTATIONS: usize = 4;

/// Has the model answer; the outer error is the workspace's.
pub fn make(
    shift: &Shift<'_>,
    parameters: &AnswerParameters,
    item: &JobItem,
    (database, pictures): (&Database, &mut Pictures),
) -> Result<std::result::Result<Made, Trouble>> {
    let Some(id) = &item.question_id else {
        return Ok(Err(Trouble::item("the item names no question", None)));
    };
    let (question, revision) = database.read(|connection| examine::asked(connection, id))?;
    let mut variables = Variables::default();
    let mut picture = None;
    if !parameters.blind {
        let (diagram, _regions) = shift.look_up(item, database)?;
        match shift.picture(&diagram, pictures) {
            Ok(whole) => {
                let (shown, told) = picture::shown(whole, &diagram, None, shift.opened.max_side_px);
                // What stands around the figure is not part of the examination.
                variables = Variables {
                    context: String::new(),
                    picture: true,
                    ..told
                };
                picture = Some(Part::Image(shown));
            }
            Err(trouble) => return Ok(Err(trouble)),
        }
    }
    let examination = Examination {
        shift,
        item,
        question: &question,
        variables,
        picture,
    };
    Ok(examination.sit(revision, parameters.blind))
}

/// A question in front of a model.
struct Examination<'a> {
    shift: &'a Shift<'a>,
    item: &'a JobItem,
    question: &'a Question,
    variables: Variables,
    picture: Option<Part>,
}

impl Examination<'_> {
    /// Blind, a choice is asked in rotations of its options until one is answered wrongly.
    fn sit(&self, revision: RevisionId, blind: bool) -> std::result::Result<Made, Trouble> {
        let content = &self.question.content;
        let rotations = if blind {
            content.choices.len().clamp(1, MAX_ROTATIONS)
        } else {
            1
        };
        let mut trial = QuestionTrial {
            examinee: String::new(),
            is_model: true,
            blind,
            answer: String::new(),
            picked: Vec::new(),
            rule: String::new(),
            correct: None,
            at: now(),
        };
        for by in 0..rotations {
            let turned = rotated(content, by);
            let said = self.ask(&turned)?;
            let judged = judge(&turned, &said);
            if !trial.answer.is_empty() {
                trial.answer.push('\n');
            }
            trial.answer.push_str(&said);
            trial.picked = rotated_back(&content.choices, &judged.picked, by);
            judged.rule.clone_into(&mut trial.rule);
            trial.correct = judged.correct;
            if judged.correct != Some(true) {
                break;
            }
        }
        Ok(Made::Answer(revision, trial))
    }

    fn ask(&self, content: &QuestionContent) -> std::result::Result<String, Trouble> {
        let mut variables = self.variables.clone();
        variables.question = Some(asked(content));
        let prompt = self
            .shift
            .prompts
            .get(language(language_of(content)), Purpose::Answer);
        let messages = prompt
            .messages(&variables, self.picture.clone())
            .map_err(|error| Trouble::prompt(&error))?;
        let sampling = Sampling {
            max_new_tokens: MAX_ANSWER_TOKENS,
            ..Sampling::default()
        };
        let answer = self.shift.ask(self.item, messages, (&sampling, false))?;
        Ok(answer.text.trim().chars().take(MAX_KEPT_CHARS).collect())
    }
}

fn asked(content: &QuestionContent) -> Asked {
    let options = content.choices.iter().zip('A'..);
    Asked {
        kind: content.kind.as_str(),
        stem: content.stem.clone(),
        options: options
            .map(|(choice, letter)| format!("{letter}. {}", choice.text))
            .collect(),
        unit: match content.kind {
            QuestionKind::FillIn => content.unit.clone(),
            _ => String::new(),
        },
    }
}

/// The language that a question is written in.
fn language_of(content: &QuestionContent) -> PromptLanguage {
    let chinese = content
        .stem
        .chars()
        .any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    if chinese {
        PromptLanguage::Zh
    } else {
        PromptLanguage::En
    }
}
