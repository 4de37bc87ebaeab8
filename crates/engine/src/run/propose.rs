//! One item of a job that proposes questions: one diagram, whose questions are read out of what the model writes.

use domain::{JobItem, Level, ProposeParameters};
use provider::Part;
use provider::prompt::{Purpose, Variables};
use questions::read_proposals;
use store::table::{annotation, revision};
use store::{Connection, Database, examine, glossary};

use super::Result;
use super::draft::preferred;
use super::picture::{self, Pictures};
use super::shift::{Made, Shift, Trouble, language};

/// Has the model write questions; the outer error is the workspace's.
pub fn make(
    shift: &Shift<'_>,
    parameters: &ProposeParameters,
    item: &JobItem,
    (database, pictures): (&Database, &mut Pictures),
) -> Result<std::result::Result<Made, Trouble>> {
    let (diagram, _regions) = shift.look_up(item, database)?;
    let captions = database.read(|connection| captions(connection, item))?;
    let (picture, mut variables) = if shift.opened.sees_pictures() {
        match shift.picture(&diagram, pictures) {
            Ok(picture) => {
                let (picture, variables) =
                    picture::shown(picture, &diagram, None, shift.opened.max_side_px);
                (Some(Part::Image(picture)), variables)
            }
            Err(trouble) => return Ok(Err(trouble)),
        }
    } else if captions.is_empty() {
        let help = "Write its caption first, or ask a model that sees pictures.";
        let why = "the model reads text only, and this diagram has no caption yet";
        return Ok(Err(Trouble::item(why, Some(help))));
    } else {
        let context = diagram.context.clone();
        (
            None,
            Variables {
                context,
                ..Variables::default()
            },
        )
    };
    variables.picture = picture.is_some();
    variables.captions = captions;
    variables.count = parameters.per_diagram;
    variables.kinds = parameters.kinds.iter().map(|kind| kind.as_str()).collect();
    let (terms, known) = database.read(|connection| {
        Ok((
            glossary::list(connection)?,
            examine::known_stems(connection, &item.diagram_id)?,
        ))
    })?;
    variables.terms = preferred(&terms, parameters.language);
    variables.known = known;
    let prompt = shift
        .prompts
        .get(language(parameters.language), Purpose::Questions);
    let messages = match prompt.messages(&variables, picture) {
        Ok(messages) => messages,
        Err(error) => return Ok(Err(Trouble::prompt(&error))),
    };
    let answer = match shift.ask(item, messages, (&parameters.sampling, false)) {
        Ok(answer) => answer,
        Err(trouble) => return Ok(Err(trouble)),
    };
    Ok(questions(&answer.text, parameters))
}

/// The questions in what a model wrote.
fn questions(text: &str, parameters: &ProposeParameters) -> std::result::Result<Made, Trouble> {
    let read = read_proposals(text, &parameters.kinds);
    let most = usize::try_from(parameters.per_diagram).unwrap_or(usize::MAX);
    match read.unfit.first() {
        Some(reason) if read.questions.is_empty() => {
            let why = format!("what the model wrote is no question: {reason}");
            Err(Trouble::item(why, None))
        }
        None if read.questions.is_empty() => {
            Err(Trouble::item("the model wrote no question", None))
        }
        _ => Ok(Made::Questions(
            read.questions.into_iter().take(most).collect(),
        )),
    }
}

/// What experts wrote of the diagram, its structure left out.
fn captions(connection: &Connection, item: &JobItem) -> store::Result<String> {
    let mut captions = Vec::new();
    for annotation in annotation::of_diagram(connection, &item.diagram_id)? {
        if let (Some(head), false) = (&annotation.head, annotation.slot.level == Level::Structure) {
            captions.push(revision::get(connection, head)?.text);
        }
    }
    captions.retain(|caption| !caption.trim().is_empty());
    Ok(captions.join("\n\n"))
}
