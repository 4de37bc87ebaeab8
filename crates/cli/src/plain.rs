//! Text for people: nothing in it can steer a terminal, and columns meet in any script.

use comfy_table::{ContentArrangement, Table, presets};
use unicode_width::UnicodeWidthChar;

/// One line: control characters and those that turn the writing direction are escaped.
pub fn line(text: &str) -> String {
    text.chars()
        .flat_map(|character| escaped(character, is_unruly(character)))
        .collect()
}

/// A path as it can be typed in a shell.
pub fn argument(path: &str) -> String {
    let bare = |character: char| character.is_alphanumeric() || "/\\:._-".contains(character);
    if path.chars().all(bare) {
        path.to_owned()
    } else {
        format!("'{}'", line(path).replace('\'', r"'\''"))
    }
}

/// Several lines: as [`line`], but line ends and tabs stay.
pub fn paragraphs(text: &str) -> String {
    let steers = |character| is_unruly(character) && !matches!(character, '\n' | '\t');
    text.chars()
        .flat_map(|character| escaped(character, steers(character)))
        .collect()
}

/// [`paragraphs`] moved `columns` to the right.
pub fn indented(text: &str, columns: usize) -> String {
    let margin = " ".repeat(columns);
    let lines = paragraphs(text);
    let lines = lines
        .lines()
        .map(|line| format!("{margin}{line}").trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

/// The beginning of one line, at most `columns` wide; a Chinese character is two.
pub fn clipped(text: &str, columns: usize) -> String {
    let text = line(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    let mut width = 0;
    let mut clipped = String::new();
    for character in text.chars() {
        width += character.width().unwrap_or(0);
        if width >= columns && clipped.len() + character.len_utf8() < text.len() {
            return clipped.trim_end().to_owned() + "…";
        }
        clipped.push(character);
    }
    clipped
}

/// Rows whose columns meet, two spaces apart.
pub fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(head)
        .add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// `1 diagram`, `2 diagrams`.
pub fn count(n: u32, noun: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{s}")
}

fn is_unruly(character: char) -> bool {
    let turns_writing = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() || turns_writing || matches!(character, '\u{2028}' | '\u{2029}')
}

fn escaped(character: char, escape: bool) -> impl Iterator<Item = char> {
    let (as_is, escape) = if escape {
        (None, Some(character.escape_default()))
    } else {
        (Some(character), None)
    };
    as_is.into_iter().chain(escape.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_a_terminal() {
        let check = |text: &str, expected: &str| assert_eq!(line(text), expected);
        check("时序图.png", "时序图.png");
        check("a\nb", "a\\nb");
        check("\u{1b}[31mred", "\\u{1b}[31mred");
        check("safe\u{202e}gnp.exe", "safe\\u{202e}gnp.exe");
        assert_eq!(paragraphs("a\n\tb\u{7}"), "a\n\tb\\u{7}");
    }

    #[test]
    fn clips_by_width_not_by_characters() {
        let check =
            |text: &str, columns, expected: &str| assert_eq!(clipped(text, columns), expected);
        check("会话管理", 8, "会话管理");
        check("会话管理功能", 8, "会话管…");
        check("one two three", 8, "one two…");
        check("one\n  two", 20, "one two");
        check("", 8, "");
    }
}
