//! Decodes token by token, never emitting half a character and never holding more than three bytes back.

use super::Tokenizer;

/// Text of tokens as they come. What it emits, joined, equals [`Tokenizer::decode`] of all of them.
#[derive(Debug)]
pub struct StreamDecoder<'a> {
    tokenizer: &'a Tokenizer,
    skip_special: bool,
    /// The beginning of a character whose rest is still to come; at most three bytes between calls.
    pending: Vec<u8>,
}

impl<'a> StreamDecoder<'a> {
    pub(super) fn new(tokenizer: &'a Tokenizer, skip_special: bool) -> Self {
        Self {
            tokenizer,
            skip_special,
            pending: Vec::new(),
        }
    }

    /// Takes the next token and returns the text that is now complete; often empty within a Chinese character or an emoji.
    pub fn push(&mut self, id: u32) -> String {
        self.tokenizer
            .push_bytes(id, self.skip_special, &mut self.pending);
        let mut text = String::new();
        let mut done = 0;
        for chunk in self.pending.utf8_chunks() {
            text.push_str(chunk.valid());
            done += chunk.valid().len();
            let invalid = chunk.invalid();
            // What ends the bytes may be a character's beginning.
            let unfinished = done + invalid.len() == self.pending.len() && is_beginning(invalid);
            if !invalid.is_empty() && !unfinished {
                text.push(char::REPLACEMENT_CHARACTER);
                done += invalid.len();
            }
        }
        self.pending.drain(..done);
        text
    }

    /// Ends the text; half a character becomes U+FFFD.
    pub fn finish(self) -> String {
        String::from_utf8_lossy(&self.pending).into_owned()
    }
}

fn is_beginning(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}
