//! A hub on this machine, as far as a fetch needs one; it can break off, refuse and lie.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
pub const REPO: &str = "org/tiny-vl";

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub path: String,
    pub range: Option<String>,
    pub token: Option<String>,
    /// Bytes of the answer's body that were sent.
    pub sent: usize,
}

/// How the server behaves.
#[derive(Debug, Default)]
pub struct Manners {
    /// Breaks each answer with weights off after so many bytes, so many times.
    pub cut: (usize, usize),
    /// Answers everything with this status.
    pub status: Option<u16>,
    /// Sends whole files, whatever range was asked for.
    pub ignores_range: bool,
    /// Sends other bytes of the same length as weights.
    pub lies: bool,
    /// Sends more bytes than it states.
    pub babbles: bool,
    /// Replaces the list of files.
    pub listing: Option<Value>,
}

pub struct Server {
    pub endpoint: String,
    pub manners: Arc<Mutex<Manners>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub fn start(files: Vec<(String, Vec<u8>)>, manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            endpoint: format!("http://{}", listener.local_addr().unwrap()),
            manners: Arc::new(Mutex::new(manners)),
            asked: Arc::default(),
        };
        let files: BTreeMap<String, Vec<u8>> = files.into_iter().collect();
        let (manners, asked) = (Arc::clone(&server.manners), Arc::clone(&server.asked));
        thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&stream.unwrap(), &files, &manners, &asked);
            }
        });
        server
    }

    /// What was asked for since the last look.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

pub fn sha256(content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The list of files as the hub gives it: large ones with SHA-256, small ones with Git's hash.
pub fn listing(files: &BTreeMap<String, Vec<u8>>) -> Value {
    let siblings = files.iter().map(|(name, content)| {
        let size = content.len();
        // Not Git's hash, but as long and as different.
        let blob_id = &sha256(content)[..40];
        if name.ends_with(".safetensors") || name.ends_with(".gguf") {
            let lfs = json!({"sha256": sha256(content), "size": size, "pointerSize": 134});
            return json!({"rfilename": name, "size": size, "blobId": blob_id, "lfs": lfs});
        }
        json!({"rfilename": name, "size": size, "blobId": blob_id})
    });
    json!({"id": REPO, "sha": COMMIT, "siblings": siblings.collect::<Vec<_>>()})
}

fn answer(
    stream: &TcpStream,
    files: &BTreeMap<String, Vec<u8>>,
    manners: &Mutex<Manners>,
    asked: &Mutex<Vec<Asked>>,
) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let header = |name: &str| {
        let mut values = head.iter().filter_map(|line| line.split_once(": "));
        let value = values.find(|(key, _)| key.eq_ignore_ascii_case(name));
        value.map(|(_, value)| value.to_owned())
    };
    let path = first.split(' ').nth(1).unwrap().to_owned();
    let mut manners = manners.lock().unwrap();
    let range = header("range");
    let (status, more, mut body) = content(&path, range.as_deref(), files, &manners);
    let stated = body.len();
    let is_weights = path.ends_with(".safetensors");
    if is_weights && manners.cut.1 > 0 && status < 300 {
        manners.cut.1 -= 1;
        body.truncate(manners.cut.0);
    }
    // Counted before it is sent: the client may be done before this thread is.
    asked.lock().unwrap().push(Asked {
        path,
        range,
        token: header("authorization"),
        sent: body.len(),
    });
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {stated}\r\nConnection: close\r\n{more}\r\n"
    );
    let mut stream = stream;
    let sent = stream.write_all(head.as_bytes());
    // A client that refuses the answer hangs up.
    sent.and_then(|()| stream.write_all(&body)).ok();
}

/// Status, further headers and body.
fn content(
    path: &str,
    range: Option<&str>,
    files: &BTreeMap<String, Vec<u8>>,
    manners: &Manners,
) -> (u16, String, Vec<u8>) {
    if let Some(status) = manners.status {
        return (status, String::new(), b"no".to_vec());
    }
    if path.starts_with("/api/") {
        if path != format!("/api/models/{REPO}/revision/main?blobs=true") {
            return (404, String::new(), b"Repository not found".to_vec());
        }
        let listing = manners.listing.clone().unwrap_or_else(|| listing(files));
        return (200, String::new(), listing.to_string().into_bytes());
    }
    let prefix = format!("/{REPO}/resolve/{COMMIT}/");
    let Some(file) = path.strip_prefix(&prefix).and_then(|name| files.get(name)) else {
        return (404, String::new(), b"Entry not found".to_vec());
    };
    let mut file = file.clone();
    if manners.lies && path.ends_with(".safetensors") {
        file.fill(7);
    }
    if manners.babbles {
        file.push(0);
    }
    match range {
        Some(range) if !manners.ignores_range => {
            let begin = range.strip_prefix("bytes=").unwrap().trim_end_matches('-');
            let begin: usize = begin.parse().unwrap();
            let total = file.len();
            let more = format!("Content-Range: bytes {begin}-{}/{total}\r\n", total - 1);
            (206, more, file.split_off(begin))
        }
        _ => (200, String::new(), file),
    }
}
