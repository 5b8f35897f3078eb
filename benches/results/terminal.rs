//! The dashboard in a pseudo-terminal: keys in, pictures out, with the time between them.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use pty_process::Size;
use pty_process::blocking::{Command, Pty};

/// The screen that everything is drawn on.
const COLUMNS: u16 = 200;
const ROWS: u16 = 50;

/// Long enough for a job of 100,000 keys on a slow disk.
const DEADLINE: Duration = Duration::from_secs(120);

/// A program in a terminal of its own. It ends with this value.
pub struct Terminal {
    pty: Arc<Pty>,
    pub child: Child,
    output: Arc<(Mutex<Output>, Condvar)>,
}

struct Output {
    parser: vt100::Parser,
    is_closed: bool,
}

impl Terminal {
    pub fn start(command: Command) -> Result<Terminal> {
        let (pty, pts) = pty_process::blocking::open().context("no pseudo-terminal")?;
        pty.resize(Size::new(ROWS, COLUMNS))?;
        let child = command.spawn(pts).context("the program does not start")?;
        let number = |size| NonZeroU16::new(size).context("a terminal has a size");
        let parser = vt100::Parser::new(number(ROWS)?, number(COLUMNS)?, 0);
        let (pty, output) =
            (Arc::new(pty), Arc::new((Mutex::new(Output { parser, is_closed: false }), Condvar::new())));
        let (reader, sink) = (pty.clone(), output.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while let Ok(length @ 1..) = (&*reader).read(&mut buffer) {
                let mut output = sink.0.lock().unwrap_or_else(PoisonError::into_inner);
                output.parser.process(&buffer[..length]);
                sink.1.notify_all();
            }
            sink.0.lock().unwrap_or_else(PoisonError::into_inner).is_closed = true;
            sink.1.notify_all();
        });
        Ok(Terminal { pty, child, output })
    }

    /// Types something, and waits until the screen shows something else where `look` looks; in milliseconds.
    pub fn type_and_see<T: PartialEq>(&self, keys: &str, look: impl Fn(&vt100::Screen) -> T) -> Result<f64> {
        let before = look(self.output.0.lock().unwrap_or_else(PoisonError::into_inner).parser.screen());
        let began = Instant::now();
        self.send(keys)?;
        self.wait(&format!("an answer to {keys:?}"), |screen| look(screen) != before)?;
        Ok(began.elapsed().as_secs_f64() * 1000.0)
    }

    pub fn send(&self, keys: &str) -> Result<()> {
        (&*self.pty).write_all(keys.as_bytes()).context("the program does not read")
    }

    /// Waits until the screen fits.
    pub fn wait(&self, what: &str, fits: impl Fn(&vt100::Screen) -> bool) -> Result<()> {
        ensure!(self.sees(DEADLINE, fits), "waited for {what}; the screen shows:\n{}", self.screen());
        Ok(())
    }

    /// Whether the screen fits within that time.
    pub fn sees(&self, within: Duration, fits: impl Fn(&vt100::Screen) -> bool) -> bool {
        let until = Instant::now() + within;
        let mut output = self.output.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !fits(output.parser.screen()) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || output.is_closed {
                return false;
            }
            output = self.output.1.wait_timeout(output, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    pub fn screen(&self) -> String {
        self.output.0.lock().unwrap_or_else(PoisonError::into_inner).parser.screen().contents()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
