//! Standard output and standard error: results to the one, talk and progress to the other.
//!
//! Nothing else in the commands writes to either. Text of others is clean before it comes here, JSON is escaped here.
//! A reader that goes away (`| head -1`) ends the command quietly: the first failed write is kept, later ones do
//! nothing, and [`Console::broken`] wakes a command that is waiting for the network.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard};

use serde_json::Value;
use tokio::sync::Notify;

use super::progress;
use crate::failure::{Exit, Failure};
use crate::ops::Progress;
use crate::text;

/// What the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The option `--ascii`: only ASCII characters, wherever they go.
    pub ascii: bool,
    /// The terminal shows only ASCII characters; a pipe or a file is no terminal and gets UTF-8.
    pub ascii_terminal: bool,
    /// When states are coloured on standard output.
    pub color: Color,
}

/// When states are coloured. Colour only underlines a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// Not at all.
    #[default]
    Never,
    /// On a terminal.
    OnTerminal,
    /// Wherever it goes.
    Always,
}

/// The two streams of a command.
pub struct Console {
    look: Look,
    /// Whether a person reads the results: then tables fit the width.
    out_is_terminal: bool,
    /// Whether a person reads the talk: then there are progress bars.
    talk_is_terminal: bool,
    state: Mutex<State>,
    broken: Notify,
}

#[derive(Default)]
struct State {
    failure: Option<Failure>,
    /// The progress line that stands on the terminal now.
    progress: String,
}

impl Console {
    /// The streams of this process.
    pub fn new(look: Look) -> Self {
        Console {
            look,
            out_is_terminal: io::stdout().is_terminal(),
            talk_is_terminal: io::stderr().is_terminal(),
            state: Mutex::default(),
            broken: Notify::new(),
        }
    }

    /// Cells of a line of the terminal on standard output; `None` into a pipe or a file.
    pub fn width(&self) -> Option<usize> {
        if !self.out_is_terminal {
            return None;
        }
        Some(columns(io::stdout()).unwrap_or(80))
    }

    /// A word for a state in its colour, where there are colours.
    pub fn state(&self, word: &str) -> String {
        let is_colored = match self.look.color {
            Color::Never => false,
            Color::OnTerminal => self.out_is_terminal,
            Color::Always => true,
        };
        match code(word) {
            Some(code) if is_colored => format!("\u{1b}[{code}m{word}\u{1b}[0m"),
            Some(_) | None => word.to_owned(),
        }
    }

    /// Whether somebody can be asked: both the question and the answer need a terminal.
    pub fn can_ask(&self) -> bool {
        self.talk_is_terminal && io::stdin().is_terminal()
    }

    /// A line, or several, of results for people.
    pub fn result(&self, text: &str) {
        let mut line = match self.out_is_terminal {
            true => self.shown(text, true),
            false => self.shown(&as_data(text), false),
        };
        line.push('\n');
        self.write(line.as_bytes());
    }

    /// One object of results for scripts, on a line of its own.
    pub fn json(&self, value: &Value) {
        self.write(format!("{}\n", self.escaped(value.to_string())).as_bytes());
    }

    /// JSON over several lines, for people who look at what the service says.
    pub fn json_pretty(&self, value: &Value) {
        self.write(format!("{}\n", self.escaped(format!("{value:#}"))).as_bytes());
    }

    /// A piece of JSON that is passed on as it comes.
    pub fn json_piece(&self, piece: &str) {
        self.write(self.escaped(piece.to_owned()).as_bytes());
    }

    /// Results as they are: a completion script, a manual page.
    pub fn bytes(&self, bytes: &[u8]) {
        self.write(bytes);
    }

    /// A line for the person who waits, or several that belong together.
    pub fn talk(&self, text: &str) {
        let mut state = self.lock();
        let mut line = rubout(&state.progress);
        line.push_str(&self.shown(text, self.talk_is_terminal));
        line.push('\n');
        state.progress.clear();
        // Talk that nobody can read is no failure of the command.
        let _ = io::stderr().write_all(line.as_bytes());
    }

    /// What went wrong, and what to do about it; nothing that is said at the same time comes between the two.
    pub fn failure(&self, failure: &Failure) {
        let hint = failure.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        self.talk(&format!("gemtts-tui: {failure}{hint}"));
    }

