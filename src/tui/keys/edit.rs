//! The keys that change a line of text: the same as in a shell.

use crossterm::event::{KeyCode, KeyModifiers};

use super::Chord;

/// What a key does to a line of text under edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Puts a character in.
    Insert(char),
    /// Removes the character before the cursor.
    DeleteBack,
    /// Removes the character under the cursor.
    Delete,
    /// Removes the word before the cursor.
    DeleteWord,
    /// Removes everything before the cursor.
    DeleteToStart,
    /// Moves the cursor.
    Left,
    /// Moves the cursor.
    Right,
    /// Moves the cursor before the first character.
    Home,
    /// Moves the cursor behind the last character.
    End,
}

/// What a key does to a line of text, for keys that `action` does not take away. The same as in a shell.
pub fn edit(chord: Chord) -> Option<Edit> {
    let control = chord.modifiers.contains(KeyModifiers::CONTROL);
    match chord.code {
        KeyCode::Char('w') if control => Some(Edit::DeleteWord),
        KeyCode::Char('u') if control => Some(Edit::DeleteToStart),
        KeyCode::Char('a') if control => Some(Edit::Home),
        KeyCode::Char('e') if control => Some(Edit::End),
        KeyCode::Char('h') if control => Some(Edit::DeleteBack),
        KeyCode::Char(c) if !control && !chord.modifiers.contains(KeyModifiers::ALT) => Some(Edit::Insert(c)),
        KeyCode::Backspace => Some(Edit::DeleteBack),
        KeyCode::Delete => Some(Edit::Delete),
        KeyCode::Left => Some(Edit::Left),
        KeyCode::Right => Some(Edit::Right),
        KeyCode::Home => Some(Edit::Home),
        KeyCode::End => Some(Edit::End),
        // The keys of the terminal are not ours, so not all of them can be named.
        _ => None,
    }
}
