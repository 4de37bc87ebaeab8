//! The client for servers that speak OpenAI's chat-completions protocol: vLLM, SGLang, TGI, llama.cpp, OpenAI.
//!
//! Not `async-openai`: its types refuse what these servers leave out or add (TGI ends with `eos_token`, llama.cpp
//! sends no `logprobs` field), and have no place for `top_k`. Requests run on a small runtime of the client's own,
//! so that callers need none and may be called from one.

mod body;
mod failure;
mod picture;
mod reply;
mod send;
mod wire;

use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::{Answer, Delta, Finish, Provider, ProviderError, Request, ServerConfig};
use send::Server;

/// How often a caller that waits may cancel.
const WAITING_EVERY: Duration = Duration::from_millis(100);

/// A model on a server. Closes its connections when dropped.
pub struct OpenAi {
    server: Arc<Server>,
    /// `Some` until dropped.
    runtime: Option<Runtime>,
}

/// What the task that talks to the server tells the caller's thread.
enum Event<T> {
    /// An attempt begins.
    Begun,
    Text(String),
    Done(Result<T, ProviderError>),
}

/// A task that ends with its owner.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl OpenAi {
    /// Checks the settings and fetches the key; no connection is made yet.
    ///
    /// # Errors
    /// [`ProviderError::Config`] naming the setting, [`ProviderError::Key`] when there is no key.
    pub fn new(config: ServerConfig) -> Result<Self, ProviderError> {
        let server = Arc::new(Server::new(config)?);
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(4)
            .thread_name("openai")
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| ProviderError::Local {
            message: "no thread for the network can be started".to_owned(),
            help: None,
            source: Some(error.into()),
        })?;
        Ok(Self {
            server,
            runtime: Some(runtime),
        })
    }

    /// The settings.
    pub fn config(&self) -> &ServerConfig {
        &self.server.config
    }

    /// Asks which models the server has, at most 1,000: a check that it is there and takes the key. Asks once.
    ///
    /// # Errors
    /// [`ProviderError`] as for an answer.
    pub fn models(&self) -> Result<Vec<String>, ProviderError> {
        let (tell, told) = mpsc::channel();
        let server = Arc::clone(&self.server);
        let _task = self.spawn(async move {
            let done = tell.send(Event::Done(server.models().await));
            // An error means that nobody waits any more.
            drop(done);
        });
        loop {
            match told.recv() {
                Ok(Event::Done(models)) => return models,
                Ok(Event::Begun | Event::Text(_)) => {}
                Err(mpsc::RecvError) => return Err(crashed()),
            }
        }
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> Option<Task> {
        let runtime = self.runtime.as_ref();
        runtime.map(|runtime| Task(runtime.spawn(work)))
    }
}

impl Provider for OpenAi {
    fn label(&self) -> String {
        self.server.config.model.clone()
    }

    fn concurrency(&self) -> usize {
        self.server.config.concurrency as usize
    }

    fn answer(
        &self,
        request: &Request,
        sink: &mut dyn FnMut(Delta) -> ControlFlow<()>,
    ) -> Result<Answer, ProviderError> {
        let body = body::of(request, &self.server.config)?;
        let (tell, told) = mpsc::channel();
        let server = Arc::clone(&self.server);
        let _task = self.spawn(async move {
            let told_end = tell.send(Event::Done(server.answer(body, &tell).await));
            // An error means that nobody waits any more.
            drop(told_end);
        });
        let mut partial = Partial::new(&self.server.config.model);
        loop {
            let delta = match told.recv_timeout(WAITING_EVERY) {
                Ok(Event::Begun) => {
                    partial.begun = Instant::now();
                    continue;
                }
                Ok(Event::Text(text)) => partial.take(text),
                Ok(Event::Done(answer)) => return answer,
                Err(mpsc::RecvTimeoutError::Timeout) => Delta::Waiting,
                Err(mpsc::RecvTimeoutError::Disconnected) => return Err(crashed()),
            };
            if sink(delta).is_break() {
                return Ok(partial.cancelled());
            }
        }
    }
}

impl Drop for OpenAi {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OpenAi").field(&self.server.config).finish()
    }
}

/// What the caller has seen of an answer that may be cancelled.
struct Partial {
    begun: Instant,
    first_token: Option<Duration>,
    text: String,
    model: String,
}

impl Partial {
    fn new(model: &str) -> Self {
        Self {
            begun: Instant::now(),
            first_token: None,
            text: String::new(),
            model: model.to_owned(),
        }
    }

    fn take(&mut self, text: String) -> Delta {
        self.first_token.get_or_insert_with(|| self.begun.elapsed());
        self.text.push_str(&text);
        Delta::Text(text)
    }

    fn cancelled(self) -> Answer {
        Answer {
            text: self.text,
            finish: Finish::Cancelled,
            prompt_tokens: None,
            new_tokens: None,
            mean_logprob: None,
            first_token: self.first_token,
            took: self.begun.elapsed(),
            model: self.model,
        }
    }
}

fn crashed() -> ProviderError {
    ProviderError::Local {
        message: "the client crashed while it waited for the server".to_owned(),
        help: None,
        source: None,
    }
}
