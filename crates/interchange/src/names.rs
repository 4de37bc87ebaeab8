//! File names for pictures that leave the workspace: each differs from the others, and each can be
//! written on every system.

use std::collections::HashSet;

use domain::Diagram;
use sanitize_filename::{
    Options, OptionsForCheck, is_sanitized_with_options, sanitize_with_options,
};
use unicode_normalization::UnicodeNormalization;

/// Leaves room for a hash and an ending within the 255 bytes of most file systems.
const MAX_STEM_BYTES: usize = 150;

/// The names given out so far, as file systems compare them.
#[derive(Default)]
pub(crate) struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// The diagram's own name where it is safe and free, else one like it with a piece of the hash.
    pub(crate) fn claim(&mut self, diagram: &Diagram) -> String {
        let last = diagram.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let (stem, extension) = split(last, &diagram.image.format);
        let stem = safe(stem);
        let hash = &diagram.image.hash;
        let pieces = (8..=hash.len()).map(|length| format!("-{}", &hash[..length]));
        let numbers = (2..).map(|number| format!("-{hash}-{number}"));
        let suffixes = std::iter::once(String::new()).chain(pieces).chain(numbers);
        suffixes
            .map(|suffix| format!("{stem}{suffix}.{extension}"))
            .find(|name| {
                self.taken
                    .insert(name.nfc().collect::<String>().to_lowercase())
            })
            .unwrap_or_default()
    }
}

/// The name without its ending, and the ending that is right for the format.
fn split<'a>(name: &'a str, format: &'a str) -> (&'a str, &'a str) {
    let Some((stem, extension)) = name.rsplit_once('.') else {
        return (name, usual(format));
    };
    match format_of(&extension.to_ascii_lowercase()) {
        Some(named) if named == format => (stem, extension),
        Some(_) => (stem, usual(format)),
        None => (name, usual(format)),
    }
}

fn format_of(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "png" | "apng" => "png",
        "jpg" | "jpeg" => "jpeg",
        "webp" => "webp",
        "gif" => "gif",
        "bmp" | "dib" => "bmp",
        "tif" | "tiff" => "tiff",
        "svg" | "svgz" => "svg",
        _ => return None,
    })
}

fn usual(format: &str) -> &str {
    if format == "jpeg" { "jpg" } else { format }
}

fn safe(stem: &str) -> String {
    let options = Options {
        windows: false,
        truncate: false,
        replacement: "_",
    };
    let stem =
        sanitize_with_options(stem.trim_start_matches('.'), options).replace(is_bidi_control, "_");
    let stem = stem.trim();
    let stem = stem[..stem.floor_char_boundary(MAX_STEM_BYTES)].trim_end_matches(['.', ' ']);
    let on_windows = OptionsForCheck {
        windows: true,
        truncate: false,
    };
    if stem.is_empty() {
        "picture".to_owned()
    } else if is_sanitized_with_options(stem, on_windows) {
        stem.to_owned()
    } else {
        format!("_{stem}")
    }
}

/// Characters that make a name look like another.
fn is_bidi_control(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests;
