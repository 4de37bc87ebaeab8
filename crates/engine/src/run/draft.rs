//! One item of a drafting job: a caption, or the structure, of a diagram or of one of its regions.

use domain::{DraftParameters, Drafted, JobItem, Level};
use provider::Part;
use provider::prompt::Purpose;
use store::{Database, glossary};

use super::Result;
use super::picture::{self, Pictures};
use super::shift::{Made, Shift, Trouble, language};

/// Has the model draft; the outer error is the workspace's.
pub fn make(
    shift: &Shift<'_>,
    parameters: &DraftParameters,
    item: &JobItem,
    (database, pictures): (&Database, &mut Pictures),
) -> Result<std::result::Result<Made, Trouble>> {
    let (diagram, regions) = shift.look_up(item, database)?;
    let terms = database.read(glossary::list)?;
    let region = regions
        .iter()
        .find(|region| Some(&region.id) == item.region_id.as_ref());
    if item.level == Level::Partial && region.is_none() {
        return Ok(Err(Trouble::item("the region is gone", None)));
    }
    let picture = match shift.picture(&diagram, pictures) {
        Ok(picture) => picture,
        Err(trouble) => return Ok(Err(trouble)),
    };
    let (picture, mut variables) =
        picture::shown(picture, &diagram, region, shift.opened.max_side_px);
    variables.terms = preferred(&terms, parameters.language);
    let prompt = shift
        .prompts
        .get(language(parameters.language), Purpose::Caption(item.level));
    let messages = match prompt.messages(&variables, Some(Part::Image(picture))) {
        Ok(messages) => messages,
        Err(error) => return Ok(Err(Trouble::prompt(&error))),
    };
    let answer = shift.ask(item, messages, (&parameters.sampling, true));
    Ok(answer.map(|answer| {
        let text = match item.level {
            Level::Structure => without_fence(&answer.text),
            _ => answer.text.trim(),
        };
        let own_word = shift.opened.is_server().then(|| answer.model.clone());
        let drafted = Drafted {
            text: text.to_owned(),
            revision: shift.opened.revision.clone().or(own_word),
            prompt_version: prompt.version().to_owned(),
            seconds: None,
            new_tokens: answer.new_tokens,
            mean_logprob: answer.mean_logprob,
        };
        Made::Draft(Box::new(drafted), answer)
    }))
}

/// The preferred wordings of a glossary in a language; the other language's where it has none.
pub fn preferred(terms: &[domain::Term], language: domain::PromptLanguage) -> Vec<String> {
    let in_language = |term: &domain::Term| {
        let (own, other) = match language {
            domain::PromptLanguage::En => (&term.en, &term.zh),
            domain::PromptLanguage::Zh => (&term.zh, &term.en),
        };
        if own.is_empty() {
            other.clone()
        } else {
            own.clone()
        }
    };
    terms.iter().map(in_language).collect()
}

/// Source that a model put between fences though it was asked not to.
fn without_fence(text: &str) -> &str {
    let text = text.trim();
    let inner = text
        .strip_prefix("```")
        .and_then(|rest| rest.strip_suffix("```"))
        .and_then(|rest| rest.split_once('\n'));
    match inner {
        Some((_language, source)) if !source.trim().is_empty() => source.trim(),
        _ => text,
    }
}
