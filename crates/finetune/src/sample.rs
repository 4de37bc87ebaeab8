//! The collator's first half: a conversation becomes token ids with labels on what the assistant says.

use qwen::chat::{ChatTemplate, Message, Prompt, RenderOptions};
use qwen::processor::Patches;
use qwen::tokenizer::Tokenizer;

use crate::error::{Error, Result};

/// One conversation to learn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Token ids, one pad for each token of an image.
    pub input_ids: Vec<u32>,
    /// For each token whether it is to be predicted from those before it.
    pub is_label: Vec<bool>,
    /// The images in the order of their pads.
    pub images: Vec<Patches>,
}

impl Sample {
    /// Renders, encodes and labels a conversation that shows `images` in order. Labels are the words of each
    /// of the assistant's turns and the `<|im_end|>` that closes it.
    ///
    /// # Errors
    /// If the template fails, shows another number of images, or the assistant says nothing.
    pub fn new(
        tokenizer: &Tokenizer,
        template: &ChatTemplate,
        messages: &[Message],
        images: Vec<Patches>,
    ) -> Result<Self> {
        let options = RenderOptions::default();
        let Prompt { input_ids, images } =
            Prompt::new(tokenizer, template, messages, images, options)?;
        let is_label = labels(&input_ids, tokenizer);
        if !is_label.contains(&true) {
            return Err(Error::NoLabels);
        }
        Ok(Self {
            input_ids,
            is_label,
            images,
        })
    }

    /// Tokens that are predicted.
    pub fn n_labels(&self) -> usize {
        // The first token has nothing before it.
        self.is_label.iter().skip(1).filter(|label| **label).count()
    }
}

/// Marks the assistant's turns. People's text never becomes a special token, so every `<|im_start|>` opens
/// a turn.
fn labels(ids: &[u32], tokenizer: &Tokenizer) -> Vec<bool> {
    let special = tokenizer.special();
    let mut is_label = vec![false; ids.len()];
    let mut at = 0;
    while at < ids.len() {
        if ids[at] != special.im_start {
            at += 1;
            continue;
        }
        let (is_assistant, start) = header(ids, at + 1, tokenizer);
        let end = ids[start..]
            .iter()
            .position(|id| *id == special.im_end)
            .map_or(ids.len(), |length| start + length + 1);
        if is_assistant {
            is_label[start..end].fill(true);
        }
        at = end.max(at + 1);
    }
    is_label
}

/// Reads `role\n` from `at`: whether it is the assistant's, and where the turn's words begin.
fn header(ids: &[u32], at: usize, tokenizer: &Tokenizer) -> (bool, usize) {
    let mut role = String::new();
    for (number, id) in ids[at..].iter().enumerate() {
        role.push_str(&tokenizer.decode(&[*id], false));
        if let Some((role, _)) = role.split_once('\n') {
            return (role == "assistant", at + number + 1);
        }
    }
    (false, ids.len())
}
