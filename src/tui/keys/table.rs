//! The table of keys.

use crossterm::event::{KeyCode, KeyModifiers};

use super::{Binding, Chord, Context};
use crate::tui::action::{Action, Motion};

const fn key(code: KeyCode) -> Chord {
    Chord { code, modifiers: KeyModifiers::NONE }
}

pub(super) const fn char(c: char) -> Chord {
    key(KeyCode::Char(c))
}

const fn ctrl(c: char) -> Chord {
    Chord { code: KeyCode::Char(c), modifiers: KeyModifiers::CONTROL }
}

const LISTS: &[Context] = &[Context::Jobs, Context::Job, Context::Files];
const SCREENS: &[Context] =
    &[Context::Jobs, Context::Job, Context::Key, Context::Files, Context::Create, Context::Text];
const LOOKING: &[Context] = &[Context::Jobs, Context::Job, Context::Key, Context::Files, Context::Text];

/// The table. Rows of one context never share a key; a test holds that.
pub const BINDINGS: &[Binding] = &[
    Binding {
        chords: &[key(KeyCode::Enter), char('l'), key(KeyCode::Right)],
        action: Action::Open,
        contexts: &[Context::Jobs, Context::Job, Context::Files],
        hint: "open",
        help: "Open what is selected",
    },
    Binding {
        chords: &[key(KeyCode::Esc), char('h'), key(KeyCode::Left)],
        action: Action::Back,
        contexts: LOOKING,
        hint: "back",
        help: "Back: input, then filter, then marks, then parent",
    },
    Binding {
        chords: &[key(KeyCode::Esc)],
        action: Action::Back,
        contexts: &[Context::Create, Context::Dialog, Context::TypedDialog, Context::Line, Context::Choice],
        hint: "back",
        help: "Back, and nothing is lost",
    },
    Binding { chords: &[char('n')], action: Action::New, contexts: LOOKING, hint: "new", help: "New job" },
    Binding {
        chords: &[char('x')],
        action: Action::CancelJobs,
        contexts: &[Context::Jobs, Context::Job],
        hint: "cancel",
        help: "Cancel the marked jobs, or this one; asks first",
    },
    Binding {
        chords: &[char('D')],
        action: Action::Delete,
        contexts: LISTS,
        hint: "delete",
        help: "Delete what is marked, or this; asks first",
    },
    Binding {
        chords: &[char('s')],
        action: Action::Save,
        contexts: &[Context::Jobs, Context::Job, Context::Key],
        hint: "save",
        help: "Save this key or job as WAV",
    },
    Binding {
        chords: &[char('S')],
        action: Action::SaveAll,
        contexts: &[Context::Jobs, Context::Job, Context::Key],
        hint: "save all",
        help: "Save all keys, or the marked, or the filtered",
    },
    Binding {
        chords: &[char('t')],
        action: Action::Retake,
        contexts: &[Context::Job, Context::Key],
        hint: "retake",
        help: "Retake the marked keys, else what failed or sounds wrong; on a key that one; asks first",
    },
    Binding {
        chords: &[char('P')],
        action: Action::Pause,
        contexts: &[Context::Jobs],
        hint: "",
        help: "Pause the selected campaign, or let it go on",
    },
    Binding { chords: &[char(' ')], action: Action::Mark, contexts: LISTS, hint: "mark", help: "Mark or unmark" },
    Binding {
        chords: &[char('V')],
        action: Action::MarkRange,
        contexts: LISTS,
        hint: "",
        help: "Mark from the last mark to here",
    },
    Binding {
        chords: &[char('a')],
        action: Action::MarkVisible,
        contexts: LISTS,
        hint: "",
        help: "Mark all that is visible",
    },
    Binding { chords: &[char('A')], action: Action::MarkNone, contexts: LISTS, hint: "", help: "Remove every mark" },
    Binding {
        chords: &[char('*')],
        action: Action::MarkInvert,
        contexts: LISTS,
        hint: "",
        help: "Invert the marks of what is visible",
    },
    Binding {
        chords: &[char('e')],
        action: Action::OnlyBad,
        contexts: &[Context::Jobs, Context::Job],
        hint: "only bad",
        help: "Only what failed or looks bad, or everything again",
    },
    Binding {
        chords: &[char('/')],
        action: Action::Filter,
        contexts: LISTS,
        hint: "filter",
        help: "Filter: text, /regex/, !not, column:value",
    },
    Binding {
        chords: &[char('t')],
        action: Action::Retake,
        contexts: &[Context::Jobs],
        hint: "retake",
        help: "Retake what failed or sounds wrong in this job; asks first",
    },
    Binding {
        chords: &[char(':')],
        action: Action::Palette,
        contexts: SCREENS,
        hint: "command",
        help: "Command palette",
    },
    Binding {
        chords: &[char('d')],
        action: Action::Describe,
        contexts: &[Context::Jobs, Context::Job, Context::Key, Context::Files],
        hint: "describe",
        help: "Everything known about this",
    },
    Binding {
        chords: &[char('J')],
        action: Action::Raw,
        contexts: &[Context::Jobs, Context::Job, Context::Key, Context::Files],
        hint: "raw JSON",
        help: "The service's own JSON",
    },
    Binding {
        chords: &[char('p')],
        action: Action::Play,
        contexts: &[Context::Job, Context::Key],
        hint: "play",
        help: "Play, or copy an scp line when there is no player",
    },
    Binding {
        chords: &[char('y')],
        action: Action::CopyName,
        contexts: &[Context::Jobs, Context::Job, Context::Key, Context::Files],
        hint: "",
        help: "Copy the name",
    },
    Binding {
        chords: &[char('Y')],
        action: Action::CopyRecord,
        contexts: &[Context::Jobs, Context::Job, Context::Key, Context::Files],
        hint: "",
        help: "Copy the whole record",
    },
    Binding { chords: &[char('r')], action: Action::Refresh, contexts: LOOKING, hint: "", help: "Refresh this" },
    Binding { chords: &[char('R')], action: Action::RefreshAll, contexts: LOOKING, hint: "", help: "Refresh all" },
    Binding {
        chords: &[char('f')],
        action: Action::Freeze,
        contexts: LOOKING,
        hint: "",
        help: "Freeze and unfreeze polling",
    },
    Binding { chords: &[char('L')], action: Action::Messages, contexts: LOOKING, hint: "", help: "Messages" },
    Binding {
        chords: &[char('F')],
        action: Action::Files,
        contexts: LOOKING,
        hint: "",
        help: "Files stored at the service",
    },
    Binding {
        chords: &[char('z')],
        action: Action::Zoom,
        contexts: &[Context::Jobs, Context::Job],
        hint: "",
        help: "Zoom the focused pane",
    },
    Binding { chords: &[char('m')], action: Action::Mouse, contexts: LOOKING, hint: "", help: "Mouse on or off" },
    Binding {
        chords: &[key(KeyCode::Tab)],
        action: Action::Next,
        contexts: &[Context::Jobs, Context::Job],
        hint: "",
        help: "Next pane",
    },
    Binding {
        chords: &[key(KeyCode::BackTab)],
        action: Action::Previous,
        contexts: &[Context::Jobs, Context::Job],
        hint: "",
        help: "Previous pane",
    },
    Binding {
        chords: &[key(KeyCode::Tab), key(KeyCode::Down)],
        action: Action::Next,
        contexts: &[Context::Create],
        hint: "next field",
        help: "Next field",
    },
    Binding {
        chords: &[key(KeyCode::BackTab), key(KeyCode::Up)],
        action: Action::Previous,
        contexts: &[Context::Create],
        hint: "",
        help: "Field before",
    },
    Binding {
        chords: &[key(KeyCode::Enter)],
        action: Action::Press,
        contexts: &[Context::Create],
        hint: "open, edit",
        help: "Open or edit the field, press the button",
    },
    Binding {
        chords: &[ctrl('s')],
        action: Action::Submit,
        contexts: &[Context::Create, Context::Line, Context::Choice],
        hint: "submit",
        help: "Submit the form from anywhere",
    },
    Binding {
        chords: &[char('y'), char('Y')],
        action: Action::Yes,
        contexts: &[Context::Dialog],
        hint: "yes",
        help: "Yes",
    },
    Binding {
        chords: &[char('n'), char('N'), char('q')],
        action: Action::No,
        contexts: &[Context::Dialog],
        hint: "no",
        help: "No",
    },
    Binding {
        chords: &[key(KeyCode::Tab), key(KeyCode::Right), key(KeyCode::Down)],
        action: Action::Next,
        contexts: &[Context::Dialog, Context::TypedDialog],
        hint: "move",
        help: "Other button",
    },
    Binding {
        chords: &[key(KeyCode::BackTab), key(KeyCode::Left), key(KeyCode::Up)],
        action: Action::Previous,
        contexts: &[Context::Dialog, Context::TypedDialog],
        hint: "",
        help: "Other button",
    },
    Binding {
        chords: &[key(KeyCode::Enter)],
        action: Action::Press,
        contexts: &[Context::Dialog, Context::TypedDialog],
        hint: "press",
        help: "Press the focused button, confirm the typed count",
    },
    Binding {
        chords: &[key(KeyCode::Enter)],
        action: Action::Press,
        contexts: &[Context::Line, Context::Choice],
        hint: "take",
        help: "Take what is typed or selected",
    },
    Binding {
        chords: &[key(KeyCode::Tab)],
        action: Action::Next,
        contexts: &[Context::Line, Context::Choice],
        hint: "",
        help: "Take it and go on to the next field, or complete it",
    },
    Binding {
        chords: &[key(KeyCode::BackTab)],
        action: Action::Previous,
        contexts: &[Context::Line, Context::Choice],
        hint: "",
        help: "Take it and go to the field before",
    },
    Binding {
        chords: &[key(KeyCode::Down), ctrl('n')],
        action: Action::Move(Motion::Down),
        contexts: &[Context::Choice],
        hint: "",
        help: "Next choice",
    },
    Binding {
        chords: &[key(KeyCode::Up), ctrl('p')],
        action: Action::Move(Motion::Up),
        contexts: &[Context::Choice],
        hint: "",
        help: "Choice before",
    },
    Binding {
        chords: &[key(KeyCode::PageDown)],
        action: Action::Move(Motion::PageDown),
        contexts: &[Context::Choice, Context::Create],
        hint: "",
        help: "A page down",
    },
    Binding {
        chords: &[key(KeyCode::PageUp)],
        action: Action::Move(Motion::PageUp),
        contexts: &[Context::Choice, Context::Create],
        hint: "",
        help: "A page up",
    },
    Binding {
        chords: &[char('j'), key(KeyCode::Down)],
        action: Action::Move(Motion::Down),
        contexts: LOOKING,
        hint: "",
        help: "Down",
    },
    Binding {
        chords: &[char('k'), key(KeyCode::Up)],
        action: Action::Move(Motion::Up),
        contexts: LOOKING,
        hint: "",
        help: "Up",
    },
    Binding {
        chords: &[char('g'), key(KeyCode::Home)],
        action: Action::Move(Motion::First),
        contexts: LOOKING,
        hint: "",
        help: "First",
    },
    Binding {
        chords: &[char('G'), key(KeyCode::End)],
        action: Action::Move(Motion::Last),
        contexts: LOOKING,
        hint: "",
        help: "Last",
    },
    Binding {
        chords: &[ctrl('d')],
        action: Action::Move(Motion::HalfDown),
        contexts: LOOKING,
        hint: "",
        help: "Half a page down",
    },
    Binding {
        chords: &[ctrl('u')],
        action: Action::Move(Motion::HalfUp),
        contexts: LOOKING,
        hint: "",
        help: "Half a page up",
    },
    Binding {
        chords: &[key(KeyCode::PageDown)],
        action: Action::Move(Motion::PageDown),
        contexts: LOOKING,
        hint: "",
        help: "A page down",
    },
    Binding {
        chords: &[key(KeyCode::PageUp)],
        action: Action::Move(Motion::PageUp),
        contexts: LOOKING,
        hint: "",
        help: "A page up",
    },
    sort(&[char('1')], 1),
    sort(&[char('2')], 2),
    sort(&[char('3')], 3),
    sort(&[char('4')], 4),
    sort(&[char('5')], 5),
    sort(&[char('6')], 6),
    sort(&[char('7')], 7),
    sort(&[char('8')], 8),
    sort(&[char('9')], 9),
    Binding { chords: &[char('0')], action: Action::SortDefault, contexts: LISTS, hint: "", help: "Default order" },
    Binding {
        chords: &[char('?')],
        action: Action::Help,
        contexts: SCREENS,
        hint: "help",
        help: "Help for this screen",
    },
    Binding { chords: &[char('q')], action: Action::Quit, contexts: LOOKING, hint: "quit", help: "Quit" },
    Binding {
        chords: &[ctrl('c')],
        action: Action::Interrupt,
        contexts: &Context::ALL,
        hint: "",
        help: "Quit, when pressed twice",
    },
    Binding {
        chords: &[ctrl('z')],
        action: Action::Suspend,
        contexts: &Context::ALL,
        hint: "",
        help: "Suspend; fg comes back",
    },
    Binding {
        chords: &[ctrl('l')],
        action: Action::Repaint,
        contexts: &Context::ALL,
        hint: "",
        help: "Paint the screen again",
    },
];

const fn sort(chords: &'static [Chord], column: u8) -> Binding {
    Binding {
        chords,
        action: Action::SortBy(column),
        contexts: LISTS,
        hint: "",
        help: "Sort by this column; again reverses",
    }
}
