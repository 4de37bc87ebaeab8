//! Conversations to token ids and back: tokenizer and chat template of a GGUF file. Text in messages comes from
//! strangers and never becomes a special token.

use std::path::Path;

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::tokenizer::TokenizerFromGguf;
use provider::{Message, Part};
use qwen::chat::{self, ChatTemplate, RenderOptions};
use tokenizers::Tokenizer;

use super::{TextError, TextModelError};

/// For files that bring no template.
const CHATML: &str = "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + \
    '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
/// Qwen3 would think aloud first.
const WITHOUT_THINKING: &str = "{%- set enable_thinking = false -%}\n";
/// What ends an answer, where the tokenizer has it.
const ENDS: [&str; 2] = ["<|im_end|>", "<|endoftext|>"];
/// Largest `tokenizer.json`, in bytes.
const MAX_TOKENIZER_BYTES: u64 = 64 << 20;
/// Stands in texts behind each character that begins a special token; removed before they are encoded.
const MARK: char = '\u{10FFFD}';

/// Makes prompts of conversations.
pub struct Prompts {
    tokenizer: Tokenizer,
    template: ChatTemplate,
    /// Literals and ids of the special tokens, longest first.
    special: Vec<(String, u32)>,
    stop: Vec<u32>,
}

impl Prompts {
    /// Takes tokenizer and template from the file, or the tokenizer from `tokenizer.json` beside it.
    pub fn of(file: &Path, content: &Content, vocab: usize) -> Result<Self, TextModelError> {
        let unfit = |reason: String| TextModelError::Tokenizer {
            file: file.to_owned(),
            reason,
        };
        let mut tokenizer = match content.metadata.contains_key("tokenizer.ggml.merges") {
            true => Tokenizer::from_gguf(content).map_err(|error| {
                let words = error.to_string();
                unfit(words.lines().next().unwrap_or_default().to_owned())
            })?,
            false => beside(file).map_err(&unfit)?,
        };
        tokenizer.set_encode_special_tokens(true);
        let known = tokenizer.get_vocab_size(true);
        if known > vocab {
            return Err(unfit(format!(
                "it has {known} tokens, and the model {vocab}"
            )));
        }
        let added = tokenizer.get_added_tokens_decoder();
        let mut special: Vec<(String, u32)> = added
            .into_iter()
            .filter(|(_, token)| token.special && !token.content.is_empty())
            .map(|(id, token)| (token.content, id))
            .collect();
        special.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.1.cmp(&b.1)));
        let mut stop: Vec<u32> = ENDS
            .iter()
            .filter_map(|end| tokenizer.token_to_id(end))
            .collect();
        if let Some(end) = content.metadata.get("tokenizer.ggml.eos_token_id") {
            stop.extend(end.to_u32().ok().filter(|end| !stop.contains(end)));
        }
        if stop.is_empty() {
            return Err(unfit("it has no token that ends an answer".to_owned()));
        }
        Ok(Self {
            template: template(content)?,
            tokenizer,
            special,
            stop,
        })
    }

    pub fn stop_tokens(&self) -> &[u32] {
        &self.stop
    }

    /// Ids of a conversation, with the beginning of the answer.
    pub fn ids(&self, model: &str, messages: &[Message]) -> Result<Vec<u32>, TextError> {
        let messages = messages
            .iter()
            .map(|message| self.message(model, message))
            .collect::<Result<Vec<_>, _>>()?;
        let options = RenderOptions {
            add_generation_prompt: true,
            add_vision_id: false,
        };
        let rendered = self.template.render(&messages, options)?;
        self.with_specials(&rendered)
    }

    /// Ids of a text in which nothing is a special token.
    pub fn plain(&self, text: &str) -> Result<Vec<u32>, TextError> {
        let encoding = self.tokenizer.encode_fast(text.replace(MARK, ""), false);
        let encoding = encoding.map_err(|error| TextError::NotEncoded(error.to_string()))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// Starts decoding token by token.
    pub fn stream(&self) -> Stream<'_> {
        Stream {
            tokenizer: &self.tokenizer,
            pending: Vec::new(),
        }
    }

    fn message(&self, model: &str, message: &Message) -> Result<chat::Message, TextError> {
        let mut text = String::new();
        for part in &message.parts {
            match part {
                Part::Text(part) => text.push_str(&self.marked(part)),
                Part::Image(_) | Part::ImageUrl(_) => {
                    return Err(TextError::Picture(model.to_owned()));
                }
            }
        }
        let role = match message.role {
            provider::Role::System => chat::Role::System,
            provider::Role::User => chat::Role::User,
            provider::Role::Assistant => chat::Role::Assistant,
        };
        Ok(chat::Message::text(role, text))
    }

    /// A stranger's text, broken wherever a special token could begin.
    fn marked(&self, text: &str) -> String {
        let begins = |letter| {
            let mut literals = self.special.iter();
            literals.any(|(literal, _)| literal.starts_with(letter))
        };
        let mut marked = String::with_capacity(text.len());
        for letter in text.chars().filter(|letter| *letter != MARK) {
            marked.push(letter);
            if begins(letter) {
                marked.push(MARK);
            }
        }
        marked
    }

    fn with_specials(&self, text: &str) -> Result<Vec<u32>, TextError> {
        let mut ids = Vec::new();
        let mut plain_from = 0;
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let mut specials = self.special.iter();
            if let Some((literal, id)) = specials.find(|(literal, _)| rest.starts_with(literal)) {
                ids.extend(self.plain(&text[plain_from..at])?);
                ids.push(*id);
                at += literal.len();
                plain_from = at;
            } else {
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        ids.extend(self.plain(&text[plain_from..])?);
        Ok(ids)
    }
}

/// Text of tokens as they come, never half a character.
pub struct Stream<'a> {
    tokenizer: &'a Tokenizer,
    /// Tokens that may end within a character.
    pending: Vec<u32>,
}

impl Stream<'_> {
    /// Takes the next token; returns the text that is certain.
    pub fn push(&mut self, token: u32) -> String {
        /// A character has four bytes at most, and a token one at least.
        const MAX_PENDING: usize = 4;
        self.pending.push(token);
        let text = self.decoded();
        if text.ends_with(char::REPLACEMENT_CHARACTER) && self.pending.len() < MAX_PENDING {
            return String::new();
        }
        self.pending.clear();
        text
    }

    /// What was held back.
    pub fn finish(&mut self) -> String {
        let text = self.decoded();
        self.pending.clear();
        text
    }

    fn decoded(&self) -> String {
        // Ids come from the model, and what it has no text for is none.
        self.tokenizer
            .decode(&self.pending, true)
            .unwrap_or_default()
    }
}

fn beside(file: &Path) -> Result<Tokenizer, String> {
    let path = file.with_file_name("tokenizer.json");
    let bytes = std::fs::metadata(&path).map(|about| about.len());
    match bytes {
        Err(_) => Err("it brings none, and no `tokenizer.json` lies beside it".to_owned()),
        Ok(bytes) if bytes > MAX_TOKENIZER_BYTES => {
            Err("`tokenizer.json` beside it is too large".to_owned())
        }
        Ok(_) => Tokenizer::from_file(&path).map_err(|error| error.to_string()),
    }
}

fn template(content: &Content) -> Result<ChatTemplate, TextModelError> {
    let own = match content.metadata.get("tokenizer.chat_template") {
        Some(Value::String(source)) => source.as_str(),
        _ => CHATML,
    };
    let source = match own.contains("enable_thinking") {
        true => format!("{WITHOUT_THINKING}{own}"),
        false => own.to_owned(),
    };
    Ok(ChatTemplate::from_source(source)?)
}