    /// Draws how far something is, on a terminal; does nothing elsewhere.
    pub fn progress(&self, what: &str, progress: Progress) {
        self.progress_line(|cells| progress::line(what, progress, None, cells));
    }

    /// Draws a line of progress that is made for that many cells, on a terminal; does nothing elsewhere.
    pub fn progress_line(&self, line: impl FnOnce(usize) -> String) {
        if !self.talk_is_terminal {
            return;
        }
        // A line that reaches the last cell makes some terminals go on to the next one.
        let cells = columns(io::stderr()).unwrap_or(80).saturating_sub(1);
        let line = self.shown(&line(cells), true);
        let mut state = self.lock();
        // Only a line that reads differently is drawn, so a fast transfer costs a slow link at most a few hundred lines.
        if line == state.progress {
            return;
        }
        let drawn = format!("{}{line}", rubout(&state.progress));
        state.progress = line;
        let _ = io::stderr().write_all(drawn.as_bytes());
    }

    /// Takes the progress line off the terminal.
    pub fn end_progress(&self) {
        let mut state = self.lock();
        let rubout = rubout(&state.progress);
        state.progress.clear();
        let _ = io::stderr().write_all(rubout.as_bytes());
    }

    /// A question, without a line end; the answer is typed behind it.
    pub fn ask(&self, question: &str) {
        self.end_progress();
        let _ = io::stderr().write_all(self.shown(question, true).as_bytes());
    }

    /// Resolves once nobody reads standard output any more, or it cannot be written.
    pub async fn broken(&self) -> Failure {
        loop {
            let woken = self.broken.notified();
            if let Some(failure) = self.failed() {
                return failure;
            }
            woken.await;
        }
    }

    /// The first failure to write a result.
    pub fn failed(&self) -> Option<Failure> {
        self.lock().failure.clone()
    }

    fn write(&self, bytes: &[u8]) {
        let mut state = self.lock();
        if state.failure.is_some() {
            return;
        }
        if !state.progress.is_empty() {
            let _ = io::stderr().write_all(rubout(&state.progress).as_bytes());
            state.progress.clear();
        }
        let mut out = io::stdout().lock();
        if let Err(error) = out.write_all(bytes).and_then(|()| out.flush()) {
            state.failure = Some(lost_output(&error));
            self.broken.notify_waiters();
        }
    }

    fn shown(&self, text: &str, on_terminal: bool) -> String {
        let is_ascii = self.look.ascii || (on_terminal && self.look.ascii_terminal);
        if is_ascii { ascii(text) } else { text.to_owned() }
    }

    fn escaped(&self, json: String) -> String {
        let is_plain = |c: char| c.is_ascii() && c != '\u{7f}';
        if json.chars().all(is_plain) {
            json
        } else {
            escape(&json, self.look.ascii || (self.out_is_terminal && self.look.ascii_terminal))
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock can panic")
    }
}

/// The colour of a state, of the sixteen that the person chose for their terminal.
fn code(word: &str) -> Option<u8> {
    match word {
        "RUNNING" => Some(36),
        "SUCCEEDED" => Some(32),
        "FAILED" | "EXPIRED" => Some(31),
        "CANCELLING" => Some(33),
        "UNKNOWN" => Some(35),
        _ => None,
    }
}

/// A pipe without a reader is no error to talk about: the number is that of the signal that other programs die of.
fn lost_output(error: &io::Error) -> Failure {
    const SIGPIPE: u8 = 13;
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::with_exit(Exit::Signal(SIGPIPE), "nobody reads standard output any more"),
        _ => Failure::with_exit(Exit::Disk, format!("cannot write to standard output: {error}")),
    }
}

/// What takes a progress line off the terminal.
fn rubout(progress: &str) -> String {
    if progress.is_empty() { String::new() } else { format!("\r{}\r", " ".repeat(text::width(progress))) }
}

