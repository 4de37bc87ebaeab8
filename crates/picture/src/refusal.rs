//! Why a picture was not taken, in words for the person who brought it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Format;

/// Why a picture was not taken. Each message continues a sentence that starts with the file's name.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The operating system did not let the file be read.
    #[error("cannot be read: {reason}")]
    Unreadable {
        /// The system's words.
        reason: String,
    },
    /// A folder, pipe, socket or device.
    #[error("is not a file")]
    NotAFile,
    /// Zero bytes.
    #[error("is empty")]
    Empty,
    /// More bytes than [`crate::Limits::max_file_bytes`].
    #[error("has {} MB, more than the limit of {} MB", mega(*.bytes), mega(*.limit_bytes))]
    TooManyBytes {
        /// Size of the file.
        bytes: u64,
        /// The limit it exceeds.
        limit_bytes: u64,
    },
    /// The content has no picture's magic bytes, whatever the name says.
    #[error("is not a picture: its first bytes are {found}")]
    NotAPicture {
        /// What the first bytes look like, such as `text`.
        found: String,
    },
    /// A picture, or a kind of picture, that this crate does not read.
    #[error("is {what}, which cannot be read")]
    Unsupported {
        /// What it is, with its article.
        what: String,
    },
    /// More pixels than [`crate::Limits::max_pixels`], told by the header alone.
    #[error("is {width} × {height} pixels ({} million), more than the limit of {} million", mega(u64::from(*.width) * u64::from(*.height)), mega(*.limit_pixels))]
    TooManyPixels {
        /// Width the header tells.
        width: u32,
        /// Height the header tells.
        height: u32,
        /// The limit it exceeds.
        limit_pixels: u64,
    },
    /// Decoding would take, or tried to take, more than [`crate::Limits::max_memory_bytes`].
    #[error("needs more memory than the limit of {} MiB", .limit_bytes >> 20)]
    TooMuchMemory {
        /// The limit it exceeds.
        limit_bytes: u64,
    },
    /// Decoding took longer than [`crate::Limits::timeout`].
    #[error("takes longer to decode than the limit of {:.1} s", *.limit_ms as f64 / 1000.0)]
    TooSlow {
        /// The limit it exceeds.
        limit_ms: u64,
    },
    /// The file ends before the picture does.
    #[error("is a {} that ends too early", .format.name())]
    Truncated {
        /// Format told by the first bytes.
        format: Format,
    },
    /// The content breaks its format's rules.
    #[error("is a damaged {}: {reason}", .format.name())]
    Damaged {
        /// Format told by the first bytes.
        format: Format,
        /// The decoder's words.
        reason: String,
    },
    /// An SVG whose DOCTYPE builds entities from entities, or takes them from elsewhere.
    #[error("is an SVG whose DOCTYPE defines the entity `{entity}` from other entities or files")]
    Entities {
        /// The first such entity.
        entity: String,
    },
    /// An SVG of more than a million elements, once its references are followed.
    #[error("is an SVG that draws too many elements")]
    TooManyElements,
    /// An SVG has text and the computer has no font.
    #[error("is an SVG with text, and no font is installed")]
    NoFonts,
    /// The worker died of this picture.
    #[error("made the decoder fail: {how}")]
    Crashed {
        /// How it ended.
        how: String,
    },
    /// The worker process did not start.
    #[error("cannot be decoded, as the decoder did not start: {reason}")]
    NoWorker {
        /// The system's words.
        reason: String,
    },
    /// The view could not be written.
    #[error("cannot be prepared for display: {reason}")]
    NotWritten {
        /// The system's words.
        reason: String,
    },
}

impl Refusal {
    /// Returns what a person can do about it, where there is something.
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotAPicture { .. } => {
                "PNG, JPEG, WebP, GIF, BMP, TIFF and SVG are read; the name does not matter."
            }
            Self::Unsupported { .. } => "Save it as PNG and import that.",
            Self::TooManyBytes { .. } | Self::TooManyPixels { .. } | Self::TooMuchMemory { .. } => {
                "Scale the picture down, or raise the limit."
            }
            Self::TooSlow { .. } | Self::TooManyElements => {
                "Simplify the picture, or save it as PNG."
            }
            Self::Truncated { .. } => "Copy or download the file again.",
            Self::Damaged { .. } => "Open it in an image editor and save it again.",
            Self::Entities { .. } => {
                "Save the drawing again without a DOCTYPE, for example as “Plain SVG” in Inkscape."
            }
            Self::NoFonts => {
                "Install fonts: `apt install fonts-dejavu-core fonts-noto-cjk` on Debian and Ubuntu, \
                 `dnf install dejavu-sans-fonts google-noto-sans-cjk-fonts` on Fedora, \
                 `pacman -S ttf-dejavu noto-fonts-cjk` on Arch."
            }
            Self::NotWritten { .. } => {
                "Check that the disk has room and that the workspace is writable."
            }
            Self::Unreadable { .. }
            | Self::NotAFile
            | Self::Empty
            | Self::Crashed { .. }
            | Self::NoWorker { .. } => {
                return None;
            }
        })
    }
}

/// Millions, rounded up so that a number just above a limit does not read as the limit.
fn mega(count: u64) -> u64 {
    count.div_ceil(1_000_000)
}
