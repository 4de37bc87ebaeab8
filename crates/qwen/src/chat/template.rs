//! The checkpoint's Jinja chat template, found and rendered as transformers does, within bounds: it comes from strangers.

use std::collections::BTreeMap;
use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, Value, context};
use serde::Deserialize;

use super::{ChatError, Message, RenderOptions};
use crate::file;

const MAX_TEMPLATE_BYTES: u64 = 1 << 20;

/// Most bytes of the tokenizer's configuration, which lists added tokens.
const MAX_CONFIG_BYTES: u64 = 16 << 20;

/// Bounds a rendering's time and memory: one unit is one instruction or 64 bytes, and a message takes about fifty.
const FUEL: u64 = 500_000;

const NAME: &str = "chat";

/// A parsed chat template.
#[derive(Debug, Clone)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    source: String,
    /// Literals such as `eos_token`, which templates may name.
    special_tokens: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct TemplateFile {
    chat_template: String,
}

#[derive(Default, Deserialize)]
struct TokenizerConfig {
    chat_template: Option<Templates>,
    bos_token: Option<serde_json::Value>,
    eos_token: Option<serde_json::Value>,
    pad_token: Option<serde_json::Value>,
    unk_token: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Templates {
    One(String),
    Named(Vec<Named>),
}

#[derive(Deserialize)]
struct Named {
    name: String,
    template: String,
}

impl ChatTemplate {
    /// Reads the template of the checkpoint in `dir`: of `chat_template.json`, else `chat_template.jinja`, else
    /// `tokenizer_config.json`.
    ///
    /// # Errors
    /// If there is none, or it does not parse.
    pub fn from_dir(dir: &Path) -> Result<Self, ChatError> {
        let config: TokenizerConfig =
            file::json(dir, "tokenizer_config.json", MAX_CONFIG_BYTES)?.unwrap_or_default();
        let special_tokens = config.special_tokens();
        let legacy: Option<TemplateFile> =
            file::json(dir, "chat_template.json", MAX_TEMPLATE_BYTES)?;
        let source = match legacy {
            Some(file) => Some(file.chat_template),
            None => file::text(dir, "chat_template.jinja", MAX_TEMPLATE_BYTES)?,
        };
        let source = source
            .or_else(|| config.chat_template.and_then(Templates::default_one))
            .ok_or_else(|| ChatError::NoTemplate { folder: dir.into() })?;
        Self::parse(source, special_tokens)
    }

    /// Parses a template from its text.
    ///
    /// # Errors
    /// If it does not parse.
    pub fn from_source(source: impl Into<String>) -> Result<Self, ChatError> {
        Self::parse(source.into(), BTreeMap::new())
    }

    /// Renders a conversation to text, as transformers' `apply_chat_template` does: image pads are not expanded, and
    /// what looks like a special token in a message is not told apart from one. See [`super::Prompt::new`].
    ///
    /// # Errors
    /// If the template fails, runs too long or writes too much.
    pub fn render(
        &self,
        messages: &[Message],
        options: RenderOptions,
    ) -> Result<String, ChatError> {
        let template = self.environment.get_template(NAME).map_err(failed)?;
        let context = context! {
            messages => Value::from(Serde(messages)),
            add_generation_prompt => options.add_generation_prompt,
            add_vision_id => options.add_vision_id,
            tools => (),
            documents => (),
            ..Value::from(Serde(&self.special_tokens))
        };
        template.render(context).map_err(failed)
    }

    /// The template's text.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    fn parse(source: String, special_tokens: BTreeMap<String, String>) -> Result<Self, ChatError> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()
            .map_err(failed)?;
        environment.set_syntax(syntax);
        environment.set_fuel(Some(FUEL));
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment
            .set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", |message: String| {
            Err::<String, _>(Error::new(ErrorKind::InvalidOperation, message))
        });
        // A prompt is the same tomorrow: this crate reads no clock.
        environment.add_function("strftime_now", |_format: String| {
            let reason = "it asks for the date, which a prompt does not have";
            Err::<String, _>(Error::new(ErrorKind::InvalidOperation, reason))
        });
        environment
            .add_template_owned(NAME, source.clone())
            .map_err(failed)?;
        Ok(Self {
            environment,
            source,
            special_tokens,
        })
    }
}

impl TokenizerConfig {
    fn special_tokens(&self) -> BTreeMap<String, String> {
        let named = [
            ("bos_token", &self.bos_token),
            ("eos_token", &self.eos_token),
            ("pad_token", &self.pad_token),
            ("unk_token", &self.unk_token),
        ];
        named
            .into_iter()
            .filter_map(|(name, token)| {
                let token = token.as_ref()?;
                // Written as a string, or as an object with flags.
                let literal = token.get("content").unwrap_or(token).as_str()?;
                Some((name.to_owned(), literal.to_owned()))
            })
            .collect()
    }
}

impl Templates {
    fn default_one(self) -> Option<String> {
        match self {
            Self::One(template) => Some(template),
            Self::Named(named) => named
                .into_iter()
                .find(|one| one.name == "default")
                .map(|one| one.template),
        }
    }
}

fn failed(error: Error) -> ChatError {
    use std::error::Error as _;
    let mut reason = error.to_string();
    if let Some(source) = error.source() {
        reason = format!("{reason}: {source}");
    }
    ChatError::Failed { reason }
}
