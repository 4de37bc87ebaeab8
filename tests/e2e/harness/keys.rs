//! Key chords such as "Ctrl+Shift+A" as WebDriver key actions.

use anyhow::{Context as _, Result};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;

/// Presses and releases a chord.
pub fn chord(keys: &str) -> Result<KeyActions> {
    let values = keys.split('+').map(value).collect::<Result<Vec<char>>>()?;
    let mut actions = KeyActions::new("keyboard".to_owned());
    for &value in &values {
        actions = actions.then(KeyAction::Down { value });
    }
    for &value in values.iter().rev() {
        actions = actions.then(KeyAction::Up { value });
    }
    Ok(actions)
}

/// Presses and releases the keys of a text, one after the other.
pub fn text(text: &str) -> KeyActions {
    let keys = text.chars().map(|char| {
        if char == '\n' {
            Key::Enter.into()
        } else {
            char
        }
    });
    keys.fold(KeyActions::new("keyboard".to_owned()), |actions, value| {
        actions
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value })
    })
}

fn value(name: &str) -> Result<char> {
    let key = match name {
        "Ctrl" => Key::Control,
        "Shift" => Key::Shift,
        "Alt" => Key::Alt,
        "Enter" => Key::Enter,
        "Escape" => Key::Escape,
        "Tab" => Key::Tab,
        "Home" => Key::Home,
        "End" => Key::End,
        "Up" => Key::Up,
        "Down" => Key::Down,
        "Left" => Key::Left,
        "Right" => Key::Right,
        "Backspace" => Key::Backspace,
        "F1" => Key::F1,
        "F2" => Key::F2,
        "F6" => Key::F6,
        "F8" => Key::F8,
        "F9" => Key::F9,
        "Delete" => Key::Delete,
        "Plus" => return Ok('+'),
        _ => {
            return name
                .chars()
                .next()
                .context("a chord names its keys")
                .map(|char| char.to_ascii_lowercase());
        }
    };
    Ok(key.into())
}
