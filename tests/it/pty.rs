//! Runs a program in a pseudo-terminal, types, looks at the screen.
//!
//! Nothing here sleeps: a wait ends when the screen shows what was waited for, or fails with the screen at its deadline.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty};

/// Long enough for a loaded machine; a wait that succeeds does not use it up. What takes longer by its size says so in
/// the environment, in seconds.
fn deadline() -> Duration {
    let said = std::env::var("GEMTTS_TEST_DEADLINE").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(said.unwrap_or(60))
}

/// A program and the terminal that it runs in.
pub struct Terminal {
    pty: Option<Arc<Pty>>,
    child: Child,
    output: Arc<(Mutex<Output>, Condvar)>,
}

struct Output {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    closed: bool,
}

impl Terminal {
    /// Starts a command in a terminal of that size.
    pub fn start(command: Command, columns: u16, rows: u16) -> Self {
        let (pty, pts) = pty_process::blocking::open().expect("a pseudo-terminal");
        pty.resize(Size::new(rows, columns)).expect("a size");
        let child = command.spawn(pts).expect("the program starts");
        let pty = Arc::new(pty);
        let output = Arc::new((
            Mutex::new(Output { parser: parser(columns, rows), bytes: Vec::new(), closed: false }),
            Condvar::new(),
        ));
        let (reader, sink) = (pty.clone(), output.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 65_536];
            // On Linux the end of the child shows as an error, elsewhere as an empty read.
            while let Ok(length @ 1..) = (&*reader).read(&mut buffer) {
                let mut output = sink.0.lock().unwrap_or_else(PoisonError::into_inner);
                output.parser.process(&buffer[..length]);
                output.bytes.extend_from_slice(&buffer[..length]);
                sink.1.notify_all();
            }
            sink.0.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
            sink.1.notify_all();
        });
        Terminal { pty: Some(pty), child, output }
    }

    /// Types.
    pub fn send(&self, keys: &str) {
        let pty = self.pty.as_deref().expect("the terminal is still there");
        let mut writer: &Pty = pty;
        writer.write_all(keys.as_bytes()).expect("the program reads");
    }

    /// Gives the terminal another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        let pty = self.pty.as_deref().expect("the terminal is still there");
        self.output
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .parser
            .screen_mut()
            .set_size(number(rows), number(columns));
        pty.resize(Size::new(rows, columns)).expect("a size");
    }

    /// The text on the screen now.
    pub fn screen(&self) -> String {
        self.with(|output| output.parser.screen().contents())
    }

    /// The cells on the screen now.
    pub fn cells(&self) -> vt100::Screen {
        self.with(|output| output.parser.screen().clone())
    }

    /// The terminal itself: its size and its line modes.
    pub fn device(&self) -> &Pty {
        self.pty.as_deref().expect("the terminal is still there")
    }

    /// Everything that the program wrote so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.with(|output| output.bytes.clone())
    }

    /// Waits until the screen fits; fails with the screen at the deadline or when the program ends first.
    pub fn wait(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        self.look_for(what, |screen, _| Some(screen.contents()).filter(|screen| fits(screen)))
    }

    /// [`Terminal::wait`] for what is more than text: modes, and everything that was written so far.
    pub fn look_for<T>(&self, what: &str, look: impl Fn(&vt100::Screen, &[u8]) -> Option<T>) -> T {
        let until = Instant::now() + deadline();
        let mut output = self.output.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = look(output.parser.screen(), &output.bytes) {
                return found;
            }
            let screen = output.parser.screen().contents();
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !output.closed, "waited for {what}; the screen shows:\n{screen}");
            output = self.output.1.wait_timeout(output, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until the screen shows a text.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait(&format!("{text:?}"), |screen| screen.contains(text))
    }

    /// The id of the program.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end of the program and of its output.
    pub fn end(&mut self) -> std::process::ExitStatus {
        let until = Instant::now() + deadline();
        let mut output = self.output.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !output.closed {
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "the program does not end; the screen shows:\n{}",
                output.parser.screen().contents()
            );
            output = self.output.1.wait_timeout(output, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(output);
        self.child.wait().expect("the program was started here")
    }

    fn with<T>(&self, look: impl FnOnce(&Output) -> T) -> T {
        look(&self.output.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn parser(columns: u16, rows: u16) -> vt100::Parser {
    vt100::Parser::new(number(rows), number(columns), 0)
}

fn number(size: u16) -> NonZeroU16 {
    NonZeroU16::new(size).expect("a terminal has a size")
}