/// Escapes what JSON would allow and a terminal obeys or hides: DEL, C1 controls, characters that turn or hide text.
/// Such characters stand only inside of strings, where an escape means the same.
fn escape(json: &str, ascii: bool) -> String {
    let mut escaped = String::with_capacity(json.len() + 16);
    let mut buffer = [0; 4];
    for c in json.chars() {
        let is_plain = c.is_ascii() && c != '\u{7f}';
        let is_shown = is_plain || (!ascii && text::clean(c.encode_utf8(&mut buffer)).starts_with(c));
        if is_shown {
            escaped.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            escaped.push_str(&format!("\\u{unit:04x}"));
        }
    }
    escaped
}

/// Clean text for a pipe or a file: what stands for hidden and controlling characters becomes their escapes in JSON,
/// because the signs are for eyes, and a program that looks for bytes may take those of `␛` for the character itself.
fn as_data(text: &str) -> String {
    let mut data = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (hidden, length) = match c {
            '\u{2400}'..='\u{241f}' => (char::from_u32(c as u32 - 0x2400), c.len_utf8()),
            '␡' => (Some('\u{7f}'), c.len_utf8()),
            '⟨' => named(rest),
            _ => (None, 0),
        };
        match hidden {
            Some(hidden) => {
                let mut units = [0; 2];
                data.extend(hidden.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
                rest = &rest[length..];
            }
            None => {
                data.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    data
}

/// The character that stands as `⟨U+202E⟩` at the beginning of a text, and the length of that.
fn named(text: &str) -> (Option<char>, usize) {
    let named = text.strip_prefix("⟨U+").and_then(|rest| rest.split_once('⟩')).map(|(digits, _)| digits);
    let Some(digits) = named.filter(|digits| (4..=6).contains(&digits.len())) else { return (None, 0) };
    let hidden = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
    (hidden, "⟨U+⟩".len() + digits.len())
}

/// The text in ASCII: the signs that we use ourselves have stand-ins, everything else becomes a question mark.
fn ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '…' => ascii.push_str("..."),
            '–' | '—' => ascii.push('-'),
            '·' => ascii.push('|'),
            '≈' => ascii.push('~'),
            '█' => ascii.push('#'),
            '░' => ascii.push('.'),
            '“' | '”' | '«' | '»' => ascii.push('"'),
            '→' | '▸' => ascii.push('>'),
            '←' => ascii.push('<'),
            '↑' => ascii.push('^'),
            '↓' => ascii.push('v'),
            c if c.is_ascii() => ascii.push(c),
            _ => ascii.push('?'),
        }
    }
    ascii
}

#[cfg(unix)]
fn columns(stream: impl std::os::fd::AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

#[cfg(not(unix))]
fn columns<T>(_stream: T) -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_means_ascii() {
        let text = ascii("≈ 5 … “Ünïcode” 日本 ████░ – a → b ← ↑ ↓");
        assert!(text.is_ascii(), "{text}");
        assert_eq!(text, "~ 5 ... \"?n?code\" ?? ####. - a > b < ^ v");
    }

    #[test]
    fn into_a_pipe_signs_for_hidden_characters_become_escapes() {
        let clean = text::clean("a\u{1b}[2J\u{7}\u{7f}\u{202e}\u{e0041} ⟨U+x⟩ ⟨ 日");
        assert_eq!(as_data(&clean), r"a\u001b[2J\u0007\u007f\u202e\udb40\udc41 ⟨U+x⟩ ⟨ 日");
        assert_eq!(as_data("plain"), "plain");
    }

    #[test]
    fn json_cannot_drive_a_terminal_and_means_the_same() {
        let value = serde_json::json!({ "a": "x\u{1b}[2J\u{9b}2J\u{202e}y\u{7f}\u{e0041}", "日": "本 🌞" });
        for ascii in [false, true] {
            let text = escape(&value.to_string(), ascii);
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
            assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{7f}', '\u{e0041}']), "{text:?}");
            assert_eq!(text.contains("日"), !ascii, "{text}");
            assert_eq!(text.is_ascii(), ascii, "{text}");
        }
    }

    #[test]
    fn a_reader_that_goes_away_is_a_signal_and_a_full_disk_is_not() {
        assert_eq!(lost_output(&io::Error::from(io::ErrorKind::BrokenPipe)).exit.code(), 141);
        assert_eq!(lost_output(&io::Error::from(io::ErrorKind::StorageFull)).exit.code(), 6);
    }
}
