//! The only file that enters and leaves the terminal.
//!
//! Every way out writes the same bytes: the end of the loop, a panic, a signal, a vanished terminal. Each step is
//! tried on its own and its error ignored, because a half-restored terminal is worse than a lost error.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId;
use std::time::Duration;

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::config::Multiplexer;

/// Alternate screen, hidden cursor, bracketed paste. Nothing here asks the terminal anything: over a bad link an
/// answer may come late, and would be taken for typed keys.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?2004h";

/// Undoes [`ENTER`], mouse reporting, a synchronized update and colours, in whatever state they are.
const RESTORE: &str =
    "\x1b[?2026l\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1004l\x1b[?2004l\x1b[0m\x1b[?25h\x1b[?1049l";

const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

/// Whether a panic is caught right where it happens, and the program goes on with its screen.
static CAUGHT: AtomicBool = AtomicBool::new(false);

/// Whether the terminal is ours at the moment.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// The terminal while it is ours; gives it back when dropped.
#[derive(Debug)]
pub struct Terminal(());

impl Terminal {
    /// Takes the terminal over.
    pub fn enter() -> io::Result<Self> {
        enable_raw_mode()?;
        ENTERED.store(true, Ordering::SeqCst);
        let terminal = Terminal(());
        terminal.write(ENTER)?;
        Ok(terminal)
    }

    /// Takes it over again after somebody else had it.
    pub fn enter_again(&self) -> io::Result<()> {
        // Whoever stopped us from outside did not tell us, and changed the line modes since; crossterm still takes them
        // for raw and would leave them as they are.
        let _ = disable_raw_mode();
        enable_raw_mode()?;
        ENTERED.store(true, Ordering::SeqCst);
        self.write(ENTER)
    }

    /// Switches mouse reporting.
    pub fn set_mouse(&self, on: bool) -> io::Result<()> {
        self.write(if on { MOUSE_ON } else { MOUSE_OFF })
    }

    /// Puts text into the clipboard of the terminal that a person sits at, also over SSH (OSC 52, write only).
    /// False when it is more than a terminal takes; then nothing is written. Never waits for a window system.
    pub fn copy(&self, text: &str, through: Multiplexer) -> io::Result<bool> {
        let Some(bytes) = clipboard(text, through) else { return Ok(false) };
        self.write(&bytes)?;
        Ok(true)
    }

    fn write(&self, bytes: &str) -> io::Result<()> {
        Output.write_all(bytes.as_bytes())?;
        Output.flush()
    }
}

/// The bytes that put text into a clipboard; nothing for more than a terminal takes.
///
/// A multiplexer either takes them itself or passes them on when they are wrapped, as it is set up; tmux gets them both
/// ways, since it may be set up for either and drops what it is not set up for. GNU screen only passes on, and drops
/// strings that are longer than a few hundred bytes.
fn clipboard(text: &str, through: Multiplexer) -> Option<String> {
    use base64::Engine;
    if text.len() > LONGEST_COPY {
        return None;
    }
    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    let plain = format!("\x1b]52;c;{encoded}\x07");
    Some(match through {
        Multiplexer::None => plain,
        Multiplexer::Tmux => format!("{plain}\x1bPtmux;\x1b{plain}\x1b\\"),
        Multiplexer::Screen => {
            let bytes = plain.as_bytes().chunks(SCREEN_PIECE);
            bytes.map(|piece| format!("\x1bP{}\x1b\\", String::from_utf8_lossy(piece))).collect()
        }
    })
}

/// So many bytes at once GNU screen passes on.
const SCREEN_PIECE: usize = 240;

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// The way to the terminal. A program that shares it may have set it to refuse what it has no room for; then we wait for
/// room, as we would have otherwise.
#[derive(Debug)]
pub struct Output;

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        when_there_is_room(|| io::stdout().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        when_there_is_room(|| io::stdout().flush())
    }
}

fn when_there_is_room<T>(mut write: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match write() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait_for_room()?,
            done => return done,
        }
    }
}

/// Returns when the terminal takes something, or is gone.
#[cfg(unix)]
fn wait_for_room() -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};
    let stdout = io::stdout();
    match poll(&mut [PollFd::new(&stdout, PollFlags::OUT)], None) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A console always waits by itself.
#[cfg(not(unix))]
fn wait_for_room() -> io::Result<()> {
    Ok(())
}

/// The longest text that [`Terminal::copy`] takes, in bytes before encoding: more than this some terminals drop in silence.
const LONGEST_COPY: usize = 74_994 / 4 * 3;

/// Gives the terminal back, if it is ours. Never fails and never panics, whatever thread it runs on.
pub fn restore() {
    if ENTERED.swap(false, Ordering::SeqCst) {
        // The line modes first: that never waits, while a write to a terminal that stands still may never end.
        let _ = disable_raw_mode();
        let _ = Output.write_all(RESTORE.as_bytes());
        let _ = Output.flush();
    }
}

/// Does something that may panic without harm to anything but itself; whether it came to its end.
pub fn caught(work: impl FnOnce()) -> bool {
    CAUGHT.store(true, Ordering::SeqCst);
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_ok();
    CAUGHT.store(false, Ordering::SeqCst);
    done
}

