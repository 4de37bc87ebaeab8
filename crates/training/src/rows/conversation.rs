//! One row's JSON as a conversation.

use qwen::chat::{Content, Message, Part, Role};
use serde_json::Value;

/// Where an image stands in a text.
const PLACE: &str = "<image>";

/// A conversation whose images are names yet.
#[derive(Debug, PartialEq)]
pub(super) struct Draft {
    pub messages: Vec<Message>,
    pub images: Vec<String>,
}

/// Reads a row: LLaMA-Factory's and ms-swift's `messages`, LLaVA's `conversations`, or imagefolder's `file_name`
/// with a `text` or `caption`.
pub(super) fn draft(value: &Value, prompt: &str) -> Result<Draft, String> {
    let turns = match (value.get("messages"), value.get("conversations")) {
        (Some(turns), _) => turns_of(turns, ["role", "content"])?,
        (None, Some(turns)) => turns_of(turns, ["from", "value"])?,
        (None, None) => return captioned(value, prompt),
    };
    let mut waiting = listed(value)?.into_iter();
    let mut images = Vec::new();
    let mut messages = Vec::new();
    for (role, content) in turns {
        let parts = parts_of(content, &mut waiting, &mut images)?;
        messages.push(Message {
            role,
            content: joined(parts),
        });
    }
    let unplaced: Vec<String> = waiting.collect();
    if unplaced.is_empty() {
        return Ok(Draft { messages, images });
    }
    // Files that name images and no place for them show them first.
    if !images.is_empty() {
        return Err(format!(
            "{} images have no `{PLACE}` in the text",
            unplaced.len()
        ));
    }
    show_first(&mut messages, unplaced.len())?;
    Ok(Draft {
        messages,
        images: unplaced,
    })
}

/// All that is said, without the images.
pub(super) fn text_of(content: &Content) -> String {
    match content {
        Content::Text(text) => text.clone(),
        Content::Parts(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Text { text } => text.as_str(),
                Part::Image => "",
            })
            .collect(),
    }
}

/// The turns of a row, by the names that its format has for who speaks and what is said.
fn turns_of<'a>(
    turns: &'a Value,
    [who, what]: [&str; 2],
) -> Result<Vec<(Role, &'a Value)>, String> {
    let turns = turns.as_array().ok_or("the conversation is no list")?;
    let turn = |turn: &'a Value| {
        let role = turn.get(who).and_then(Value::as_str).unwrap_or_default();
        let role = match role {
            "system" => Role::System,
            "user" | "human" => Role::User,
            "assistant" | "gpt" => Role::Assistant,
            other => return Err(format!("`{other}` is nobody who speaks")),
        };
        let content = turn
            .get(what)
            .ok_or_else(|| format!("a turn has no `{what}`"))?;
        Ok((role, content))
    };
    turns.iter().map(turn).collect()
}

/// Names of images beside the conversation.
fn listed(value: &Value) -> Result<Vec<String>, String> {
    let Some(images) = value.get("images").or_else(|| value.get("image")) else {
        return Ok(Vec::new());
    };
    let one = |image: &Value| {
        let name = image.as_str().or_else(|| image.get("path")?.as_str());
        name.map(str::to_owned)
            .ok_or("an image is no name".to_owned())
    };
    match images {
        Value::Null => Ok(Vec::new()),
        Value::Array(all) => all.iter().map(one).collect(),
        single => Ok(vec![one(single)?]),
    }
}

/// Cuts a content into text and places of images, and takes the names of these.
fn parts_of(
    content: &Value,
    waiting: &mut impl Iterator<Item = String>,
    images: &mut Vec<String>,
) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    match content {
        Value::String(text) => {
            for (index, piece) in text.split(PLACE).enumerate() {
                if index > 0 {
                    let image = waiting.next();
                    images.push(
                        image.ok_or_else(|| format!("there are more `{PLACE}` than images"))?,
                    );
                    parts.push(Part::Image);
                }
                parts.push(Part::Text {
                    text: piece.to_owned(),
                });
            }
        }
        Value::Array(all) => {
            for part in all {
                match part.get("type").and_then(Value::as_str) {
                    Some("text") => {
                        let text = part.get("text").and_then(Value::as_str);
                        let text = text.ok_or("a part has no text")?.to_owned();
                        parts.push(Part::Text { text });
                    }
                    Some("image") => {
                        let image = part.get("image").and_then(Value::as_str).map(str::to_owned);
                        images.push(
                            image
                                .or_else(|| waiting.next())
                                .ok_or("a part has no image")?,
                        );
                        parts.push(Part::Image);
                    }
                    other => return Err(format!("a part of type `{}`", other.unwrap_or("none"))),
                }
            }
        }
        _ => return Err("a content is neither a text nor a list of parts".to_owned()),
    }
    Ok(parts)
}

/// Text alone stays text; templates treat both alike.
fn joined(parts: Vec<Part>) -> Content {
    let parts: Vec<Part> = parts
        .into_iter()
        .filter(|part| !matches!(part, Part::Text { text } if text.is_empty()))
        .collect();
    match parts.as_slice() {
        [] => Content::Text(String::new()),
        [Part::Text { text }] => Content::Text(text.clone()),
        _ => Content::Parts(parts),
    }
}

fn show_first(messages: &mut [Message], count: usize) -> Result<(), String> {
    let asks = messages
        .iter_mut()
        .find(|message| message.role == Role::User);
    let asks = asks.ok_or("nobody asks about the images")?;
    let mut parts = vec![Part::Image; count];
    match std::mem::replace(&mut asks.content, Content::Text(String::new())) {
        Content::Text(text) => parts.push(Part::Text { text }),
        Content::Parts(rest) => parts.extend(rest),
    }
    asks.content = Content::Parts(parts);
    Ok(())
}

/// A picture of an imagefolder with its text.
fn captioned(value: &Value, prompt: &str) -> Result<Draft, String> {
    let field = |names: [&str; 2]| names.iter().find_map(|name| value.get(name)?.as_str());
    let image = field(["file_name", "image"]);
    let text = field(["text", "caption"]);
    let (Some(image), Some(text)) = (image, text) else {
        return Err(
            "it has neither `messages`, nor `conversations`, nor `file_name` with a `text`"
                .to_owned(),
        );
    };
    Ok(Draft {
        messages: vec![
            Message::images_and_text(1, prompt),
            Message::text(Role::Assistant, text),
        ],
        images: vec![image.to_owned()],
    })
}
