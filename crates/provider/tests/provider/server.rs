//! An HTTP server that does what a test says, byte by byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use provider::{
    Answer, Delta, Message, OpenAi, Provider, ProviderError, Request, Role, ServerConfig,
};
use serde_json::Value;
use std::ops::ControlFlow;

/// What a client sent.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(its, _)| its == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What the server does, one after another; then it closes the connection.
#[derive(Clone)]
pub enum Step {
    Send(Vec<u8>),
    Pause(Duration),
    /// Until the client goes away.
    Hang,
    Tell(mpsc::Sender<()>),
}

pub struct Server {
    pub base_url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Each request, counted from 0, is answered with the handler's steps, in a thread of its own.
    pub fn start(handler: impl Fn(usize, &Seen) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&seen);
        let handler = Arc::new(handler);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (all, handler) = (Arc::clone(&all), Arc::clone(&handler));
                thread::spawn(move || serve(&stream.unwrap(), &all, &*handler));
            }
        });
        Self { base_url, seen }
    }

    /// The same bytes for every request.
    pub fn always(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::start(move |_, _| vec![Step::Send(bytes.clone())])
    }

    /// These bytes for the first, second, … request; the last for all others.
    pub fn in_turn(answers: Vec<Vec<u8>>) -> Self {
        Self::start(move |n, _| vec![Step::Send(answers[n.min(answers.len() - 1)].clone())])
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Settings that fit a quick test.
    pub fn config(&self) -> ServerConfig {
        ServerConfig {
            base_url: self.base_url.clone(),
            model: "qwen".to_owned(),
            retries: 0,
            idle_timeout_secs: 20.0,
            ..ServerConfig::default()
        }
    }

    pub fn client(&self) -> OpenAi {
        OpenAi::new(self.config()).unwrap()
    }
}

fn serve(
    stream: &TcpStream,
    all: &Mutex<Vec<Seen>>,
    handler: &(impl Fn(usize, &Seen) -> Vec<Step> + ?Sized),
) {
    let mut reader = BufReader::new(stream);
    let Some(seen) = read_request(&mut reader) else {
        return;
    };
    let n = {
        let mut all = all.lock().unwrap();
        all.push(seen.clone());
        all.len() - 1
    };
    let mut writer = stream;
    for step in handler(n, &seen) {
        let gone = match step {
            Step::Send(bytes) => writer.write_all(&bytes).is_err(),
            Step::Pause(time) => {
                thread::sleep(time);
                false
            }
            Step::Hang => reader.read(&mut [0]).is_err(),
            Step::Tell(tell) => tell.send(()).is_err(),
        };
        if gone {
            return;
        }
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<Seen> {
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = serde_json::from_slice(&body).unwrap_or_default();
    Some(Seen {
        method,
        path,
        headers,
        body,
    })
}

/// An answer of this status, with further header lines.
pub fn status(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
    .into()
}

pub fn json(body: &str) -> Vec<u8> {
    status("200 OK", "content-type: application/json\r\n", body)
}

/// How a stream begins; it ends with the connection.
pub const STREAM: &str =
    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n";

/// The same, where a connection that closes early is seen to be cut.
pub const CHUNKED: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

pub fn chunk(data: &str) -> String {
    format!("{:x}\r\n{data}\r\n", data.len())
}

/// An event with a piece of text.
pub fn piece(text: &str) -> String {
    let text = Value::from(text);
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{text}}}}}]}}\n\n")
}

/// The events that end an answer.
pub const END: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// A whole stream with these pieces.
pub fn stream(pieces: &[&str]) -> Vec<u8> {
    let pieces: String = pieces.iter().map(|text| piece(text)).collect();
    format!("{STREAM}{pieces}{END}").into()
}

pub fn question() -> Request {
    Request {
        messages: vec![Message::text(Role::User, "What is this?")],
        sampling: provider::Sampling::default(),
    }
}

/// Asks, and collects what was told.
pub fn ask(client: &OpenAi, request: &Request) -> (Result<Answer, ProviderError>, Vec<String>) {
    let mut told = Vec::new();
    let answer = client.answer(request, &mut |delta| {
        if let Delta::Text(text) = delta {
            told.push(text);
        }
        ControlFlow::Continue(())
    });
    (answer, told)
}
