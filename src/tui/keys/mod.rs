//! The only place where a key is spelled: what a key is, where it counts, and the table of what it means.
//!
//! Input, footer, help, palette, `gemtts-tui keys`, the README and the check over `demo.tape` all read this table.

mod edit;
mod table;

use crossterm::event::{KeyCode, KeyModifiers};

use crate::tui::action::Action;

pub use edit::{Edit, edit};
pub use table::BINDINGS;

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    /// The key. Capital letters carry no shift of their own.
    pub code: KeyCode,
    /// Control, or shift for keys that are not letters.
    pub modifiers: KeyModifiers,
}

/// Where keys mean something: the topmost thing that takes input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// The list of jobs.
    Jobs,
    /// The results of one job.
    Job,
    /// One key.
    Key,
    /// The stored files.
    Files,
    /// The form, while no field is being edited.
    Create,
    /// A text: messages, help, a description, raw JSON.
    Text,
    /// A dialog that `y` answers.
    Dialog,
    /// A dialog that takes a count.
    TypedDialog,
    /// A line of text: a filter, a command, a field of the form.
    Line,
    /// A list of choices with a line of text above it: a field's values.
    Choice,
    /// The file picker: the same, and some entries can be marked.
    Picker,
}

impl Context {
    /// All of them.
    pub const ALL: [Context; 11] = [
        Context::Jobs,
        Context::Job,
        Context::Key,
        Context::Files,
        Context::Create,
        Context::Text,
        Context::Dialog,
        Context::TypedDialog,
        Context::Line,
        Context::Choice,
        Context::Picker,
    ];

    /// Its name in help and in `gemtts-tui keys`.
    pub fn title(self) -> &'static str {
        match self {
            Context::Jobs => "Jobs",
            Context::Job => "Job",
            Context::Key => "Key",
            Context::Files => "Files",
            Context::Create => "New job",
            Context::Text => "Messages, help and texts",
            Context::Dialog => "Dialog",
            Context::TypedDialog => "Dialog that takes a count",
            Context::Line => "Typing",
            Context::Choice => "Choosing",
            Context::Picker => "Choosing files",
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// The keys, the one to show first.
    pub chords: &'static [Chord],
    /// What they mean.
    pub action: Action,
    /// Where.
    pub contexts: &'static [Context],
    /// At most two words for the footer; empty stays out of it.
    pub hint: &'static str,
    /// A sentence without a full stop for help.
    pub help: &'static str,
}

/// The action of a key, if it has one there.
pub fn action(context: Context, chord: Chord) -> Option<Action> {
    BINDINGS
        .iter()
        .find(|binding| binding.contexts.contains(&context) && binding.chords.contains(&chord))
        .map(|binding| binding.action)
}

/// The rows of the table that are live somewhere, in the order of the table.
pub fn bindings(context: Context) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |binding| binding.contexts.contains(&context))
}

impl Chord {
    /// How the key is written: `j`, `Ctrl-d`, `Enter`, `↓`.
    pub fn label(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Enter => "Enter".to_owned(),
            KeyCode::Esc => "Esc".to_owned(),
            KeyCode::Tab => "Tab".to_owned(),
            KeyCode::BackTab => "Shift-Tab".to_owned(),
            KeyCode::Up => "↑".to_owned(),
            KeyCode::Down => "↓".to_owned(),
            KeyCode::Left => "←".to_owned(),
            KeyCode::Right => "→".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            KeyCode::PageDown => "PgDn".to_owned(),
            other => format!("{other}"),
        };
        if self.modifiers.contains(KeyModifiers::CONTROL) { format!("Ctrl-{name}") } else { name }
    }
}

#[cfg(test)]
mod tests {
    use super::table::char;
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for context in Context::ALL {
            let mut seen = Vec::new();
            for binding in bindings(context) {
                for chord in binding.chords {
                    assert!(!seen.contains(chord), "{} is bound twice in {}", chord.label(), context.title());
                    seen.push(*chord);
                }
            }
        }
    }

    #[test]
    fn hints_are_short_and_helps_are_sentences() {
        for binding in BINDINGS {
            assert!(binding.hint.split_whitespace().count() <= 2, "{}", binding.hint);
            assert!(binding.help.starts_with(char::is_uppercase) && !binding.help.ends_with('.'), "{}", binding.help);
            assert!(!binding.chords.is_empty() && !binding.contexts.is_empty(), "{}", binding.help);
        }
    }

    #[test]
    fn typing_is_never_taken_for_a_command() {
        for context in [Context::TypedDialog, Context::Line, Context::Choice] {
            for c in ' '..='~' {
                assert_eq!(action(context, char(c)), None, "{c:?} in {}", context.title());
            }
        }
        // A blank marks files, unless it belongs to a name that is being typed.
        for c in '!'..='~' {
            assert_eq!(action(Context::Picker, char(c)), None, "{c:?}");
        }
    }
}
