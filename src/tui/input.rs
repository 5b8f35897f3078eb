//! Keys, pastes, sizes and the mouse, from the terminal to the mailbox, on a thread of their own.

use std::sync::Arc;

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind};

use crate::tui::event::Event;
use crate::tui::keys::Chord;
use crate::tui::mailbox::Mailbox;

/// Reads for as long as there is a terminal. The thread is never joined: a read cannot be cancelled.
pub fn read_into(mailbox: Arc<Mailbox>) {
    let read = move || {
        while let Ok(input) = crossterm::event::read() {
            if let Some(event) = translate(input) {
                mailbox.tell(event);
            }
        }
    };
    std::thread::Builder::new().name("input".to_owned()).spawn(read).ok();
}

/// What an input means; `None` when it means nothing to us.
fn translate(input: Input) -> Option<Event> {
    match input {
        Input::Key(key) => chord(key).map(Event::Key),
        Input::Paste(text) => Some(Event::Pasted(text)),
        Input::Resize(width, height) => Some(Event::Resized(width, height)),
        Input::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => Some(Event::Clicked(mouse.column, mouse.row)),
            MouseEventKind::ScrollDown => Some(Event::Scrolled(3)),
            MouseEventKind::ScrollUp => Some(Event::Scrolled(-3)),
            _ => None,
        },
        Input::FocusGained | Input::FocusLost => None,
    }
}

/// A key as the key table spells it: capitals without shift, releases not at all.
fn chord(key: KeyEvent) -> Option<Chord> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let kept = match key.code {
        KeyCode::Char(_) | KeyCode::BackTab => KeyModifiers::CONTROL | KeyModifiers::ALT,
        _ => KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT,
    };
    Some(Chord { code: key.code, modifiers: key.modifiers & kept })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_and_back_tab_carry_no_shift() {
        let key = |code, modifiers| chord(KeyEvent::new(code, modifiers)).unwrap();
        assert_eq!(
            key(KeyCode::Char('D'), KeyModifiers::SHIFT),
            Chord { code: KeyCode::Char('D'), modifiers: KeyModifiers::NONE }
        );
        assert_eq!(
            key(KeyCode::BackTab, KeyModifiers::SHIFT),
            Chord { code: KeyCode::BackTab, modifiers: KeyModifiers::NONE }
        );
        assert_eq!(key(KeyCode::Char('d'), KeyModifiers::CONTROL).label(), "Ctrl-d");
    }
}
