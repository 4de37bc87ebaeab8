//! Tells a picture's format by its first bytes. Never looks at the name.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::Format;

/// Bytes that are looked at.
const HEAD_BYTES: u64 = 4096;

/// Tells the format of the picture at `path` by its first 4 KiB; `None` if it is not a picture, or not a file.
///
/// # Errors
/// When the file cannot be opened or read.
pub fn sniff(path: &Path) -> io::Result<Option<Format>> {
    // Opening a pipe would wait for its writer.
    if !std::fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    Ok(format_of(&read_head(&File::open(path)?)?))
}

/// Reads the bytes that [`format_of`] wants, from the file's present position.
pub(crate) fn read_head(file: &File) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok(head)
}

/// Tells the format of a picture that starts with `head`.
pub(crate) fn format_of(head: &[u8]) -> Option<Format> {
    match head {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Format::Png),
        [0xFF, 0xD8, 0xFF, ..] => Some(Format::Jpeg),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Format::Gif),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some(Format::Webp),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Format::Tiff),
        // `BM` alone could start a text; the size of the header that follows is one of a few.
        [b'B', b'M', ..]
            if matches!(
                head.get(14..18),
                Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0])
            ) =>
        {
            Some(Format::Bmp)
        }
        _ => is_svg(&unzipped(head)).then_some(Format::Svg),
    }
}

/// Describes first bytes that are no picture's, to follow "its first bytes are".
pub(crate) fn describe(head: &[u8]) -> String {
    let known = match head {
        [b'%', b'P', b'D', b'F', ..] => Some("those of a PDF document"),
        [b'P', b'K', 3, 4, ..] => Some("those of a ZIP archive or an office document"),
        [0x1F, 0x8B, ..] => Some("those of a gzip archive"),
        _ if is_text(head) => Some("text"),
        _ => None,
    };
    known.map_or_else(|| format!("unknown ({})", hex(head)), str::to_owned)
}

/// Names a picture format that exists but is not read, with its article.
pub(crate) fn unsupported(head: &[u8]) -> Option<&'static str> {
    match head.get(4..12)? {
        b"ftypavif" | b"ftypavis" => Some("an AVIF picture"),
        b"ftypheic" | b"ftypheix" | b"ftypmif1" | b"ftyphevc" => Some("a HEIC picture"),
        _ => match head {
            [0, 0, 0, 12, b'J', b'X', b'L', ..] | [0xFF, 0x0A, ..] => Some("a JPEG XL picture"),
            [0, 0, 0, 12, b'j', b'P', ..] => Some("a JPEG 2000 picture"),
            [b'8', b'B', b'P', b'S', ..] => Some("a Photoshop document"),
            [0, 0, 1, 0, ..] => Some("an icon file"),
            _ => None,
        },
    }
}

/// Unpacks as much of a gzipped head as it holds, within the same bound; other heads stay as they are.
fn unzipped(head: &[u8]) -> Cow<'_, [u8]> {
    if !head.starts_with(&[0x1F, 0x8B]) {
        return Cow::Borrowed(head);
    }
    let mut text = Vec::new();
    // The head is cut off somewhere, so an error at its end is expected: what came before it counts.
    flate2::read::GzDecoder::new(head)
        .take(HEAD_BYTES)
        .read_to_end(&mut text)
        .ok();
    Cow::Owned(text)
}

/// Whether the first element of an XML text is `svg`, after a byte order mark, declarations and comments.
fn is_svg(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let mut rest = text.trim_start_matches('\u{FEFF}').trim_start();
    loop {
        let after = if rest.starts_with("<?") {
            rest.split_once("?>")
        } else if rest.starts_with("<!--") {
            rest.split_once("-->")
        } else {
            break;
        };
        match after {
            Some((_, after)) => rest = after.trim_start(),
            None => return false,
        }
    }
    if let Some(doctype) = rest.strip_prefix("<!DOCTYPE") {
        return doctype.split_whitespace().next() == Some("svg");
    }
    let Some(element) = rest.strip_prefix('<') else {
        return false;
    };
    let name = element
        .split(|c: char| c.is_whitespace() || c == '>' || c == '/')
        .next()
        .unwrap_or_default();
    name == "svg" || name.ends_with(":svg")
}

fn is_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(_) => true,
        // A character cut off by the end of the head.
        Err(error) => error.error_len().is_none(),
    };
    valid
        && !head
            .iter()
            .any(|&byte| byte < 32 && !matches!(byte, b'\t' | b'\n' | b'\r' | 12 | 27))
}

fn hex(head: &[u8]) -> String {
    let bytes: Vec<String> = head
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    bytes.join(" ")
}
