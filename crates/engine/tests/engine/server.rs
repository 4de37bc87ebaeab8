//! An HTTP server that does what a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;

/// What the server does, one after another; then it closes the connection.
pub enum Step {
    Send(Vec<u8>),
    /// Until the client goes away.
    Hang,
}

pub struct Server {
    pub base_url: String,
    asked: Arc<AtomicUsize>,
}

impl Server {
    /// Each request, counted from 0, is answered with the handler's steps, in a thread of its own.
    pub fn start(handler: impl Fn(usize, &Value) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let handler = Arc::new(handler);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (count, handler) = (Arc::clone(&count), Arc::clone(&handler));
                thread::spawn(move || serve(&stream.unwrap(), &count, &*handler));
            }
        });
        Self { base_url, asked }
    }

    /// How many requests came.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn serve(
    stream: &TcpStream,
    count: &AtomicUsize,
    handler: &(impl Fn(usize, &Value) -> Vec<Step> + ?Sized),
) {
    let mut reader = BufReader::new(stream);
    let Some(body) = read_body(&mut reader) else {
        return;
    };
    let mut writer = stream;
    for step in handler(count.fetch_add(1, Ordering::SeqCst), &body) {
        let gone = match step {
            Step::Send(bytes) => writer.write_all(&bytes).is_err(),
            Step::Hang => !matches!(reader.read(&mut [0]), Ok(0)),
        };
        if gone {
            return;
        }
    }
}

fn read_body(reader: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.is_empty() {
            return None;
        }
        let line = line.trim_end().to_lowercase();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// An answer of this status, with further header lines.
pub fn status(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
    .into()
}

/// How a stream begins; it ends with the connection.
pub const STREAM: &str =
    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n";

/// An event with a piece of text.
pub fn piece(text: &str) -> String {
    let text = Value::from(text);
    format!(
        "data: {{\"model\":\"served-v3\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{text}}}}}]}}\n\n"
    )
}

/// A whole stream with these pieces.
pub fn stream(pieces: &[&str]) -> Vec<u8> {
    const END: &str = "data: {\"model\":\"served-v3\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let pieces: String = pieces.iter().map(|text| piece(text)).collect();
    format!("{STREAM}{pieces}{END}").into()
}
