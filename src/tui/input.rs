//! Keys, pastes, sizes and the mouse, from the terminal to the mailbox, on a thread of their own.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind};

use crate::tui::event::Event;
use crate::tui::keys::Chord;
use crate::tui::mailbox::{Letter, Mailbox};

/// Reads for as long as there is a terminal. The thread is never joined: a read cannot be cancelled.
pub fn read_into(mailbox: Arc<Mailbox>) {
    let alarm = Alarm(mailbox.clone());
    // When no thread can be had, the alarm goes off here.
    std::thread::Builder::new().name("input".to_owned()).spawn(move || listen(&alarm.0, crossterm::event::read)).ok();
}

fn listen(mailbox: &Mailbox, mut read: impl FnMut() -> io::Result<Input>) {
    while let Ok(input) = read() {
        // Told only after its tail, so that whoever sees the pasted text can go on typing.
        if let Input::Paste(_) = input {
            drop_the_tail(mailbox);
        }
        translate(input).into_iter().flatten().for_each(|event| mailbox.tell(event));
    }
}

/// Whatever ends the thread, a panic included: without it no key would ever be heard again, so the loop ends too.
struct Alarm(Arc<Mailbox>);

impl Drop for Alarm {
    fn drop(&mut self) {
        self.0.put(Letter::Deaf);
    }
}

/// How long it must be quiet after a paste before keys are keys again. Nobody types so soon.
const QUIET: Duration = Duration::from_millis(30);

/// What comes in one piece with a paste belongs to it: text that holds the mark of the end of a paste, from a terminal
/// that does not take it out, would go on as keys, and be commands.
fn drop_the_tail(mailbox: &Mailbox) {
    while let Ok(true) = crossterm::event::poll(QUIET) {
        match crossterm::event::read() {
            Ok(Input::Key(_) | Input::Paste(_) | Input::Mouse(_)) => {}
            Ok(other) => translate(other).into_iter().flatten().for_each(|event| mailbox.tell(event)),
            Err(_) => return,
        }
    }
}

/// What an input means: nothing to us, one thing, or two.
fn translate(input: Input) -> [Option<Event>; 2] {
    let event = match input {
        Input::Key(key) => return chords(key).map(|chord| chord.map(Event::Key)),
        Input::Paste(text) => Some(Event::Pasted(text)),
        Input::Resize(width, height) => Some(Event::Resized(width, height)),
        Input::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => Some(Event::Clicked(mouse.column, mouse.row)),
            MouseEventKind::ScrollDown => Some(Event::Scrolled(3)),
            MouseEventKind::ScrollUp => Some(Event::Scrolled(-3)),
            _ => None,
        },
        Input::FocusGained | Input::FocusLost => None,
    };
    [event, None]
}

/// A key as the key table spells it: capitals without shift, releases not at all.
///
/// Esc and the key after it look like one key with Alt when a slow link delivers them together. Nothing here is bound
/// to Alt, so they are taken for what they most likely were.
fn chords(key: KeyEvent) -> [Option<Chord>; 2] {
    if key.kind == KeyEventKind::Release {
        return [None, None];
    }
    let kept = match key.code {
        KeyCode::Char(_) | KeyCode::BackTab => KeyModifiers::CONTROL,
        _ => KeyModifiers::CONTROL | KeyModifiers::SHIFT,
    };
    let chord = Some(Chord { code: key.code, modifiers: key.modifiers & kept });
    let escape = Chord { code: KeyCode::Esc, modifiers: KeyModifiers::NONE };
    if key.modifiers.contains(KeyModifiers::ALT) { [Some(escape), chord] } else { [chord, None] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chord(code: KeyCode, modifiers: KeyModifiers) -> Chord {
        Chord { code, modifiers }
    }

    #[test]
    fn fault_61_the_end_of_the_thread_ends_the_dashboard() {
        type Read = fn() -> io::Result<Input>;
        let ends: [Read; 2] = [|| Err(io::Error::other("gone")), || panic!("on purpose")];
        for read in ends {
            let alarm = Alarm(Arc::default());
            let mailbox = alarm.0.clone();
            let thread = std::thread::spawn(move || listen(&alarm.0, read));
            assert_eq!(mailbox.take(std::time::Duration::from_secs(20)), [Letter::Deaf]);
            let _ = thread.join();
        }
    }

    #[test]
    fn capitals_and_back_tab_carry_no_shift() {
        let read = |code, modifiers| chords(KeyEvent::new(code, modifiers));
        let plain = |code| [Some(chord(code, KeyModifiers::NONE)), None];
        assert_eq!(read(KeyCode::Char('D'), KeyModifiers::SHIFT), plain(KeyCode::Char('D')));
        assert_eq!(read(KeyCode::BackTab, KeyModifiers::SHIFT), plain(KeyCode::BackTab));
        let half_down = read(KeyCode::Char('d'), KeyModifiers::CONTROL)[0].unwrap();
        assert_eq!(half_down.label(), "Ctrl-d");
    }

    #[test]
    fn escape_and_the_next_key_in_one_packet_are_two_keys() {
        let read = chords(KeyEvent::new(KeyCode::Char('q'), KeyModifiers::ALT));
        let plain = |code| Some(chord(code, KeyModifiers::NONE));
        assert_eq!(read, [plain(KeyCode::Esc), plain(KeyCode::Char('q'))]);
    }
}