/// After a panic on the loop's own thread the terminal is given back before the message is printed. A panic in a
/// worker becomes a notice of its task, and one that is caught an error screen; their messages go to the log, since the
/// screen is not their place.
pub fn restore_on_panic(ui: ThreadId) {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_ui = std::thread::current().id() == ui;
        if is_ui && !CAUGHT.load(Ordering::SeqCst) {
            restore();
            print(panic);
        } else {
            let message = crate::secret::redact_google_keys(&crate::text::clean(&panic.to_string()));
            let who = if is_ui { "the screen" } else { "a worker" };
            tracing::error!("{who} panicked: {message}");
        }
    }));
}

/// Columns and rows of the terminal; `None` when it does not know or says zero.
pub fn size() -> Option<(u16, u16)> {
    // crossterm's own `size` starts other programs when the terminal does not answer.
    #[cfg(unix)]
    {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
    }
    #[cfg(not(unix))]
    {
        crossterm::terminal::size().ok()
    }
}

/// Ends the process when the terminal goes away: crossterm would spin on a dead one for ever. What is in the journals
/// is safe at any moment, and whatever was in flight is found again at the next start.
#[cfg(unix)]
pub fn watch_for_hang_up() {
    let watch = || {
        let gone = std::iter::repeat_with(|| hang_up(None)).find(|gone| *gone != Some(false));
        if gone != Some(Some(true)) {
            return;
        }
        // The loop may hold the output and hang in it; it must not hold the end up. On a dead terminal the restoring
        // fails at once, and every moment of waiting costs a spinning core.
        let (done, restored) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            restore();
            let _ = done.send(());
        });
        let _ = restored.recv_timeout(Duration::from_millis(100));
        std::process::exit(129);
    };
    std::thread::Builder::new().name("hang-up".to_owned()).spawn(watch).ok();
}

/// Whether the terminal went away, waited for so long, or without a limit until it does; `None` when this
/// system cannot tell.
#[cfg(unix)]
fn hang_up(patience: Option<&rustix::event::Timespec>) -> Option<bool> {
    use rustix::event::{PollFd, PollFlags, poll};
    let stdin = io::stdin();
    // No flags asked for: only HUP, ERR and NVAL wake us, never a typed key.
    let mut fds = [PollFd::new(&stdin, PollFlags::empty())];
    match poll(&mut fds, patience) {
        Ok(_) => Some(fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)),
        Err(rustix::io::Errno::INTR) => Some(false),
        Err(_) => None,
    }
}

/// Whether the terminal went away.
#[cfg(unix)]
pub fn is_gone() -> bool {
    hang_up(Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 })) == Some(true)
}

/// Windows ends the process with its console.
#[cfg(not(unix))]
pub fn watch_for_hang_up() {}

/// A process does not outlive its console.
#[cfg(not(unix))]
pub fn is_gone() -> bool {
    false
}

/// Stops the process group, as the shell expects after Ctrl-z; returns when it is continued.
#[cfg(unix)]
pub fn stop_until_continued() {
    let _ = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
}

/// There is no job control to give the terminal to.
#[cfg(not(unix))]
pub fn stop_until_continued() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_76_a_copy_is_wrapped_for_what_stands_between_and_a_huge_one_is_refused() {
        let clipboard = |text: &str, through| clipboard(text, through).unwrap_or_default();
        assert_eq!(clipboard("ch01", Multiplexer::None), "\x1b]52;c;Y2gwMQ==\x07");
        let in_tmux = clipboard("ch01", Multiplexer::Tmux);
        assert_eq!(in_tmux, "\x1b]52;c;Y2gwMQ==\x07\x1bPtmux;\x1b\x1b]52;c;Y2gwMQ==\x07\x1b\\");
        assert_eq!(clipboard("ch01", Multiplexer::Screen), "\x1bP\x1b]52;c;Y2gwMQ==\x07\x1b\\");
        let encoded = clipboard(&"x".repeat(LONGEST_COPY), Multiplexer::None).len() - "\x1b]52;c;\x07".len();
        assert!((74_900..=74_994).contains(&encoded), "{encoded}");
        for through in [Multiplexer::None, Multiplexer::Tmux, Multiplexer::Screen] {
            assert_eq!(clipboard(&"x".repeat(200_000), through), "", "{through:?}");
        }
    }

    #[test]
    fn a_long_copy_through_screen_comes_in_pieces_that_make_up_the_whole() {
        let text = "x".repeat(5_000);
        let in_screen = clipboard(&text, Multiplexer::Screen).unwrap();
        let pieces: Vec<&str> = in_screen.split("\x1b\\").filter(|piece| !piece.is_empty()).collect();
        assert!(pieces.len() > 20 && pieces.iter().all(|piece| piece.len() <= SCREEN_PIECE + 2));
        let whole: String = pieces.iter().map(|piece| piece.strip_prefix("\x1bP").unwrap()).collect();
        assert_eq!(Some(whole), clipboard(&text, Multiplexer::None));
    }

    #[test]
    fn what_panics_is_caught_and_said() {
        assert!(caught(|| {}));
        assert!(!caught(|| panic!("as a test")));
        assert!(!CAUGHT.load(Ordering::SeqCst));
    }
}
