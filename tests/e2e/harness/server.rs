//! A server that speaks OpenAI's chat completions, on loopback: it writes the same two texts, as far as a test
//! lets it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// What the model is called.
pub const MODEL: &str = "drafter-7b";
/// What it writes in English.
pub const ENGLISH: &str = "The figure shows how a handset registers: the gNB relays each message, the AMF asks the AUSF, and the UDM answers with the subscriber's profile.";
/// What it writes in Chinese.
pub const CHINESE: &str =
    "图中展示了终端注册的过程：基站转发每条消息，AMF 向 AUSF 请求鉴权，UDM 返回用户签约数据。";
/// Characters of one piece of an answer.
const PIECE_CHARS: usize = 6;
/// What the server claims of each piece: a probability of 80 %.
const LOGPROB: f64 = -0.2231;
/// Nobody waits longer for a test that has failed.
const HOLD_AT_MOST: Duration = Duration::from_secs(120);
const MAX_BODY_BYTES: u64 = 64 << 20;

/// How many pieces every answer may have by now.
#[derive(Default)]
struct Gate {
    pieces: Mutex<usize>,
    moved: Condvar,
}

/// A running server; it ends with the test's process.
pub struct Server {
    url: String,
    gate: Arc<Gate>,
    asked: Arc<Mutex<Vec<Value>>>,
    told: Arc<Mutex<Vec<(String, String)>>>,
}

impl Server {
    /// Starts a server that writes nothing until [`Self::allow`].
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("opening a port")?;
        let url = format!("http://{}/v1", listener.local_addr()?);
        let (gate, asked, told) = (Arc::new(Gate::default()), Arc::default(), Arc::default());
        let server = Self {
            url,
            gate: Arc::clone(&gate),
            asked: Arc::clone(&asked),
            told: Arc::clone(&told),
        };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (gate, asked) = (Arc::clone(&gate), Arc::clone(&asked));
                let told = Arc::clone(&told);
                // A client that goes away ends its own answer only.
                std::thread::spawn(move || answer(stream, &gate, &asked, &told).ok());
            }
        });
        Ok(server)
    }

    /// Its base address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Lets every answer, now and later, go on to its first `pieces` pieces.
    pub fn allow(&self, pieces: usize) {
        *lock(&self.gate.pieces) = pieces;
        self.gate.moved.notify_all();
    }

    /// Lets every answer go on to its end.
    pub fn allow_all(&self) {
        self.allow(usize::MAX);
    }

    /// Has it write `text` where the words `when` occur in what it is asked; what was told last comes first.
    pub fn tell(&self, when: &str, text: &str) {
        lock(&self.told).insert(0, (when.to_owned(), text.to_owned()));
    }

    /// The questions that came so far.
    pub fn asked(&self) -> Vec<Value> {
        lock(&self.asked).clone()
    }
}

impl Gate {
    fn wait_for(&self, piece: usize) -> bool {
        let held = lock(&self.pieces);
        let waited = self
            .moved
            .wait_timeout_while(held, HOLD_AT_MOST, |allowed| *allowed <= piece);
        let (allowed, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *allowed > piece
    }
}

fn answer(
    stream: TcpStream,
    gate: &Gate,
    asked: &Mutex<Vec<Value>>,
    told: &Mutex<Vec<(String, String)>>,
) -> Result<()> {
    let (path, body) = read(&stream)?;
    if path.ends_with("/models") {
        let models = json!({ "object": "list", "data": [{ "id": MODEL }, { "id": "other-3b" }] });
        return send_json(stream, &models);
    }
    let question: Value = serde_json::from_slice(&body)?;
    let words = question["messages"].to_string();
    let wanted = lock(told)
        .iter()
        .find(|(when, _)| words.contains(when))
        .map(|(_, text)| text.clone());
    let text = wanted.unwrap_or_else(|| match words.chars().any(is_han) {
        true => CHINESE.to_owned(),
        false => ENGLISH.to_owned(),
    });
    lock(asked).push(question);
    write(stream, gate, &text)
}

/// Streams a text piece by piece.
fn write(mut stream: TcpStream, gate: &Gate, text: &str) -> Result<()> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes())?;
    let letters: Vec<char> = text.chars().collect();
    let mut n = 0;
    for (index, piece) in letters.chunks(PIECE_CHARS).enumerate() {
        if !gate.wait_for(index) {
            return Ok(());
        }
        let piece: String = piece.iter().collect();
        let logprobs = json!({ "content": [{ "token": piece, "logprob": LOGPROB }] });
        let choice = json!({ "index": 0, "delta": { "content": piece }, "logprobs": logprobs });
        event(&mut stream, &json!({ "model": MODEL, "choices": [choice] }))?;
        n += 1;
    }
    let end = json!({ "index": 0, "delta": {}, "finish_reason": "stop" });
    event(&mut stream, &json!({ "model": MODEL, "choices": [end] }))?;
    let usage = json!({ "prompt_tokens": 400, "completion_tokens": n });
    event(
        &mut stream,
        &json!({ "model": MODEL, "choices": [], "usage": usage }),
    )?;
    stream.write_all(b"data: [DONE]\n\n")?;
    Ok(())
}

fn event(stream: &mut TcpStream, data: &Value) -> Result<()> {
    stream.write_all(format!("data: {data}\n\n").as_bytes())?;
    Ok(stream.flush()?)
}

fn send_json(mut stream: TcpStream, value: &Value) -> Result<()> {
    let body = value.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    Ok(stream.write_all(body.as_bytes())?)
}

/// The path and the body of one request.
fn read(stream: &TcpStream) -> Result<(String, Vec<u8>)> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse()?;
        }
    }
    let mut body = Vec::new();
    reader
        .take(MAX_BODY_BYTES.min(length))
        .read_to_end(&mut body)?;
    Ok((path, body))
}

fn is_han(letter: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&letter)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
