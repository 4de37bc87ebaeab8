//! Turns a conversation into the model's input: the checkpoint's chat template, then token ids with one pad for each token
//! of an image. Text in messages comes from strangers and never becomes a special token.

mod template;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use crate::file::FileError;
pub use template::ChatTemplate;

use crate::processor::Patches;
use crate::tokenizer::{Tokenizer, TokenizerError};

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said and shown.
    pub content: Content,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sets the frame; first, if at all.
    System,
    /// Asks.
    User,
    /// Answers.
    Assistant,
}

/// What a message says and shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Content {
    /// Text alone.
    Text(String),
    /// Text and images in order.
    Parts(Vec<Part>),
}

/// A piece of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Part {
    /// Text; joined to its neighbours without a space.
    Text {
        /// The text.
        text: String,
    },
    /// The next of the conversation's images.
    Image,
}

/// What the template adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RenderOptions {
    /// Ends with the beginning of the assistant's answer.
    pub add_generation_prompt: bool,
    /// Numbers the images: `Picture 1: `.
    pub add_vision_id: bool,
}

/// A conversation as the model takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    /// Token ids, one pad for each token of an image.
    pub input_ids: Vec<u32>,
    /// The images in the order of their pads.
    pub images: Vec<Patches>,
}

/// Why a conversation was not turned into a prompt.
#[derive(Debug, Error)]
pub enum ChatError {
    /// No file of the checkpoint has a chat template.
    #[error("no chat template in {}", folder.display())]
    NoTemplate {
        /// The checkpoint's folder.
        folder: std::path::PathBuf,
    },
    /// The template does not parse, or failed while rendering.
    #[error("the chat template failed: {reason}")]
    Failed {
        /// The template engine's words, or the template's own.
        reason: String,
    },
    /// The template shows another number of images than there are.
    #[error("the conversation shows {shown} images, and {given} are given")]
    ImageCount {
        /// Images that the rendered conversation shows.
        shown: usize,
        /// Images that are given.
        given: usize,
    },
    /// A text was not encoded.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// A file was not read.
    #[error(transparent)]
    File(#[from] FileError),
}

impl ChatError {
    /// Returns what a person can do about it, where there is something.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::NoTemplate { .. } | Self::File(_) => {
                Some("Fetch the checkpoint again; a file is missing or damaged.")
            }
            Self::Failed { .. } => Some("Use the chat template of the published checkpoint."),
            Self::ImageCount { .. } => Some("Give one image for each place in the conversation."),
            Self::Tokenizer(error) => error.help(),
        }
    }
}

impl Message {
    /// Makes a message of text alone.
    pub fn text(role: Role, text: impl Into<String>) -> Self {
        Self {
            role,
            content: Content::Text(text.into()),
        }
    }

    /// Makes a user's message of `images` images followed by text.
    pub fn images_and_text(images: usize, text: impl Into<String>) -> Self {
        let mut parts = vec![Part::Image; images];
        parts.push(Part::Text { text: text.into() });
        Self {
            role: Role::User,
            content: Content::Parts(parts),
        }
    }

    /// Its texts, to read or to change.
    fn texts_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let (text, parts) = match &mut self.content {
            Content::Text(text) => (Some(text), None),
            Content::Parts(parts) => (None, Some(parts)),
        };
        let parts = parts.into_iter().flatten().filter_map(|part| match part {
            Part::Text { text } => Some(text),
            Part::Image => None,
        });
        text.into_iter().chain(parts)
    }
}

impl Prompt {
    /// Renders, encodes and expands a conversation that shows `images` in order.
    ///
    /// What looks like a special token in a message stays text: it opens no role and shows no image.
    ///
    /// # Errors
    /// If the template fails, or shows another number of images.
    pub fn new(
        tokenizer: &Tokenizer,
        template: &ChatTemplate,
        messages: &[Message],
        images: Vec<Patches>,
        options: RenderOptions,
    ) -> Result<Self, ChatError> {
        let mut marked = messages.to_vec();
        let mark = unused_char(template, messages);
        for text in marked.iter_mut().flat_map(Message::texts_mut) {
            *text = break_specials(text, mark, tokenizer);
        }
        let rendered = template.render(&marked, options)?;
        let ids = tokenizer.encode_with(&rendered, |plain| {
            tokenizer.encode_plain(&plain.replace(mark, ""))
        })?;
        let counts: Vec<usize> = images.iter().map(|image| image.image_tokens).collect();
        Ok(Self {
            input_ids: expand_image_pads(&ids, tokenizer.special().image_pad, &counts)?,
            images,
        })
    }
}

/// Replaces the n-th `image_pad` by as many as `counts` says for the n-th image.
///
/// # Errors
/// If there is not one pad for each image.
pub fn expand_image_pads(
    ids: &[u32],
    image_pad: u32,
    counts: &[usize],
) -> Result<Vec<u32>, ChatError> {
    let shown = ids.iter().filter(|&&id| id == image_pad).count();
    if shown != counts.len() {
        return Err(ChatError::ImageCount {
            shown,
            given: counts.len(),
        });
    }
    let mut counts = counts.iter();
    let mut expanded = Vec::with_capacity(ids.len() + counts.as_slice().iter().sum::<usize>());
    for &id in ids {
        let times = match id == image_pad {
            true => counts.next().copied().unwrap_or(0),
            false => 1,
        };
        expanded.extend(std::iter::repeat_n(id, times));
    }
    Ok(expanded)
}

/// A private-use character that neither the messages nor the template contain.
fn unused_char(template: &ChatTemplate, messages: &[Message]) -> char {
    let mut messages = messages.to_vec();
    let used: std::collections::HashSet<char> = messages
        .iter_mut()
        .flat_map(Message::texts_mut)
        .flat_map(|text| text.chars())
        .chain(template.source().chars())
        .filter(|letter| ('\u{F0000}'..='\u{10FFFD}').contains(letter))
        .collect();
    ('\u{F0000}'..='\u{10FFFD}')
        .find(|letter| !used.contains(letter))
        .unwrap_or('\u{10FFFD}')
}

/// Puts `mark` behind each character that begins a special token, so that none is read in `text`, nor across the seam
/// to text that follows.
fn break_specials(text: &str, mark: char, tokenizer: &Tokenizer) -> String {
    let begins = |letter| {
        tokenizer
            .specials()
            .iter()
            .any(|(literal, _)| literal.starts_with(letter))
    };
    let mut broken = String::with_capacity(text.len());
    for letter in text.chars() {
        broken.push(letter);
        if begins(letter) {
            broken.push(mark);
        }
    }
    broken
}
