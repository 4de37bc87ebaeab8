//! What a repository holds, and which of it a model needs. All names come from a stranger.

use serde::Deserialize;

use super::{FetchError, Remote, Wanted};
use crate::cache::{RepoId, is_commit};

/// Longest answer, in bytes.
const MAX_LISTING_BYTES: u64 = 32 << 20;
const MAX_FILES: usize = 100_000;
const MAX_NAMED: usize = 40;

/// The files of one commit.
#[derive(Debug)]
pub struct Listing {
    /// The repository.
    pub repo: RepoId,
    /// The commit that the revision stands for.
    pub commit: String,
    files: Vec<Listed>,
}

/// A file of the repository.
#[derive(Debug)]
pub struct Listed {
    /// Name within the repository; cannot leave a folder.
    pub name: String,
    /// Size, in bytes.
    pub bytes: u64,
    /// Name of its blob: SHA-256 of large files, Git's hash of small ones.
    pub etag: String,
    /// Whether `etag` is the SHA-256 of the content.
    pub is_hashed: bool,
}

/// Asks the hub what the revision holds.
pub fn list(remote: &Remote, wanted: &Wanted) -> Result<Listing, FetchError> {
    if remote.offline {
        return Err(FetchError::Offline);
    }
    let path = wanted.repo.at(&wanted.revision).api_url();
    let url = format!("{}/api/{path}?blobs=true", remote.endpoint);
    let unreachable = |error| remote.unreachable(error);
    let mut response = remote.get(&remote.agent(), &url, 0).map_err(unreachable)?;
    let status = response.status().as_u16();
    if status != 200 {
        return Err(refusal(remote, wanted, status));
    }
    let body = response.body_mut().with_config().limit(MAX_LISTING_BYTES);
    let text = body.read_to_vec().map_err(|error| match error {
        ureq::Error::BodyExceedsLimit(_) => remote.bad_answer("its list of files is too long"),
        error => unreachable(error),
    })?;
    let answer: Answer = serde_json::from_slice(&text)
        .map_err(|error| remote.bad_answer(format!("its list of files is unreadable ({error})")))?;
    if !is_commit(&answer.sha) {
        return Err(remote.bad_answer("it states no commit"));
    }
    if answer.siblings.len() > MAX_FILES {
        return Err(remote.bad_answer("its list of files is too long"));
    }
    let files = answer.siblings.into_iter().filter_map(Sibling::listed);
    Ok(Listing {
        repo: wanted.repo.clone(),
        commit: answer.sha,
        files: files.collect(),
    })
}

/// What a status other than 200 means.
pub fn refusal(remote: &Remote, wanted: &Wanted, status: u16) -> FetchError {
    let host = remote.host();
    match status {
        401 | 403 => FetchError::Forbidden {
            repo: wanted.repo.clone(),
            host,
            status,
        },
        404 => FetchError::NotFound {
            repo: wanted.repo.clone(),
            revision: wanted.revision.clone(),
            host,
        },
        _ => FetchError::Status { host, status },
    }
}

impl Listing {
    /// The files that are needed, the small ones first.
    pub fn needed(&self, wanted: &Wanted) -> Result<Vec<&Listed>, FetchError> {
        let wants = |name: &str| match &wanted.gguf {
            Some(gguf) => name == gguf || name.eq_ignore_ascii_case("README.md"),
            None => is_needed(name),
        };
        let mut files: Vec<&Listed> = self.files.iter().filter(|file| wants(&file.name)).collect();
        if let Some(gguf) = &wanted.gguf
            && !files.iter().any(|file| file.name == *gguf && is_gguf(gguf))
        {
            return Err(FetchError::NoFile {
                repo: self.repo.clone(),
                file: gguf.chars().take(200).collect(),
                ggufs: self.ggufs(),
            });
        }
        if files.is_empty() {
            return Err(FetchError::NotAModel {
                repo: self.repo.clone(),
                ggufs: self.ggufs(),
            });
        }
        files.sort_by_key(|file| (!file.is_small(), &file.name));
        files.dedup_by_key(|file| &file.name);
        Ok(files)
    }

    /// Its GGUF files, the first forty.
    pub fn ggufs(&self) -> Vec<String> {
        let names = self.files.iter().map(|file| &file.name);
        let ggufs = names.filter(|name| is_gguf(name)).take(MAX_NAMED);
        ggufs.cloned().collect()
    }
}

impl Listed {
    /// Whether it is no file of weights.
    pub fn is_small(&self) -> bool {
        !self.name.ends_with(".safetensors") && !is_gguf(&self.name)
    }
}

fn is_gguf(name: &str) -> bool {
    name.ends_with(".gguf")
}

/// Configuration, tokenizer, safetensors. Pickles (`.bin`, `.pt`) can run code and are never fetched.
fn is_needed(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "adapter_config.json",
        "added_tokens.json",
        "generation_config.json",
        "merges.txt",
        "preprocessor_config.json",
        "processor_config.json",
        "special_tokens_map.json",
        "vocab.json",
        "video_preprocessor_config.json",
    ];
    const BEGINNINGS: [&str; 5] = ["config", "tokenizer", "chat_template", "LICENSE", "README"];
    const ENDS: [&str; 4] = [".json", ".jinja", ".md", ".txt"];
    if name.contains('/') {
        return false;
    }
    NAMES.contains(&name)
        || name.ends_with(".safetensors")
        || name.ends_with(".safetensors.index.json")
        || BEGINNINGS.iter().any(|begin| name.starts_with(begin))
            && (ENDS.iter().any(|end| name.ends_with(end)) || !name.contains('.'))
}

#[derive(Deserialize)]
struct Answer {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    blob_id: Option<String>,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    sha256: String,
    size: u64,
}

impl Sibling {
    /// `None` where a name or hash cannot be trusted as part of a path.
    fn listed(self) -> Option<Listed> {
        const MAX_FILE_BYTES: u64 = 1 << 44;
        let (etag, bytes, is_hashed) = match self.lfs {
            Some(lfs) => (lfs.sha256, lfs.size, true),
            None => (self.blob_id?, self.size?, false),
        };
        let is_hash = etag.len() == if is_hashed { 64 } else { 40 }
            && etag
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let part = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
        };
        let is_plain = self.rfilename.len() <= 200 && self.rfilename.split('/').all(part);
        (is_hash && is_plain && bytes <= MAX_FILE_BYTES).then_some(Listed {
            name: self.rfilename,
            bytes,
            etag,
            is_hashed,
        })
    }
}
